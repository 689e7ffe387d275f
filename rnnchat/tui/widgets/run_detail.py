"""One training in full: what it is, how it goes, its curve, its figures, its latest words."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Static

from rnnchat.desk.figures import format_bits, format_duration, format_speed
from rnnchat.tui.widgets.curve import LearningCurve
from rnnchat.tui.widgets.run_list import RUN_KEYS

if TYPE_CHECKING:
    from rnnchat.desk.run_views import RunView

LEGEND = Content.assemble(
    ("bits/char   ", "$quiet"),
    ("⣀⡠⠤", "$secondary"),
    (" training   ", "$quiet"),
    ("●", "$accent"),
    (" validation", "$quiet"),
)


class RunDetail(Vertical, can_focus=True):
    """The run under the cursor, with the same keys as the list."""

    DEFAULT_CSS = """
    RunDetail {
        Static { height: auto; width: 1fr; }
        .line { height: 1; }
        #run-name { width: auto; text-style: bold; text-wrap: nowrap; text-overflow: ellipsis; max-width: 50%; }
        #headline { text-align: right; color: $quiet; text-wrap: nowrap; text-overflow: ellipsis; }
        #words { color: $quiet; max-height: 3; }
        #notes-scroll { height: auto; max-height: 22%; margin-bottom: 1; scrollbar-size-vertical: 1; }
        #words.-wrong { color: $error; }
        #facts { height: 1; color: $foreground; text-wrap: nowrap; text-overflow: ellipsis; }
        #sample-head { height: 1; color: $quiet; margin-top: 1; text-wrap: nowrap; text-overflow: ellipsis; }
        #sample-scroll { height: 35%; max-height: 14; scrollbar-size-vertical: 1; }
        &.-empty > * { display: none; }
        #nothing { display: none; color: $quiet; }
        &.-empty > #nothing { display: block; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        *RUN_KEYS,
        Binding("up", "scroll_sample(-1)", "scroll", show=False, id="train.sample-up"),
        Binding("down", "scroll_sample(1)", "scroll", show=False, id="train.sample-down"),
    ]

    def compose(self) -> ComposeResult:
        yield Static("No runs yet. Choose a text and start one.", id="nothing")
        with Horizontal(classes="line"):
            yield Static(id="run-name", markup=False)
            yield Static(id="headline", markup=False)
        yield Static(id="words", markup=False)
        with VerticalScroll(id="notes-scroll", can_focus=False):
            yield Static(id="notes", markup=False)
        yield Static(LEGEND, id="legend", classes="line")
        yield LearningCurve()
        yield Static(id="facts", markup=False)
        yield Static(id="sample-head", markup=False)
        with VerticalScroll(id="sample-scroll", can_focus=False):
            yield Static(id="sample", markup=False)

    def show_run(self, run: RunView | None) -> None:
        """Show ``run``, or how to get one."""
        self.set_class(run is None, "-empty")
        if run is None:
            return
        self.query_one("#run-name", Static).update(f"{run.mark} {run.name}")
        self.query_one("#headline", Static).update(run.headline)
        words = self.query_one("#words", Static)
        words.update(run.explanation)
        words.display = bool(run.explanation)
        words.set_class(run.status.state in ("failed", "crashed"), "-wrong")
        notes = self.query_one("#notes", Static)
        if (said := describe_notes(run)) != notes.content:
            notes.update(said)
        self.query_one(LearningCurve).show_curves(run.training, run.validation, find_end(run))
        self.query_one("#facts", Static).update(describe_figures(run))
        self._show_sample(run)

    def action_scroll_sample(self, direction: int) -> None:
        """Show more of what it wrote."""
        self.query_one("#sample-scroll", VerticalScroll).scroll_relative(y=direction, animate=False)

    def _show_sample(self, run: RunView) -> None:
        sample = run.sample
        head, body = self.query_one("#sample-head", Static), self.query_one("#sample", Static)
        if sample is None:
            head.update("")
            body.update("")
            return
        head.update(f"sample at step {sample.step:,}, temperature {sample.temperature:g}, seed {sample.seed}")
        text = sample.text if sample.prompt.strip() else sample.text.lstrip("\n")
        body.update(Content.assemble(Content.styled(sample.prompt.lstrip("\n"), "$written"), Content(text)))


def describe_notes(run: RunView) -> Content:
    """What happened, the newest first, and below it what was chosen and why: one sentence a line."""
    happened = [Content.assemble(("! ", "bold $warning"), note) for note in reversed(run.notes)]
    chosen = [Content.styled(note, "$quiet") for note in run.plan]
    return Content("\n").join([*happened, *chosen])


def find_end(run: RunView) -> float:
    """How many seconds of training the picture shows: all of the budget while it is being used up."""
    recipe = run.info.recipe if run.info else None
    if recipe is not None and recipe.minutes is not None and (run.is_active or run.can_resume):
        return recipe.minutes * 60
    status = run.status
    return status.elapsed_s + (status.left_s or 0.0) if run.is_active else status.elapsed_s


def describe_figures(run: RunView) -> str:
    """Step, speed, time and best value, each with its unit."""
    status = run.status
    figures = [f"step {status.step:,}"]
    if run.is_active and status.chars_per_s:
        figures.append(format_speed(status.chars_per_s))
    if run.is_active and status.left_s is not None:
        figures.append(f"{format_duration(status.left_s)} left")
    else:
        figures.append(f"{format_duration(status.elapsed_s)} of training")
    if status.bits_per_char is not None:
        best = f"best {format_bits(status.bits_per_char)}"
        figures.append(best if status.best_step is None else f"{best} at {status.best_step:,}")
    return "   ".join(figures)
