"""A vocabulary that another program made: any texts in any order, as characters or as words between white space.

`CharTokenizer` and `WordTokenizer` are what rnnchat makes of a text; they have no room for symbols such as ``<pad>``,
for an unknown symbol anywhere but at 0, or for words such as ``@-@``. Here a symbol is whatever stands in the list.

At word level a text is cut at white space, and a word that is not known as a whole at its marks; words are written
with one space between them. A line end is a symbol where the list has one.

Legend: N ids of a text, V vocabulary size.
"""

import re
from collections.abc import Iterable, Sequence
from typing import Any, Literal

import numpy as np

from rnnchat.text.symbol import REPLACEMENT, show_symbol

LINE_END = "\n"
_WORDS = re.compile(r"\n|[^\S\n]*[^\s]+|[^\S\n]+")
_PARTS = re.compile(r"\s*(?:\w+(?:['’]\w+)*|[^\w\s])")


class ListedTokenizer:
    """The symbols of a list; see the module."""

    def __init__(
        self,
        level: Literal["char", "word"],
        symbols: Sequence[str],
        unknown_id: int | None = None,
        never_written: Iterable[int] = (),
        is_lower: bool = False,
    ) -> None:
        """Make a tokenizer of a list.

        Args:
            level: whether symbols follow each other as they are, or with a space between them.
            symbols: the text of each id, which of two equal ones is written but never read; empty for one without.
            unknown_id: what stands for all that is not in the list.
            never_written: further ids that a model must not write.
            is_lower: whether capitals are read as small letters.
        """
        if not symbols or not any(symbols):
            raise ValueError("the vocabulary is empty")
        self.level: Literal["char", "word"] = level
        self.symbols = tuple(symbols)
        self.vocab_size = len(self.symbols)
        ids = set(never_written)
        if not all(0 <= id < self.vocab_size for id in (*ids, unknown_id or 0)):
            raise ValueError("the vocabulary names an id that it does not have")
        self.unknown_id = unknown_id
        self.never_written = frozenset(ids)
        self.is_lower = is_lower
        self._banned = tuple(sorted(ids | {id for id, text in enumerate(self.symbols) if not text} | self._unknown))
        self._texts = [REPLACEMENT if id == unknown_id else text for id, text in enumerate(self.symbols)]
        self._ids: dict[str, int] = {}
        for id, text in enumerate(self.symbols):
            if text and id not in self._banned:
                self._ids.setdefault(text, id)

    @property
    def _unknown(self) -> set[int]:
        return set() if self.unknown_id is None else {self.unknown_id}

    def cut(self, text: str) -> list[tuple[str, int | None]]:
        """The pieces of a text, which joined are the text, each with its id; None for one that is left out."""
        if self.level == "char":
            return [(char, self._find(char)) for char in text]
        pieces: list[tuple[str, int | None]] = []
        for piece in _WORDS.findall(text):
            word = piece if piece == LINE_END else piece.strip()
            if not word or (word == LINE_END and LINE_END not in self._ids):
                pieces.append((piece, None))
            elif word in self._ids or self._fold(word) in self._ids:
                pieces.append((piece, self._find(word)))
            else:
                pieces += [(part, self._find(part.strip())) for part in _PARTS.findall(piece)]
        return pieces

    def _find(self, text: str) -> int | None:
        return self._ids.get(text, self._ids.get(self._fold(text), self.unknown_id))

    def _fold(self, text: str) -> str:
        return text.lower() if self.is_lower else text

    def encode(self, text: str, previous: Sequence[int] = ()) -> np.ndarray:
        """See `Tokenizer.encode`."""
        return np.array([id for _, id in self.cut(text) if id is not None], np.int32)

    def encode_prompt(self, text: str, previous: Sequence[int] = ()) -> tuple[np.ndarray, str]:
        """See `Tokenizer.encode_prompt`: at word level a single last space is held back."""
        before = text[-2:-1] or (self._texts[previous[-1]] if len(previous) else "")
        if self.level == "word" and text.endswith(" ") and before and not before.isspace():
            return self.encode(text[:-1]), " "
        return self.encode(text), ""

    def find_banned(self, held_back: str = "", previous: Sequence[int] = ()) -> Sequence[int]:
        """See `Tokenizer.find_banned`: ids without a text, and behind a held-back space the line end."""
        if held_back and LINE_END in self._ids:
            return (*self._banned, self._ids[LINE_END])
        return self._banned

    def decode(self, ids: Iterable[int]) -> str:
        """See `Tokenizer.decode`."""
        decoder = self.start_decoding()
        return "".join(decoder.feed(int(id)) for id in ids)

    def find_unknown(self, text: str) -> list[str]:
        """See `Tokenizer.find_unknown`."""
        pieces = [piece if self.level == "char" else piece.strip() for piece, id in self.cut(text) if self.lacks(id)]
        return [piece for piece in dict.fromkeys(pieces) if piece]

    def lacks(self, id: int | None) -> bool:
        """Whether a piece with this id is not in the list."""
        return id is None or id == self.unknown_id

    def label(self, id: int) -> str:
        """See `Tokenizer.label`."""
        return show_symbol(self._texts[id]) if self._texts[id] else "∅"

    def start_decoding(self, previous: Sequence[int] = ()) -> "ListedDecoder":
        """See `Tokenizer.start_decoding`."""
        before = self._texts[previous[-1]] if len(previous) else LINE_END
        return ListedDecoder(self._texts, self.level == "word", before)

    def to_json(self) -> dict[str, Any]:
        """See `Tokenizer.to_json`."""
        return {
            "level": self.level, "listed": True, "symbols": list(self.symbols), "unknown_id": self.unknown_id,
            "never_written": sorted(self.never_written), "is_lower": self.is_lower,
        }  # fmt: skip


class ListedDecoder:
    """Gives each symbol's text, at word level with the space before it; nothing is held back."""

    def __init__(self, texts: Sequence[str], is_spaced: bool, before: str) -> None:
        """Args: the text of each id; whether a space stands between two; the text before the first."""
        self._texts, self._is_spaced, self._before = texts, is_spaced, before

    def feed(self, id: int) -> str:
        """The text of ``id``."""
        text = self._texts[id]
        is_apart = self._is_spaced and text and not text.isspace() and not self._before.isspace()
        self._before = text or self._before
        return f" {text}" if is_apart else text

    def flush(self) -> str:
        """Nothing."""
        return ""
