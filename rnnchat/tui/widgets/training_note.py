"""A few lines about the training that runs, for whoever writes meanwhile."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.content import Content
from textual.widget import Widget

from rnnchat.desk.figures import draw_sparkline, format_bits, format_duration

if TYPE_CHECKING:
    from rnnchat.desk.run_views import RunView
    from rnnchat.tui.app import RnnchatApp


class TrainingNote(Widget):
    """Name, curve, quality, progress and time left of the newest training at work; nothing where none is."""

    app: RnnchatApp

    ALLOW_SELECT = False
    DEFAULT_CSS = """
    TrainingNote {
        height: auto;
        width: 1fr;
        margin-top: 1;
        display: none;
    }
    """

    def __init__(self) -> None:
        """Make the note; it follows ``app.run_watcher``."""
        super().__init__()
        self.run: RunView | None = None

    def on_mount(self) -> None:
        self.app.run_watcher.changed.subscribe(self, self._show_runs)
        self._show_runs(self.app.run_watcher.runs)

    def _show_runs(self, runs: tuple[RunView, ...]) -> None:
        self.run = next((run for run in runs if run.is_active), None)
        self.display = self.run is not None
        self.refresh(layout=True)

    def render(self) -> Content:
        if self.run is None:
            return Content("")
        width = self.content_size.width
        status = self.run.status
        points = self.run.validation if len(self.run.validation) > 2 else self.run.training
        curve = draw_sparkline([value for _, value in points], 10)
        quality = f"{format_bits(status.bits_per_char)} bits/char" if status.bits_per_char else status.state
        left = format_duration(status.left_s) if status.left_s is not None else ""
        share = f"{round((status.progress or 0) * 100):3} %"
        facts = f" {share} {left:>7}"
        bar_width = max(0, width - len(facts))
        done = round(min(1.0, status.progress or 0) * bar_width)
        return Content.assemble(
            ("Training".ljust(max(9, width - len(self.run.name))), "$quiet"),
            self.run.name,
            "\n",
            (curve, "$accent"),
            quality.rjust(max(0, width - len(curve))),
            "\n",
            ("━" * done, "$accent"),
            ("─" * (bar_width - done), "$rule"),
            (facts, "$quiet"),
        )

    def on_click(self) -> None:
        self.app.switch_mode("train")
