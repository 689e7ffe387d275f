"""Bytes as symbols.

Legend: N ids of a text.
"""

import codecs
from collections.abc import Iterable, Sequence
from typing import Any, Literal

import numpy as np

from rnnchat.text.array import to_array
from rnnchat.text.symbol import show_symbol
from rnnchat.text.utf8 import find_pending, list_invalid


class ByteTokenizer:
    """The 256 bytes of UTF-8: every text can be written, and nothing is unknown."""

    level: Literal["byte"] = "byte"
    vocab_size = 256
    unknown_id = None

    def encode(self, text: str, previous: Sequence[int] = ()) -> np.ndarray:
        """See `Tokenizer.encode`; only a lone surrogate, which is no character, is left out."""
        return np.frombuffer(text.encode("utf-8", "ignore"), np.uint8).astype(np.int32)

    def encode_prompt(self, text: str, previous: Sequence[int] = ()) -> tuple[np.ndarray, str]:
        """See `Tokenizer.encode_prompt`; nothing is held back."""
        return self.encode(text), ""

    def find_banned(self, held_back: str = "", previous: Sequence[int] = ()) -> Sequence[int]:
        """See `Tokenizer.find_banned`: what UTF-8 does not allow there."""
        return list_invalid(find_pending(previous))

    def decode(self, ids: Iterable[int]) -> str:
        """See `Tokenizer.decode`."""
        return to_array(ids).astype(np.uint8).tobytes().decode("utf-8", "replace")

    def find_unknown(self, text: str) -> list[str]:
        """See `Tokenizer.find_unknown`."""
        return [symbol for symbol in dict.fromkeys(text) if "\ud800" <= symbol <= "\udfff"]

    def label(self, id: int) -> str:
        """See `Tokenizer.label`."""
        return show_symbol(chr(id)) if (chr(id).isprintable() and id < 128) or id in b"\n\t\r" else f"0x{id:02X}"

    def start_decoding(self, previous: Sequence[int] = ()) -> "_ByteDecoder":
        """See `Tokenizer.start_decoding`: ``previous`` may end inside a character."""
        decoder = _ByteDecoder()
        for id in previous[-3:]:  # a character of UTF-8 has at most three bytes before its last
            decoder.feed(id)
        return decoder

    def to_json(self) -> dict[str, Any]:
        """See `Tokenizer.to_json`."""
        return {"level": "byte"}


class _ByteDecoder:
    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")

    def feed(self, id: int) -> str:
        return self._decoder.decode(bytes((int(id),)))

    def flush(self) -> str:
        return self._decoder.decode(b"", final=True)
