"""The network: symbols in, a distribution over the next symbol out, the state held by the caller.

Letters: B streams, T time steps, V vocabulary, E embedding size, H hidden size of a layer, F features that the output
layer reads (E where it shares the embedding, else H of the last layer).
"""

import itertools
from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from rnnchat.model.config import CELLS, ModelConfig
from rnnchat.model.state import State
from rnnchat.network.cell import TORCH_CELLS
from rnnchat.network.regularisation import Regularisation
from rnnchat.network.torch_cell import LayerState

_NOTHING = Regularisation()
"""Outside training nothing is dropped."""


class Network(nn.Module):
    """Embedding (or one-hot input), recurrent layers of any sizes, output over the vocabulary.

    Dropout acts on the non-recurrent connections: the embedding, between the layers, and before the output; `forward`
    takes a `Regularisation` for all else that is dropped. With ``tied`` the output uses the embedding matrix, through
    a projection where the sizes differ; with ``residual`` a layer's input is added to its output where both are of
    one size.
    """

    penalty: Tensor | None = None
    """What the last `forward` of a training adds to the loss; None without a penalty."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.config = config
        self._cell = TORCH_CELLS[config.cell]
        sizes = (config.embedding_size or config.vocab_size, *config.hidden_sizes)
        last = config.hidden_sizes[-1]
        self.layers = nn.ModuleList(self._cell.build_module(i, h) for i, h in itertools.pairwise(sizes))
        self._plain = Regularisation(config.dropout)
        if config.embedding_size:
            self.embedding = nn.Embedding(config.vocab_size, config.embedding_size)
        if config.tied:
            if config.embedding_size != last:
                self.projection = nn.Linear(last, config.embedding_size, bias=False)
            self.output_bias = nn.Parameter(torch.zeros(config.vocab_size))
        else:
            self.output = nn.Linear(last, config.vocab_size)
        self._initialize()

    def initial_state(self, streams: int) -> State[Tensor]:
        """The state that has read nothing, for B = ``streams``."""
        parameter = next(self.parameters())
        zeros = (parameter.new_zeros(streams, *shape) for shape in self.config.state_shapes().values())
        return State.pack(zeros, len(CELLS[self.config.cell].states))

    def forward(
        self, ids: Tensor, state: State[Tensor] | None = None, regularisation: Regularisation | None = None
    ) -> tuple[Tensor, State[Tensor]]:
        """Read a window of every stream.

        Args:
            ids: (B, T)
            state: what was remembered before the window; nothing by default.
            regularisation: what is dropped and penalised, in training mode only; plain dropout by default.

        Returns:
            Logits (B, T, V), for the symbol after each one read, and the state after the window.
        """
        features, state = self.read(ids, state, regularisation)
        return functional.linear(features, *self.output_layer), state

    def read(
        self, ids: Tensor, state: State[Tensor] | None = None, regularisation: Regularisation | None = None
    ) -> tuple[Tensor, State[Tensor]]:
        """Read a window of every stream, as `forward` does, without the output layer.

        Returns:
            Features (B, T, F), from which the output layer makes logits, and the state after the window.
        """
        state = state or self.initial_state(len(ids))
        chosen = (regularisation or self._plain) if self.training else _NOTHING
        x = chosen.drop_input(chosen.drop_symbols(self._embed(ids), ids, self.config.vocab_size))  # (B, T, E)
        after = []
        last = len(self.layers) - 1
        for index in range(last + 1):
            hidden, final = self._read_layer(index, x, state.layers[index], chosen)  # (B, T, H)
            after.append(final)
            x = hidden + x if self.config.adds_input(index) else hidden
            x = chosen.drop_between(x) if index < last else chosen.drop_output(x)
        self.penalty = chosen.measure_penalty(hidden, x) if chosen.has_penalty else None
        return self._project(x), State(tuple(after))

    def step(self, ids: Tensor, state: State[Tensor]) -> tuple[Tensor, State[Tensor]]:
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
            after.append(self._cell.step(x, state.layers[index], self.layer_weights(index)))
            hidden = after[-1][0]  # (B, H)
            x = hidden + x if self.config.adds_input(index) else hidden
        return functional.linear(self._project(x), *self.output_layer), State(tuple(after))

    @property
    def output_layer(self) -> tuple[Tensor, Tensor]:
        """Weight (V, F) and bias (V,)."""
        if self.config.tied:
            return self.embedding.weight, self.output_bias
        return self.output.weight, self.output.bias

    def layer_weights(self, index: int) -> dict[str, nn.Parameter]:
        """The parameters of layer ``index``, by their names in ``Cell.weight_shapes``."""
        return self._cell.weights(self.layers[index])

    def _read_layer(
        self, index: int, x: Tensor, before: LayerState, regularisation: Regularisation
    ) -> tuple[Tensor, LayerState]:
        """Run a layer over x (B, T, I) from its state: its outputs (B, T, H) and its state after them."""
        if not regularisation.weight_drop:
            return self._cell.run(self.layers[index], x, before)
        weights: dict[str, Tensor] = {**self.layer_weights(index)}
        for name in self._cell.cell.recurrent:
            weights[name] = regularisation.drop_weights(weights[name])
        return self._cell.read(x, before, weights)

    def _embed(self, ids: Tensor) -> Tensor:
        if not self.config.embedding_size:
            one_hot = functional.one_hot(ids, self.config.vocab_size)
            return one_hot.to(next(self.parameters()).dtype)  # (..., V)
        embedded: Tensor = self.embedding(ids)  # (..., E)
        return embedded

    def _project(self, x: Tensor) -> Tensor:
        """(..., H) -> (..., F): as many numbers as the output layer reads."""
        if self.config.tied and self.config.embedding_size != self.config.hidden_sizes[-1]:
            x = self.projection(x)
        return x

    def _initialize(self) -> None:
        """Start values: as torch draws them, a smaller embedding when it is tied.

        An LSTM's forget gates are not opened (a bias of 1, as is often advised): with a state that is carried for
        ever it learnt slower here, 1.56 against 1.50 nats after 90 s on plays, and its cells grew to 170.
        """
        if self.config.tied:
            nn.init.normal_(self.embedding.weight, std=self.config.embedding_size**-0.5)


def name_parameters(module: Network) -> dict[str, nn.Parameter]:
    """The parameters under their names in the model file, in its order."""
    parameters = {
        f"layers.{index}.{name}": tensor
        for index in range(len(module.layers))
        for name, tensor in module.layer_weights(index).items()
    }
    for name, parameter in module.named_parameters():
        if not name.startswith("layers."):
            parameters[name.replace("output_bias", "output.bias")] = parameter
    return {name: parameters[name] for name in module.config.weight_shapes()}


def load_weights(module: Network, weights: Mapping[str, np.ndarray]) -> None:
    """Copy the tensors of a model file into the network (as float32, whatever they were stored as)."""
    with torch.no_grad():
        for name, parameter in name_parameters(module).items():
            parameter.copy_(torch.from_numpy(weights[name].astype(np.float32)))


def export_weights(module: Network) -> dict[str, np.ndarray]:
    """A copy of the network's tensors under their names in the model file, float32."""
    return {name: parameter.detach().cpu().numpy().copy() for name, parameter in name_parameters(module).items()}
