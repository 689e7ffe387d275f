"""One time step of each recurrent cell, written out as its equations.

These are the reference: `Network.forward` runs the same functions through torch's fused ``nn.LSTM``, ``nn.GRU`` and
``nn.RNN`` over whole windows, and the tests hold the two together. They are also the faster way to take a single
step, because the fused modules spend most of a short call on setting up. A cell that torch has no fused form of
needs its ``step`` alone: windows are read with it step by step.

Letters: B streams, T time steps, I input size of the layer, H hidden size of the layer. ``@`` is the matrix product,
``*`` the product element by element, ``σ`` the logistic function; W and b carry the gate they belong to, the input
part (``i``) or the recurrent part (``h``). Weights of all gates of a layer are stacked along the first axis, in the
order in which the equations list the gates; there are two biases per gate, as in torch and cuDNN.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from rnnchat.model.cell import CELLS, Cell

_ONE_LAYER: dict[str, Any] = {
    "has_biases": True, "num_layers": 1, "dropout": 0.0, "train": True, "bidirectional": False, "batch_first": True,
}  # fmt: skip
"""How the fused functions of torch are to take a layer."""

Weights = Mapping[str, Tensor]
"""A layer's weights under the names that ``Cell.weight_shapes`` gives them."""
LayerState = tuple[Tensor, ...]
"""What a layer remembers of B streams, each part (B, ...), in the order of ``Cell.state_shapes``."""


@dataclass(frozen=True)
class TorchCell(ABC):
    """A recurrent cell in torch: a pure function from an input and a layer's state to the layer's next state."""

    cell: Cell
    """What it is a cell of."""

    @abstractmethod
    def step(self, x: Tensor, state: LayerState, weights: Weights) -> LayerState:
        """One time step.

        Args:
            x: (B, I)
            state: what the layer remembers.
            weights: the layer's weights.

        Returns:
            The next state, of the same shapes; its first part is also the layer's output.
        """

    def build_module(self, input_size: int, hidden_size: int) -> nn.Module:
        """A layer's parameters, each as torch draws those of its own cells: uniform within ±1/√H."""
        return LayerParameters(self.cell.weight_shapes(input_size, hidden_size), hidden_size**-0.5)

    def weights(self, module: nn.Module) -> dict[str, nn.Parameter]:
        """The parameters of a module that ``build_module`` made."""
        return {name: getattr(module, name) for name in self.cell.weight_shapes(1, 1)}

    def run(self, module: nn.Module, x: Tensor, state: LayerState) -> tuple[Tensor, LayerState]:
        """Read a window with the module's own weights; see ``read``."""
        return self.read(x, state, self.weights(module))

    def read(self, x: Tensor, state: LayerState, weights: Weights) -> tuple[Tensor, LayerState]:
        """Read a window.

        Args:
            x: (B, T, I)
            state: what the layer remembers.
            weights: the layer's weights.

        Returns:
            The outputs (B, T, H) and the state after them.
        """
        outputs = []
        for each in x.unbind(1):
            state = self.step(each, state, weights)
            outputs.append(state[0])
        return torch.stack(outputs, 1), state


class LayerParameters(nn.Module):
    """The parameters of one layer, for cells that are no module of torch."""

    def __init__(self, shapes: Mapping[str, tuple[int, ...]], bound: float) -> None:
        super().__init__()
        for name, shape in shapes.items():
            self.register_parameter(name, nn.Parameter(torch.empty(shape).uniform_(-bound, bound)))


class FusedCell(TorchCell):
    """A cell with a fused module of torch, which runs on oneDNN on a CPU and on cuDNN on a GPU."""

    def build_module(self, input_size: int, hidden_size: int) -> nn.Module:
        """``nn.LSTM``, ``nn.GRU`` or ``nn.RNN``."""
        build = getattr(nn, self.cell.torch_module)
        module: nn.Module = build(input_size, hidden_size, batch_first=True, **self.cell.torch_arguments)
        return module

    def weights(self, module: nn.Module) -> dict[str, nn.Parameter]:
        """See `TorchCell.weights`."""
        return {name: getattr(module, f"{name}_l0") for name in self.cell.weight_shapes(1, 1)}

    def run(self, module: nn.Module, x: Tensor, state: LayerState) -> tuple[Tensor, LayerState]:
        """See `TorchCell.run`."""
        before = tuple(part.unsqueeze(0) for part in state)  # each (1, B, H)
        outputs, after = module(x, before if len(before) > 1 else before[0])
        return outputs, tuple(part.squeeze(0) for part in (after if len(before) > 1 else (after,)))

    def read(self, x: Tensor, state: LayerState, weights: Weights) -> tuple[Tensor, LayerState]:
        """What the module computes, with weights that need not be its own."""
        before = [part.unsqueeze(0) for part in state]
        given = before if len(before) > 1 else before[0]
        outputs, *after = self._function(x, given, tuple(weights.values()), **_ONE_LAYER)
        return outputs, tuple(part.squeeze(0) for part in after)

    @property
    def _function(self) -> Callable[..., Any]:
        """``torch.lstm``, ``torch.gru``, ``torch.rnn_tanh`` or ``torch.rnn_relu``."""
        names = [self.cell.torch_module, *self.cell.torch_arguments.values()]
        function: Callable[..., Any] = getattr(torch, "_".join(names).lower())
        return function


