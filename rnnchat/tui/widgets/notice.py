"""The line between story and box: what the person may want to know, quietly."""

from __future__ import annotations

from textual.content import Content, ContentText
from textual.timer import Timer
from textual.widgets import Static

NOTICE_S = 10.0
"""Seconds for which a notice stays."""


class NoticeLine(Static):
    """Shows a notice for a while, and otherwise what always holds."""

    DEFAULT_CSS = """
    NoticeLine {
        height: 1;
        width: 1fr;
        padding: 0 2;
        color: $quiet;
        text-wrap: nowrap;
        text-overflow: ellipsis;
    }
    """

    def __init__(self, id: str | None = None) -> None:
        """Make an empty line."""
        super().__init__(id=id)
        self._standing: ContentText = ""
        self._timer: Timer | None = None

    def show_notice(self, sentence: str) -> None:
        """Say ``sentence``; it goes by itself."""
        self.clear()
        self.update(Content(sentence))
        self._timer = self.set_timer(NOTICE_S, self.clear)

    def show_standing(self, content: ContentText) -> None:
        """Show ``content`` whenever there is no notice."""
        self._standing = content
        if self._timer is None:
            self.update(content)

    def clear(self) -> None:
        """Let the notice go."""
        if self._timer is not None:
            self._timer.stop()
            self._timer = None
        self.update(self._standing)
