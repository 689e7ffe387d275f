"""Texts that a person bans or biases, found symbol by symbol while a text grows.

Letters: V vocabulary, N symbols.

A text is what its units are: UTF-8 bytes where symbols are characters, bytes or pieces, whole words and marks at
word level. A symbol brings one or more units. The symbols that matter next are those that complete a text, given the
units that stand there already: a banned text is never written whatever symbols spell it, and at word level banning
"the" leaves "there" alone.
"""

from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Any

import numpy as np

from rnnchat.generation.settings import Settings
from rnnchat.text.lexicon import Lexicon
from rnnchat.text.symbol import REPLACEMENT
from rnnchat.text.tokenizer import Tokenizer
from rnnchat.text.word import SPACE, WordTokenizer


class Spelling:
    """Each symbol of a vocabulary as units, one character a unit."""

    def __init__(self, tokenizer: Tokenizer, words: Sequence[str] = ()) -> None:
        """Args: the vocabulary; the words that the model has learnt, where its symbols are smaller."""
        self.tokenizer = tokenizer
        self.words = words
        self.known: tuple[np.ndarray, Any] | None = None
        """The words that were known last, and in which text; see `rnnchat.generation.known_word`."""

    @cached_property
    def lexicon(self) -> Lexicon | None:
        """The words that the model has learnt; None where it lists none."""
        return Lexicon(self.words) if self.words and self.tokenizer.level in ("char", "byte") else None

    @cached_property
    def symbols(self) -> list[str]:
        """V texts of units; made when they are asked for, for it takes a moment."""
        tokenizer = self.tokenizer
        if tokenizer.level == "word":
            # A space may be written as a symbol of its own where it goes without saying: it is no unit.
            space = SPACE if isinstance(tokenizer, WordTokenizer) else None
            return ["" if id == space else chr(id) for id in range(tokenizer.vocab_size)]
        spells_bytes = tokenizer.level in ("byte", "bpe")  # there ids below 256 are bytes
        return [
            chr(id) if spells_bytes and id < 256 else _to_units(tokenizer.decode([id]))
            for id in range(tokenizer.vocab_size)
        ]

    @cached_property
    def characters(self) -> list[tuple[int, str]]:
        """The symbols that are a character each, and which; bytes of longer ones are none."""
        decoded = [(id, self.tokenizer.decode([id])) for id in range(self.tokenizer.vocab_size)]
        banned = set(self.tokenizer.find_banned())
        return [(id, text) for id, text in decoded if len(text) == 1 and text != REPLACEMENT and id not in banned]

    @cached_property
    def masks_by_beginning(self) -> dict[tuple[str, bytes], np.ndarray]:
        """What continues none of the model's words, (V,), by the beginnings of words met so far."""
        return {}

    @cached_property
    def has_steady_bans(self) -> bool:
        """Does the vocabulary rule out the same symbols everywhere, whatever stands before?"""
        tokenizer = self.tokenizer
        # Where a character may be spelt in bytes, the bytes before decide what can follow; at word level, white space.
        if tokenizer.level == "bpe":
            return set(tokenizer.find_banned()) >= set(range(128, 256))
        return tokenizer.level == "char"

    def spell(self, text: str) -> set[str]:
        """The units of a text; at word level as it stands and as it follows a space, without unknown words."""
        if self.tokenizer.level != "word":
            return {_to_units(text)}
        encoded = [self.tokenizer.encode(text).tolist(), self.tokenizer.encode(" " + text).tolist()]
        unknown = self.tokenizer.unknown_id
        spellings = {"".join(self.symbols[id] for id in ids) for ids in encoded if unknown not in ids}
        return spellings - {""}


class Phrases:
    """The banned and biased texts of some settings, ready to be looked for."""

    def __init__(self, spelling: Spelling, settings: Settings) -> None:
        """Args: the vocabulary's symbols; settings with ``ban``, ``bias`` and, for ``min_length``, ``stop``."""
        symbols = spelling.symbols
        self.banned = [_Phrase(units, symbols) for text in settings.ban for units in spelling.spell(text)]
        stops = settings.stop if settings.min_length else ()
        self.stops = [_Phrase(units, symbols) for text in stops for units in spelling.spell(text)]
        self.biased = [
            (_Phrase(units, symbols), nats) for text, nats in settings.bias for units in spelling.spell(text)
        ]
        phrases = (*self.banned, *self.stops, *(phrase for phrase, _ in self.biased))
        self.memory = 2 * max((len(phrase.units) - 1 for phrase in phrases), default=0)
        """How many of the last symbols must be known: at word level every other one may be a space."""

    def find_banned(self, tail: str, with_stops: bool) -> list[np.ndarray]:
        """The symbols, in arrays (N,), that complete a banned text after the units ``tail``."""
        phrases = [*self.banned, *self.stops] if with_stops else self.banned
        return [ids for phrase in phrases for ids in phrase.find_completing(tail)]

    def find_biased(self, tail: str) -> list[tuple[np.ndarray, float]]:
        """The symbols that complete a biased text, and the nats that they gain."""
        return [(ids, nats) for phrase, nats in self.biased for ids in phrase.find_completing(tail)]


class _Phrase:
    """One text, and by how much of it stands there already the symbols that complete it."""

    def __init__(self, units: str, symbols: list[str]) -> None:
        self.units = units
        completing = {length: self._list_completing(length, symbols) for length in range(len(units))}
        self._completing = {units[:length]: ids for length, ids in completing.items() if len(ids)}

    def _list_completing(self, length: int, symbols: list[str]) -> np.ndarray:
        rest = self.units[length:]
        # Behind no beginning of the text, a symbol may hold all of it anywhere.
        found = [id for id, symbol in enumerate(symbols) if (symbol.startswith(rest) if length else rest in symbol)]
        return np.array(found, np.int64)

    def find_completing(self, tail: str) -> Iterator[np.ndarray]:
        for beginning, ids in self._completing.items():
            if tail.endswith(beginning):
                yield ids


def _to_units(text: str) -> str:
    return text.encode("utf-8", "surrogatepass").decode("latin-1")
