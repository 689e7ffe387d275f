"""Small questions in the middle of a screen: yes or no, or one line of text. Esc is always no."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.screen import ModalScreen
from textual.widgets import Button, Input, Static

from rnnchat.errors import RnnchatError

DIALOG_CSS = """
    align: center middle;
    background: $background 60%;
    .dialog {
        width: 64;
        max-width: 90%;
        height: auto;
        padding: 1 2;
        background: $panel;
        border: round $border;
        border-title-color: $accent;
    }
    .buttons { height: auto; align-horizontal: right; margin-top: 1; }
    Button { margin-left: 2; min-width: 10; }
    Input { margin-top: 1; background: $surface; }
    .problem { color: $error; display: none; }
"""


class AskYesNo(ModalScreen[bool]):
    """A question before something that cannot be undone. The focus starts on the harmless answer."""

    DEFAULT_CSS = f"AskYesNo {{ {DIALOG_CSS} }}"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,n", "dismiss(False)", "no", id="ask.no"),
        Binding("y", "dismiss(True)", "yes", id="ask.yes"),
        Binding("left,right", "app.focus_next", show=False),
    ]

    def __init__(self, question: str, yes: str, no: str = "Keep", *, title: str = "") -> None:
        """Ask ``question``; ``yes`` and ``no`` name what each answer does."""
        super().__init__()
        self.question, self.yes, self.no, self.heading = question, yes, no, title

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog") as dialog:
            dialog.border_title = self.heading
            yield Static(self.question, markup=False)
            with Horizontal(classes="buttons"):
                yield Button(self.no, id="no", compact=True)
                yield Button(self.yes, id="yes", variant="error", compact=True)

    def on_mount(self) -> None:
        self.query_one("#no").focus()

    @on(Button.Pressed)
    def _answer(self, event: Button.Pressed) -> None:
        event.stop()
        self.dismiss(event.button.id == "yes")


class AskChoice(ModalScreen[str | None]):
    """A question with several answers, the harmless one first; gives the key of the answer, None for esc."""

    DEFAULT_CSS = f"AskChoice {{ {DIALOG_CSS} .dialog {{ width: 76; }} }}"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss(None)", "cancel", id="ask.cancel"),
        Binding("left", "app.focus_previous", show=False),
        Binding("right", "app.focus_next", show=False),
    ]

    def __init__(self, question: str, answers: Mapping[str, str], *, title: str = "") -> None:
        """Ask ``question``; ``answers`` are what the buttons say, by key."""
        super().__init__()
        self.question, self.answers, self.heading = question, answers, title

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog") as dialog:
            dialog.border_title = self.heading
            yield Static(self.question, markup=False)
            with Horizontal(classes="buttons"):
                for key, words in self.answers.items():
                    yield Button(words, id=key, compact=True)

    @on(Button.Pressed)
    def _answer(self, event: Button.Pressed) -> None:
        event.stop()
        self.dismiss(event.button.id)


class AskText(ModalScreen[str | None]):
    """One line of text; None when the person cancels."""

    DEFAULT_CSS = f"AskText {{ {DIALOG_CSS} }}"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss(None)", "cancel", id="ask.cancel")]

    def __init__(
        self,
        question: str,
        value: str = "",
        *,
        title: str = "",
        check: Callable[[str], object] = lambda text: None,
    ) -> None:
        """Ask for a line that starts as ``value``.

        Args:
            question: What is wanted.
            value: What stands there at first.
            title: On the frame.
            check: Raises RnnchatError with the sentence to show when the text cannot be taken.
        """
        super().__init__()
        self.question, self.value, self.heading, self.check = question, value, title, check

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog") as dialog:
            dialog.border_title = self.heading
            yield Static(self.question, markup=False)
            yield Input(self.value, compact=True)
            yield Static(classes="problem", markup=False)

    def on_mount(self) -> None:
        self.query_one(Input).focus()

    @on(Input.Submitted)
    def _answer(self, event: Input.Submitted) -> None:
        event.stop()
        text = event.value.strip()
        try:
            self.check(text)
        except RnnchatError as error:
            problem = self.query_one(".problem", Static)
            problem.update(str(error))
            problem.display = True
        else:
            self.dismiss(text or None)
