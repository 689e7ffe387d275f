"""What a person asks for when a training starts. Whatever is None is chosen by `rnnchat.plan.choice`."""

from dataclasses import asdict, dataclass
from typing import Any, Literal, get_args

from rnnchat.errors import UsageError
from rnnchat.model.config import CELLS, MAX_VOCAB, Cell, ModelConfig
from rnnchat.text.tokenizer import LEVELS, SMALLEST_MAX_VOCAB, Level

Device = Literal["auto", "cpu", "cuda", "mps"]
Precision = Literal["auto", "float32", "bfloat16"]
Preset = Literal["tiny", "small", "medium", "large"]
Optimiser = Literal["muon", "adamw", "adam", "sgd", "rmsprop"]
Loss = Literal["cross-entropy", "mse"]
Averaging = Literal["none", "ema", "tail"]
Decay = Literal["linear", "cosine"]

DEFAULT_MINUTES = 5.0
_AMOUNTS = {
    "minutes": ("--minutes", 1e6),
    "epochs": ("--epochs", 1e6),
    "learning_rate": ("--lr", 100),
    "clip_norm": ("--clip", 1e6),
}
"""Option and most of what is above 0."""
_SHARES = ("dropout", "input_dropout", "output_dropout", "embedding_dropout", "weight_drop", "momentum")
"""From 0 to below 1."""
_WEIGHTS = {"weight_decay": "--weight-decay", "activation": "--ar", "temporal": "--tar"}
"""From 0 to 1,000."""
_CHOICES = {
    "level": LEVELS,
    "preset": get_args(Preset),
    "cell": CELLS,
    "optimiser": get_args(Optimiser),
    "loss": get_args(Loss),
    "average": get_args(Averaging),
    "decay": get_args(Decay),
    "device": get_args(Device),
    "precision": get_args(Precision),
}
_COUNTS = {
    "steps": ("--steps", 1, 10**12),
    "batch_size": ("--batch", 1, 65_536),
    "window": ("--window", 2, 65_536),
    "layers": ("--layers", 1, 64),
    "threads": ("--threads", 1, 4_096),
    "warmup": ("--warmup", 0, 10**9),
    "patience": ("--patience", 0, 10**6),
    "seed": ("--seed", 0, 2**63 - 1),
}
"""Option, least and most of whole numbers."""
_NETWORK_OPTIONS = {"hidden_sizes": "--hidden", "embedding_size": "--embedding"}


@dataclass(frozen=True)
class TrainingOptions:
    """The wishes of one training, checked as soon as they are put together."""

    corpus: tuple[str, ...]
    """Files, folders, patterns, ``-``, or names of the catalogue."""
    validation: tuple[str, ...] = ()
    """Texts to hold out; the last tenth of the corpus where there are none."""
    base: str | None = None
    """The model to go on from, which gives level and network: its name, or its file."""
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
    residual: bool | None = None
    """Is a layer's input added to its output?"""
    dropout: float | None = None
    variational: bool | None = None
    """Keep what is dropped for a whole window?"""
    input_dropout: float | None = None
    output_dropout: float | None = None
    embedding_dropout: float | None = None
    weight_drop: float | None = None
    activation: float | None = None
    temporal: float | None = None
    """See `rnnchat.network.regularisation`."""
    tied: bool | None = None
    max_vocab: int | None = None
    batch_size: int | None = None
    """Streams that are read side by side."""
    window: int | None = None
    """Symbols through which the error is carried back."""
    learning_rate: float | None = None
    decay: Decay | None = None
    """How the learning rate comes down to zero."""
    warmup: int | None = None
    """Steps over which it rises from zero."""
    optimiser: Optimiser | None = None
    momentum: float | None = None
    weight_decay: float | None = None
    clip_norm: float | None = None
    """Longest gradient."""
    loss: Loss | None = None
    average: Averaging | None = None
    """Is the model an average of the weights along the training?"""
    patience: int | None = None
    """End after so many looks at the held-out text without a better one; 0 never, None as the recipe has it."""
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
        for field, choices in _CHOICES.items():
            _check_choice(f"--{field}", getattr(self, field), choices)
        for field, (name, largest) in _AMOUNTS.items():
            value = getattr(self, field)
            if value is not None and not 0 < value <= largest:  # what is no number is not either
                raise UsageError(f"{name} {value} cannot be: choose above 0, at most {largest:,.0f}")
        for field, (name, least, most) in _COUNTS.items():
            _check_count(name, getattr(self, field), least, most)
        for field in _SHARES:
            value = getattr(self, field)
            if value is not None and not 0 <= value < 1:
                raise UsageError(f"--{field.replace('_', '-')} {value} cannot be: choose from 0 to below 1")
        for field, name in _WEIGHTS.items():
            value = getattr(self, field)
            if value is not None and not 0 <= value <= 1_000:
                raise UsageError(f"{name} {value} cannot be: choose from 0 to 1,000")
        _check_count("--max-vocab", self.max_vocab, SMALLEST_MAX_VOCAB[self.level], MAX_VOCAB)
        self._check_network()
        self._check_base()
        if self.layers and self.hidden_sizes and len(self.hidden_sizes) not in (1, self.layers):
            raise UsageError(f"--layers {self.layers} contradicts the {len(self.hidden_sizes)} sizes of --hidden")

    def _check_network(self) -> None:
        """Refuse sizes that no network can have, before a text is read for it."""
        embedding = 1 if self.embedding_size is None else self.embedding_size
        hidden = (1,) if self.hidden_sizes is None else self.hidden_sizes
        ModelConfig(1, self.cell or "lstm", hidden, embedding, self.dropout or 0.0, bool(self.tied))
        if self.momentum and self.optimiser not in ("sgd", "rmsprop"):
            raise UsageError("--momentum is for --optimiser sgd and rmsprop: the others have their own")

    def _check_base(self) -> None:
        """Refuse a network beside the model that a training goes on from, which has one."""
        if self.base is None:
            return
        names = ("preset", "cell", "hidden_sizes", "layers", "embedding_size", "tied", "residual")
        given = [_NETWORK_OPTIONS.get(name, f"--{name}") for name in names if getattr(self, name) is not None]
        if given:
            raise UsageError(f"--from goes on with the network of its model: leave out {' and '.join(given)}")

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
