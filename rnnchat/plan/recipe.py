"""All hyperparameters of a training, complete and fixed for the whole run."""

from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Any

from rnnchat.errors import UsageError
from rnnchat.model.cell import CellName
from rnnchat.model.config import ModelConfig
from rnnchat.plan.options import Averaging, Decay, Device, Freezing, Loss, Optimiser, Precision
from rnnchat.text.tokenizer import Level
from rnnchat.typed_record import check_record

if TYPE_CHECKING:
    from rnnchat.network.regularisation import Regularisation

MAX_STREAMS = 65_536
"""No batch has more streams, and no window more symbols."""


@dataclass(frozen=True)
class Recipe:
    """One training. The budget is exactly one of ``minutes``, ``epochs`` and ``steps``.

    A field with a default was added later: older runs have the default.
    """

    level: Level
    cell: CellName
    hidden_sizes: tuple[int, ...]
    embedding_size: int
    """0 feeds symbols as one-hot vectors."""
    dropout: float
    """Dropout rate of non-recurrent connections."""
    tied: bool
    max_vocab: int | None
    """Maximum vocabulary size; None for that of the level."""
    batch_size: int
    """Parallel streams."""
    window: int
    """Symbols per truncated back-propagation through time; the state is carried on."""
    learning_rate: float
    """Peak learning rate of the schedule."""
    minutes: float | None
    epochs: float | None
    steps: int | None
    weight_decay: float = 0.01
    """Of matrices only."""
    clip_norm: float = 1.0
    """Maximum gradient norm."""
    warmup: int = 50
    """Steps of linear warm-up."""
    validation_fraction: float = 0.1
    """Share of the text held out at its end, where no validation text is given."""
    reset_probability: float = 0.01
    """Probability that a stream's state is reset before a window. A network trained only on carried states may write
    gibberish from an empty one (remedy as in LAMB, Melis et al. 2018)."""
    residual: bool = False
    """Whether a layer's input is added to its output."""
    variational: bool = False
    """One dropout mask per window; this and the following: see `rnnchat.network.regularisation`."""
    input_dropout: float | None = None
    output_dropout: float | None = None
    embedding_dropout: float = 0.0
    weight_drop: float = 0.0
    activation: float = 0.0
    temporal: float = 0.0
    optimiser: Optimiser = "adamw"
    betas: tuple[float, float] = (0.9, 0.999)
    momentum: float = 0.0
    loss: Loss = "cross-entropy"
    """The loss to minimise. What is reported and compared is always cross-entropy."""
    average: Averaging = "none"
    """The average of the weights that is evaluated, sampled from and kept; see `rnnchat.training.averaging`."""
    decay: Decay = "cosine"
    """How the learning rate decays to 0 over the budget."""
    patience: int | None = 0
    """Stop after this many evaluations without improvement. 0: never. None: only once the loss is beyond recovery, see
    `rnnchat.training.stopping`."""
    max_epochs: float | None = None
    """Passes over the text after which a time budget ends early."""
    freeze: Freezing = "none"
    """The part of the network that stays as it is: ``embedding`` with the output layer, or the recurrent ``layers``."""
    pull: float = 0.0
    """Strength of the pull of the weights towards those at the start, decoupled from the gradient as weight decay is
    (L2-SP, Li et al. 2018)."""
    seed: int = 1
    device: Device = "cpu"
    threads: int = 1
    precision: Precision = "auto"
    """``auto`` until measured at the start."""

    def __post_init__(self) -> None:
        if sum(budget is not None for budget in (self.minutes, self.epochs, self.steps)) != 1:
            raise UsageError("a training needs exactly one budget: minutes, epochs or steps")
        for name, value in (("batch_size", self.batch_size), ("window", self.window)):
            if not 1 <= value <= MAX_STREAMS:
                raise UsageError(f"{name} must be from 1 to {MAX_STREAMS:,}, not {value:,}")

    def build_config(self, vocab_size: int) -> ModelConfig:
        """The configuration of the network."""
        return ModelConfig(
            vocab_size, self.cell, self.hidden_sizes, self.embedding_size, self.dropout, self.tied, self.residual
        )

    def build_regularisation(self) -> "Regularisation":
        """Dropout and penalties."""
        from rnnchat.network.regularisation import Regularisation  # torch: 2 s

        return Regularisation(
            dropout=self.dropout,
            variational=self.variational,
            input_dropout=self.input_dropout,
            output_dropout=self.output_dropout,
            embedding_dropout=self.embedding_dropout,
            weight_drop=self.weight_drop,
            activation=self.activation,
            temporal=self.temporal,
        )

    def count_steps(self, tokens: int) -> int | None:
        """The number of steps on a training text of ``tokens`` symbols; None if the budget is a time."""
        if self.epochs is not None:
            return max(1, round(self.epochs * tokens / (self.batch_size * self.window)))
        return self.steps

    def to_json(self) -> dict[str, Any]:
        """The recipe as plain JSON values."""
        return asdict(self)

    @classmethod
    def from_json(cls, record: dict[str, Any]) -> "Recipe":
        """Read what ``to_json`` wrote; fields that an older version lacked have their defaults.

        Raises:
            UsageError: it has a field that this version lacks; ignoring it would train another network.
            ValueError, KeyError, TypeError: it is not a recipe.
        """
        check_record(cls, record)
        unknown = record.keys() - {field.name for field in fields(cls)}
        if unknown:
            names = ", ".join(sorted(unknown))
            raise UsageError(
                f"its recipe was written by a newer version of rnnchat (unknown here: {names}); update rnnchat"
            )
        lists: dict[str, Any] = {name: tuple(record[name]) for name in ("hidden_sizes", "betas") if name in record}
        return cls(**{**record, **lists})
