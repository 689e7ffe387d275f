"""Alt with arrows and Enter, on every terminal.

Terminals send alt+left in two ways: as one sequence of its own (xterm, kitty, and most others), which Textual
knows, or as an escape followed by what the key sends alone (PuTTY, rxvt, tmux with some settings), which it takes
for two keys. An escape by itself is told apart by what comes after: people need longer than ``HOLD_S``.
"""

from __future__ import annotations

from enum import Enum

from textual import events
from textual._ansi_sequences import ANSI_SEQUENCES_KEYS  # the only table from which Textual reads keys

HOLD_S = 0.03
"""Seconds for which an escape waits for the key that makes it an alt."""
ALT_KEYS = {"left", "right", "up", "down", "home", "end", "pageup", "pagedown"}


class AltKey(Enum):
    """Keys that Textual has no name for."""

    ENTER = "alt+enter"


def teach_alt_enter() -> None:
    """Let Textual know that an escape before Enter is alt+enter, not Enter: one sends, the other must not."""
    ANSI_SEQUENCES_KEYS["\x1b\r"] = (AltKey.ENTER,)  # type: ignore[index]


class AltPairing:
    """Joins an escape and the key that follows it at once.

    Attributes:
        held: The escape that waits; whoever owns this passes it on after ``HOLD_S``.
    """

    def __init__(self) -> None:
        self.held: events.Key | None = None

    def take(self, key: events.Key) -> list[events.Key]:
        """Take a key in and give the keys that are certain now."""
        held, self.held = self.held, None
        if held is not None and key.key in ALT_KEYS:
            return [events.Key(f"alt+{key.key}", None)]
        before = [] if held is None else [held]
        if key.key == "escape":
            self.held = key
            return before
        return [*before, key]

    def release(self) -> list[events.Key]:
        """Give the escape that waited in vain."""
        held, self.held = self.held, None
        return [] if held is None else [held]
