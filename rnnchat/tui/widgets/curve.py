"""Learning curves: of one run, training loss as a fine line and validation as dots; or of several runs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from rich.text import Text
from textual.color import Color
from textual.widget import Widget

from rnnchat.desk.axes import find_limits, mark_counts, mark_times, mark_values, place_signs
from rnnchat.tui.canvas import Canvas

if TYPE_CHECKING:
    from rnnchat.desk.run_views import Curve
    from rnnchat.runs.comparison import Axis
    from rnnchat.tui.app import RnnchatApp

DOT = "●"
ROWS_PER_MARK, COLUMNS_PER_MARK = 2.5, 12

HUES_DARK = (
    "#e0a96d",
    "#7fb2d0",
    "#9cc283",
    "#d78a9e",
    "#b49bdc",
    "#d8cf7a",
    "#66c1b0",
    "#d9805f",
    "#9aa7e0",
    "#c3bcb0",
)
HUES_LIGHT = (
    "#8f5513",
    "#2b6484",
    "#3f6f33",
    "#9c3356",
    "#6440a0",
    "#77690a",
    "#0f6f62",
    "#a83f1c",
    "#3a4ba8",
    "#5c574c",
)


def find_hue(place: int, is_dark: bool) -> str:
    """The colour of one of several curves."""
    hues = HUES_DARK if is_dark else HUES_LIGHT
    return hues[place % len(hues)]


class CurvePlot(Widget):
    """A picture of curves in bits per character, drawn on the screen's own background."""

    app: RnnchatApp

    ALLOW_SELECT = False
    DEFAULT_CSS = """
    CurvePlot { width: 1fr; height: 1fr; min-height: 6; }
    """

    def _begin(self, curves: Sequence[Curve], end: float) -> Canvas:
        """Make a canvas on which ``curves`` have room."""
        width, height = self.size
        low, high = find_limits(curves, end)
        return Canvas(width, height, end, (low, high), mark_values(low, high, max(int(height / ROWS_PER_MARK), 2)))

    def _build(self, canvas: Canvas, end: float, over: Axis = "time") -> Text:
        mark = mark_times if over == "time" else mark_counts
        return canvas.build(mark(end, max(self.size.width // COLUMNS_PER_MARK, 1)), self._find_style("quiet"))

    def _find_style(self, name: str) -> str:
        """A colour of the theme as rich takes it."""
        return Color.parse(self.app.theme_variables[name]).hex6


class LearningCurve(CurvePlot):
    """Training loss and validation of one run over time, told apart by their shape, also without colour."""

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
        canvas = self._begin((self.training, self.validation), self.end_s)
        canvas.draw_line(self.training, self._find_style("secondary"))
        accent = self._find_style("accent")
        for point in self.validation:
            canvas.put_sign(point, DOT, accent)
        return self._build(canvas, self.end_s)


class SignedCurve(NamedTuple):
    """One of several curves, with the sign and the colour by which it is known."""

    sign: str
    hue: str
    points: Curve


class OverlaidCurves(CurvePlot):
    """The validation curves of several runs, each a line with its letter in it."""

    def __init__(self, *, id: str | None = None) -> None:
        """Make an empty picture."""
        super().__init__(id=id)
        self.curves: tuple[SignedCurve, ...] = ()
        self.end = 1.0
        self.over: Axis = "time"

    def show_curves(self, curves: Sequence[SignedCurve], end: float, over: Axis) -> None:
        """Show ``curves`` on an axis that goes to ``end``; the first lies above the others."""
        shown = (tuple(curves), max(end, 1.0), over)
        if shown != (self.curves, self.end, self.over):
            self.curves, self.end, self.over = shown
            self.refresh()

    def render(self) -> Text:
        if not any(curve.points for curve in self.curves):
            return Text("No validation yet.")
        canvas = self._begin([curve.points for curve in self.curves], self.end)
        places = [*enumerate(self.curves)][::-1]
        for _, curve in places:
            canvas.draw_line(curve.points, curve.hue)
        for place, curve in places:
            for point in place_signs(curve.points, place, len(places), self.end, canvas.columns):
                canvas.put_sign(point, curve.sign, f"bold {curve.hue}")
        return self._build(canvas, self.end, self.over)
