"""The ids of a text in a file: as small as the vocabulary allows, and read through a memory map.

Header-less, little-endian: 1, 2 or 4 bytes an id. Legend: N ids of a text.
"""

from collections.abc import Callable, Iterable
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from rnnchat.errors import TextError
from rnnchat.paths import replace_atomically
from rnnchat.text.coverage import find_missing
from rnnchat.text.helper import map_pieces
from rnnchat.text.tokenizer import Tokenizer, tokenizer_from_json
from rnnchat.text.word import WordTokenizer

COMMON_SHARE = 0.99
_MOST_COUNTED = 1_000_000
"""A text's beginning tells how its symbols are spread."""


class WrittenIds(NamedTuple):
    """What became of a text."""

    tokens: int
    """N, the number of ids."""
    missing_chars: int
    """Characters that the vocabulary lacks."""
    missing_bytes: int
    """The same in bytes of UTF-8."""


def write_ids(pieces: Iterable[str], tokenizer: Tokenizer, path: Path, processes: int = 1) -> WrittenIds:
    """Encode a text piece by piece into ``path``, which appears when it is whole.

    Args:
        pieces: the text; memory does not grow with it.
        tokenizer: of any level.
        path: replaced as a whole.
        processes: how many encode words; their number changes nothing but the time that it takes.

    Raises:
        OSError: the folder cannot be written, or the disk is full.
    """
    if tokenizer.level in ("char", "byte"):
        processes = 1  # encoding takes less time than sending the text to another process
    count, missing_chars, missing_bytes = 0, 0, 0
    previous: list[int] = []
    with (
        replace_atomically(path) as temporary,
        temporary.open("wb") as file,
        closing(map_pieces(_start_encoding, tokenizer.to_json(), pieces, processes)) as encoded,
    ):
        for ids, head, missing in encoded:
            ids = _join_seam(tokenizer, ids, head, previous)
            file.write(ids.data)  # tofile does not say why a disk refused
            previous = ids[-1:].tolist() or previous
            count += len(ids)
            missing_chars += missing[0]
            missing_bytes += missing[1]
    return WrittenIds(count, missing_chars, missing_bytes)


def _start_encoding(record: dict[str, Any]) -> Callable[[str], tuple[np.ndarray, str, tuple[int, int]]]:
    """A function that encodes a piece of text as if nothing stood before it.

    It gives the ids, the beginning of the piece that depends on what does stand before it, and how many characters
    and bytes are missing in the vocabulary.
    """
    tokenizer = tokenizer_from_json(record)
    dtype = _choose_dtype(tokenizer.vocab_size)

    def encode(text: str) -> tuple[np.ndarray, str, tuple[int, int]]:
        ids = tokenizer.encode(text)
        head = tokenizer.find_head(text) if isinstance(tokenizer, WordTokenizer) else ""
        return ids.astype(dtype), head, find_missing(tokenizer, text, ids, [])

    return encode


def _join_seam(tokenizer: Tokenizer, ids: np.ndarray, head: str, previous: list[int]) -> np.ndarray:
    """The ids of a piece behind ``previous``, from those that it would have alone."""
    if not head or not previous:
        return ids
    alone, behind = tokenizer.encode(head), tokenizer.encode(head, previous)
    return np.concatenate([behind.astype(ids.dtype), ids[len(alone) :]])


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


def count_common(ids: np.ndarray) -> int:
    """How many different symbols make up 99 % of a text (N,), or of its first million: scripts have few or many,
    whatever else stands in a text now and then."""
    counts = np.sort(np.bincount(ids[:_MOST_COUNTED]))[::-1]
    return int(np.searchsorted(np.cumsum(counts), COMMON_SHARE * counts.sum())) + 1


def _choose_dtype(vocab_size: int) -> np.dtype[np.unsignedinteger]:
    """The smallest type that holds every id."""
    return np.dtype("<u1" if vocab_size <= 1 << 8 else "<u2" if vocab_size <= 1 << 16 else "<u4")
