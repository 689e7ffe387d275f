"""Everything that a run has reported so far, read incrementally."""

from dataclasses import dataclass, field
from typing import NamedTuple

from rnnchat.errors import TrainingError
from rnnchat.runs.event import Evaluated, Event, Noted, Resumed, Sampled, Stepped
from rnnchat.runs.folder import RunFolder, judge_life
from rnnchat.runs.info import RunInfo
from rnnchat.runs.status import RunStatus, fold_event

MAX_POINTS = 600
"""More than a screen has columns; beyond twice as many, neighbours are averaged."""


class Point(NamedTuple):
    """A point of a learning curve."""

    step: int
    elapsed_s: float
    """Seconds of training."""
    bits_per_char: float


@dataclass
class RunHistory:
    """What a run is, what it has reported, and its curves; ``read_on`` brings them up to date."""

    run: RunFolder
    status: RunStatus = field(init=False)
    """Folded from the events alone; ``judge`` also checks that the process is alive."""
    info: RunInfo | None = None
    """None where run.json cannot be read."""
    training: list[Point] = field(default_factory=list)
    """Training losses, thinned to at most twice ``MAX_POINTS``."""
    evaluations: list[Point] = field(default_factory=list)
    """Validation losses, thinned in the same way."""
    sample: Sampled | None = None
    """The latest sample."""
    plan: list[str] = field(default_factory=list)
    """Notes before the first step: what was read, what was chosen and why."""
    notes: list[str] = field(default_factory=list)
    """Notes since then, each once."""
    offset: int = 0
    """Bytes of events.jsonl read."""
    written: tuple[int, int] = (0, 0)
    """Modification time (ns) and size of run.json when read."""

    def __post_init__(self) -> None:
        self.status = RunStatus(self.run.name, self.run.path)

    def read_on(self) -> bool:
        """Take in what was written since the last call.

        Returns:
            Whether there was anything.

        Raises:
            FileNotFoundError: the run was deleted.
        """
        is_info_new = self._read_info()
        events, self.offset = self.run.read_events(self.offset)
        for event in events:
            self.take(event)
        return is_info_new or bool(events)

    def judge(self) -> RunStatus:
        """The status, corrected if the process has crashed or stalled."""
        return judge_life(self.run, self.status)

    def take(self, event: Event) -> None:
        """Take in an event."""
        self.status = fold_event(self.status, event)
        match event:
            case Stepped():
                self.training.append(Point(event.step, event.elapsed_s, event.loss_bits_per_char))
                self.training = thin(self.training)
            case Evaluated():
                self.evaluations.append(Point(event.step, event.elapsed_s, event.bits_per_char))
                self.evaluations = thin(self.evaluations)
            case Sampled():
                self.sample = event
            case Noted():
                self._note(event.message)
            case Resumed():
                # Steps taken after the checkpoint were lost with the process that took them.
                self.training = [point for point in self.training if point.step <= event.step]
                self.evaluations = [point for point in self.evaluations if point.step <= event.step]

    def _note(self, message: str) -> None:
        if message not in self.plan and message not in self.notes:
            (self.notes if self.training else self.plan).append(message)

    def _read_info(self) -> bool:
        """Read run.json if it has changed; another start time means another run of the same name."""
        stat = (self.run.path / "run.json").stat()
        if self.written == (stat.st_mtime_ns, stat.st_size):
            return False
        self.written = (stat.st_mtime_ns, stat.st_size)
        before = self.info
        try:
            self.info = self.run.read_info()
        except TrainingError:
            self.info = None
        if before is not None and self.info is not None and before.started != self.info.started:
            self._forget()
        return True

    def _forget(self) -> None:
        self.status = RunStatus(self.run.name, self.run.path)
        self.offset, self.sample = 0, None
        for told in (self.training, self.evaluations, self.plan, self.notes):
            told.clear()


def read_history(run: RunFolder) -> RunHistory:
    """Everything that ``run`` has reported until now.

    Raises:
        FileNotFoundError: the run was deleted.
    """
    history = RunHistory(run)
    history.read_on()
    return history


def thin(points: list[Point]) -> list[Point]:
    """The curve itself, or, once it is longer than a screen can show, the means of neighbouring pairs.

    A mean stands at the step of the later point; an odd last point stays.
    """
    if len(points) <= 2 * MAX_POINTS:
        return points
    pairs = zip(points[::2], points[1::2], strict=False)
    means = [
        Point(right.step, (left.elapsed_s + right.elapsed_s) / 2, (left.bits_per_char + right.bits_per_char) / 2)
        for left, right in pairs
    ]
    return means + points[len(points) // 2 * 2 :]
