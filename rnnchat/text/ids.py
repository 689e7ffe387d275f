"""The ids of a text in a file: as small as the vocabulary allows, and read through a memory map.

Header-less, little-endian: 1, 2 or 4 bytes an id. Legend: N ids of a text.
"""

from collections.abc import Iterable
from pathlib import Path

import numpy as np

from rnnchat.errors import TextError
from rnnchat.paths import replace_atomically
from rnnchat.text.tokenizer import Tokenizer


def write_ids(pieces: Iterable[str], tokenizer: Tokenizer, path: Path) -> int:
    """Encode a text piece by piece into ``path``, which appears when it is whole.

    Returns:
        N, the number of ids.

    Raises:
        OSError: the folder cannot be written, or the disk is full.
    """
    dtype = _choose_dtype(tokenizer.vocab_size)
    count = 0
    previous: list[int] = []
    with replace_atomically(path) as temporary, temporary.open("wb") as file:
        for piece in pieces:
            ids = tokenizer.encode(piece, previous)
            ids.astype(dtype).tofile(file)
            previous = ids[-1:].tolist() or previous
            count += len(ids)
    return count


def open_ids(path: Path, vocab_size: int) -> np.ndarray:
    """Map what `write_ids` wrote into memory, read-only: (N,) of an unsigned integer type.

    Args:
        path: the file of ids.
        vocab_size: the vocabulary of the tokenizer that wrote it.

    Raises:
        TextError: the file was not written whole.
    """
    dtype = _choose_dtype(vocab_size)
    size = path.stat().st_size
    if size % dtype.itemsize:
        raise TextError(f"{path} is damaged: it ends inside an id; delete it, so that it is made anew")
    if not size:  # an empty file cannot be mapped
        return np.empty(0, dtype)
    return np.memmap(path, dtype, mode="r")


def _choose_dtype(vocab_size: int) -> np.dtype[np.unsignedinteger]:
    """The smallest type that holds every id."""
    return np.dtype("<u1" if vocab_size <= 1 << 8 else "<u2" if vocab_size <= 1 << 16 else "<u4")
