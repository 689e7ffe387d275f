"""A row of a form: a label, a line to type in, and below it what is wrong with that."""

from __future__ import annotations

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Input, Static


class FormRow(Vertical):
    """One line of text with its label. A problem shows under it until something else is typed."""

    DEFAULT_CSS = """
    FormRow {
        layout: grid;
        grid-size: 2;
        grid-columns: 11 1fr;
        grid-rows: auto;
        height: auto;
        width: 1fr;
        .label { width: 11; height: auto; color: $quiet; }
        &:focus-within .label { color: $accent; text-style: bold; }
        Input { width: 1fr; background: $surface; }
        Input:focus { background: $panel; }
        Input > .input--placeholder { color: $quiet; text-style: italic; }
        .problem { column-span: 2; color: $error; padding-left: 11; height: auto; }
    }
    """

    def __init__(self, label: str, field: str, placeholder: str = "") -> None:
        """Make the row ``label`` whose line has the id ``field``."""
        super().__init__()
        self.label, self.field, self.placeholder = label, field, placeholder
        self.problem = ""
        """What is wrong, or nothing."""

    def compose(self) -> ComposeResult:
        yield Static(self.label, classes="label")
        yield Input(placeholder=self.placeholder, id=self.field, compact=True, select_on_focus=False)

    @property
    def text(self) -> str:
        """What is typed."""
        return self.query_one(Input).value

    @text.setter
    def text(self, text: str) -> None:
        self.query_one(Input).value = text

    def show_problem(self, sentence: str) -> None:
        """Say what is wrong and put the cursor there."""
        self.forget_problem()
        self.problem = sentence
        self.mount(Static(Content(f"✗ {sentence}"), classes="problem"))
        self.query_one(Input).focus()

    @on(Input.Changed)
    def forget_problem(self) -> None:
        """Take the sentence away."""
        if self.problem:
            self.problem = ""
            self.query(".problem").remove()
