"""How a run is doing, folded from its events one by one."""

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
    """How a run is doing, folded from its events."""

    name: str
    path: Path
    state: State = "starting"
    progress: float = 0.0
    """From 0 to 1."""
    step: int = 0
    total_steps: int | None = None
    bits_per_char: float | None = None
    """The best so far on the held-out text."""
    best_step: int | None = None
    loss: float | None = None
    """Bits per character on what is being learnt, lately."""
    learning_rate: float = 0.0
    left_s: float | None = None
    elapsed_s: float = 0.0
    chars_per_s: float = 0.0
    sample: str = ""
    """The last one, with its prompt."""
    message: str = ""
    """The last sentence that the run had to say."""
    model_path: str = ""
    """The model in the library, once there is one."""

    @property
    def is_active(self) -> bool:
        """Is a process at work on it, or waiting?"""
        return self.state in ACTIVE_STATES


def fold_event(status: RunStatus, event: Event) -> RunStatus:
    """The status after one more event. Watchers that poll keep the folded status and add what is new."""
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
            return replace(
                status,
                state="done" if event.reason == "done" else "stopped",
                step=event.step,
                bits_per_char=event.bits_per_char,
                model_path=event.model_path,
                elapsed_s=event.elapsed_s,
                left_s=0.0 if event.reason == "done" else status.left_s,
                progress=1.0 if event.reason == "done" else status.progress,
            )
        case Failed():
            return replace(status, state="failed", message=event.message)
    return status
