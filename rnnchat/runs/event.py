"""The events of a training: the trainer yields them, the run folder stores them.

An event is written as one JSON object with its ``kind`` and fields. Times are seconds of training, pauses and
interruptions excluded; every loss is in bits per character, so that runs of different levels are comparable.
"""

from dataclasses import asdict, dataclass, fields
from typing import Any, ClassVar, get_args

from rnnchat.typed_record import check_record


class _Fact:
    """Base class of all events."""

    kind: ClassVar[str]

    def __init_subclass__(cls) -> None:
        cls.kind = cls.__name__.lower()

    def to_json(self) -> dict[str, Any]:
        """The event as plain JSON values, its kind first."""
        return {"kind": self.kind, **asdict(self)}  # type: ignore[call-overload]


@dataclass(frozen=True)
class Started(_Fact):
    """The text is prepared and the first step follows; steps reported before do not count."""

    name: str
    parameters: int
    chars: int
    """Characters to train on, without the held-out part."""
    tokens: int
    """Symbols to train on."""
    vocab_size: int
    total_steps: int | None
    """None where the budget is a time."""


@dataclass(frozen=True)
class Stepped(_Fact):
    """Steps were taken; reported about twice a second."""

    step: int
    total_steps: int
    """An estimate where the budget is a time."""
    loss_bits_per_char: float
    """Mean over the steps since the last such event."""
    learning_rate: float
    chars_per_s: float
    elapsed_s: float
    left_s: float
    progress: float
    """From 0 to 1."""


@dataclass(frozen=True)
class Evaluated(_Fact):
    """The network was evaluated on the held-out text."""

    step: int
    elapsed_s: float
    bits_per_char: float
    best_bits_per_char: float
    best_step: int
    train_bits_per_char: float
    """Mean over the steps since the last evaluation."""


@dataclass(frozen=True)
class Sampled(_Fact):
    """The network wrote a few lines; one event per temperature, the usual one last."""

    step: int
    temperature: float
    seed: int
    prompt: str
    text: str
    copied: float | None = None
    """The share of the sample, 0 to 1, that is copied verbatim from the training text."""
    compared: float = 1.0
    """The share of the training text, from its beginning, that was searched."""


@dataclass(frozen=True)
class Saved(_Fact):
    """A file was written: the checkpoint or the best model so far."""

    step: int
    path: str


@dataclass(frozen=True)
class Paused(_Fact):
    """The run paused on request."""

    step: int


@dataclass(frozen=True)
class Resumed(_Fact):
    """The run continues from ``step``, after a pause or in a new process. Later steps reported before do not count."""

    step: int


@dataclass(frozen=True)
class Reopened(_Fact):
    """A new process was started to resume the run; it has reported nothing yet."""

    step: int


@dataclass(frozen=True)
class Noted(_Fact):
    """A note, in sentences."""

    message: str


@dataclass(frozen=True)
class Finished(_Fact):
    """The run ended and its best network is a model."""

    step: int
    reason: str
    """``done``: the budget is used up. ``stopped``: on request; it can be resumed."""
    bits_per_char: float | None
    """Validation loss of the model."""
    model_path: str
    elapsed_s: float
    advice: str = ""
    """Advice in sentences; may be empty."""


@dataclass(frozen=True)
class Failed(_Fact):
    """The run failed; the message says why and what to do."""

    message: str


Event = (
    Started | Stepped | Evaluated | Sampled | Saved | Paused | Resumed | Reopened | Noted | Finished | Failed
)  # fmt: skip

_EVENTS: dict[str, type[Event]] = {event.kind: event for event in get_args(Event)}


def parse_event(record: dict[str, Any]) -> Event:
    """Read what ``to_json`` wrote; fields added by a newer version are ignored.

    Raises:
        KeyError, TypeError, ValueError: the record is not an event.
    """
    event = _EVENTS[record["kind"]]
    check_record(event, record)
    known = {field.name for field in fields(event)}
    return event(**{name: value for name, value in record.items() if name in known})
