"""Editing one passage. The old wording stays as a take, so closing keeps the new one."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Static, TextArea


class EditPassage(ModalScreen[str]):
    """A passage in a text area; the answer is its new text."""

    DEFAULT_CSS = """
    EditPassage {
        align: center middle;
        background: $background 60%;
        Vertical {
            width: 84;
            max-width: 94%;
            height: auto;
            max-height: 80%;
            padding: 0 1;
            background: $surface;
            border: round $accent 60%;
            border-title-color: $accent;
        }
        TextArea {
            height: auto;
            max-height: 100%;
            border: none;
            padding: 0;
            background: $surface;
            &:focus { border: none; }
        }
        Static { height: 1; color: $quiet; margin-top: 1; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "done", "keep this wording", id="edit.done", priority=True),
    ]

    def __init__(self, text: str) -> None:
        """Edit ``text``."""
        super().__init__()
        self.text = text

    def compose(self) -> ComposeResult:
        with Vertical() as frame:
            frame.border_title = "Edit the passage"
            yield TextArea(self.text, highlight_cursor_line=False)
            yield Static("esc keeps this wording; the old one stays as a take, and undo brings it back")

    def on_mount(self) -> None:
        editor = self.query_one(TextArea)
        editor.move_cursor(editor.document.end)

    def action_done(self) -> None:
        """Close and give the text as it stands."""
        self.dismiss(self.query_one(TextArea).text)
