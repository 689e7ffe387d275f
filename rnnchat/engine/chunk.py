"""Symbols on their way to a front end: gathered into chunks, so that no screen draws for each of them."""

import math
import time
from typing import cast

from rnnchat.engine.protocol import Chunk, Reason
from rnnchat.generation.stream import Piece

FLUSH_INTERVAL_S = 0.03
"""A screen that draws more often than this only gets slower."""


class Gathering:
    """Gathers symbols into chunks: the first at once, then one every 30 ms."""

    def __init__(self, request: int, unknown: tuple[str, ...]) -> None:
        self._request = request
        self._unknown = unknown
        self._started_s = time.monotonic()
        self._taken_s = -math.inf
        self._chars = 0
        self._text = ""
        self._log_probs: list[float] = []

    def add(self, piece: Piece) -> None:
        """Take one symbol."""
        self._text += piece.text
        self._log_probs.append(piece.log_prob)

    def is_due(self) -> bool:
        """Is there text that has waited long enough?"""
        return bool(self._text) and time.monotonic() - self._taken_s >= FLUSH_INTERVAL_S

    def take(self, seed: int | None, reason: str = "", loop: str = "") -> Chunk:
        """Give what was gathered as a chunk, the last one if there is a reason for the text to end."""
        self._taken_s = time.monotonic()
        self._chars += len(self._text)
        chunk = Chunk(
            text=self._text,
            chars=self._chars,
            chars_per_s=self._chars / max(self._taken_s - self._started_s, 1e-9),
            seed=seed or 0,
            unknown=self._unknown,
            finished=bool(reason),
            reason=cast(Reason, reason),
            log_probs=tuple(self._log_probs),
            loop=loop,
            request=self._request,
        )
        self._text, self._log_probs, self._unknown = "", [], ()
        return chunk
