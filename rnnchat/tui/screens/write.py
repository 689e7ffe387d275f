"""The screen Write."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.widgets import Static

from rnnchat.tui.screens.base import MainScreen


class WriteScreen(MainScreen):
    """To come."""

    MODE: ClassVar[str] = "write"

    def compose_body(self) -> ComposeResult:
        yield Static("Write")
