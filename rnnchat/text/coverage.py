"""What a vocabulary lacks of a text, and what that costs.

It is charged at 8 bits for each byte of UTF-8, as if it were spelt out without any model, so that a model gains
nothing from calling a word unknown.
"""

from collections.abc import Iterable

import numpy as np

from rnnchat.text.tokenizer import Tokenizer

BITS_PER_UNKNOWN_BYTE = 8


def count_missing(tokenizer: Tokenizer, pieces: Iterable[str]) -> tuple[int, int]:
    """How many characters and bytes of a text the vocabulary lacks; the text comes in pieces, memory does not grow."""
    chars, num_bytes = 0, 0
    previous: list[int] = []
    for piece in pieces:
        ids = tokenizer.encode(piece, previous)
        missing = find_missing(tokenizer, piece, ids, previous)
        chars += missing[0]
        num_bytes += missing[1]
        previous = ids[-4:].tolist() or previous
    return chars, num_bytes


def find_missing(tokenizer: Tokenizer, text: str, ids: np.ndarray, previous: list[int]) -> tuple[int, int]:
    """How many characters and bytes of ``text`` its ``ids`` do not cover."""
    known = ids
    num_unknown = 0
    if tokenizer.unknown_id is not None:
        num_unknown = int((ids == tokenizer.unknown_id).sum())
    elif tokenizer.level in ("byte", "bpe"):
        return 0, 0
    decoder = tokenizer.start_decoding(previous)
    if num_unknown == 0 and len(known) == len(text):
        return 0, 0
    covered = "".join(decoder.feed(id) for id in known.tolist())
    mark_bytes = len("\ufffd".encode())
    missing_chars = len(text) - (len(covered) - num_unknown)
    missing_bytes = len(text.encode("utf-8", "ignore")) - (
        len(covered.encode("utf-8", "ignore")) - num_unknown * mark_bytes
    )
    return missing_chars, missing_bytes
