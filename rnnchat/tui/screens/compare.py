"""The screen Compare."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.widgets import Static

from rnnchat.tui.screens.base import MainScreen


class CompareScreen(MainScreen):
    """To come."""

    MODE: ClassVar[str] = "compare"

    def compose_body(self) -> ComposeResult:
        yield Static("Compare", classes="placeholder")
