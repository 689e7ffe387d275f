"""Words and marks as symbols, with spaces that cost nothing where they are expected.

A text is cut into units: words, single digits, glyphs of scripts without spaces, marks (punctuation, signs,
emoji), and single characters of white space. Between two units there is one space, or nothing; more white
space is units of its own. Most spaces can be foretold from their neighbours and are not written:

    He said, "Don't go (yet)."      He · said · , · ␣" · Don't · go · ␣( · yet · ) · . · "

- A word or a number has a space before it, except after white space, after a glyph and after a mark that
  *leans* on what follows. Which marks lean is counted in the text that the vocabulary is made from, so that
  French quotation marks and source code get their own habits.
- A mark is in the vocabulary twice: *loose*, after a space or at the beginning of a line (written ``␣"``), and
  *tight*, when it touches what stands before it (``"``). So an opening quotation mark is not a closing one.
- Where a text departs from this, one of two special symbols is written between the units: GLUE, for "no
  space here", or SPACE, for "a space here".

So decoding gives back the very text, the choice between symbols depends only on what stands before (never on
what a person types next), and a decoder has to remember one id.
"""

import itertools
import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from enum import IntEnum
from typing import Any, Literal

import numpy as np

from rnnchat.text.symbol import REPLACEMENT, show_symbol

UNKNOWN, GLUE, SPACE = 0, 1, 2
FIRST_SYMBOL = 3
"""The ids below it are special; symbols[i] has the id FIRST_SYMBOL + i."""

MAX_TYPES = 1_000_000
"""Counting more different units than this drops the rarest: about 120 MB."""

