"""What a person asks for when a training starts. Whatever is None is chosen by `rnnchat.training.choice`."""

from dataclasses import asdict, dataclass
from typing import Any, Literal, get_args

from rnnchat.errors import UsageError
from rnnchat.model.config import CELLS, Cell
from rnnchat.text.tokenizer import LEVELS, Level

Device = Literal["auto", "cpu", "cuda", "mps"]
Precision = Literal["auto", "float32", "bfloat16"]
Preset = Literal["tiny", "small", "medium", "large"]

DEFAULT_MINUTES = 5.0


@dataclass(frozen=True)
class TrainingOptions:
    """The wishes of one training, checked as soon as they are put together."""

    corpus: tuple[str, ...]
    """Files, folders, patterns, ``-``, or names of the catalogue."""
    validation: tuple[str, ...] = ()
    """Texts to hold out; the last tenth of the corpus where there are none."""
    name: str | None = None
    """Name of the run and of the model it makes; after the corpus by default."""
    replace: bool = False
    """May an ended run and a model of this name be replaced?"""
    level: Level = "char"
    preset: Preset | None = None
    """The size of the network as one word."""
    cell: Cell | None = None
    hidden_sizes: tuple[int, ...] | None = None
    layers: int | None = None
    """How many layers of the one hidden size there are."""
    embedding_size: int | None = None
    """0 feeds symbols as one-hot vectors."""
    dropout: float | None = None
    tied: bool | None = None
    max_vocab: int | None = None
    batch_size: int | None = None
    """Streams that are read side by side."""
    window: int | None = None
    """Symbols through which the error is carried back."""
    learning_rate: float | None = None
    minutes: float | None = None
    epochs: float | None = None
    steps: int | None = None
    """The budget: at most one of minutes, epochs and steps; five minutes by default."""
    seed: int = 1
    device: Device = "auto"
    threads: int | None = None
    """Processor cores to use; all by default."""
    precision: Precision = "auto"
    beside_tui: bool = False
    """Leave one core and all priority to whoever is at the screen?"""

    def __post_init__(self) -> None:
        budgets = {"--minutes": self.minutes, "--epochs": self.epochs, "--steps": self.steps}
        given = [name for name, value in budgets.items() if value is not None]
        if len(given) > 1:
            raise UsageError(f"{' and '.join(given)} contradict each other: give one budget")
        _check_choice("--level", self.level, LEVELS)
        _check_choice("--preset", self.preset, get_args(Preset))
        _check_choice("--cell", self.cell, CELLS)
        _check_choice("--device", self.device, get_args(Device))
        _check_choice("--precision", self.precision, get_args(Precision))
        positive = {**budgets, "--lr": self.learning_rate, "--batch": self.batch_size, "--layers": self.layers}
        positive |= {"--threads": self.threads}
        for name, value in positive.items():
            if value is not None and value <= 0:
                raise UsageError(f"{name} {value} cannot be: it must be above 0")
        _check_least("--window", self.window, 2)
        _check_least("--max-vocab", self.max_vocab, 2)
        _check_least("--seed", self.seed, 0)
        if self.layers and self.hidden_sizes and len(self.hidden_sizes) not in (1, self.layers):
            raise UsageError(f"--layers {self.layers} contradicts the {len(self.hidden_sizes)} sizes of --hidden")

    def to_json(self) -> dict[str, Any]:
        """The options as plain JSON values."""
        return asdict(self)

    @classmethod
    def from_json(cls, record: dict[str, Any]) -> "TrainingOptions":
        """Read what ``to_json`` wrote."""
        hidden = record.get("hidden_sizes")
        lists = {
            "corpus": tuple(record["corpus"]),
            "validation": tuple(record.get("validation", ())),
            "hidden_sizes": None if hidden is None else tuple(hidden),
        }
        return cls(**{**record, **lists})


def parse_sizes(text: str) -> tuple[int, ...]:
    """Hidden sizes as a person writes them: ``512`` or ``128,64``.

    Raises:
        UsageError: it is not a list of whole numbers.
    """
    try:
        return tuple(int(size) for size in text.split(","))
    except ValueError as e:
        raise UsageError(f"--hidden {text} is not a size: write one like 512, or one per layer like 128,64") from e


def _check_choice(name: str, value: str | None, choices: tuple[str, ...]) -> None:
    if value is not None and value not in choices:
        raise UsageError(f"{name} {value} is unknown: choose one of {', '.join(choices)}")


def _check_least(name: str, value: int | None, least: int) -> None:
    if value is not None and value < least:
        raise UsageError(f"{name} {value} cannot be: it must be at least {least}")
