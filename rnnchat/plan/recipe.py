"""Everything that decides how a network is trained, complete and fixed for the whole run."""

from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Any

from rnnchat.errors import UsageError
from rnnchat.model.cell import CellName
from rnnchat.model.config import ModelConfig
from rnnchat.plan.options import Averaging, Decay, Device, Loss, Optimiser, Precision
from rnnchat.text.tokenizer import Level
from rnnchat.typed_record import check_record

if TYPE_CHECKING:
    from rnnchat.network.regularisation import Regularisation

MAX_STREAMS = 65_536
"""No batch has more streams, and no window more symbols."""


@dataclass(frozen=True)
class Recipe:
    """One training. The budget is exactly one of ``minutes``, ``epochs`` and ``steps``.

    A field with a default came later than the others: runs that were begun without it mean the default.
    """

    level: Level
    cell: CellName
    hidden_sizes: tuple[int, ...]
    embedding_size: int
    """0 feeds symbols as one-hot vectors."""
    dropout: float
    """Share of non-recurrent activations left out while training."""
    tied: bool
    max_vocab: int | None
    """Largest vocabulary; None leaves it to the level."""
    batch_size: int
    """Streams that are read side by side."""
    window: int
    """Symbols through which the error is carried back; the state is carried further."""
    learning_rate: float
    """Highest rate of the schedule."""
    minutes: float | None
    epochs: float | None
    steps: int | None
    weight_decay: float = 0.01
    """On matrices only."""
    clip_norm: float = 1.0
    """Longest gradient."""
    warmup: int = 50
    """Steps over which the rate rises from 0."""
    validation_fraction: float = 0.1
    """Share of the text held out at its end, where no text to hold out is given."""
    reset_probability: float = 0.01
    """Chance that a stream starts a window from nothing. A state that is carried for ever teaches the network only
    the states it is usually in: from an empty one it may write gibberish for ever (the cure is that of LAMB, Melis et
    al. 2018)."""
    residual: bool = False
    """Is a layer's input added to its output?"""
    variational: bool = False
    """One mask for a stream's whole window; this and what follows: see `rnnchat.network.regularisation`."""
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
    """What is made smaller. What is told and compared is cross-entropy always."""
    average: Averaging = "none"
    """The average of the weights that is looked at, sampled from and kept; see `rnnchat.training.averaging`."""
    decay: Decay = "cosine"
    """How the rate comes down to 0 over the budget."""
    patience: int | None = 0
    """End after so many looks at the held-out text without a better one. 0: never. None: only once it has become much
    worse for long, see `rnnchat.training.stopping`."""
    seed: int = 1
    device: Device = "cpu"
    threads: int = 1
    precision: Precision = "auto"
    """``auto`` until it was measured at the start."""

    def __post_init__(self) -> None:
        if sum(budget is not None for budget in (self.minutes, self.epochs, self.steps)) != 1:
            raise UsageError("a training has one budget: give minutes, epochs or steps")
        for name, value in (("batch_size", self.batch_size), ("window", self.window)):
            if not 1 <= value <= MAX_STREAMS:
                raise UsageError(f"{name} must be from 1 to {MAX_STREAMS:,}, not {value:,}")

    def build_config(self, vocab_size: int) -> ModelConfig:
        """The network that is trained."""
        return ModelConfig(
            vocab_size, self.cell, self.hidden_sizes, self.embedding_size, self.dropout, self.tied, self.residual
        )

    def build_regularisation(self) -> "Regularisation":
        """What is dropped and penalised in each window."""
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
        """How many steps a text of that many symbols to learn from is trained for; None if the budget is a time."""
        if self.epochs is not None:
            return max(1, round(self.epochs * tokens / (self.batch_size * self.window)))
        return self.steps

    def to_json(self) -> dict[str, Any]:
        """The recipe as plain JSON values."""
        return asdict(self)

    @classmethod
    def from_json(cls, record: dict[str, Any]) -> "Recipe":
        """Read what ``to_json`` wrote; what an older version did not know keeps its default.

        Raises:
            UsageError: it has a field that this version does not know: to leave it out would train another network.
            ValueError, KeyError, TypeError: it is no recipe.
        """
        check_record(cls, record)
        unknown = record.keys() - {field.name for field in fields(cls)}
        if unknown:
            names = ", ".join(sorted(unknown))
            raise UsageError(f"its recipe was written by a newer rnnchat ({names} is unknown here): update this one")
        lists: dict[str, Any] = {name: tuple(record[name]) for name in ("hidden_sizes", "betas") if name in record}
        return cls(**{**record, **lists})
