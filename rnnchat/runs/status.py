"""The status of a run, folded from its events."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from rnnchat.runs.event import (
    Evaluated,
    Event,
    Failed,
    Finished,
    Noted,
    Paused,
    Reopened,
    Resumed,
    Sampled,
    Started,
    Stepped,
)

State = Literal["starting", "running", "paused", "done", "stopped", "failed", "crashed"]
ACTIVE_STATES: frozenset[State] = frozenset({"starting", "running", "paused"})


@dataclass(frozen=True)
class RunStatus:
    """The status of a run."""

    name: str
    path: Path
    state: State = "starting"
    progress: float = 0.0
    """From 0 to 1."""
    step: int = 0
    total_steps: int | None = None
    bits_per_char: float | None = None
    """Lowest validation loss so far."""
    best_step: int | None = None
    loss: float | None = None
    """Latest training loss in bits per character."""
    learning_rate: float = 0.0
    left_s: float | None = None
    elapsed_s: float = 0.0
    chars_per_s: float = 0.0
    sample: str = ""
    """The latest sample, with its prompt."""
    message: str = ""
    """The latest note."""
    model_path: str = ""
    """The model in the library, once there is one."""

    @property
    def is_active(self) -> bool:
        """Whether a process is training it or paused."""
        return self.state in ACTIVE_STATES


def fold_event(status: RunStatus, event: Event) -> RunStatus:
    """The status after ``event``. Watchers that poll keep the folded status and add new events."""
    match event:
        case Started():
            return replace(status, state="running", total_steps=event.total_steps, message="")
        case Stepped():
            return replace(
                status,
                state="running",
                step=event.step,
                total_steps=event.total_steps,
                loss=event.loss_bits_per_char,
                learning_rate=event.learning_rate,
                chars_per_s=event.chars_per_s,
                elapsed_s=event.elapsed_s,
                left_s=event.left_s,
                progress=event.progress,
            )
        case Evaluated():
            return replace(status, bits_per_char=event.best_bits_per_char, best_step=event.best_step)
        case Sampled():
            return replace(status, sample=event.prompt + event.text)
        case Noted():
            return replace(status, message=event.message)
        case Paused():
            return replace(status, state="paused", step=event.step)
        case Reopened():
            return replace(status, state="starting", step=event.step, message="")
        case Resumed():
            return replace(status, state="running", step=event.step, message="")
        case Finished():
            return _fold_end(status, event)
        case Failed():
            return replace(status, state="failed", message=event.message)
    return status


def _fold_end(status: RunStatus, event: Finished) -> RunStatus:
    is_done = event.reason == "done"
    return replace(
        status,
        state="done" if is_done else "stopped",
        step=event.step,
        bits_per_char=event.bits_per_char,
        model_path=event.model_path,
        elapsed_s=event.elapsed_s,
        left_s=0.0 if is_done else status.left_s,
        progress=1.0 if is_done else status.progress,
    )
