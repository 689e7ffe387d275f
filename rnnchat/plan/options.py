"""The options of a training. Whatever is None is chosen by `rnnchat.plan.choice`."""

from dataclasses import asdict, dataclass
from typing import Any, Literal

from rnnchat.description import Bounds, check_fields, described, find_descriptions, name_field
from rnnchat.errors import UsageError
from rnnchat.model.cell import CellName
from rnnchat.model.config import MAX_SIZE, MAX_VOCAB, ModelConfig
from rnnchat.text.tokenizer import SMALLEST_MAX_VOCAB, Level
from rnnchat.typed_record import check_record

Device = Literal["auto", "cpu", "cuda", "mps"]
Precision = Literal["auto", "float32", "bfloat16"]
Preset = Literal["tiny", "small", "medium", "large"]
Optimiser = Literal["muon", "adamw", "adam", "sgd", "rmsprop"]
Loss = Literal["cross-entropy", "mse"]
Averaging = Literal["none", "ema", "tail"]
Decay = Literal["linear", "cosine"]
Freezing = Literal["none", "embedding", "layers"]
LevelChoice = Literal["auto", "char", "byte", "word", "bpe"]

DEFAULT_MINUTES = 5.0
TEXT, TIME, NETWORK = "Text", "Time", "Network"
LEARNING, REGULARISATION, MACHINE = "Learning", "Regularisation", "Machine"
"""The headings of the options."""
_OF_THE_NETWORK = ("preset", "cell", "hidden_sizes", "layers", "embedding_size", "tied", "residual")
_AMOUNT = Bounds(0, 1_000_000, has_low=False)
_SHARE = Bounds(0, 1, has_high=False)
_WEIGHT = Bounds(0, 1_000)


