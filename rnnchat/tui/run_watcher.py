"""Watches the run folders for the whole application: what runs, what appears, what ends. Shows nothing itself.

Once a second the folders are read in a thread; screens and panels follow through two signals. A training that was
started from a command line is seen like any other, and so is one that began before the application did.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from textual.signal import Signal

from rnnchat.desk.figures import format_bits

if TYPE_CHECKING:
    from textual.app import App

    from rnnchat.desk.run_views import RunReader, RunView

PERIOD_S = 1.0


class RunWatcher:
    """Holds what is known of all runs, newest first, and says when it changes.

    Attributes:
        runs: all trainings on this machine as they were a moment ago.
        has_looked: whether the folders have been read at all.
        changed: published with ``runs`` whenever anything about them is different.
        ended: published with the run when one is done, was stopped, failed or crashed while we watched.
    """

    def __init__(self, app: App[Any]) -> None:
        """Watch for ``app``; nothing happens before ``start``."""
        self.app = app
        self.runs: tuple[RunView, ...] = ()
        self.changed: Signal[tuple[RunView, ...]] = Signal(app, "runs-changed")
        self.ended: Signal[RunView] = Signal(app, "run-ended")
        self.has_looked = False
        self._reader: RunReader | None = None
        self._is_polling = False

    def start(self) -> None:
        """Look once a second as long as the application lives; not at once, for the first frame comes first."""
        self.app.set_interval(PERIOD_S, self.look)

    def look(self) -> None:
        """Read the run folders in the background, unless that is being done already."""
        if not self._is_polling:
            self._is_polling = True
            self.app.run_worker(self.poll(), name="watch runs", group="runs")

    async def poll(self) -> None:
        """Read the run folders in a thread and tell what is different."""
        try:
            runs = await asyncio.to_thread(self._read)
        finally:
            self._is_polling = False
        ended = self._find_ended(runs)
        is_changed = runs != self.runs or not self.has_looked
        self.runs, self.has_looked = runs, True
        if is_changed:
            self.changed.publish(runs)
        for run in ended:
            self._announce_end(run)
            self.ended.publish(run)

    def _find_ended(self, runs: tuple[RunView, ...]) -> list[RunView]:
        """Those that were at work a moment ago, or had not begun, and are not any more."""
        if not self.has_looked:
            return []
        before = {run.name: run for run in self.runs}
        return [run for run in runs if not run.is_active and (run.name not in before or before[run.name].is_active)]

    def find(self, name: str) -> RunView | None:
        """The run called ``name``, if there is one."""
        return next((run for run in self.runs if run.name == name), None)

    def _read(self) -> tuple[RunView, ...]:
        if self._reader is None:
            from rnnchat.desk.run_views import RunReader  # reading runs needs numpy: 150 ms, spent in this thread

            self._reader = RunReader()
        return self._reader.read()

    def _announce_end(self, run: RunView) -> None:
        """Say on whatever screen is open how a training ended."""
        if run.status.state == "done":
            quality = f": {format_bits(run.status.bits_per_char)} bits/char" if run.status.bits_per_char else ""
            self.app.notify(f"{run.name} is ready{quality}", title="Training done", markup=False)
        elif run.status.state == "stopped":
            self.app.notify(f"{run.name} stopped; its best model is kept", title="Training", markup=False)
        else:
            self.app.notify(f"{run.name}: {run.explanation}", title="Training failed", severity="error", markup=False)
