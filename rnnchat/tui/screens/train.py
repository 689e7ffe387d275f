"""The screen Train: start a training, and watch all that there are."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, ClassVar

from textual import events, on
from textual.app import ComposeResult, SystemCommand
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.widgets import Input, OptionList, Static

from rnnchat.desk.run_marks import RunMarks
from rnnchat.errors import RnnchatError, UsageError
from rnnchat.tui.screens.ask import AskYesNo
from rnnchat.tui.screens.base import MainScreen
from rnnchat.tui.widgets.run_detail import RunDetail
from rnnchat.tui.widgets.run_form import RunForm
from rnnchat.tui.widgets.run_list import RunList
from rnnchat.tui.widgets.run_overlay import AxisSwitch, RunOverlay

if TYPE_CHECKING:
    from rnnchat.desk.run_views import RunView
    from rnnchat.runs.info import Request

PATH_STARTS = ("/", "~", ".")
"""Characters with which one begins to type a path; no command is on them."""


class TrainScreen(MainScreen):
    """A form for a new training, the list of all, and the one under the cursor in full.

    Trainings are processes of their own; this screen reads their folders through ``app.run_watcher`` and asks
    things of them through the same folders, so that it does not matter who started them.
    """

    MODE: ClassVar[str] = "train"
    CSS_PATH = "train.tcss"
    AUTO_FOCUS = "#texts"
    HORIZONTAL_BREAKPOINTS: ClassVar = [(0, "-narrow"), (104, "-wide"), (160, "-huge")]  # type: ignore[misc]
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "step_back", "back", show=False, id="train.back", tooltip="back to the list of runs"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self.marks = RunMarks()
        self._wanted: str | None = None
        """The run that was just started here: the cursor goes to it as soon as it appears."""

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

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer only what the run under the cursor can do."""
        run = self._find_pointed() if self.is_mounted else None
        match action:
            case "pause_run":
                return run is not None and run.status.state == "running"
            case "resume_run":
                return run is not None and (run.status.state == "paused" or run.can_resume)
            case "stop_run" | "ask_sample":
                return run is not None and run.is_active
            case "talk":
                return run is not None and run.has_model
            case "remove_run":
                return run is not None and not run.is_active
            case "change_axis":
                return self.marks.is_comparing
            case "compare":
                return self.marks.is_comparing or run is not None
        return True

    # The list

    def _find_pointed(self) -> RunView | None:
        """The run under the cursor."""
        name = self.query_one(RunList).pointed
        return None if name is None else self.app.run_watcher.find(name)

    def _show_runs(self, runs: tuple[RunView, ...]) -> None:
        names = [run.name for run in runs]
        self.query_one(RunList).show_runs(runs)
        if self._wanted in names:
            self.query_one(RunList).point_at(self._wanted)
            self._wanted = None
        if self.marks.keep(names):
            self._show_marks()
        self._show_detail()

    @on(RunList.Resized)
    def _show_heading(self, event: RunList.Resized) -> None:
        self.query_one("#runs-heading", Static).update(event.heading)

    @on(RunList.Pointed)
    def _show_detail(self) -> None:
        if self.marks.is_comparing:
            self.query_one(RunOverlay).show_runs(self.marks.letters, self.app.run_watcher.runs)
        else:
            self.query_one(RunDetail).show_run(self._find_pointed())
        self.refresh_bindings()

    def _find_shown(self) -> RunDetail | RunOverlay:
        return self.query_one(RunOverlay) if self.marks.is_comparing else self.query_one(RunDetail)

    @on(OptionList.OptionSelected)
    def _open_detail(self) -> None:
        self.add_class("-detail")
        self._find_shown().focus()

    def action_step_back(self) -> None:
        """Call off a start that still reads; else go to the list, and there take the marks away."""
        if self.query_one(RunForm).cancel_start():
            return
        runs = self.query_one(RunList)
        if runs.has_focus and self.marks.letters:
            self.marks.clear()
            self._show_marks()
        self.remove_class("-detail")
        runs.focus()

    def action_new_run(self) -> None:
        """Go to the form."""
        self.remove_class("-detail")
        self.query_one("#texts", Input).focus()

    @on(RunForm.Started)
    def _await_run(self, event: RunForm.Started) -> None:
        self._wanted = event.name
        message = f"Training {event.name}; it continues if you quit"
        self.notify(message, title="Training", markup=False)
        self.query_one(RunList).focus()
        self.app.run_watcher.look()

    def on_key(self, event: events.Key) -> None:
        """A path may be typed from anywhere: what begins one goes into the form."""
        if event.character in PATH_STARTS and not isinstance(self.focused, Input):
            event.stop()
            self.action_new_run()
            texts = self.query_one("#texts", Input)
            texts.insert(event.character or "", len(texts.value))
            texts.cursor_position = len(texts.value)

    # Several runs

    def action_compare(self) -> None:
        """Compare the run under the cursor with the latest others on the same texts; if that is done, stop."""
        if self.marks.letters:
            self.marks.clear()
        elif (run := self._find_pointed()) is not None:
            self._mark(lambda: self.marks.mark_alike(self.app.run_watcher.runs, run.name))
        self._show_marks()

    @on(RunList.Marked)
    def _toggle_mark(self, event: RunList.Marked) -> None:
        self._mark(lambda: self.marks.toggle(event.name))
        self._show_marks()

    def _mark(self, mark: Callable[[], None]) -> None:
        try:
            mark()
        except UsageError as error:
            self.notify(str(error), title="Compare", markup=False)

    def _show_marks(self) -> None:
        """Show which runs are marked, and the picture of them if they are two or more."""
        has_focus = self.query_one(RunDetail).has_focus or self.query_one(RunOverlay).has_focus
        self.set_class(self.marks.is_comparing, "-comparing")
        self.query_one(RunList).show_letters(self.marks.letters)
        self._show_detail()
        if has_focus:
            self._find_shown().focus()

    @on(AxisSwitch.Pressed)
    def action_change_axis(self) -> None:
        """Plot over time, characters or steps."""
        self.query_one(RunOverlay).change_axis()

    # One run: all that is asked of it goes through its folder

    def action_pause_run(self) -> None:
        """Pause the run."""
        self._ask_run("pause")

    def action_stop_run(self) -> None:
        """Stop the run; its best model is kept."""
        self._ask_run("stop")

    def action_resume_run(self) -> None:
        """Resume a paused run, or one that has ended from its last checkpoint."""
        run = self._find_pointed()
        if run is not None and run.is_active:
            self._ask_run("run")
        elif run is not None:
            from rnnchat.runs import job

            self._change_run(lambda: job.resume_training(run.name))

    def _ask_run(self, request: Request) -> None:
        if run := self._find_pointed():
            self._change_run(lambda: run.run.ask(request))

    def action_ask_sample(self) -> None:
        """Have the run write a sample now."""
        if run := self._find_pointed():
            self._change_run(run.run.ask_sample)

    def action_talk(self) -> None:
        """Write with the best model so far, even while the run continues."""
        run = self._find_pointed()
        if run is not None and run.has_model:
            self.app.open_model(str(run.run.best_path))
            self.app.switch_mode("write")

    def action_remove_run(self) -> None:
        """Delete the run's folder, after a question."""
        run = self._find_pointed()
        if run is None:
            return
        from rnnchat.runs.custody import remove_run

        kept = " The model that it made is kept." if run.status.model_path else " Its model is deleted with it."
        question = AskYesNo(f"Remove the run {run.name}?{kept}", "Remove", title="Train")
        self.app.push_screen(question, lambda yes: self._change_run(lambda: remove_run(run.run)) if yes else None)

    def _change_run(self, change: Callable[[], object]) -> None:
        """Change something on the disk in a thread, and look at the runs again."""
        self.run_worker(self._change(change), group="change run")

    async def _change(self, change: Callable[[], object]) -> None:
        try:
            await asyncio.to_thread(change)
        except (RnnchatError, OSError) as error:
            self.app.notify_error(error)
        self.app.run_watcher.look()

    @classmethod
    def key_groups(cls) -> list[tuple[str, list[BindingType]]]:
        return [("A training", [*RunList.BINDINGS, *cls.BINDINGS]), ("New training", list(RunForm.BINDINGS))]

    def commands(self) -> Iterable[SystemCommand]:
        form = self.query_one(RunForm)
        yield SystemCommand("New training", "Go to the form", self.action_new_run)
        yield SystemCommand("Catalogue of texts", "Choose or fetch a text", lambda: form.action_pick("catalogue"))
