"""What a person asks for when a training starts. Whatever is None is chosen by `rnnchat.training.choice`."""

from dataclasses import asdict, dataclass
from typing import Any, Literal, get_args

from rnnchat.errors import UsageError
from rnnchat.model.config import CELLS, Cell, ModelConfig
from rnnchat.text.tokenizer import LEVELS, SMALLEST_MAX_VOCAB, Level

Device = Literal["auto", "cpu", "cuda", "mps"]
Precision = Literal["auto", "float32", "bfloat16"]
Preset = Literal["tiny", "small", "medium", "large"]

DEFAULT_MINUTES = 5.0
_AMOUNTS = {"minutes": ("--minutes", 1e6), "epochs": ("--epochs", 1e6), "learning_rate": ("--lr", 10)}
"""Option and most of what is above 0."""
_COUNTS = {
    "steps": ("--steps", 1, 10**12),
    "batch_size": ("--batch", 1, 65_536),
    "window": ("--window", 2, 65_536),
    "layers": ("--layers", 1, 64),
    "threads": ("--threads", 1, 4_096),
    "seed": ("--seed", 0, 2**63 - 1),
}
"""Option, least and most of whole numbers."""


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
        for field, (name, largest) in _AMOUNTS.items():
            value = getattr(self, field)
            if value is not None and not 0 < value <= largest:  # what is no number is not either
                raise UsageError(f"{name} {value} cannot be: choose above 0, at most {largest:,.0f}")
        for field, (name, least, most) in _COUNTS.items():
            _check_count(name, getattr(self, field), least, most)
        _check_count("--max-vocab", self.max_vocab, SMALLEST_MAX_VOCAB[self.level], 2**24)
        self._check_network()
        if self.layers and self.hidden_sizes and len(self.hidden_sizes) not in (1, self.layers):
            raise UsageError(f"--layers {self.layers} contradicts the {len(self.hidden_sizes)} sizes of --hidden")

    def _check_network(self) -> None:
        """Refuse sizes that no network can have, before a text is read for it."""
        embedding = 1 if self.embedding_size is None else self.embedding_size
        hidden = (1,) if self.hidden_sizes is None else self.hidden_sizes
        ModelConfig(1, self.cell or "lstm", hidden, embedding, self.dropout or 0.0, bool(self.tied))

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


def _check_count(name: str, value: int | None, least: int, most: int) -> None:
    if value is not None and not least <= value <= most:
        raise UsageError(f"{name} {value} cannot be: choose from {least} to {most:,}")
