"""Trainings as screens show them: read from the run folders, told in words. No widgets here."""

from dataclasses import dataclass, field
from pathlib import Path

from rnnchat import paths
from rnnchat.errors import TrainingError
from rnnchat.training.event import Evaluated, Event, Resumed, Sampled, Stepped
from rnnchat.training.run_folder import RunFolder, judge_life
from rnnchat.training.run_info import RunInfo
from rnnchat.training.run_status import RunStatus, fold_event
from rnnchat.tui.figures import format_ago, format_bits, format_duration, format_parameters

MAX_POINTS = 600
"""More than a screen has columns of dots; beyond twice as many, neighbours are averaged."""

MARKS = {
    "starting": "○",
    "running": "●",
    "paused": "‖",
    "done": "✓",
    "stopped": "■",
    "failed": "✗",
    "crashed": "✗",
}
RESUMABLE_STATES = frozenset({"stopped", "crashed", "failed"})

Curve = tuple[tuple[float, float], ...]
"""(seconds of training, bits per character), from left to right."""


@dataclass(frozen=True)
class RunView:
    """One training at one moment."""

    run: RunFolder
    status: RunStatus
    info: RunInfo | None = None
    """None where run.json cannot be read."""
    training: Curve = ()
    validation: Curve = ()
    sample: Sampled | None = None
    has_model: bool = False
    """Is there a network yet that one can write with?"""
    can_resume: bool = False
    """Is there a place from which an ended run can go on?"""

    @property
    def name(self) -> str:
        """What the person called it."""
        return self.status.name

    @property
    def is_active(self) -> bool:
        """Is its process at work, or waiting?"""
        return self.status.is_active

    @property
    def mark(self) -> str:
        """One sign for its state."""
        return MARKS[self.status.state]

    @property
    def summary(self) -> str:
        """Where it stands, in as few words as a list has room for."""
        status = self.status
        share = f"{status.progress * 100:.0f} %"
        match status.state:
            case "starting":
                return "starting …"
            case "running":
                left = "" if status.left_s is None else f"  {format_duration(status.left_s)} left"
                return f"{share:>5}{left}"
            case "paused":
                return f"{share:>5}  paused"
            case "done":
                return f"done {format_ago(self.info.started)}" if self.info else "done"
            case "stopped":
                return f"stopped at {share}"
        return f"{status.state} at {share}" if status.step else status.state

    @property
    def explanation(self) -> str:
        """What a person should know about it, in a sentence; empty when all is well."""
        status = self.status
        onward = "p goes on from its last checkpoint" if self.can_resume else "start it anew"
        if status.state == "crashed":
            return f"Its process ended without a word; {onward}."
        if status.state == "failed":
            return f"{status.message or 'It failed'}{'' if status.message.endswith('.') else '.'}"
        if status.state == "stopped":
            return f"Stopped; what it learnt is kept{'; ' + onward if self.can_resume else ''}."
        if status.state == "starting":
            return "Reading the text and loading torch …"
        return status.message

    @property
    def headline(self) -> str:
        """What is being trained: ``lstm 1×384 · char · 0.7 M``."""
        if self.info is None or self.info.recipe is None:
            return ""
        config = self.info.recipe.build_config(max(self.info.vocab_size, 1))
        return f"{config.describe()} · {self.info.level} · {format_parameters(self.info.parameters)}"

    @property
    def quality(self) -> str:
        """Best bits per character so far."""
        return format_bits(self.status.bits_per_char)


@dataclass
class RunHistory:
    """All that one run has told so far; reads only what is new."""

    run: RunFolder
    status: RunStatus
    info: RunInfo | None = None
    offset: int = 0
    training: list[tuple[int, float, float]] = field(default_factory=list)
    """(step, seconds, bits per character)."""
    validation: list[tuple[int, float, float]] = field(default_factory=list)
    sample: Sampled | None = None
    written: tuple[int, int] = (0, 0)
    """Date and size of the run.json that was read."""

    def read_on(self) -> RunView:
        """Take in what was written since the last time, and judge whether the run lives."""
        self._read_info()
        events, self.offset = self.run.read_events(self.offset)
        for event in events:
            self.status = fold_event(self.status, event)
            self._take(event)
        status = judge_life(self.run, self.status)
        return RunView(
            self.run,
            status,
            self.info,
            tuple(point[1:] for point in self.training),
            tuple(point[1:] for point in self.validation),
            self.sample,
            has_model=self.run.best_path.exists(),
            can_resume=status.state in RESUMABLE_STATES and self.run.checkpoint_path.exists(),
        )

    def _read_info(self) -> None:
        """Read run.json if it was written anew; one of another start is another run under the same name."""
        stat = (self.run.path / "run.json").stat()
        if self.written == (stat.st_mtime_ns, stat.st_size):
            return
        self.written = (stat.st_mtime_ns, stat.st_size)
        before = self.info
        try:
            self.info = self.run.read_info()
        except TrainingError:
            self.info = None
        if before is not None and self.info is not None and before.started != self.info.started:
            self._forget()

    def _forget(self) -> None:
        self.status = RunStatus(self.run.name, self.run.path)
        self.offset, self.sample = 0, None
        self.training.clear()
        self.validation.clear()

    def _take(self, event: Event) -> None:
        if isinstance(event, Stepped):
            self.training.append((event.step, event.elapsed_s, event.loss_bits_per_char))
            if len(self.training) > 2 * MAX_POINTS:
                self.training = average_pairs(self.training)
        elif isinstance(event, Evaluated):
            self.validation.append((event.step, event.elapsed_s, event.bits_per_char))
        elif isinstance(event, Sampled):
            self.sample = event
        elif isinstance(event, Resumed):
            # Steps taken after the checkpoint were lost with the process that took them.
            self.training = [point for point in self.training if point[0] <= event.step]
            self.validation = [point for point in self.validation if point[0] <= event.step]


class RunReader:
    """Reads all runs again and again, each time only what is new. Not for two threads at once."""

    def __init__(self) -> None:
        """Know nothing yet."""
        self._histories: dict[Path, RunHistory] = {}

    def read(self) -> tuple[RunView, ...]:
        """All runs on this machine, the newest first."""
        views = []
        found = {path.parent for path in paths.runs_dir().glob("*/run.json")}
        for gone in self._histories.keys() - found:
            del self._histories[gone]
        for path in found:
            run = RunFolder(path)
            history = self._histories.setdefault(path, RunHistory(run, RunStatus(run.name, path)))
            try:
                views.append(history.read_on())
            except FileNotFoundError:
                continue  # deleted a moment ago
        views.sort(key=lambda view: (view.info.started if view.info else 0.0, view.name), reverse=True)
        return tuple(views)


def average_pairs(points: list[tuple[int, float, float]]) -> list[tuple[int, float, float]]:
    """Halve a curve: each two neighbours become their mean, told at the step of the later one."""
    pairs = zip(points[::2], points[1::2], strict=False)
    return [(right[0], (left[1] + right[1]) / 2, (left[2] + right[2]) / 2) for left, right in pairs]
