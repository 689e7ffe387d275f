"""The learning curve: what is being learnt as a fine line, what was never seen as dots."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text
from textual.color import Color
from textual_plotext import PlotextPlot

from rnnchat.tui.axes import find_limits, mark_times, mark_values

if TYPE_CHECKING:
    from rnnchat.tui.run_views import Curve

LINE_MARKER, DOT_MARKER = "braille", "●"
ROWS_PER_MARK, COLUMNS_PER_MARK = 2.5, 12


class LearningCurve(PlotextPlot):
    """Training loss and validation over time, in bits per character.

    The two differ in shape, so that they are told apart without colour. Drawn on the screen's own background.
    """

    DEFAULT_CSS = """
    LearningCurve { width: 1fr; height: 1fr; min-height: 6; }
    """
    ALLOW_SELECT = False

    def __init__(self, *, id: str | None = None) -> None:
        """Make an empty picture."""
        super().__init__(id=id)
        self.training: Curve = ()
        self.validation: Curve = ()
        self.end_s = 60.0

    def show_curves(self, training: Curve, validation: Curve, end_s: float) -> None:
        """Show both curves on an axis that goes to ``end_s`` seconds."""
        last_s = max((points[-1][0] for points in (training, validation) if points), default=0.0)
        shown = (training, validation, max(end_s, last_s, 1.0))
        if shown != (self.training, self.validation, self.end_s):
            self.training, self.validation, self.end_s = shown
            self.refresh()

    def render(self) -> Text:
        if not self.training and not self.validation:
            return Text("")
        width, height = self.size
        plot = self.plt
        plot.clear_figure()
        plot.theme("clear")
        plot.plotsize(width, height)
        plot._set_size(width, height)  # clear_figure forgets the size that plotsize sets
        low, high = find_limits((self.training, self.validation), self.end_s)
        plot.xlim(0, self.end_s)
        plot.ylim(low, high)
        plot.xticks(*mark_times(self.end_s, max(width // COLUMNS_PER_MARK, 1)))
        plot.yticks(*mark_values(low, high, max(int(height / ROWS_PER_MARK), 2)))
        plot.xaxes(True, False)
        plot.yaxes(True, False)
        plot.axes_color("default")
        plot.ticks_color(self._find_color("quiet"))
        for curve, marker, color in (
            (self.training, LINE_MARKER, "secondary"),
            (self.validation, DOT_MARKER, "accent"),
        ):
            points = [(x, y) for x, y in curve if low <= y <= high]
            if len(points) > 1 and marker == LINE_MARKER:
                plot.plot(*zip(*points, strict=True), marker=marker, color=self._find_color(color))
            elif points:
                plot.scatter(*zip(*points, strict=True), marker=marker, color=self._find_color(color))
        return Text.from_ansi(plot.build())

    def _find_color(self, name: str) -> tuple[int, int, int]:
        """A colour of the theme as plotext takes it."""
        return Color.parse(self.app.theme_variables[name]).rgb