# Thai, Lao, Tibetan, Burmese, Khmer, kana, Chinese characters: written without spaces between words.
_GLYPHS = (
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
_LETTERS = rf"[^\W\d_{_GLYPHS}]"
# Longer runs of letters are cut: a text without spaces must not become one word of a megabyte.
_STEM = rf"{_LETTERS}{{1,40}}(?:[{_SIGNS}]{{1,9}}{_LETTERS}{{0,40}}){{0,20}}"
_WORD = rf"{_STEM}(?:['’]{_STEM}){{0,3}}"
_MARK = r"(?:\.\.\.|--|[^\w\s]|_)"
_UNITS = re.compile(rf" ?(?:{_WORD}|\d|[{_GLYPHS}]|{_MARK})|\s")
# For counting, a mark takes the white space before it along, which tells whether it is loose.
_COUNTED_UNITS = re.compile(rf" ?(?:{_WORD}|\d|[{_GLYPHS}])|\s?{_MARK}|\s")
_MARKS_BEFORE_WORDS = re.compile(rf"(\s?{_MARK})( ?)(?={_LETTERS}|\d)")
_IS_WORD = re.compile(_LETTERS)
_IS_GLYPH = re.compile(f"[{_GLYPHS}]")


class _Kind(IntEnum):
    """What a symbol is: decides the space before and after it."""

    BLANK = 0  # white space, GLUE, SPACE; also the beginning of a text
    WORD = 1
    DIGIT = 2
    GLYPH = 3
    TIGHT = 4
    LOOSE = 5
    TIGHT_LEANING = 6
    LOOSE_LEANING = 7


_MARKS = (_Kind.TIGHT, _Kind.LOOSE, _Kind.TIGHT_LEANING, _Kind.LOOSE_LEANING)


def _make_spacing() -> np.ndarray:
    """Whether a space is implied between two kinds: (before, after) bool."""
    implied = np.zeros((len(_Kind), len(_Kind)), bool)
    after_blank = [kind for kind in _Kind if kind is not _Kind.BLANK]
    for loose in (_Kind.LOOSE, _Kind.LOOSE_LEANING):
        implied[after_blank, loose] = True
    for word in (_Kind.WORD, _Kind.DIGIT):
        implied[[_Kind.WORD, _Kind.DIGIT, _Kind.TIGHT, _Kind.LOOSE], word] = True
    implied[_Kind.DIGIT, _Kind.DIGIT] = False
    return implied


_IS_SPACE_IMPLIED = _make_spacing()


class WordTokenizer:
    """Words and marks of a vocabulary; id 0 is the unknown word."""

    level: Literal["word"] = "word"
    unknown_id = UNKNOWN

    def __init__(self, symbols: Sequence[str], leaning: Iterable[str]) -> None:
        """Make a tokenizer of a vocabulary that `fit` has chosen.

        Args:
            symbols: words, digits, glyphs, white space, marks: a tight one as it is, a loose one with a space
                before it.
            leaning: those marks among them after which a word follows without a space.
        """
        self.symbols = tuple(symbols)
        self.leaning = frozenset(leaning)
        if len(set(self.symbols)) != len(self.symbols):
            raise ValueError("a symbol stands twice in the vocabulary of words")
        self.vocab_size = FIRST_SYMBOL + len(self.symbols)
        self._texts = [REPLACEMENT, "", " ", *(s[1:] if len(s) > 1 and s[0] == " " else s for s in self.symbols)]
        special = [_Kind.WORD, _Kind.BLANK, _Kind.BLANK]
        self._kinds = np.array([*special, *(_find_kind(s, self.leaning) for s in self.symbols)], np.int8)
        self._codes = _Codes(self.symbols)
        self._loose_ids = np.arange(self.vocab_size, dtype=np.int32)
        for id, symbol in enumerate(self.symbols, FIRST_SYMBOL):
            if self._kinds[id] in (_Kind.TIGHT, _Kind.TIGHT_LEANING):
                self._loose_ids[id] = self._codes.get(f" {symbol}", 2 * id) >> 1

    @classmethod
    def fit(cls, counts: "UnitCounts", max_vocab: int) -> "WordTokenizer":
        """Keep the most frequent symbols, in order of frequency; among equals in alphabetical order."""
        ranked = sorted(counts.symbols.items(), key=lambda item: (-item[1], item[0]))
        symbols = [symbol for symbol, _ in ranked[: max_vocab - FIRST_SYMBOL]]
        leaning = [symbol for symbol in symbols if counts.tight_after[symbol] > counts.spaced_after[symbol]]
        return cls(symbols, leaning)

    def encode(self, text: str, previous: Sequence[int] = ()) -> np.ndarray:
        """See `Tokenizer.encode`: (N,) int32."""
        units = _UNITS.findall(text)
        codes = np.fromiter(map(self._codes.__getitem__, units), np.int32, len(units))
        if not len(codes):
            return codes
        ids, has_space = codes >> 1, (codes & 1).astype(bool)
        before = np.empty(len(ids), np.int8)  # the kind that stands before each unit
        before[0] = self._kinds[previous[-1]] if len(previous) else _Kind.BLANK
        before[1:] = self._kinds[ids[:-1]]
        ids = np.where(before == _Kind.BLANK, self._loose_ids[ids], ids)
        before[1:] = self._kinds[ids[:-1]]
        is_implied = _IS_SPACE_IMPLIED[before, self._kinds[ids]]
        is_exception = is_implied != has_space
        places = np.arange(len(ids)) + np.cumsum(is_exception)
        encoded = np.empty(len(ids) + int(is_exception.sum()), np.int32)
        encoded[places] = ids
        encoded[places[is_exception] - 1] = np.where(has_space[is_exception], SPACE, GLUE)
        return encoded

    def encode_prompt(self, text: str, previous: Sequence[int] = ()) -> tuple[np.ndarray, str]:
        """See `Tokenizer.encode_prompt`: the single last space is held back."""
        before = text[-2:-1] or ("" if not len(previous) else self._texts[previous[-1]][-1:])
        if text.endswith(" ") and before and not before.isspace():
            return self.encode(text[:-1], previous), " "
        return self.encode(text, previous), ""

    def decode(self, ids: Iterable[int]) -> str:
        """See `Tokenizer.decode`."""
        known = np.asarray(ids if isinstance(ids, np.ndarray) else list(ids), np.int64)
        kinds = self._kinds[known]
        is_spaced = _IS_SPACE_IMPLIED[np.concatenate([[_Kind.BLANK], kinds[:-1]]), kinds] if len(kinds) else kinds
        texts = self._texts
        return "".join(
            " " + texts[id] if spaced else texts[id]
            for id, spaced in zip(known.tolist(), is_spaced.tolist(), strict=True)
        )

    def find_unknown(self, text: str) -> list[str]:
        """See `Tokenizer.find_unknown`."""
        units = dict.fromkeys(_UNITS.findall(text))
        return list(dict.fromkeys(_strip_space(unit) for unit in units if self._codes[unit] >> 1 == UNKNOWN))

    def label(self, id: int) -> str:
        """See `Tokenizer.label`: a loose mark shows its space, GLUE is a tie."""
        if id < FIRST_SYMBOL:
            return (REPLACEMENT, "‿", "␣")[id]
        return show_symbol(self.symbols[id - FIRST_SYMBOL])

    def start_decoding(self, previous: Sequence[int] = ()) -> "WordDecoder":
        """See `Tokenizer.start_decoding`."""
        return WordDecoder(self._texts, self._kinds, previous[-1] if len(previous) else GLUE)

    def to_json(self) -> dict[str, Any]:
        """See `Tokenizer.to_json`."""
        return {"level": "word", "symbols": list(self.symbols), "leaning": sorted(self.leaning)}


class WordDecoder:
    """Gives each symbol's text with the space before it; nothing is ever held back."""

    def __init__(self, texts: Sequence[str], kinds: np.ndarray, previous: int) -> None:
        """Args: text and kind of each id; the id before the first one."""
        self._texts = texts
        self._kinds = kinds
        self._kind = kinds[previous]

    def feed(self, id: int) -> str:
        """The text of ``id``, with the space before it where one is implied."""
        is_spaced = _IS_SPACE_IMPLIED[self._kind, self._kinds[id]]
        self._kind = self._kinds[id]
        return " " + self._texts[id] if is_spaced else self._texts[id]

    def flush(self) -> str:
        """Nothing."""
        return ""


class _Codes(dict[str, int]):
    """From a unit as it was cut from the text, " the" or "the", to twice its id plus whether a space leads."""

    def __init__(self, symbols: Sequence[str]) -> None:
        super().__init__()
        for id, symbol in enumerate(symbols, FIRST_SYMBOL):
            text = _strip_space(symbol)
            # A word is one symbol with and without a space; a mark found in one form only serves for both.
            if symbol[0] == " " and text != symbol:
                self[symbol] = 2 * id + 1
                self.setdefault(text, 2 * id)
            else:
                self[symbol] = 2 * id
                if not text.isspace():
                    self.setdefault(f" {text}", 2 * id + 1)
        self[" "] = 2 * SPACE

    def __missing__(self, unit: str) -> int:
        return 2 * UNKNOWN + (unit[0] == " ")


class UnitCounts:
    """How often each symbol was seen, and what follows the marks; counted by `count_units`."""

    def __init__(self) -> None:
        self.symbols: Counter[str] = Counter()
        self.spaced_after: Counter[str] = Counter()
        self.tight_after: Counter[str] = Counter()


def count_units(texts: Iterable[str], also: Callable[[str], None]) -> UnitCounts:
    """Count the symbols of a text, in one pass and with bounded memory.

    Args:
        texts: the text in pieces, best cut at the ends of lines.
        also: called with each piece, for whoever wants to count something else in the same pass.
    """
    units: Counter[str] = Counter()
    followed: Counter[tuple[str, str]] = Counter()
    for text in texts:
        also(text)
        units.update(_COUNTED_UNITS.findall(text))
        followed.update(_MARKS_BEFORE_WORDS.findall(text))
        if len(units) > MAX_TYPES:
            _drop_rarest(units, MAX_TYPES // 2)
    counts = UnitCounts()
    for unit, count in units.items():
        for symbol in _find_symbols(unit):
            counts.symbols[symbol] += count
    for (mark, space), count in followed.items():
        (counts.spaced_after if space else counts.tight_after)[_find_symbols(mark)[-1]] += count
    del counts.symbols[" "]  # it is SPACE
    return counts


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
    if len(unit) == 1 or not unit[0].isspace():
        return (unit,)
    text = unit[1:]
    is_mark = _find_kind(text, frozenset()) in _MARKS
    blank = () if unit[0] == " " else (unit[0],)
    return (*blank, f" {text}" if is_mark else text)


def _find_kind(symbol: str, leaning: frozenset[str]) -> _Kind:
    if symbol.isspace():
        return _Kind.BLANK
    if _IS_WORD.match(symbol):
        return _Kind.WORD
    if symbol.isdecimal():
        return _Kind.DIGIT
    if _IS_GLYPH.match(symbol):
        return _Kind.GLYPH
    if symbol[0] == " ":
        return _Kind.LOOSE_LEANING if symbol in leaning else _Kind.LOOSE
    return _Kind.TIGHT_LEANING if symbol in leaning else _Kind.TIGHT


def _strip_space(unit: str) -> str:
    """The unit without the space that leads it; a space alone stays."""
    return unit[1:] if len(unit) > 1 and unit[0] == " " else unit


def _drop_rarest(counts: Counter[str], limit: int) -> None:
    """Drop units seen once, then twice, … until no more than ``limit`` are left."""
    for threshold in itertools.count(1):
        if len(counts) <= limit:
            return
        for unit in [unit for unit, count in counts.items() if count <= threshold]:
            del counts[unit]
