"""What a vocabulary lacks of a text, and what that costs.

It is charged at 8 bits for each byte of UTF-8, as if it were spelt out without any model, so that a model gains
nothing from calling a word unknown.
"""

import numpy as np

from rnnchat.text.listed import ListedTokenizer
from rnnchat.text.tokenizer import Tokenizer
from rnnchat.text.word import WordTokenizer

BITS_PER_UNKNOWN_BYTE = 8


def find_missing(tokenizer: Tokenizer, text: str, ids: np.ndarray, previous: list[int]) -> tuple[int, int]:
    """How many characters and bytes of ``text`` its ``ids`` (behind ``previous``) do not cover."""
    if tokenizer.level in ("byte", "bpe"):
        return 0, 0
    if isinstance(tokenizer, ListedTokenizer):
        missing = "".join(piece for piece, id in tokenizer.cut(text) if tokenizer.lacks(id))
        return len(missing), len(missing.encode("utf-8", "ignore"))
    num_unknown = 0 if tokenizer.unknown_id is None else int((ids == tokenizer.unknown_id).sum())
    is_all = tokenizer.unknown_id is not None or len(ids) == len(text)
    if num_unknown == 0 and is_all:
        return 0, 0
    chars, num_bytes = _measure(tokenizer, ids, previous)
    mark_bytes = len("\ufffd".encode())
    missing_chars = len(text) - (chars - num_unknown)
    missing_bytes = len(text.encode("utf-8", "ignore")) - (num_bytes - num_unknown * mark_bytes)
    return missing_chars, missing_bytes


def _measure(tokenizer: Tokenizer, ids: np.ndarray, previous: list[int]) -> tuple[int, int]:
    """Characters and bytes that the ids stand for."""
    if isinstance(tokenizer, WordTokenizer):
        return tokenizer.measure(ids, previous)
    text = tokenizer.decode(ids)
    return len(text), len(text.encode("utf-8", "ignore"))
