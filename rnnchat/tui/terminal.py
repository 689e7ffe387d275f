"""What lies between the program and the terminal: nothing raw goes out, and whatever comes in is taken in order.

Textual removes few control characters of what it shows, ends with a traceback at a byte that is not UTF-8, and takes
the rest of a paste for keys when it holds an escape. These are its own parts, replaced where it looks for them.
"""

from __future__ import annotations

import codecs
import os
from collections.abc import Callable, Generator, Iterable
from functools import partial
from typing import Any

from rich.console import Console
from textual import content, events
from textual._xterm_parser import XTermParser
from textual.message import Message
from textual.strip import Strip

from rnnchat.desk.visible import CONTROLS, picture_controls

PASTE_BEGIN, PASTE_END = "\x1b[200~", "\x1b[201~"
_NOTHING = dict.fromkeys(CONTROLS)
_render_unguarded = Strip.render


def guard_terminal() -> None:
    """Put the guarded parts in place; called again it does no harm."""
    content._strip_control_codes = picture_controls  # type: ignore[assignment]
    Strip.render = _render_strip  # type: ignore[method-assign,assignment]
    if os.name == "posix":
        from textual.drivers import linux_driver

        vars(linux_driver).update(XTermParser=InputParser, getincrementaldecoder=_find_decoder)


def _render_strip(strip: Strip, console: Console) -> str:
    """Leave out what no widget has made visible: the last place before the terminal, where widths are settled."""
    if not all(segment.text.isprintable() for segment in strip._segments):
        strip._segments = [segment._replace(text=segment.text.translate(_NOTHING)) for segment in strip._segments]
    return _render_unguarded(strip, console)


def _find_decoder(encoding: str) -> Callable[[], Any]:
    """A decoder that shows a byte that is no character as a replacement character."""
    return partial(codecs.getincrementaldecoder(encoding), errors="replace")


class InputParser(XTermParser):
    """Reads pastes whole, whatever is in them; what is not pasted is Textual's to read."""

    def __init__(self, debug: bool = False) -> None:
        super().__init__(debug)
        self._pasted: str | None = None
        self._passed = ""
        """The end of what Textual has read: a mark may come in two parts."""

    def feed(self, data: str) -> Iterable[Message]:
        """Take in what the terminal sent; ``""`` is its end."""
        if not data:
            yield from super().feed("")
        while data:
            if self._pasted is None:
                data = yield from self._read_keys(data)
            else:
                self._pasted, end, data = (self._pasted + data).partition(PASTE_END)
                if end:
                    # NUL ends no text here, but no widget could show it either.
                    yield events.Paste(self._pasted.replace("\0", ""))
                    self._pasted = None

    def _read_keys(self, data: str) -> Generator[Message, None, str]:
        """Read keys up to the next paste; return what follows its beginning."""
        place = (self._passed + data).find(PASTE_BEGIN)
        if place < 0:
            self._passed = (self._passed + data)[1 - len(PASTE_BEGIN) :]
            yield from super().feed(data)
            return ""
        end = place + len(PASTE_BEGIN) - len(self._passed)
        self._passed, self._pasted = "", ""
        # For Textual, the paste is empty.
        for message in super().feed(data[:end] + PASTE_END):
            if not isinstance(message, events.Paste):
                yield message
        return data[end:]
