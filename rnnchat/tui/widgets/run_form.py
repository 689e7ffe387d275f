"""The form for a new training. What is checked, read and started is up to ``desk.new_training``."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from itertools import starmap
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.timer import Timer
from textual.widgets import Button, Input, Static
from textual.worker import Worker

from rnnchat.description import Description
from rnnchat.desk.new_training import NewTraining
from rnnchat.desk.training_form import (
    FieldError,
    FormValues,
    add_text,
    describe_network,
    describe_texts,
    is_name_taken,
    list_choices,
    list_rows,
    place_error,
    split_texts,
)
from rnnchat.errors import RnnchatError
from rnnchat.tui.screens.ask import AskYesNo
from rnnchat.tui.widgets.choice import Choice
from rnnchat.tui.widgets.form_row import FormRow
from rnnchat.tui.widgets.minutes import MinutesSlider

if TYPE_CHECKING:
    from rnnchat.text.summary import CorpusSummary
    from rnnchat.tui.app import RnnchatApp

TYPING_PAUSE_S = 0.4
"""Seconds after the last key until the texts are read."""


class RunForm(VerticalScroll, can_focus=False):
    """Texts and minutes: nothing else needs to be chosen, and so everything else is folded away."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+g", "start", "start", id="train.start", tooltip="start the training"),
        Binding("ctrl+o", "pick('file')", "file", id="train.file", tooltip="choose a file to train on"),
        Binding("ctrl+t", "pick('folder')", "folder", id="train.folder", tooltip="choose a folder to train on"),
        Binding("f8", "pick('catalogue')", "catalogue", id="train.catalogue", tooltip="choose or fetch a text"),
    ]

    app: RnnchatApp

    @dataclass
    class Started(Message):
        """A training called ``name`` was started."""

        name: str

    def __init__(self) -> None:
        """Make an empty form."""
        super().__init__()
        self.training = NewTraining()
        self._pause: Timer | None = None
        """Runs while the person types."""
        self._starting: Worker[None] | None = None

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
        return FormValues(rows.pop("texts", ""), self.query_one(MinutesSlider).minutes, rows | choices)

    def has_texts(self, texts: str) -> bool:
        """Whether these are still the texts in the form."""
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
        """Show what the texts hold, that they are being read, or what is wrong with them."""
        line = self.query_one("#summary", Static)
        line.update(words)
        line.set_class(is_wrong, "-wrong")

    def show_problem(self, error: FieldError) -> None:
        """Show what is wrong beside its field."""
        if error.field in list_rows():
            self.show_details(True)
        # Rows that were just unfolded have no line to point at before the next refresh.
        self.call_after_refresh(lambda: self.find_row(error.field).show_problem(str(error)))

    def show_details(self, is_open: bool) -> None:
        """Unfold or fold the less usual fields; they are made when they are first wanted."""
        details = self.query_one("#details")
        if is_open and not details.children:
            details.mount(*starmap(self._make_row, list_rows().items()))
        self.set_class(is_open, "-more")
        self.query_one("#more", Button).label = "Less" if is_open else "More…"

    @staticmethod
    def _make_row(name: str, description: Description) -> Choice | FormRow:
        if choices := list_choices(name):
            return Choice(description.label, choices, choices[0], id=name)
        return FormRow(description.label, name, description.hint)

    # Reading the texts

    @on(Input.Changed)
    @on(Choice.Changed)
    @on(MinutesSlider.Changed)
    def _follow(self, event: Input.Changed | Choice.Changed | MinutesSlider.Changed) -> None:
        """Read the texts in the background once nobody types, and say what would be trained."""
        event.stop()
        if event.control.id == "texts":
            if self._pause is not None:
                self._pause.stop()
            self._pause = self.set_timer(TYPING_PAUSE_S, lambda: self.run_worker(self._preview(), group="preview"))
        self._show_network()

    def _show_network(self) -> None:
        values = self.read_values()
        summary = self.training.find(values.texts)
        self.query_one("#network", Static).update(Content(describe_network(values, summary) if summary else ""))

    async def _preview(self) -> None:
        texts = self.read_values().texts
        try:
            if split_texts(texts):
                await self._read(texts)
            else:
                self.show_summary("")
        except RnnchatError as error:
            if self.has_texts(texts):
                self.show_summary(str(error), is_wrong=True)
        self._show_network()

    async def _read(self, texts: str) -> CorpusSummary:
        """Read the texts, and say so meanwhile.

        Raises:
            RnnchatError: They cannot be read.
        """
        words = ""
        self.show_summary("reading …")
        try:
            summary = await self.training.read(texts)
            words = describe_texts(summary)
        except asyncio.CancelledError:
            words = "stopped reading; nothing was started"
            raise
        finally:
            if self.has_texts(texts):
                self.show_summary(words)
        return summary

    # Starting

    def action_start(self) -> None:
        """Start the training, after a question where it would replace another."""
        values = self.read_values()
        if not is_name_taken(values.name):
            self._begin(values)
            return
        question = AskYesNo(f"A run or a model named {values.name} already exists.", "Replace it", title="Train")
        self.app.push_screen(question, lambda yes: self._begin(values, replace=True) if yes else None)

    def _begin(self, values: FormValues, replace: bool = False) -> None:
        """Start a training in the background; one at a time, however often the key is pressed."""
        if self._starting is None or self._starting.is_finished:
            self._starting = self.run_worker(self._start(values, replace), group="start")

    async def _start(self, values: FormValues, replace: bool) -> None:
        try:
            run = await self.training.start(values, replace, self._read)
        except RnnchatError as error:
            if (problem := place_error(error)) is not None:
                self.show_problem(problem)
            else:
                self.app.notify_error(error)
        else:
            self.post_message(self.Started(run.name))

    def cancel_start(self) -> bool:
        """Call off a start that still reads its texts; return whether there was one."""
        is_reading = self.training.is_reading_to_start and self._starting is not None
        if is_reading and self._starting is not None:
            self._starting.cancel()
        return is_reading

    # What the person does

    def action_pick(self, what: str) -> None:
        """Choose a text: a ``file``, a ``folder`` or from the ``catalogue``."""
        if what == "catalogue":
            from rnnchat.tui.screens.catalogue import PickFromCatalogue

            self.app.push_screen(PickFromCatalogue(), self._take_text)
            return
        from rnnchat.tui.screens.files import PickFile, PickFolder

        dialog = PickFile if what == "file" else PickFolder
        self.app.push_screen(dialog(Path.cwd(), f"Choose a {what} to train on"), self._take_text)

    def _take_text(self, text: Path | str | None) -> None:
        if text is not None:
            self.add_text(str(text))

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

    @on(Input.Submitted)
    def _go_to_next(self, event: Input.Submitted) -> None:
        event.stop()
        self.screen.focus_next()
