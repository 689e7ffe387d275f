"""Trainings as they are shown: read from the run folders, in words."""

from dataclasses import dataclass
from pathlib import Path

from rnnchat import paths
from rnnchat.desk.figures import format_ago, format_bits, format_duration, format_parameters
from rnnchat.runs.comparison import ComparedRun
from rnnchat.runs.event import Sampled
from rnnchat.runs.folder import RunFolder, bring_back
from rnnchat.runs.history import Point, RunHistory
from rnnchat.runs.info import RunInfo
from rnnchat.runs.status import RunStatus

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
    evaluations: tuple[Point, ...] = ()
    """Validations."""
    plan: tuple[str, ...] = ()
    """What it reads, what was chosen and why, in sentences."""
    notes: tuple[str, ...] = ()
    """What a person should know of what happened since, in sentences; the newest last."""
    sample: Sampled | None = None
    has_model: bool = False
    """Whether there is a model yet that one can write with."""
    can_resume: bool = False
    """Whether an ended run can be resumed from a checkpoint."""
    told: float = 0.0
    """When it last reported, in seconds since 1970; 0 before it did."""

    @property
    def name(self) -> str:
        """What the person called it."""
        return self.status.name

    @property
    def validation(self) -> Curve:
        """The validation curve."""
        return tuple(point[1:] for point in self.evaluations)

    @property
    def is_active(self) -> bool:
        """Whether its process is running or paused."""
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
                return f"done {format_ago(self.told)}"
            case "stopped":
                return f"stopped at {share}"
        return f"{status.state} at {share}" if status.step else status.state

    @property
    def explanation(self) -> str:
        """What a person should know about it, in a sentence; empty when all is well."""
        status = self.status
        onward = "p resumes it from its last checkpoint" if self.can_resume else "start it again"
        if status.state == "crashed":
            return f"The process ended unexpectedly; {onward}."
        if status.state == "failed":
            return f"{status.message or 'It failed'}{'' if status.message.endswith('.') else '.'}"
        if status.state == "stopped":
            return f"Stopped; its best model is kept{'; ' + onward if self.can_resume else ''}."
        if status.state == "starting":
            return "Reading the text and loading torch …"
        # What it said itself is among its notes; what is left is what its silence means.
        return "" if status.message in (*self.plan, *self.notes) else status.message

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

    def compare_as(self, letter: str) -> ComparedRun | None:
        """The run as one of several; None where it cannot be read."""
        return None if self.info is None else ComparedRun(letter, self.status, self.info, self.evaluations)


class RunReader:
    """Reads all runs again and again, each time only what is new. Not for two threads at once."""

    def __init__(self) -> None:
        """Know nothing yet."""
        self._known: dict[Path, tuple[RunHistory, RunView | None]] = {}

    def read(self) -> tuple[RunView, ...]:
        """All runs on this machine, the newest first."""
        bring_back()
        views = []
        found = {path.parent for path in paths.runs_dir().glob("*/run.json")}
        for gone in self._known.keys() - found:
            del self._known[gone]
        for path in found:
            history, before = self._known.get(path) or (RunHistory(RunFolder(path)), None)
            try:
                is_new = history.read_on()
            except OSError:
                continue  # deleted a moment ago, or not for us to read
            view = describe_run(history, None if is_new else before)
            self._known[path] = (history, view)
            views.append(view)
        views.sort(key=lambda view: (view.info.started if view.info else 0.0, view.name), reverse=True)
        return tuple(views)


def describe_run(history: RunHistory, before: RunView | None = None) -> RunView:
    """The run at this moment; ``before`` itself where it has said nothing since then and nothing else is different."""
    run, status = history.run, history.judge()
    has_model = run.best_path.exists()
    can_resume = status.state in RESUMABLE_STATES and run.checkpoint_path.exists()
    if before is not None and (before.status, before.has_model, before.can_resume) == (status, has_model, can_resume):
        return before
    return RunView(
        run,
        status,
        history.info,
        tuple(point[1:] for point in history.training),
        tuple(history.evaluations),
        tuple(history.plan),
        tuple(history.notes),
        history.sample,
        has_model,
        can_resume,
        run.events_path.stat().st_mtime if run.events_path.exists() else 0.0,
    )
