"""What the screen Train does with one run: wait, go on, stop, talk to it, remove it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from rnnchat.errors import RnnchatError
from rnnchat.tui.screens.ask import AskYesNo
from rnnchat.tui.screens.base import MainScreen
from rnnchat.tui.widgets.run_list import RunList

if TYPE_CHECKING:
    from rnnchat.desk.run_views import RunView
    from rnnchat.runs.info import Request


class RunActions(MainScreen):
    """Actions on the run under the cursor of a ``RunList``. All that is asked of a run goes through its folder."""

    def __init__(self) -> None:
        super().__init__()
        self.letters: dict[str, str] = {}
        """Letter of each marked run, by its name; it keeps the letter as long as it is marked."""

    def find_pointed(self) -> RunView | None:
        """The run under the cursor."""
        name = self.query_one(RunList).pointed
        return None if name is None else self.app.run_watcher.find(name)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer only what the run under the cursor can do."""
        run = self.find_pointed() if self.is_mounted else None
        match action:
            case "pause_run":
                return run is not None and run.status.state == "running"
            case "go_on":
                return run is not None and (run.status.state == "paused" or run.can_resume)
            case "stop_run" | "ask_sample":
                return run is not None and run.is_active
            case "talk":
                return run is not None and run.has_model
            case "remove_run":
                return run is not None and not run.is_active
            case "change_axis":
                return self.is_comparing
            case "compare":
                return self.is_comparing or run is not None
        return True

    # Several runs

    @property
    def is_comparing(self) -> bool:
        """Are there runs to be shown in one picture?"""
        return len(self.letters) > 1

    def action_compare(self) -> None:
        """Compare the run under the cursor with the last few of the same texts; if that is done, no more."""
        if self.letters:
            self.letters = {}
        elif (run := self.find_pointed()) is not None:
            from rnnchat.runs.comparison import LETTERS, choose_alike

            alike = choose_alike([(each.name, each.info) for each in self.app.run_watcher.runs], run.name)
            if len(alike) < 2:
                self.notify(
                    f"{run.name} is the only one of its texts: mark others with space", title="Compare", markup=False
                )
                return
            self.letters = dict(zip(alike, LETTERS, strict=False))
        self.show_marks()

    def mark_run(self, name: str) -> None:
        """Mark the run called ``name``, or take its mark away; two marked ones are compared."""
        from rnnchat.runs.comparison import LETTERS

        if name in self.letters:
            del self.letters[name]
        elif free := [letter for letter in LETTERS if letter not in self.letters.values()]:
            self.letters[name] = free[0]
        else:
            self.notify(f"{len(LETTERS)} runs in one picture are the most", title="Compare")
        self.show_marks()

    def show_marks(self) -> None:
        """Show which runs are marked, and the picture of them if they are two or more."""
        raise NotImplementedError

    # One run

    def action_pause_run(self) -> None:
        """Let the run wait."""
        self._ask_run("pause")

    def action_stop_run(self) -> None:
        """End the run; its best network is kept as a model."""
        self._ask_run("stop")

    def action_go_on(self) -> None:
        """Let a paused run go on, or an ended one from its last checkpoint."""
        run = self.find_pointed()
        if run is not None and run.is_active:
            self._ask_run("run")
        elif run is not None:
            self.run_worker(self._resume(run.name), group="start")

    async def _resume(self, name: str) -> None:
        from rnnchat.runs.job import resume_training

        try:
            await asyncio.to_thread(resume_training, name)
        except RnnchatError as error:
            self.app.notify_error(error)
        self.app.run_watcher.look()

    def _ask_run(self, request: Request) -> None:
        run = self.find_pointed()
        if run is not None:
            self.run_worker(self._write_request(run, request), group="ask")

    async def _write_request(self, run: RunView, request: Request) -> None:
        try:
            await asyncio.to_thread(run.run.ask, request)
        except OSError as error:
            self.app.notify_error(f"{run.name} cannot be asked to {request}: {error}")

    def action_ask_sample(self) -> None:
        """Let the run write a few lines now."""
        if run := self.find_pointed():
            self.run_worker(asyncio.to_thread(run.run.ask_sample), group="ask")

    def action_talk(self) -> None:
        """Write with the best network so far, also while it goes on learning."""
        run = self.find_pointed()
        if run is not None and run.has_model:
            self.app.open_model(str(run.run.best_path))
            self.app.switch_mode("write")

    def action_remove_run(self) -> None:
        """Delete the run's folder, after a question."""
        run = self.find_pointed()
        if run is None:
            return
        kept = " The model that it made stays." if run.status.model_path else " Its model goes with it."
        question = AskYesNo(f"Remove the training {run.name}?{kept}", "Remove", title="Train")
        self.app.push_screen(question, lambda yes: self._remove(run) if yes else None)

    def _remove(self, run: RunView) -> None:
        from rnnchat.runs.folder import remove_run

        async def remove() -> None:
            try:
                await asyncio.to_thread(remove_run, run.run)
            except RnnchatError as error:
                self.app.notify_error(error)
            self.app.run_watcher.look()

        self.run_worker(remove(), group="remove")
