"""A row of a form: a label, a line to type in, and below it what is wrong with that."""

from __future__ import annotations

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.widgets import Input, Static


class FormRow(Vertical):
    """One line of text with its label. A problem shows under it until something else is typed."""

    DEFAULT_CSS = """
    FormRow {
        height: auto;
        width: 1fr;
        Horizontal { height: 1; }
        .label { width: 11; color: $quiet; }
        &:focus-within .label { color: $accent; text-style: bold; }
        Input { width: 1fr; background: $surface; }
        Input:focus { background: $panel; }
        Input > .input--placeholder { color: $quiet; text-style: italic; }
        .problem { color: $error; padding-left: 11; height: auto; display: none; }
        &.-wrong .problem { display: block; }
    }
    """

    def __init__(self, label: str, field: str, placeholder: str = "") -> None:
        """Make the row ``label`` whose line has the id ``field``."""
        super().__init__()
        self.label, self.field, self.placeholder = label, field, placeholder

    def compose(self) -> ComposeResult:
        with Horizontal():
            yield Static(self.label, classes="label")
            yield Input(placeholder=self.placeholder, id=self.field, compact=True)
        yield Static(classes="problem", markup=False)

    @property
    def text(self) -> str:
        """What is typed."""
        return self.query_one(Input).value

    @text.setter
    def text(self, text: str) -> None:
        self.query_one(Input).value = text

    def show_problem(self, sentence: str) -> None:
        """Say what is wrong and put the cursor there."""
        self.query_one(".problem", Static).update(f"✗ {sentence}")
        self.add_class("-wrong")
        self.query_one(Input).focus()

    @on(Input.Changed)
    def forget_problem(self) -> None:
        """Take the sentence away."""
        self.remove_class("-wrong")
