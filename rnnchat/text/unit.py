"""The units that a text is cut into at word level: their kinds, the space between them, and counting them.

What the rules are, and why, stands in `rnnchat.text.word`. Nothing here knows a vocabulary.
"""

import itertools
import re
from collections import Counter
from collections.abc import Iterable
from enum import IntEnum
from typing import NamedTuple

import numpy as np

INDENT = " " * 4
"""One symbol where a vocabulary has it: else a third of a program would be spaces."""

MAX_TYPES = 1_000_000
"""Counting more different units than this drops the rarest: about 120 MB."""

# Thai, Lao, Tibetan, Burmese, Khmer, kana, Chinese characters: written without spaces between words.
GLYPHS = (
    "\u0e00-\u0fff\u1000-\u109f\u1780-\u17ff\u2e80-\u2fdf\u3005-\u3007\u3040-\u30ff\u3100-\u312f"
    "\u31a0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff66-\uff9f\U00020000-\U0003ffff"
)
# Accents and vowel signs that follow a letter; `\w` leaves them out. With the joiners of Persian and Hindi.
_SIGNS = (
    "\u0300-\u036f\u0483-\u0487\u0591-\u05bd\u05bf-\u05c7\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06ed"
    "\u0900-\u0903\u093a-\u094f\u0951-\u0957\u0962\u0963\u0981-\u0983\u09bc-\u09cd\u0a01-\u0a03\u0a3c-\u0a4d"
    "\u0a81-\u0a83\u0abc-\u0acd\u0b01-\u0b03\u0b3c-\u0b57\u0b82\u0bbe-\u0bcd\u0c00-\u0c04\u0c3e-\u0c56"
    "\u0c81-\u0c83\u0cbc-\u0cd6\u0d00-\u0d03\u0d3b-\u0d4d\u0d82\u0d83\u0dca-\u0ddf\u1ab0-\u1aff\u1dc0-\u1dff"
    "\u200c\u200d\u20d0-\u20ff\ufe20-\ufe2f"
)
_LETTERS = rf"[^\W\d_{GLYPHS}]"
# Longer runs of letters are cut: a text without spaces must not become one word of a megabyte.
_STEM = rf"{_LETTERS}{{1,40}}(?:[{_SIGNS}]{{1,9}}{_LETTERS}{{0,40}}){{0,20}}"
WORD = rf"{_STEM}(?:['’]{_STEM}){{0,3}}"
MARK = r"(?:\.\.\.|--|[^\w\s]|_)"
_VISIBLE = rf" ?(?:{WORD}|\d|[{GLYPHS}]|{MARK})"
UNITS = re.compile(rf"{_VISIBLE}|\s")
UNITS_AND_INDENTS = re.compile(rf"{_VISIBLE}|{INDENT}|\s")
# For counting, a mark takes the white space before it along, which tells whether it is loose.
_COUNTED_UNITS = re.compile(rf" ?(?:{WORD}|\d|[{GLYPHS}])|\s?{MARK}|{INDENT}|\s")
_MARKS_BEFORE_WORDS = re.compile(rf"(\s?{MARK})( ?)(?={_LETTERS}|\d)")
_IS_WORD = re.compile(_LETTERS)
_IS_GLYPH = re.compile(f"[{GLYPHS}]")


class Kind(IntEnum):
    """What a symbol is: decides the space before and after it."""

    BLANK = 0  # white space, GLUE, SPACE; also the beginning of a text
    WORD = 1
    DIGIT = 2
    GLYPH = 3
    TIGHT = 4
    LOOSE = 5
    TIGHT_LEANING = 6
    LOOSE_LEANING = 7


_MARKS = (Kind.TIGHT, Kind.LOOSE, Kind.TIGHT_LEANING, Kind.LOOSE_LEANING)


