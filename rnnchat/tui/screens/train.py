"""The screen Train."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.widgets import Static

from rnnchat.tui.screens.base import MainScreen


class TrainScreen(MainScreen):
    """To come."""

    MODE: ClassVar[str] = "train"

    def compose_body(self) -> ComposeResult:
        yield Static("Train", classes="placeholder")
