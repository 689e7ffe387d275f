"""The network: symbols in, a distribution over the next symbol out, the state held by the caller.

Letters: B streams, T time steps, V vocabulary, E embedding size, H hidden size of a layer.
"""

import itertools
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from rnnchat.model.config import ModelConfig
from rnnchat.network.cell import CELL_STEPS, LayerWeights

_LAYER_TENSORS = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")


class State(NamedTuple):
    """What the network remembers of everything it has read; a value that is never changed in place."""

    hidden: tuple[Tensor, ...]
    """One (B, H) per layer."""
    cell: tuple[Tensor, ...]
    """One (B, H) per layer for an LSTM, empty for the other cells."""

    def detach(self) -> "State":
        """The same numbers without their history: where back-propagation through time is cut."""
        return State(tuple(h.detach() for h in self.hidden), tuple(c.detach() for c in self.cell))


class LanguageModel(nn.Module):
    """Embedding (or one-hot input), recurrent layers of any sizes, output over the vocabulary.

    Dropout acts on the non-recurrent connections: the embedding, between the layers, and before the output.
    With ``tied`` the output uses the embedding matrix, through a projection where the sizes differ.
    """

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.config = config
        self._cell = CELL_STEPS[config.cell]
        sizes = (config.embedding_size or config.vocab_size, *config.hidden_sizes)
        last = config.hidden_sizes[-1]
        self.layers = nn.ModuleList(self._cell.build_module(i, h) for i, h in itertools.pairwise(sizes))
        self.dropout = nn.Dropout(config.dropout)
        if config.embedding_size:
            self.embedding = nn.Embedding(config.vocab_size, config.embedding_size)
        if config.tied:
            if config.embedding_size != last:
                self.projection = nn.Linear(last, config.embedding_size, bias=False)
            self.output_bias = nn.Parameter(torch.zeros(config.vocab_size))
        else:
            self.output = nn.Linear(last, config.vocab_size)
        self._initialize()

    def initial_state(self, streams: int) -> State:
        """The state that has read nothing, for B = ``streams``."""
        parameter = next(self.parameters())
        hidden, cell = (
            tuple(parameter.new_zeros(streams, size) for size in self.config.hidden_sizes) for _ in State._fields
        )
        return State(hidden, cell if self.config.cell == "lstm" else ())

    def forward(self, ids: Tensor, state: State | None = None) -> tuple[Tensor, State]:
        """Read a window of every stream.

        Args:
            ids: (B, T)
            state: what was remembered before the window; nothing by default.

        Returns:
            Logits (B, T, V), for the symbol after each one read, and the state after the window.
        """
        state = state or self.initial_state(len(ids))
        x = self._embed(ids)  # (B, T, E)
        after = []
        for index, layer in enumerate(self.layers):
            before = [part[index].unsqueeze(0) for part in state if part]  # each (1, B, H)
            x, final = layer(x, tuple(before) if state.cell else before[0])  # (B, T, H)
            after.append(final if state.cell else (final,))
            x = self.dropout(x)
        return self._predict(x), _collect([tuple(part.squeeze(0) for part in parts) for parts in after])

    def step(self, ids: Tensor, state: State) -> tuple[Tensor, State]:
        """Read one symbol of every stream: equal to `forward` with T = 1 and dropout off, and several times faster.

        Args:
            ids: (B,)
            state: what was remembered before.

        Returns:
            Logits (B, V) and the next state.
        """
        x = self._embed(ids)  # (B, E)
        after = []
        for index in range(len(self.layers)):
            parts = tuple(part[index] for part in state if part)
            after.append(self._cell.step(x, parts, self.layer_weights(index)))
            x = after[-1][0]  # (B, H)
        return self._predict(x), _collect(after)

    def layer_weights(self, index: int) -> LayerWeights:
        """The parameters of layer ``index``."""
        layer = self.layers[index]
        return LayerWeights(*(getattr(layer, f"{name}_l0") for name in _LAYER_TENSORS))

    def _embed(self, ids: Tensor) -> Tensor:
        if not self.config.embedding_size:
            one_hot = functional.one_hot(ids, self.config.vocab_size)
            return one_hot.to(self.layer_weights(0).weight_ih.dtype)  # (..., V)
        embedded: Tensor = self.dropout(self.embedding(ids))  # (..., E)
        return embedded

    def _predict(self, x: Tensor) -> Tensor:
        """(..., H) -> (..., V)"""
        if not self.config.tied:
            logits: Tensor = self.output(x)
            return logits
        if self.config.embedding_size != self.config.hidden_sizes[-1]:
            x = self.projection(x)  # (..., E)
        return functional.linear(x, self.embedding.weight, self.output_bias)

    def _initialize(self) -> None:
        """Start values: as torch draws them, a smaller embedding when it is tied.

        An LSTM's forget gates are not opened (a bias of 1, as is often advised): with a state that is carried for
        ever it learnt slower here, 1.56 against 1.50 nats after 90 s on plays, and its cells grew to 170.
        """
        if self.config.tied:
            nn.init.normal_(self.embedding.weight, std=self.config.embedding_size**-0.5)


def name_parameters(module: LanguageModel) -> dict[str, nn.Parameter]:
    """The parameters under their names in the model file, in its order."""
    parameters = {
        f"layers.{index}.{name}": tensor
        for index in range(len(module.layers))
        for name, tensor in module.layer_weights(index)._asdict().items()
    }
    for name, parameter in module.named_parameters():
        if not name.startswith("layers."):
            parameters[name.replace("output_bias", "output.bias")] = parameter
    return {name: parameters[name] for name in module.config.weight_shapes()}


def load_weights(module: LanguageModel, weights: Mapping[str, np.ndarray]) -> None:
    """Copy the tensors of a model file into the network (as float32, whatever they were stored as)."""
    with torch.no_grad():
        for name, parameter in name_parameters(module).items():
            parameter.copy_(torch.from_numpy(weights[name].astype(np.float32)))


def export_weights(module: LanguageModel) -> dict[str, np.ndarray]:
    """A copy of the network's tensors under their names in the model file, float32."""
    return {name: parameter.detach().cpu().numpy().copy() for name, parameter in name_parameters(module).items()}


def _collect(layers: list[tuple[Tensor, ...]]) -> State:
    """Per-layer states to one `State`."""
    hidden = tuple(parts[0] for parts in layers)
    return State(hidden, tuple(parts[1] for parts in layers if len(parts) == 2))