def _make_spacing() -> np.ndarray:
    """Whether a space is implied between two kinds: (before, after) bool."""
    implied = np.zeros((len(Kind), len(Kind)), bool)
    after_blank = [kind for kind in Kind if kind is not Kind.BLANK]
    for loose in (Kind.LOOSE, Kind.LOOSE_LEANING):
        implied[after_blank, loose] = True
    for word in (Kind.WORD, Kind.DIGIT):
        implied[[Kind.WORD, Kind.DIGIT, Kind.TIGHT, Kind.LOOSE], word] = True
    implied[Kind.DIGIT, Kind.DIGIT] = False
    return implied


IS_SPACE_IMPLIED = _make_spacing()


class Found(NamedTuple):
    """What a piece of text has."""

    units: Counter[str]
    """How often it has each unit."""
    followed: Counter[tuple[str, str]]
    """How often it has each mark before a word, with the space or nothing that stands between them."""


def find_units(text: str) -> Found:
    """Count the units of a piece of text, best cut at the end of a line."""
    return Found(Counter(_COUNTED_UNITS.findall(text)), Counter(_MARKS_BEFORE_WORDS.findall(text)))


class UnitCounts:
    """How often each symbol was seen, and what follows the marks."""

    def __init__(self, found: Iterable[Found]) -> None:
        """Args: what each piece of a text has; memory is bounded."""
        self.symbols: Counter[str] = Counter()
        self.spaced_after: Counter[str] = Counter()
        self.tight_after: Counter[str] = Counter()
        units: Counter[str] = Counter()
        followed: Counter[tuple[str, str]] = Counter()
        for piece in found:
            units.update(piece.units)
            followed.update(piece.followed)
            drop_rarest(units, MAX_TYPES)
        for unit, count in units.items():
            for symbol in _find_symbols(unit):
                self.symbols[symbol] += count
        for (mark, space), count in followed.items():
            (self.spaced_after if space else self.tight_after)[_find_symbols(mark)[-1]] += count
        del self.symbols[" "]  # it is SPACE


def are_words_apart(counts: UnitCounts) -> bool:
    """Whether spaces set the words of a text apart: it is not mostly glyphs, nor endless runs of letters."""
    words, letters, glyphs = 0, 0, 0
    for symbol, count in counts.symbols.items():
        if _IS_WORD.match(symbol):
            words += count
            letters += count * len(symbol)
        elif _IS_GLYPH.match(symbol):
            glyphs += count
    return glyphs <= words and letters <= 20 * words


def _find_symbols(unit: str) -> tuple[str, ...]:
    """The symbols of a counted unit: a mark after white space is loose."""
    if unit.isspace() or not unit[0].isspace():
        return (unit,)
    text = unit[1:]
    is_mark = find_kind(text, frozenset()) in _MARKS
    blank = () if unit[0] == " " else (unit[0],)
    return (*blank, f" {text}" if is_mark else text)


def find_kind(symbol: str, leaning: frozenset[str]) -> Kind:
    """The kind of a symbol of a vocabulary, in which a loose mark has a space before it."""
    if symbol.isspace():
        return Kind.BLANK
    if _IS_WORD.match(symbol):
        return Kind.WORD
    if symbol.isdecimal():
        return Kind.DIGIT
    if _IS_GLYPH.match(symbol):
        return Kind.GLYPH
    if symbol[0] == " ":
        return Kind.LOOSE_LEANING if symbol in leaning else Kind.LOOSE
    return Kind.TIGHT_LEANING if symbol in leaning else Kind.TIGHT


def strip_space(unit: str) -> str:
    """The unit without the space that leads it; white space alone stays."""
    return unit[1:] if unit[0] == " " and not unit.isspace() else unit


def drop_rarest(counts: Counter[str], limit: int) -> None:
    """Where there are more than ``limit``, drop units seen once, then twice, … until half of that is left."""
    if len(counts) <= limit:
        return
    for threshold in itertools.count(1):
        for unit in [unit for unit, count in counts.items() if count <= threshold]:
            del counts[unit]
        if len(counts) <= limit // 2:
            return
