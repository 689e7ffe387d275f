"""The form for a new training. It checks nothing itself: see ``desk.training_form``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.widgets import Button, Input, Static

from rnnchat.desk.training_form import LEVELS, SIZES, FieldError, FormValues, add_text
from rnnchat.model.config import CELLS
from rnnchat.tui.widgets.choice import Choice
from rnnchat.tui.widgets.form_row import FormRow
from rnnchat.tui.widgets.minutes import MinutesSlider

DETAILS = (
    ("Name", "name", "after the text"),
    ("Hidden", "hidden", "by size, or such as 512 or 128,64"),
    ("Embedding", "embedding", "by size, 0 for none"),
    ("Dropout", "dropout", "by the text's length"),
    ("Rate", "learning_rate", "by level, such as 0.012"),
    ("Streams", "batch", "by time, 64 at most"),
    ("Window", "window", "by time, 64 at most"),
    ("Seed", "seed", "1"),
)


class RunForm(VerticalScroll, can_focus=False):
    """Texts and minutes: nothing else needs to be chosen, and so everything else is folded away."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+g", "start", "start", id="train.start", tooltip="start the training"),
        Binding("ctrl+o", "pick('file')", "file", id="train.file", tooltip="choose a file to learn from"),
        Binding("ctrl+t", "pick('folder')", "folder", id="train.folder", tooltip="choose a folder to learn from"),
        Binding("ctrl+l", "pick('catalogue')", "catalogue", id="train.catalogue", tooltip="choose or fetch a text"),
    ]

    @dataclass
    class Changed(Message):
        """Something was filled in; ``texts`` says whether it was the texts."""

        texts: bool

    class Started(Message):
        """The person wants to start."""

    @dataclass
    class Picking(Message):
        """The person wants to choose a text: a ``file``, a ``folder`` or from the ``catalogue``."""

        what: str

    def compose(self) -> ComposeResult:
        yield Static("New training", classes="heading")
        yield FormRow("Texts", "texts", "files, folders or names, spaces between")
        with Horizontal(id="picks"):
            yield Button("file…", id="file", compact=True)
            yield Button("folder…", id="folder", compact=True)
            yield Button("catalogue…", id="catalogue", compact=True)
        yield Static(id="summary", markup=False)
        yield MinutesSlider(5.0, id="minutes")
        yield Vertical(id="details")
        with Horizontal(id="bottom"):
            yield Button("Start", id="start", compact=True, variant="primary")
            yield Button("More…", id="more", compact=True)
            yield Static(id="network", markup=False)

    # What is filled in

    def read_values(self) -> FormValues:
        """The form as it stands."""
        rows = {row.field: row.text for row in self.query(FormRow)}
        choices = {choice.id or "": choice.value for choice in self.query(Choice)}
        return FormValues(**rows, **choices, minutes=self.query_one(MinutesSlider).minutes)

    def has_texts(self, texts: str) -> bool:
        """Are these still the texts in the form? No, once it is taken down."""
        return any(row.field == "texts" and row.text == texts for row in self.query(FormRow))

    def add_text(self, text: str) -> None:
        """Put one more text into the first row."""
        row = self.find_row("texts")
        try:
            row.text = add_text(row.text, text)
        except FieldError as error:
            self.show_problem(error)

    def find_row(self, field: str) -> FormRow:
        """The row whose line has the id ``field``."""
        return next(row for row in self.query(FormRow) if row.field == field)

    # What is said about it

    def show_summary(self, words: str, is_wrong: bool = False) -> None:
        """Say what the texts hold, what is being done about them, or what is wrong with them."""
        line = self.query_one("#summary", Static)
        line.update(words)
        line.set_class(is_wrong, "-wrong")

    def show_network(self, words: str) -> None:
        """Say what would be trained."""
        self.query_one("#network", Static).update(Content(words))

    def show_problem(self, error: FieldError) -> None:
        """Say what is wrong beside its field."""
        if error.field in {field for _, field, _ in DETAILS}:
            self.show_details(True)
        # Rows that were just folded out have no line to point at before the next refresh.
        self.call_after_refresh(lambda: self.find_row(error.field).show_problem(str(error)))

    def show_details(self, is_open: bool) -> None:
        """Fold the less usual fields out or in; they are made when they are first wanted."""
        details = self.query_one("#details")
        if is_open and not details.children:
            name, *rows = [FormRow(label, field, placeholder) for label, field, placeholder in DETAILS]
            choices = [
                Choice(label, options, options[0], id=label.lower())
                for label, options in (("Level", LEVELS), ("Size", SIZES), ("Cell", CELLS))
            ]
            details.mount(name, *choices, *rows)
        self.set_class(is_open, "-more")
        self.query_one("#more", Button).label = "Less" if is_open else "More…"

    # What the person does

    def action_start(self) -> None:
        self.post_message(self.Started())

    def action_pick(self, what: str) -> None:
        self.post_message(self.Picking(what))

    @on(Button.Pressed)
    def _press(self, event: Button.Pressed) -> None:
        event.stop()
        match event.button.id:
            case "start":
                self.action_start()
            case "more":
                self.show_details(not self.has_class("-more"))
            case what:
                self.action_pick(what or "file")

    @on(Input.Changed)
    @on(Choice.Changed)
    @on(MinutesSlider.Changed)
    def _tell_change(self, event: Input.Changed | Choice.Changed | MinutesSlider.Changed) -> None:
        event.stop()
        self.post_message(self.Changed(texts=event.control.id == "texts"))

    @on(Input.Submitted)
    def _go_on(self, event: Input.Submitted) -> None:
        event.stop()
        self.screen.focus_next()
