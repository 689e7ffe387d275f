"""The screen Models."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.widgets import Static

from rnnchat.tui.screens.base import MainScreen


class ModelsScreen(MainScreen):
    """To come."""

    MODE: ClassVar[str] = "models"

    def compose_body(self) -> ComposeResult:
        yield Static("Models", classes="placeholder")
