"""The configuration of a network, and the names and shapes of the weights that follow from it.

Letters: V vocabulary, E embedding, H hidden, I input of a layer, G gates of a cell.

Both implementations of the network (the torch modules that learn, the runtime that writes) and the model file
take names and shapes from here, so that they cannot disagree.
"""

from dataclasses import asdict, dataclass
from typing import Any

from rnnchat.errors import UsageError
from rnnchat.model.cell import CELLS as CELLS

MAX_VOCAB = 0x110000
"""As many symbols as there are code points: an id can stand for one."""
MAX_SIZE = 65_536
"""No hidden or embedding size is larger: a guard against files and options that would fill the memory."""
MAX_PARAMETERS = 2**29
"""No network has more numbers: 2 GiB of float32, the most that the writing engine takes."""


@dataclass(frozen=True)
class ModelConfig:
    """What a recurrent language model is made of."""

    vocab_size: int
    """V: how many symbols the model knows."""
    cell: str
    """Name of the recurrent cell, the same in every layer: one of ``CELLS``."""
    hidden_sizes: tuple[int, ...]
    """H of each layer, the first layer first."""
    embedding_size: int
    """E: size of a symbol's embedding; 0 feeds symbols as one-hot vectors."""
    dropout: float = 0.0
    """Share of activations left out while training, from 0 to below 1; generation never drops anything."""
    tied: bool = False
    """Does the output share its matrix with the embedding? Where E and the last H differ, a projection joins them."""
    residual: bool = False
    """Is a layer's input added to its output, where both are of one size? The first layer's input is the embedding."""

    def __post_init__(self) -> None:
        if self.cell not in CELLS:
            raise UsageError(f"cell {self.cell!r:.80} is unknown: choose one of {', '.join(CELLS)}")
        if not 1 <= self.vocab_size <= MAX_VOCAB:
            raise UsageError(f"vocabulary size must be from 1 to {MAX_VOCAB:,}, not {self.vocab_size}")
        if not self.hidden_sizes:
            raise UsageError("hidden sizes are missing: give at least one layer, such as --hidden 256")
        if len(self.hidden_sizes) > 64:
            raise UsageError(f"{len(self.hidden_sizes)} layers are too many: choose at most 64")
        for size in self.hidden_sizes:
            if not 1 <= size <= MAX_SIZE:
                raise UsageError(f"hidden size must be from 1 to {MAX_SIZE:,}, not {size}")
        if not 0 <= self.embedding_size <= MAX_SIZE:
            raise UsageError(f"embedding size must be from 0 to {MAX_SIZE:,}, not {self.embedding_size}")
        if not 0 <= self.dropout < 1:
            raise UsageError(f"dropout must be from 0 to below 1, not {self.dropout}")
        if self.tied and self.embedding_size == 0:
            raise UsageError("a tied output needs an embedding: give an embedding size above 0 or leave out tying")

        if not CELLS[self.cell].suits(self.embedding_size, self.hidden_sizes):
            raise UsageError(f"layers of {', '.join(map(str, self.hidden_sizes))} cannot be of the cell {self.cell}")
        if self.parameters > MAX_PARAMETERS:
            raise UsageError(
                f"a network must have at most {MAX_PARAMETERS:,} weights, not {self.parameters:,}: choose smaller sizes"
            )

    @property
    def num_layers(self) -> int:
        """How many recurrent layers there are."""
        return len(self.hidden_sizes)

    @property
    def has_projection(self) -> bool:
        """Does a projection bring the last layer's H to E before the tied output?"""
        return self.tied and self.embedding_size != self.hidden_sizes[-1]

    @property
    def input_size(self) -> int:
        """I of the first layer: E, or V where symbols are one-hot."""
        return self.embedding_size or self.vocab_size

    def adds_input(self, layer: int) -> bool:
        """Is the input of ``layer`` added to its output? One-hot symbols are not: they are no embedding."""
        size = self.hidden_sizes[layer - 1] if layer else self.embedding_size
        return self.residual and size == self.hidden_sizes[layer]

    @property
    def parameters(self) -> int:
        """How many numbers the weights hold."""
        total = 0
        for shape in self.weight_shapes().values():
            count = 1
            for size in shape:
                count *= size
            total += count
        return total

    def weight_shapes(self) -> dict[str, tuple[int, ...]]:
        """Names and shapes of all weights, in the order of the computation."""
        shapes: dict[str, tuple[int, ...]] = {}
        if self.embedding_size:
            shapes["embedding.weight"] = (self.vocab_size, self.embedding_size)
        input_size = self.input_size
        for layer, hidden in enumerate(self.hidden_sizes):
            of_layer = CELLS[self.cell].weight_shapes(input_size, hidden)
            shapes |= {f"layers.{layer}.{name}": shape for name, shape in of_layer.items()}
            input_size = hidden
        if self.has_projection:
            shapes["projection.weight"] = (self.embedding_size, self.hidden_sizes[-1])
        if not self.tied:
            shapes["output.weight"] = (self.vocab_size, self.hidden_sizes[-1])
        shapes["output.bias"] = (self.vocab_size,)
        return shapes

    def state_shapes(self) -> dict[str, tuple[int, ...]]:
        """Names and shapes of what is remembered of one text: ``hidden.0``, for lstm ``cell.0``, ``hidden.1``, …"""
        return {
            f"{name}.{layer}": shape
            for layer, hidden in enumerate(self.hidden_sizes)
            for name, shape in CELLS[self.cell].state_shapes(hidden).items()
        }

    def describe(self) -> str:
        """The network in a few words: ``lstm 2×512``, ``gru 128, 64``, ``lstm 4×256 residual``."""
        is_even = len(set(self.hidden_sizes)) == 1
        sizes = f"{self.num_layers}×{self.hidden_sizes[0]}" if is_even else ", ".join(map(str, self.hidden_sizes))
        suffix = " residual" if any(map(self.adds_input, range(self.num_layers))) else ""
        return f"{self.cell} {sizes}{suffix}"

    def to_json(self) -> dict[str, Any]:
        """The configuration as plain JSON values."""
        return {**asdict(self), "hidden_sizes": list(self.hidden_sizes)}

    @classmethod
    def from_json(cls, record: dict[str, Any]) -> "ModelConfig":
        """Read what ``to_json`` wrote.

        Raises:
            UsageError: a value is out of range.
            KeyError, TypeError, ValueError: the record is not a configuration.
        """
        return cls(
            vocab_size=_read(record["vocab_size"], int),
            cell=_read(record["cell"], str),
            hidden_sizes=tuple(_read(size, int) for size in _read(record["hidden_sizes"], list)),
            embedding_size=_read(record["embedding_size"], int),
            dropout=float(_read(record.get("dropout", 0.0), int, float)),
            tied=_read(record.get("tied", False), bool),
            residual=_read(record.get("residual", False), bool),
        )


def _read(value: Any, *types: type) -> Any:
    """Give back ``value`` if it is of one of ``types``; true and false are no numbers."""
    if type(value) not in types:
        raise TypeError(f"{value!r:.80} is not {' or '.join(kind.__name__ for kind in types)}")
    return value
