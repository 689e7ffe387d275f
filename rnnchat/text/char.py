"""Characters as symbols.

Legend: N ids of a text, V vocabulary size.
"""

from collections.abc import Iterable, Sequence
from typing import Any, Literal

import numpy as np

from rnnchat.text.array import to_array
from rnnchat.text.code_point import to_code_points
from rnnchat.text.symbol import REPLACEMENT, show_symbol


class CharTokenizer:
    """Unicode code points, in their order; id 0 is the unknown symbol where the vocabulary was cut."""

    level: Literal["char"] = "char"

    def __init__(self, symbols: str, has_unknown: bool) -> None:
        """Args: the vocabulary, each symbol once; whether an id 0 stands for everything else."""
        if len(set(symbols)) != len(symbols):
            raise ValueError("a symbol stands twice in the vocabulary of characters")
        if not symbols:
            raise ValueError("the vocabulary of characters is empty")
        self.symbols = symbols
        self.unknown_id = 0 if has_unknown else None
        self._code_points = to_code_points(REPLACEMENT + symbols if has_unknown else symbols)
        self.vocab_size = len(self._code_points)
        self._known = frozenset(symbols)
        # One more entry than the highest code point: everything above it is looked up there, and is missing.
        self._ids = np.full(int(to_code_points(symbols).max(initial=0)) + 2, 0 if has_unknown else -1, np.int32)
        self._ids[to_code_points(symbols)] = np.arange(has_unknown, self.vocab_size, dtype=np.int32)

    def encode(self, text: str, previous: Sequence[int] = ()) -> np.ndarray:
        """See `Tokenizer.encode`."""
        ids: np.ndarray = self._ids[np.minimum(to_code_points(text), len(self._ids) - 1)]
        return ids if self.unknown_id is not None else ids[ids >= 0]

    def encode_prompt(self, text: str, previous: Sequence[int] = ()) -> tuple[np.ndarray, str]:
        """See `Tokenizer.encode_prompt`; nothing is held back."""
        return self.encode(text), ""

    def find_banned(self, held_back: str = "", previous: Sequence[int] = ()) -> Sequence[int]:
        """See `Tokenizer.find_banned`: the unknown id."""
        return () if self.unknown_id is None else (self.unknown_id,)

    def decode(self, ids: Iterable[int]) -> str:
        """See `Tokenizer.decode`."""
        code_points: np.ndarray = self._code_points[to_array(ids)]
        return code_points.tobytes().decode("utf-32-le", "surrogatepass")

    def find_unknown(self, text: str) -> list[str]:
        """See `Tokenizer.find_unknown`."""
        return [symbol for symbol in dict.fromkeys(text) if symbol not in self._known]

    def label(self, id: int) -> str:
        """See `Tokenizer.label`."""
        return show_symbol(chr(self._code_points[id]))

    def start_decoding(self, previous: Sequence[int] = ()) -> "_CharDecoder":
        """See `Tokenizer.start_decoding`; a character needs nothing before it."""
        return _CharDecoder(self._code_points)

    def to_json(self) -> dict[str, Any]:
        """See `Tokenizer.to_json`."""
        return {"level": "char", "symbols": self.symbols, "has_unknown": self.unknown_id is not None}


class _CharDecoder:
    def __init__(self, code_points: np.ndarray) -> None:
        self._code_points = code_points

    def feed(self, id: int) -> str:
        return chr(self._code_points[id])

    def flush(self) -> str:
        return ""
