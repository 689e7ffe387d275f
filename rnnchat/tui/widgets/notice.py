"""The line between story and box: what the person may want to know, quietly."""

from __future__ import annotations

from textual.content import Content, ContentText
from textual.timer import Timer
from textual.widgets import Static

NOTICE_S = 10.0
"""Seconds for which a notice stays."""


class NoticeLine(Static):
    """Shows a notice for a while, and otherwise a hint, or what always holds."""

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
        self._hint: ContentText | None = None
        self._timer: Timer | None = None

    def show_notice(self, sentence: str) -> None:
        """Say ``sentence``; it goes by itself."""
        self.clear()
        self.update(Content(sentence))
        self._timer = self.set_timer(NOTICE_S, self.clear)

    def show_standing(self, content: ContentText) -> None:
        """Show ``content`` whenever there is no notice."""
        self._standing = content
        self._show_lasting()

    def show_hint(self, hint: ContentText | None) -> None:
        """Show ``hint`` in place of what always holds; None for no hint."""
        if hint != self._hint:
            self._hint = hint
            self._show_lasting()

    def clear(self) -> None:
        """Let the notice go."""
        if self._timer is not None:
            self._timer.stop()
            self._timer = None
        self._show_lasting()

    def _show_lasting(self) -> None:
        if self._timer is None:
            self.update(self._standing if self._hint is None else self._hint)
