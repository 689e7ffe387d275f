"""Several trainings at once: their curves in one picture, their figures, and what their recipes differ in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar

from rich.cells import set_cell_size
from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.widgets import Static

from rnnchat.desk.figures import count_things, format_bits, format_duration
from rnnchat.tui.widgets.curve import OverlaidCurves, SignedCurve, find_hue
from rnnchat.tui.widgets.run_list import COMPARE_KEYS

if TYPE_CHECKING:
    from rnnchat.desk.run_views import RunView
    from rnnchat.runs.comparison import Axis, ComparedRun, RunComparison

AXIS_WORDS: dict[Axis, str] = {"time": "over time", "chars": "over characters", "steps": "over steps"}
VALUE_GAP = 2
FIGURES_WIDTH = 30
"""What the figures of a run take beside its name."""


class AxisSwitch(Static):
    """Says what the curves go over; a click changes it."""

    ALLOW_SELECT = False

    class Pressed(Message):
        """The person wants another axis."""

    def on_click(self) -> None:
        self.post_message(self.Pressed())


class RunOverlay(Vertical, can_focus=True):
    """The marked runs. Letters and colours stay with their runs; the best run stands first."""

    DEFAULT_CSS = """
    RunOverlay {
        Static { height: auto; width: 1fr; }
        .line { height: 1; }
        #overlay-name { text-wrap: nowrap; text-overflow: ellipsis; }
        #overlay-axis { width: auto; margin-left: 1; color: $accent; text-wrap: nowrap; }
        #overlay-unfair { color: $warning; max-height: 3; display: none; }
        #overlay-unfair.-shown { display: block; }
        #overlay-scroll { height: auto; max-height: 55%; margin-top: 1; scrollbar-size-vertical: 1; }
        #overlay-equal { color: $quiet; margin-top: 1; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        *COMPARE_KEYS,
        Binding("up", "scroll_table(-1)", "scroll", show=False, id="train.overlay-up"),
        Binding("down", "scroll_table(1)", "scroll", show=False, id="train.overlay-down"),
    ]

    def __init__(self) -> None:
        """Show nothing yet."""
        super().__init__()
        self.over: Axis = "time"
        self._views: Sequence[tuple[str, RunView]] = ()

    def compose(self) -> ComposeResult:
        with Horizontal(classes="line"):
            yield Static(id="overlay-name", markup=False)
            yield AxisSwitch(id="overlay-axis", markup=False)
        yield OverlaidCurves()
        yield Static(id="overlay-unfair", markup=False)
        with VerticalScroll(id="overlay-scroll", can_focus=False):
            yield Static(id="overlay-figures", markup=False)
            yield Static(id="overlay-differences", markup=False)
            yield Static(id="overlay-equal", markup=False)

    def show_runs(self, letters: Mapping[str, str], runs: Sequence[RunView]) -> None:
        """Show the runs that have a letter.

        Args:
            letters: letter of each marked run, by its name.
            runs: all runs.
        """
        views = [(letters[run.name], run) for run in runs if run.name in letters]
        if views != self._views:
            self._views = views
            self._show()

    def change_axis(self) -> None:
        """Let the curves go over the next of time, characters and steps."""
        axes = tuple(AXIS_WORDS)
        self.over = axes[(axes.index(self.over) + 1) % len(axes)]
        self._show()

    def action_scroll_table(self, direction: int) -> None:
        """Show more of the figures and differences."""
        self.query_one("#overlay-scroll", VerticalScroll).scroll_relative(y=direction, animate=False)

    def on_resize(self, event: events.Resize) -> None:
        self._show()

    def _show(self) -> None:
        from rnnchat.runs.comparison import compare_runs, say_equal, say_unfair

        runs = [run for letter, view in self._views if (run := view.compare_as(letter)) is not None]
        if not runs:
            return
        comparison = compare_runs(runs)
        curves = [SignedCurve(run.letter, self._find_hue(run), tuple(run.trace(self.over))) for run in comparison.runs]
        self.query_one(OverlaidCurves).show_curves(curves, comparison.find_end(self.over), self.over)
        what = (count_things(len(runs), "run"), "bold"), (" · validation loss, bits/char", "$quiet")
        self._tell("#overlay-name", Content.assemble(*what))
        self._tell("#overlay-axis", Content(f"{AXIS_WORDS[self.over]} ▾"))
        self._tell("#overlay-unfair", Content(say_unfair(comparison)))
        self.query_one("#overlay-unfair").set_class(not comparison.is_fair, "-shown")
        width = max(self.content_size.width - 1, 20)
        self._tell("#overlay-figures", self._draw_figures(comparison, width))
        self._tell("#overlay-differences", self._draw_differences(comparison, width))
        self._tell("#overlay-equal", Content(say_equal(comparison)))

    def _tell(self, id: str, content: Content) -> None:
        """Show ``content``; the screen is laid out anew only where it needs other room."""
        line = self.query_one(id, Static)
        before = line.content
        is_alike = isinstance(before, Content) and [*map(len, before.plain.split("\n"))] == [
            *map(len, content.plain.split("\n"))
        ]
        if before != content:
            line.update(content, layout=not is_alike)

    def _find_hue(self, run: ComparedRun) -> str:
        return find_hue(ord(run.letter) - ord("a"), self.app.current_theme.dark)

    def _draw_figures(self, comparison: RunComparison, width: int) -> Content:
        """A line for each run: letter, name, best and last value, speed and time."""
        longest = max(len(run.name) for run in comparison.runs)
        name_width = min(longest, max(8, width - FIGURES_WIDTH - 3))
        lines = [Content.styled(f"  {'':{name_width}}   best   last  chars/s    time", "$quiet")]
        for run in comparison.runs:
            words = (
                f" {set_cell_size(run.name, name_width)}  {format_bits(run.best):>5}  {format_bits(run.last):>5}"
                f"  {run.chars_per_s:>7,.0f} {format_duration(run.status.elapsed_s):>7}"
            )
            lines.append(Content.assemble((f"{run.letter}", f"bold {self._find_hue(run)}"), words))
        return Content("\n").join(lines)

    def _draw_differences(self, comparison: RunComparison, width: int) -> Content:
        """A line for each field that is not the same in all, as many runs beside each other as there is room for."""
        from rnnchat.runs.comparison import name_field, say_value

        differences = comparison.differences
        if not differences:
            return Content.styled("\nAll runs have the same settings." if len(comparison.runs) > 1 else "", "$quiet")
        head = max(len(name_field(each.field)) for each in differences)
        values = [[say_value(value) for value in each.values] for each in differences]
        widths = [max(len(row[place]) for row in values) for place in range(len(comparison.runs))]
        lines: list[Content] = []
        for part in split_places([VALUE_GAP + each for each in widths], width - head):
            letters = [
                (
                    f"  {comparison.runs[place].letter:<{widths[place]}}",
                    f"bold {self._find_hue(comparison.runs[place])}",
                )
                for place in part
            ]
            lines.append(Content.assemble("\n", (f"{'':{head}}", "$quiet"), *letters))
            for each, row in zip(differences, values, strict=True):
                cells = "".join(f"  {row[place]:<{widths[place]}}" for place in part)
                lines.append(Content.assemble((f"{name_field(each.field):<{head}}", "$quiet"), cells))
        return Content("\n").join(lines)


def split_places(widths: Sequence[int], room: int) -> list[list[int]]:
    """Which columns stand beside each other, as many as there is room for and at least one."""
    parts: list[list[int]] = [[]]
    used = 0
    for place, width in enumerate(widths):
        if parts[-1] and used + width > room:
            parts.append([])
            used = 0
        parts[-1].append(place)
        used += width
    return parts
