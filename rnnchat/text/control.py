"""Control characters of terminals and chat programs, which are no part of a text.

Logs hold colours: the escape sequences of terminals (ECMA-48, as in ``ESC[31m``), and the codes of IRC programs
(^C with one or two numbers, ^B, ^O, ^V, ^], ^_). Zero bytes are what is left of a crash. All of it is left out.
"""

import re
from collections.abc import Iterable, Iterator

_ANY = re.compile("[\x00\x02\x03\x0f\x16\x1b\x1d\x1f]")
_CODES = re.compile(
    "\x1b\\[[0-?]*[ -/]*[@-~]"  # CSI: colours, cursor movements
    "|\x1b\\][^\x07\x1b]*(?:\x07|\x1b\\\\)"  # OSC: titles, links
    "|\x1b[ -/]*[0-~]"
    "|\x03(?:\\d{1,2}(?:,\\d{1,2})?)?"
    "|[\x00\x02\x0f\x16\x1b\x1d\x1f]"
)
_BEGINS = re.compile("[\x1b\x03]")
_LONGEST = 1_024
"""Longest sequence that is recognised across two pieces, in characters."""


def drop_codes(pieces: Iterable[str]) -> Iterator[str]:
    """A text in pieces without the codes."""
    held = ""
    for piece in pieces:
        text = held + piece
        # Whatever begins close to the end may go on in the next piece.
        found = _BEGINS.search(text, max(0, len(text) - _LONGEST))
        start = found.start() if found else -1
        held = text[start:] if start >= 0 else ""
        text = text[:start] if start >= 0 else text
        if text := _drop(text):
            yield text
    if held := _drop(held):
        yield held


def _drop(text: str) -> str:
    return _CODES.sub("", text) if _ANY.search(text) else text
