"""What does not change from step to step, made once from a model's weights.

Letters: V vocabulary, E embedding, H hidden, I input of a product, N outputs of a product, G gates, L layers.

The first layer's input products of all V symbols become a table (V, G*H), input and recurrent matrices are joined
where the cell allows it, biases are added up, an lstm's gates are put in the order i, f, o, g, so that one sigmoid
serves three of them, and for ``int8`` the matrices are quantised.

Names: ``layers.0.table``, or the product ``layers.0.inputs`` where the table would be too big; ``embedding`` there,
and where the first layer's input is added to its output; the products ``layers.N.recurrent`` (lstm and rnn from the
second layer on: ``layers.N.gates``, of both inputs; gru, and every cell after a residual sum: ``layers.N.inputs`` as
well), ``projection`` and ``output``. A product is ``NAME.weight``, (N, I) as in the model
file, and ``NAME.bias`` (N,) if it has one; in int8 ``NAME.weight`` (I, N) and ``NAME.scale`` (N,).
"""

from typing import Literal

import numpy as np

from rnnchat.errors import ModelError
from rnnchat.model.config import CELLS, ModelConfig
from rnnchat.runtime.cell import GRAPH_CELLS
from rnnchat.runtime.quantisation import choose_most, quantise

Precision = Literal["float32", "int8"]

MAX_TABLE_BYTES = 64 * 2**20
"""The table of input products is built up to this size; a bigger vocabulary multiplies at each step."""


def build_constants(config: ModelConfig, weights: dict[str, np.ndarray], precision: Precision) -> dict[str, np.ndarray]:
    """All constants of a model's graphs, by name.

    Raises:
        ModelError: a weight is too large to be rounded to 8 bits, or is not a number.
    """
    constants = Constants(config, weights, precision)
    for layer in range(config.num_layers):
        GRAPH_CELLS[config.cell].add_constants(constants, layer)
    if config.has_projection:
        constants.add_product("projection", weights["projection.weight"], None)
    matrix = weights["embedding.weight" if config.tied else "output.weight"]
    constants.add_product("output", matrix, weights["output.bias"])
    return {name: np.ascontiguousarray(array) for name, array in constants.arrays.items()}


def has_table(config: ModelConfig) -> bool:
    """Are the first layer's input products looked up? One-hot symbols always are: there the table is the matrix."""
    rows = len(CELLS[config.cell].gates) * config.hidden_sizes[0]
    size = config.vocab_size * rows * 4
    return size <= MAX_TABLE_BYTES or not config.embedding_size


class Constants:
    """Collects the constants of one model."""

    def __init__(self, config: ModelConfig, weights: dict[str, np.ndarray], precision: Precision) -> None:
        self.arrays: dict[str, np.ndarray] = {}
        self._config, self.weights, self._precision = config, weights, precision

    def add_product(self, name: str, weight: np.ndarray, bias: np.ndarray | None) -> None:
        """Add what x (B, I) @ weight.T (I, N) + bias (N,) needs."""
        if bias is not None:
            self.arrays[f"{name}.bias"] = bias
        if self._precision == "float32":
            self.arrays[f"{name}.weight"] = weight
            return
        self.arrays[f"{name}.weight"], scale = quantise(weight, choose_most())
        if not np.isfinite(scale).all():
            raise ModelError(f"{name} of the model holds values that are not finite: train it again with a lower rate")
        self.arrays[f"{name}.scale"] = scale

    def can_join(self, layer: int) -> bool:
        """Whether W_ih and W_hh of a layer make one product: the first layer's inputs are looked up instead.

        A residual sum has no bound: in 8 bits, a hidden state beside it would be left with too few of them.
        """
        return layer > 0 and not self._config.adds_input(layer - 1)

    def add_inputs(self, layer: int, inputs: np.ndarray, bias: np.ndarray) -> None:
        """Add what W_ih x + bias comes from: (G*H, I) and (G*H,)."""
        if layer:
            self.add_product(f"layers.{layer}.inputs", inputs, bias)
        else:
            self._add_symbols(inputs, bias)

    def _add_symbols(self, inputs: np.ndarray, bias: np.ndarray) -> None:
        """Add what the first layer's inputs come from: (G*H, E or V) and (G*H,)."""
        embedding = self.weights.get("embedding.weight")  # (V, E)
        if embedding is not None and (self._config.adds_input(0) or not has_table(self._config)):
            self.arrays["embedding"] = embedding
        if has_table(self._config):
            products = inputs.T if embedding is None else embedding @ inputs.T  # (V, G*H)
            self.arrays["layers.0.table"] = products + bias
            return
        self.add_product("layers.0.inputs", inputs, bias)

    def gather(self, *names: str) -> np.ndarray:
        """Weights (G*H, ...) side by side, their gates in the order of the graph's cell."""
        parts = [self.weights[name] for name in names]
        gathered = parts[0] if len(parts) == 1 else np.concatenate(parts, axis=-1)
        order = GRAPH_CELLS[self._config.cell].gate_order
        if not order:
            return gathered
        gates = np.split(gathered, len(order))
        return np.concatenate([gates[gate] for gate in order])
