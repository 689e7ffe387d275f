"""What happens during a training, as small facts: the trainer yields them, the run folder keeps them.

An event is written as one JSON object with its ``kind`` and fields. Times are seconds of training, pauses and
interruptions excluded; every loss is in bits per character, so that runs of different levels share an axis.
"""

from dataclasses import asdict, dataclass, fields
from typing import Any, ClassVar, get_args

from rnnchat.typed_record import check_record


class _Fact:
    """What all events share."""

    kind: ClassVar[str]

    def __init_subclass__(cls) -> None:
        cls.kind = cls.__name__.lower()

    def to_json(self) -> dict[str, Any]:
        """The event as plain JSON values, its kind first."""
        return {"kind": self.kind, **asdict(self)}  # type: ignore[call-overload]


@dataclass(frozen=True)
class Started(_Fact):
    """The text is prepared and the first step is about to be taken; steps told before it do not count."""

    name: str
    parameters: int
    chars: int
    """Characters that are learnt from; the held-out part is not among them."""
    tokens: int
    """Symbols that are learnt from."""
    vocab_size: int
    total_steps: int | None
    """None where the budget is a time."""


@dataclass(frozen=True)
class Stepped(_Fact):
    """Some steps were taken; told about twice a second."""

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
    """The held-out text was read."""

    step: int
    elapsed_s: float
    bits_per_char: float
    best_bits_per_char: float
    best_step: int
    train_bits_per_char: float
    """Mean over the steps since the last evaluation."""


@dataclass(frozen=True)
class Sampled(_Fact):
    """The network wrote a few lines: at a time several such, one for each temperature, the usual one last."""

    step: int
    temperature: float
    seed: int
    prompt: str
    text: str
    copied: float | None = None
    """The share of the text, 0 to 1, that stands word for word in the text that is learnt from."""
    compared: float = 1.0
    """It was looked for in such a share of that text, from its beginning on."""


@dataclass(frozen=True)
class Saved(_Fact):
    """A file was written: the checkpoint, or the best model so far."""

    step: int
    path: str


@dataclass(frozen=True)
class Paused(_Fact):
    """The run waits, as it was asked to."""

    step: int


@dataclass(frozen=True)
class Resumed(_Fact):
    """The run goes on from ``step``: after a pause, or in a new process. Later steps told before it do not count."""

    step: int


@dataclass(frozen=True)
class Reopened(_Fact):
    """A new process was started to go on with the run; it has said nothing yet."""

    step: int


@dataclass(frozen=True)
class Noted(_Fact):
    """Something a person should know, in a sentence."""

    message: str


@dataclass(frozen=True)
class Finished(_Fact):
    """The run ended and its best network is a model."""

    step: int
    reason: str
    """``done``: the budget is used up. ``stopped``: it was asked to stop, and can go on."""
    bits_per_char: float | None
    """Of the kept model on the held-out text."""
    model_path: str
    elapsed_s: float
    advice: str = ""
    """What would have made it better, in sentences; empty where nothing is known to."""


@dataclass(frozen=True)
class Failed(_Fact):
    """The run ended early; the message says why and what to do."""

    message: str


Event = (
    Started | Stepped | Evaluated | Sampled | Saved | Paused | Resumed | Reopened | Noted | Finished | Failed
)  # fmt: skip

_EVENTS: dict[str, type[Event]] = {event.kind: event for event in get_args(Event)}


def parse_event(record: dict[str, Any]) -> Event:
    """Read what ``to_json`` wrote; fields that a newer version added are left out.

    Raises:
        KeyError, TypeError, ValueError: the record is not an event.
    """
    event = _EVENTS[record["kind"]]
    check_record(event, record)
    known = {field.name for field in fields(event)}
    return event(**{name: value for name, value in record.items() if name in known})
