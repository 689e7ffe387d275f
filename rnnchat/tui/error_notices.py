"""Notices of what went wrong: each once, and none on top of a dialog."""

from __future__ import annotations

import time
from typing import Any

from textual.app import App
from textual.screen import ModalScreen

REPEAT_S = 2.0
"""Seconds for which the same error is said only once."""


class ErrorNotices:
    """Shows errors at once, or when the dialog that they would cover is closed."""

    def __init__(self, app: App[Any]) -> None:
        """Show them on ``app``."""
        self._app = app
        self._held: list[str] = []
        self._last = ("", 0.0)

    def show(self, sentence: str) -> None:
        """Show ``sentence``, unless it was shown a moment ago."""
        before, shown_s = self._last
        self._last = (sentence, time.monotonic())
        if sentence == before and time.monotonic() - shown_s < REPEAT_S:
            return
        if isinstance(self._app.screen, ModalScreen):
            self._held.append(sentence)
        else:
            self._notify(sentence)

    def show_held(self) -> None:
        """Show what was held back while a dialog was open."""
        held, self._held = self._held, []
        for sentence in dict.fromkeys(held):
            self._notify(sentence)

    def _notify(self, sentence: str) -> None:
        self._app.notify(sentence, severity="error", timeout=8, markup=False)
