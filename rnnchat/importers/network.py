"""From the weights of another program to a model of rnnchat.

Letters: V vocabulary, E embedding, H hidden, I input of a layer, G gates.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from rnnchat.importers.array import Array
from rnnchat.model.config import ModelConfig
from rnnchat.model.file import Model
from rnnchat.model.record import ModelCard
from rnnchat.text.tokenizer import Tokenizer


class Layer(NamedTuple):
    """A recurrent layer, its gates in rnnchat's order (`rnnchat.model.config`)."""

    weight_ih: np.ndarray
    """(G*H, I)"""
    weight_hh: np.ndarray
    """(G*H, H)"""
    bias_ih: np.ndarray
    """(G*H,)"""
    bias_hh: np.ndarray
    """(G*H,)"""


@dataclass
class Network:
    """A network as rnnchat computes it."""

    cell: str
    layers: list[Layer]
    output_weight: np.ndarray
    """(V, H), or (V, D) behind dense layers."""
    output_bias: np.ndarray
    """(V,)"""
    embedding: np.ndarray | None = None
    """(V, E); None where symbols are one-hot."""
    title: str = ""
    """What the file is, in a few words."""
    window_weights: dict[str, np.ndarray] = field(default_factory=dict)
    """Weights of the one layer of a `rnnchat.model.cell.WindowCell`, which has no ``layers`` of its own."""

    @property
    def vocab_size(self) -> int:
        """V"""
        return len(self.output_weight)


def split_bias(bias: np.ndarray | None, rows: int) -> tuple[np.ndarray, np.ndarray]:
    """The two biases of a layer from its one: (G*H,) and zeros."""
    return (np.zeros(rows, np.float32) if bias is None else bias), np.zeros(rows, np.float32)


def reorder(weight: np.ndarray, old: str, new: str) -> np.ndarray:
    """Gates stacked along the first axis (G*H, ...) in the order ``new`` instead of ``old``, a letter each."""
    parts = np.split(weight, len(old))
    return np.concatenate([parts[old.index(gate)] for gate in new])


def build_model(network: Network, tokenizer: Tokenizer) -> Model:
    """The model of a network and its vocabulary.

    Raises:
        UsageError: the sizes are out of range.
        ValueError: the shapes do not fit together.
    """
    is_tied = network.embedding is not None and (
        network.embedding is network.output_weight or np.array_equal(network.embedding, network.output_weight)
    )
    sizes = tuple(layer.weight_hh.shape[1] for layer in network.layers)
    config = ModelConfig(
        vocab_size=network.vocab_size,
        cell=network.cell,
        hidden_sizes=sizes or network.output_weight.shape[1:],
        embedding_size=0 if network.embedding is None else network.embedding.shape[1],
        tied=is_tied,
    )
    weights: dict[str, np.ndarray] = {}
    if network.embedding is not None:
        weights["embedding.weight"] = network.embedding
    for index, layer in enumerate(network.layers):
        for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh"):
            weights[f"layers.{index}.{name}"] = getattr(layer, name)
    if not is_tied:
        weights["output.weight"] = network.output_weight
    weights["output.bias"] = network.output_bias
    weights |= {f"layers.0.{name}": weight for name, weight in network.window_weights.items()}
    shapes = config.weight_shapes()
    for name, shape in shapes.items():
        if name not in weights or weights[name].shape != shape:
            found = weights[name].shape if name in weights else "missing"
            raise ValueError(f"its sizes do not fit together: {name} is {found} instead of {shape}")
    if tokenizer.vocab_size != config.vocab_size:
        raise ValueError(f"it has {tokenizer.vocab_size} symbols for a network of {config.vocab_size}")
    ordered = {name: np.ascontiguousarray(weights[name], np.float32) for name in shapes}
    return Model(config, tokenizer, ordered, card=ModelCard(description=network.title))


def check_size(arrays: Sequence[Array], file_bytes: int) -> None:
    """Refuse arrays that are views of the same numbers, again and again.

    Raises:
        ValueError: they would take many times the file's size.
    """
    if sum(array.size for array in arrays) * 4 > 2 * file_bytes + 2**20:
        raise ValueError("its arrays hold more numbers than the file")