class LSTMCell(FusedCell):
    """Long short-term memory with a forget gate.

    ```
    i = σ(W_ii @ x + b_ii + W_hi @ h + b_hi)         input gate: how much of the new is written
    f = σ(W_if @ x + b_if + W_hf @ h + b_hf)         forget gate: how much of the old is kept
    g = tanh(W_ig @ x + b_ig + W_hg @ h + b_hg)      the new
    o = σ(W_io @ x + b_io + W_ho @ h + b_ho)         output gate: how much is shown
    c' = f * c + i * g
    h' = o * tanh(c')
    ```
    """

    def step(self, x: Tensor, state: LayerState, weights: Weights) -> LayerState:
        """(B, I), ((B, H), (B, H)) -> ((B, H), (B, H)): see `TorchCell.step`."""
        hidden, cell = state
        gates = _project(x, weights["weight_ih"], weights["bias_ih"]) + _project(
            hidden, weights["weight_hh"], weights["bias_hh"]
        )  # (B, 4H)
        i, f, g, o = gates.chunk(4, dim=1)  # each (B, H)
        cell = torch.sigmoid(f) * cell + torch.sigmoid(i) * torch.tanh(g)
        return torch.sigmoid(o) * torch.tanh(cell), cell


class GRUCell(FusedCell):
    """Gated recurrent unit, in the form of cuDNN: the reset gate acts after the recurrent product.

    ```
    r = σ(W_ir @ x + b_ir + W_hr @ h + b_hr)             reset gate: how much of the past the new may see
    z = σ(W_iz @ x + b_iz + W_hz @ h + b_hz)             update gate: how much of the old is kept
    n = tanh(W_in @ x + b_in + r * (W_hn @ h + b_hn))    the new
    h' = (1 - z) * n + z * h
    ```
    """

    def step(self, x: Tensor, state: LayerState, weights: Weights) -> LayerState:
        """(B, I), ((B, H),) -> ((B, H),): see `TorchCell.step`."""
        (hidden,) = state
        input_r, input_z, input_n = _project(x, weights["weight_ih"], weights["bias_ih"]).chunk(3, dim=1)
        past_r, past_z, past_n = _project(hidden, weights["weight_hh"], weights["bias_hh"]).chunk(3, dim=1)
        r = torch.sigmoid(input_r + past_r)
        z = torch.sigmoid(input_z + past_z)
        n = torch.tanh(input_n + r * past_n)
        return ((1 - z) * n + z * hidden,)


class SimpleCell(FusedCell):
    """The plain (Elman) recurrent network.

    ```
    h' = φ(W_i @ x + b_i + W_h @ h + b_h)      φ is tanh or max(0, ·)
    ```
    """

    def step(self, x: Tensor, state: LayerState, weights: Weights) -> LayerState:
        """(B, I), ((B, H),) -> ((B, H),): see `TorchCell.step`."""
        (hidden,) = state
        total = _project(x, weights["weight_ih"], weights["bias_ih"]) + _project(
            hidden, weights["weight_hh"], weights["bias_hh"]
        )
        return (getattr(torch, self.cell.torch_arguments["nonlinearity"])(total),)


TORCH_CELLS: dict[str, TorchCell] = {
    "lstm": LSTMCell(CELLS["lstm"]),
    "gru": GRUCell(CELLS["gru"]),
    "rnn-tanh": SimpleCell(CELLS["rnn-tanh"]),
    "rnn-relu": SimpleCell(CELLS["rnn-relu"]),
}
"""Every cell of ``CELLS`` by its name."""


def _project(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """``W @ x + b`` for each row of ``x``."""
    return nn.functional.linear(x, weight, bias)
