"""Which characters of a text each of its symbols stands for, those outside the vocabulary included.

Legend: N ids of a text.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from rnnchat.text.listed import ListedTokenizer
from rnnchat.text.symbol import REPLACEMENT
from rnnchat.text.tokenizer import Tokenizer
from rnnchat.text.unit import INDENT, UNITS, UNITS_AND_INDENTS, strip_space
from rnnchat.text.word import GLUE, SPACE, WordTokenizer


class Span(NamedTuple):
    """A symbol of a text and its characters."""

    text: str
    """Empty for a symbol that only begins a character, or has no character."""
    number: int | None
    """Which of the ids it is, from 0; ``None`` for characters that the vocabulary lacks and that became no symbol."""
    unknown: str
    """Those of its characters that the vocabulary lacks: none, or all but the space before a word."""


def align(tokenizer: Tokenizer, text: str, ids: np.ndarray, previous: Sequence[int] = ()) -> list[Span]:
    """Spans whose texts, joined, are ``text``.

    Args:
        tokenizer: the vocabulary.
        text: any text.
        ids: (N,), what ``tokenizer.encode(text, previous)`` gave; each is in one span, in order.
        previous: the ids before.
    """
    if isinstance(tokenizer, ListedTokenizer):
        return list(_align_pieces(tokenizer, text))
    decoder = tokenizer.start_decoding(previous)
    symbols = [decoder.feed(id) for id in ids.tolist()]
    if isinstance(tokenizer, WordTokenizer) and bool((ids == tokenizer.unknown_id).any()):
        return list(_align_words(tokenizer, text, ids.tolist(), symbols))
    is_unknown = (ids == tokenizer.unknown_id).tolist() if tokenizer.unknown_id is not None else [False] * len(ids)
    return list(_align_chars(text, symbols, is_unknown))


def _align_pieces(tokenizer: ListedTokenizer, text: str) -> Iterator[Span]:
    """Where the tokenizer itself says which piece became which symbol."""
    number = 0
    for piece, id in tokenizer.cut(text):
        unknown = (piece.strip() or piece) if tokenizer.lacks(id) else ""
        yield Span(piece, None if id is None else number, unknown)
        number += id is not None


def _align_chars(text: str, symbols: list[str], is_unknown: list[bool]) -> Iterator[Span]:
    """Where an unknown symbol is one character, and a character without symbol is left out."""
    place = 0
    for number, symbol in enumerate(symbols):
        if is_unknown[number]:
            yield Span(text[place], number, text[place])
            place += 1
            continue
        while not text.startswith(symbol, place):
            yield Span(text[place], None, text[place])
            place += 1
        yield Span(symbol, number, "")
        place += len(symbol)
    for left_out in text[place:]:
        yield Span(left_out, None, left_out)


def _align_words(tokenizer: WordTokenizer, text: str, ids: list[int], symbols: list[str]) -> Iterator[Span]:
    """Where an unknown symbol is a unit of the text: between two units stands at most one symbol of spacing."""
    units = iter((UNITS_AND_INDENTS if INDENT in tokenizer.symbols else UNITS).findall(text))
    unit: str | None = None  # the next one
    for number, (id, symbol) in enumerate(zip(ids, symbols, strict=True)):
        unit = next(units) if unit is None else unit
        if id == GLUE or (id == SPACE and unit != " "):
            yield Span(symbol, number, "")
            continue
        unknown = strip_space(unit) if id == tokenizer.unknown_id else ""
        yield Span(symbol.replace(REPLACEMENT, unknown) if unknown else symbol, number, unknown)
        unit = None
