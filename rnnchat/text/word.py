"""Words and marks as symbols, with spaces that cost nothing where they are expected.

A text is cut into units: words, single digits, glyphs of scripts without spaces, marks (punctuation, signs,
emoji), and single characters of white space. Between two units there is one space, or nothing; more white
space is units of its own (four spaces, an indent, are one). Most spaces can be predicted from their neighbours
and are not written:

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

from collections.abc import Iterable, Sequence
from functools import cached_property
from itertools import islice
from typing import Any, Literal

import numpy as np

from rnnchat.text.symbol import REPLACEMENT, show_symbol
from rnnchat.text.unit import (
    INDENT,
    IS_SPACE_IMPLIED,
    UNITS,
    UNITS_AND_INDENTS,
    Kind,
    UnitCounts,
    find_kind,
    strip_space,
)

UNKNOWN, GLUE, SPACE = 0, 1, 2
FIRST_SYMBOL = 3
"""The ids below it are special; symbols[i] has the id FIRST_SYMBOL + i."""


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
        if not all(self.symbols):
            raise ValueError("a symbol of the vocabulary of words is empty")
        self.vocab_size = FIRST_SYMBOL + len(self.symbols)
        self._texts = [REPLACEMENT, "", " ", *map(strip_space, self.symbols)]
        special = [Kind.WORD, Kind.BLANK, Kind.BLANK]
        self._kinds = np.array([*special, *(find_kind(s, self.leaning) for s in self.symbols)], np.int8)
        self._is_blank: list[bool] = (self._kinds == Kind.BLANK).tolist()
        self._codes = _Codes(self.symbols)
        self._units = UNITS_AND_INDENTS if INDENT in self.symbols else UNITS
        self._loose_ids = np.arange(self.vocab_size, dtype=np.int32)
        for id in np.flatnonzero(np.isin(self._kinds, (Kind.TIGHT, Kind.TIGHT_LEANING))).tolist():
            self._loose_ids[id] = self._codes.get(f" {self.symbols[id - FIRST_SYMBOL]}", 2 * id) >> 1

    @classmethod
    def fit(cls, counts: UnitCounts, max_vocab: int) -> "WordTokenizer":
        """Keep the most frequent symbols, in order of frequency; among equals in alphabetical order."""
        ranked = sorted(counts.symbols.items(), key=lambda item: (-item[1], item[0]))
        symbols = [symbol for symbol, _ in ranked[: max_vocab - FIRST_SYMBOL]]
        leaning = [symbol for symbol in symbols if counts.tight_after[symbol] > counts.spaced_after[symbol]]
        return cls(symbols, leaning)

    def encode(self, text: str, previous: Sequence[int] = ()) -> np.ndarray:
        """See `Tokenizer.encode`: (N,) int32."""
        units = self._units.findall(text)
        codes = np.fromiter(map(self._codes.__getitem__, units), np.int32, len(units))
        if not len(codes):
            return codes
        ids, has_space = codes >> 1, (codes & 1).astype(bool)
        before = np.empty(len(ids), np.int8)  # the kind that stands before each unit
        before[0] = self._kinds[previous[-1]] if len(previous) else Kind.BLANK
        before[1:] = self._kinds[ids[:-1]]
        # A mark at the beginning of a line is loose without a space; it may lean where the tight one does not.
        ids = np.where(before == Kind.BLANK, self._loose_ids[ids], ids)
        before[1:] = self._kinds[ids[:-1]]
        is_implied = IS_SPACE_IMPLIED[before, self._kinds[ids]]
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

    @cached_property
    def _lengths(self) -> np.ndarray:
        """(V, 2) characters and bytes of UTF-8 of each id, without a space before it."""
        return np.array([(len(text), len(text.encode("utf-8", "ignore"))) for text in self._texts], np.int64)

    def find_banned(self, held_back: str = "", previous: Sequence[int] = ()) -> Sequence[int]:
        """See `Tokenizer.find_banned`: the unknown id, and behind a held-back space all that have none before them.

        No space is implied after white space and after GLUE itself: there GLUE means nothing, stands in no text, and
        a model that wrote it for ever would never write a character.
        """
        if not held_back:
            return (UNKNOWN, GLUE) if len(previous) and self._is_blank[previous[-1]] else (UNKNOWN,)
        is_spaced = IS_SPACE_IMPLIED[self._kinds[previous[-1]], self._kinds]  # (V,)
        is_spaced[UNKNOWN], is_spaced[SPACE] = False, True
        banned: list[int] = np.flatnonzero(~is_spaced).tolist()
        return banned

    def decode(self, ids: Iterable[int]) -> str:
        """See `Tokenizer.decode`."""
        known = np.asarray(ids if isinstance(ids, np.ndarray) else list(ids), np.int64)
        kinds = self._kinds[known]
        is_spaced = IS_SPACE_IMPLIED[np.concatenate([[Kind.BLANK], kinds[:-1]]), kinds] if len(kinds) else kinds
        texts = self._texts
        return "".join(
            " " + texts[id] if spaced else texts[id]
            for id, spaced in zip(known.tolist(), is_spaced.tolist(), strict=True)
        )

    def measure(self, ids: np.ndarray, previous: Sequence[int] = ()) -> tuple[int, int]:
        """How many characters, and bytes of UTF-8, are decoded from ids (N,) that stand behind ``previous``."""
        kinds = self._kinds[ids]
        before = np.empty_like(kinds)
        before[:1] = self._kinds[previous[-1]] if len(previous) else Kind.BLANK
        before[1:] = kinds[:-1]
        spaces = int(IS_SPACE_IMPLIED[before, kinds].sum())
        chars, num_bytes = self._lengths[ids].sum(axis=0).tolist()
        return chars + spaces, num_bytes + spaces

    def find_head(self, text: str) -> str:
        """The beginning of ``text`` in which ids depend on what stands before it."""
        return "".join(islice((match[0] for match in self._units.finditer(text)), 3))

    def find_unknown(self, text: str) -> list[str]:
        """See `Tokenizer.find_unknown`."""
        units = dict.fromkeys(self._units.findall(text))
        return list(dict.fromkeys(strip_space(unit) for unit in units if self._codes[unit] >> 1 == UNKNOWN))

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
        is_spaced = IS_SPACE_IMPLIED[self._kind, self._kinds[id]]
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
            text = strip_space(symbol)
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
