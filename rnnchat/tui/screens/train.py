"""The screen Train: start a training, and watch all that there are."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult, SystemCommand
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.timer import Timer
from textual.widgets import Input, OptionList, Static
from textual.worker import Worker

from rnnchat.desk.training_form import (
    FormValues,
    check_form,
    describe_network,
    describe_texts,
    is_name_taken,
    place_error,
    split_texts,
)
from rnnchat.errors import RnnchatError
from rnnchat.tui.screens.ask import AskYesNo
from rnnchat.tui.screens.run_actions import RunActions
from rnnchat.tui.widgets.run_detail import RunDetail
from rnnchat.tui.widgets.run_form import RunForm
from rnnchat.tui.widgets.run_list import RunList
from rnnchat.tui.widgets.run_overlay import AxisSwitch, RunOverlay

if TYPE_CHECKING:
    from rnnchat.desk.run_views import RunView
    from rnnchat.text.corpus import CorpusSummary

TYPING_PAUSE_S = 0.4
"""Texts are read when nothing was typed for so long."""


class TrainScreen(RunActions):
    """A form for a new training, the list of all, and the one under the cursor in full.

    Trainings are processes of their own; this screen reads their folders through ``app.run_watcher`` and asks
    things of them through the same folders, so that it does not matter who started them.
    """

    MODE: ClassVar[str] = "train"
    CSS_PATH = "train.tcss"
    AUTO_FOCUS = "#texts"
    HORIZONTAL_BREAKPOINTS: ClassVar = [(0, "-narrow"), (104, "-wide"), (160, "-huge")]  # type: ignore[misc]
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "step_back", "back", show=False, id="train.back", tooltip="to the list of trainings"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._summary: tuple[str, CorpusSummary] | None = None
        """The texts that were read last, as typed, and what they hold."""
        self._wanted: str | None = None
        """The run that was just started here: the cursor goes to it as soon as it appears."""

        self._pause: Timer | None = None
        """Runs while the person types."""
        self._starting: Worker[None] | None = None
        self._is_reading_to_start = False

    def compose_body(self) -> ComposeResult:
        with Horizontal(id="train"):
            with Vertical(id="left"):
                yield RunForm()
                yield Static("Runs", id="runs-heading", classes="heading")
                yield RunList()
            yield RunDetail()
            yield RunOverlay()

    def on_mount(self) -> None:
        watcher = self.app.run_watcher
        watcher.changed.subscribe(self, self._show_runs)
        self._show_runs(watcher.runs)
        watcher.look()

    # The runs

    def _show_runs(self, runs: tuple[RunView, ...]) -> None:
        runs_list = self.query_one(RunList)
        runs_list.show_runs(runs)
        if self._wanted in [run.name for run in runs]:
            runs_list.point_at(self._wanted)
            self._wanted = None
        gone = self.letters.keys() - {run.name for run in runs}
        if gone:
            self.letters = {name: letter for name, letter in self.letters.items() if name not in gone}
            self.show_marks()
        self._show_detail()

    @on(RunList.Resized)
    def _show_heading(self, event: RunList.Resized) -> None:
        self.query_one("#runs-heading", Static).update(event.heading)

    @on(RunList.Pointed)
    def _show_detail(self) -> None:
        if self.is_comparing:
            self.query_one(RunOverlay).show_runs(self.letters, self.app.run_watcher.runs)
        else:
            self.query_one(RunDetail).show_run(self.find_pointed())
        self.refresh_bindings()

    @on(RunList.Marked)
    def _mark(self, event: RunList.Marked) -> None:
        self.mark_run(event.name)

    def show_marks(self) -> None:
        has_focus = self.query_one(RunDetail).has_focus or self.query_one(RunOverlay).has_focus
        self.set_class(self.is_comparing, "-comparing")
        self.query_one(RunList).show_letters(self.letters)
        self._show_detail()
        if has_focus:
            self._find_shown().focus()

    @on(AxisSwitch.Pressed)
    def action_change_axis(self) -> None:
        """Let the curves go over time, characters or steps."""
        self.query_one(RunOverlay).change_axis()

    def _find_shown(self) -> RunDetail | RunOverlay:
        return self.query_one(RunOverlay) if self.is_comparing else self.query_one(RunDetail)

    @on(OptionList.OptionSelected)
    def _open_detail(self) -> None:
        self.add_class("-detail")
        self._find_shown().focus()

    def action_step_back(self) -> None:
        """From the details or the form to the list, there from the marks to none; a start that still reads ends."""
        if self._is_reading_to_start and self._starting is not None:
            self._starting.cancel()
            return
        runs = self.query_one(RunList)
        if runs.has_focus and self.letters:
            self.letters = {}
            self.show_marks()
        self.remove_class("-detail")
        runs.focus()

    def action_new_run(self) -> None:
        """Go to the form."""
        self.remove_class("-detail")
        self.query_one("#texts", Input).focus()

    # The form

    @on(RunForm.Changed)
    def _follow_form(self, event: RunForm.Changed) -> None:
        """Read the texts in the background once nobody types, and say what would be trained."""
        if event.texts:
            self._summary = None
            if self._pause is not None:
                self._pause.stop()
            self._pause = self.set_timer(TYPING_PAUSE_S, lambda: self.run_worker(self._preview(), group="preview"))
        self._show_network()

    def _show_network(self) -> None:
        form = self.query_one(RunForm)
        form.show_network(describe_network(form.read_values(), self._summary[1]) if self._summary else "")

    async def _preview(self) -> None:
        form = self.query_one(RunForm)
        texts = form.read_values().texts
        try:
            if split_texts(texts):
                await self._read_texts(texts)
            else:
                form.show_summary("")
        except RnnchatError as error:
            if form.has_texts(texts):
                form.show_summary(str(error), is_wrong=True)
        self._show_network()

    async def _read_texts(self, texts: str) -> CorpusSummary:
        """What the texts hold, read in a thread unless it is known.

        Raises:
            RnnchatError: they cannot be read.
        """
        if self._summary is not None and self._summary[0] == texts:
            return self._summary[1]
        form = self.query_one(RunForm)
        form.show_summary("reading …")
        words = ""
        try:
            summary = await asyncio.to_thread(_summarize, split_texts(texts))
            words = describe_texts(summary)
        except asyncio.CancelledError:
            words = "stopped reading; nothing was started"
            raise
        finally:
            if form.has_texts(texts):
                form.show_summary(words)
        if form.has_texts(texts):
            self._summary = (texts, summary)
        return summary

    @on(RunForm.Picking)
    def _pick_text(self, event: RunForm.Picking) -> None:
        if event.what == "catalogue":
            from rnnchat.tui.screens.catalogue import PickFromCatalogue

            self.app.push_screen(PickFromCatalogue(), self._add_text)
            return
        from rnnchat.tui.screens.files import PickFile, PickFolder

        dialog = PickFile if event.what == "file" else PickFolder
        self.app.push_screen(dialog(Path.cwd(), f"A {event.what} to learn from"), self._add_text)

    def _add_text(self, text: Path | str | None) -> None:
        if text is not None:
            self.query_one(RunForm).add_text(str(text))

    @on(RunForm.Started)
    def _start(self) -> None:
        values = self.query_one(RunForm).read_values()
        if not is_name_taken(values.name):
            self._begin(values)
            return
        question = AskYesNo(
            f"There is a training or a model called {values.name.strip()} already.", "Replace it", title="Train"
        )
        self.app.push_screen(question, lambda yes: self._begin(values, replace=True) if yes else None)

    def _begin(self, values: FormValues, replace: bool = False) -> None:
        """Start a training in the background; one at a time, however often the key is pressed."""
        if self._starting is None or self._starting.is_finished:
            self._starting = self.run_worker(self._start_training(values, replace), group="start")

    async def _start_training(self, values: FormValues, replace: bool) -> None:
        from rnnchat.plan.choice import check_length
        from rnnchat.runs.job import start_training

        form = self.query_one(RunForm)
        try:
            options = check_form(values, replace)
            self._is_reading_to_start = True
            summary = await self._read_texts(values.texts)
            self._is_reading_to_start = False
            check_length(summary.chars, summary.name)
            run = await asyncio.to_thread(start_training, options)
        except RnnchatError as error:
            form.show_problem(place_error(error))
            self.app.notify_error(error)
            return
        finally:
            self._is_reading_to_start = False
        self._wanted = run.name
        self.notify(f"{run.name} begins to learn; it goes on when you close this", title="Training", markup=False)
        self.query_one(RunList).focus()
        self.app.run_watcher.look()

    @classmethod
    def key_groups(cls) -> list[tuple[str, list[BindingType]]]:
        return [("A training", [*RunList.BINDINGS, *cls.BINDINGS]), ("New training", list(RunForm.BINDINGS))]

    def commands(self) -> Iterable[SystemCommand]:
        yield SystemCommand("New training", "Go to the form", self.action_new_run)
        yield SystemCommand("Texts of the catalogue", "Choose or fetch a text", lambda: self._pick("catalogue"))

    def _pick(self, what: str) -> None:
        self._pick_text(RunForm.Picking(what))


def _summarize(sources: tuple[str, ...]) -> CorpusSummary:
    """Read the texts once; runs in a thread."""
    from rnnchat.text.corpus import Corpus

    return Corpus(sources).summarize()