@dataclass(frozen=True)
class TrainingOptions:
    """The options of one training, checked when they are created. None: chosen for text and time."""

    corpus: tuple[str, ...]
    """Files, folders, patterns, ``-``, or names of the catalogue."""
    validation: tuple[str, ...] = described(
        (), "Text to hold out for validation; the last tenth by default.", heading=TEXT, metavar="FILE"
    )
    encoding: str | None = described(
        None, "Encoding of the texts, such as cp1252; recognised by default.", heading=TEXT, metavar="NAME"
    )
    name: str | None = described(
        None,
        "Name of the run and its model; after the text by default.",
        heading=TEXT,
        metavar="NAME",
        label="Name",
        hint="after the text",
    )
    level: LevelChoice = described(
        "auto", "What one symbol is; auto: as in the base model, char without one.", heading=TEXT, label="Level"
    )
    max_vocab: int | None = described(None, "Maximum vocabulary size.", Bounds(1, MAX_VOCAB), heading=TEXT, metavar="N")
    base: str | None = described(
        "auto",
        "Base model to fine-tune, by name or file; auto: whichever predicts the text best; none: train from scratch.",
        heading=TEXT,
        option="--from",
        metavar="MODEL",
    )
    """It gives level and network. None is the same as ``none``."""
    replace: bool = described(False, "Replace a run and a model of that name.", heading=TEXT)
    minutes: float | None = described(
        None,
        "Training time in minutes; 5 if no budget is given.",
        _AMOUNT,
        heading=TIME,
        metavar="M",
        label="Minutes",
    )
    epochs: float | None = described(None, "Passes over the text.", _AMOUNT, heading=TIME, metavar="N")
    steps: int | None = described(None, "Number of training steps.", Bounds(1, 10**12), heading=TIME, metavar="N")
    """The budget: at most one of minutes, epochs and steps."""
    max_epochs: float | None = described(
        None,
        "Passes over the text after which a time budget ends early; 2 by default with a base model.",
        _AMOUNT,
        heading=TIME,
        metavar="N",
    )
    patience: int | None = described(
        None,
        "Stop after N validations without improvement; 0 never. By default only once it is much worse for long.",
        Bounds(0, 10**6),
        heading=TIME,
        metavar="N",
    )
    preset: Preset | None = described(None, "Network size in a word.", heading=NETWORK, label="Size")
    cell: CellName | None = described(None, "Recurrent cell; lstm by default.", heading=NETWORK, label="Cell")
    hidden_sizes: tuple[int, ...] | None = described(
        None,
        "Hidden size, or one per layer: 512, or 128,64.",
        Bounds(1, MAX_SIZE),
        heading=NETWORK,
        option="--hidden",
        metavar="SIZES",
        label="Hidden",
        hint="by size, or such as 512 or 128,64",
    )
    layers: int | None = described(
        None, "Number of layers, all of one hidden size.", Bounds(1, 64), heading=NETWORK, metavar="N"
    )
    embedding_size: int | None = described(
        None,
        "Embedding size; 0 for one-hot.",
        Bounds(0, MAX_SIZE),
        heading=NETWORK,
        option="--embedding",
        metavar="N",
        label="Embedding",
        hint="by size, 0 for none",
    )
    tied: bool | None = described(None, "Share the embedding matrix with the output.", heading=NETWORK)
    residual: bool | None = described(
        None, "Add a layer's input to its output, where both are of one size.", heading=NETWORK
    )
    optimiser: Optimiser | None = described(None, "Optimiser; muon by default.", heading=LEARNING)
    learning_rate: float | None = described(
        None,
        "Peak learning rate.",
        Bounds(0, 100, has_low=False),
        heading=LEARNING,
        option="--lr",
        metavar="R",
        label="Rate",
        hint="by level, such as 0.012",
    )
    decay: Decay | None = described(None, "Decay of the learning rate to zero; linear by default.", heading=LEARNING)
    warmup: int | None = described(None, "Warm-up steps.", Bounds(0, 10**9), heading=LEARNING, metavar="N")
    momentum: float | None = described(None, "Momentum of sgd and rmsprop.", _SHARE, heading=LEARNING, metavar="SHARE")
    clip_norm: float | None = described(
        None, "Maximum gradient norm; 1 by default.", _AMOUNT, heading=LEARNING, option="--clip", metavar="NORM"
    )
    loss: Loss | None = described(None, "Loss to minimise; cross-entropy by default.", heading=LEARNING)
    average: Averaging | None = described(
        None, "Average the weights over the training (ema), over its end (tail), or not at all.", heading=LEARNING
    )
    batch_size: int | None = described(
        None,
        "Batch size: streams that are read side by side.",
        Bounds(1, 65_536),
        heading=LEARNING,
        option="--batch",
        metavar="N",
        label="Batch size",
        hint="by time, 64 at most",
    )
    window: int | None = described(
        None,
        "Symbols through which the error is propagated back.",
        Bounds(2, 65_536),
        heading=LEARNING,
        metavar="N",
        label="Window",
        hint="by time, 64 at most",
    )
    seed: int = described(
        1,
        "Seed of everything that is random.",
        Bounds(0, 2**63 - 1),
        heading=LEARNING,
        metavar="N",
        label="Seed",
        hint="1",
    )
    dropout: float | None = described(
        None,
        "Dropout between layers.",
        _SHARE,
        heading=REGULARISATION,
        metavar="SHARE",
        label="Dropout",
        hint="by the text's length",
    )
    input_dropout: float | None = described(
        None,
        "Dropout of the first layer's input; as --dropout by default.",
        _SHARE,
        heading=REGULARISATION,
        metavar="SHARE",
    )
    output_dropout: float | None = described(
        None,
        "Dropout of the last layer's output; as --dropout by default.",
        _SHARE,
        heading=REGULARISATION,
        metavar="SHARE",
    )
    variational: bool | None = described(None, "Use one dropout mask per window.", heading=REGULARISATION)
    embedding_dropout: float | None = described(
        None, "Dropout of whole symbols.", _SHARE, heading=REGULARISATION, metavar="SHARE"
    )
    weight_drop: float | None = described(
        None, "Dropout of the recurrent weights.", _SHARE, heading=REGULARISATION, metavar="SHARE"
    )
    weight_decay: float | None = described(
        None, "Weight decay; 0.01 by default.", _WEIGHT, heading=REGULARISATION, metavar="W"
    )
    activation: float | None = described(
        None, "Penalty for large activations.", _WEIGHT, heading=REGULARISATION, option="--ar", metavar="W"
    )
    temporal: float | None = described(
        None, "Penalty for activations that change fast.", _WEIGHT, heading=REGULARISATION, option="--tar", metavar="W"
    )
    freeze: Freezing | None = described(
        None, "Keep the base model's embedding and output, or its recurrent layers, unchanged.", heading=REGULARISATION
    )
    pull: float | None = described(
        None, "L2 pull of the weights towards the base model (L2-SP).", _WEIGHT, heading=REGULARISATION, metavar="W"
    )
    device: Device = described("auto", "Where to compute.", heading=MACHINE)
    precision: Precision = described("auto", "Precision; auto measures which is faster here.", heading=MACHINE)
    threads: int | None = described(
        None, "Processor cores to use; all by default.", Bounds(1, 4_096), heading=MACHINE, metavar="N"
    )
    beside_tui: bool = described(False, "Run at low priority and leave one core free.", heading=MACHINE)

    def __post_init__(self) -> None:
        check_fields(self)
        budgets = {"--minutes": self.minutes, "--epochs": self.epochs, "--steps": self.steps}
        given = [name for name, value in budgets.items() if value is not None]
        if len(given) > 1:
            raise UsageError(f"{' and '.join(given)} contradict each other: give one budget")
        if self.max_vocab is not None and self.max_vocab < (least := SMALLEST_MAX_VOCAB[self.own_level]):
            raise UsageError(
                f"max-vocab must be from {least} to {MAX_VOCAB:,} at {self.own_level} level, not {self.max_vocab}"
            )
        self._check_network()
        self._check_base()
        if self.layers and self.hidden_sizes and len(self.hidden_sizes) not in (1, self.layers):
            raise UsageError(f"--layers {self.layers} contradicts the {len(self.hidden_sizes)} sizes of --hidden")

    @property
    def own_level(self) -> Level:
        """The level of a training from scratch."""
        return "char" if self.level == "auto" else self.level

    @property
    def names_base(self) -> bool:
        """Whether a base model is named."""
        return self.base not in (None, "auto", "none")

    @property
    def has_network(self) -> bool:
        """Whether anything of the network or the vocabulary is given, which rules out a base model chosen for them."""
        return self.max_vocab is not None or any(getattr(self, name) is not None for name in _OF_THE_NETWORK)

    def _check_network(self) -> None:
        """Refuse sizes that no network can have, before a text is read."""
        embedding = 1 if self.embedding_size is None else self.embedding_size
        hidden = (1,) if self.hidden_sizes is None else self.hidden_sizes
        ModelConfig(1, self.cell or "lstm", hidden, embedding, self.dropout or 0.0, bool(self.tied))
        if self.momentum and self.optimiser not in ("sgd", "rmsprop"):
            raise UsageError("--momentum is for --optimiser sgd and rmsprop; the others have their own")

    def _check_base(self) -> None:
        """Refuse a network together with a named base model, which has one."""
        if not self.names_base:
            return
        kind: Any = type(self)
        descriptions = find_descriptions(kind)
        options = {name: descriptions[name].option or f"--{name_field(name)}" for name in _OF_THE_NETWORK}
        given = [option for name, option in options.items() if getattr(self, name) is not None]
        if given:
            raise UsageError(f"--from uses the network of its model: omit {' and '.join(given)}")

    def to_json(self) -> dict[str, Any]:
        """The options as plain JSON values."""
        return asdict(self)

    @classmethod
    def from_json(cls, record: dict[str, Any]) -> "TrainingOptions":
        """Read what ``to_json`` wrote.

        Raises:
            UsageError: An option is out of range.
            ValueError, KeyError, TypeError: It is not that.
        """
        check_record(cls, record)
        hidden = record.get("hidden_sizes")
        lists = {
            "corpus": tuple(record["corpus"]),
            "validation": tuple(record.get("validation", ())),
            "hidden_sizes": None if hidden is None else tuple(hidden),
        }
        return cls(**{**record, **lists})
