"""One time step of each recurrent cell, written out as its equations.

These are the reference: `LanguageModel.forward` runs the same functions through torch's fused ``nn.LSTM``,
``nn.GRU`` and ``nn.RNN`` over whole windows, and the tests hold the two together. They are also the faster way
to take a single step, because the fused modules spend most of a short call on setting up.

Letters: B streams, I input size of the layer, H hidden size of the layer. ``@`` is the matrix product, ``*`` the
product element by element, ``σ`` the logistic function; W and b carry the gate they belong to, the input part
(``i``) or the recurrent part (``h``). Weights of all gates of a layer are stacked along the first axis, in the
order in which the equations list the gates; there are two biases per gate, as in torch and cuDNN.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

import torch
from torch import Tensor, nn

from rnnchat.model.config import Cell

_ONE_LAYER: dict[str, Any] = {
    "has_biases": True, "num_layers": 1, "dropout": 0.0, "train": True, "bidirectional": False, "batch_first": True,
}  # fmt: skip
"""How the fused functions of torch are to take a layer."""


class LayerWeights(NamedTuple):
    """The four tensors of one layer with G gates."""

    weight_ih: Tensor
    """(G*H, I)"""
    weight_hh: Tensor
    """(G*H, H)"""
    bias_ih: Tensor
    """(G*H,)"""
    bias_hh: Tensor
    """(G*H,)"""


class CellStep(Protocol):
    """What every cell is: a pure function from an input and a layer's state to the layer's next state."""

    def step(self, x: Tensor, state: tuple[Tensor, ...], weights: LayerWeights) -> tuple[Tensor, ...]:
        """One time step.

        Args:
            x: (B, I)
            state: the hidden state (B, H), and for the LSTM the cell state (B, H) after it.
            weights: the layer's weights.

        Returns:
            The next state, of the same shapes; its first element is also the layer's output.
        """
        ...

    def build_module(self, input_size: int, hidden_size: int) -> nn.RNNBase:
        """The fused torch module that computes the same over a whole window (B, T, I)."""
        ...

    def read(self, x: Tensor, state: list[Tensor], weights: LayerWeights) -> tuple[Tensor, ...]:
        """What that module computes with weights that need not be its own.

        Args:
            x: (B, T, I)
            state: as for `step`, each (1, B, H).
            weights: the layer's weights.

        Returns:
            The outputs (B, T, H) and the state after them, each (1, B, H).
        """
        ...


class LSTMCell:
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

    def step(self, x: Tensor, state: tuple[Tensor, ...], weights: LayerWeights) -> tuple[Tensor, ...]:
        """(B, I), ((B, H), (B, H)) -> ((B, H), (B, H)): see `CellStep.step`."""
        hidden, cell = state
        gates = _project(x, weights.weight_ih, weights.bias_ih) + _project(
            hidden, weights.weight_hh, weights.bias_hh
        )  # (B, 4H)
        i, f, g, o = gates.chunk(4, dim=1)  # each (B, H)
        cell = torch.sigmoid(f) * cell + torch.sigmoid(i) * torch.tanh(g)
        return torch.sigmoid(o) * torch.tanh(cell), cell

    def build_module(self, input_size: int, hidden_size: int) -> nn.RNNBase:
        """``nn.LSTM``, which runs on oneDNN on a CPU and on cuDNN on a GPU."""
        return nn.LSTM(input_size, hidden_size, batch_first=True)

    def read(self, x: Tensor, state: list[Tensor], weights: LayerWeights) -> tuple[Tensor, ...]:
        """See `CellStep.read`."""
        return torch.lstm(x, state, weights, **_ONE_LAYER)


class GRUCell:
    """Gated recurrent unit, in the form of cuDNN: the reset gate acts after the recurrent product.

    ```
    r = σ(W_ir @ x + b_ir + W_hr @ h + b_hr)             reset gate: how much of the past the new may see
    z = σ(W_iz @ x + b_iz + W_hz @ h + b_hz)             update gate: how much of the old is kept
    n = tanh(W_in @ x + b_in + r * (W_hn @ h + b_hn))    the new
    h' = (1 - z) * n + z * h
    ```
    """

    def step(self, x: Tensor, state: tuple[Tensor, ...], weights: LayerWeights) -> tuple[Tensor, ...]:
        """(B, I), ((B, H),) -> ((B, H),): see `CellStep.step`."""
        (hidden,) = state
        input_r, input_z, input_n = _project(x, weights.weight_ih, weights.bias_ih).chunk(3, dim=1)
        past_r, past_z, past_n = _project(hidden, weights.weight_hh, weights.bias_hh).chunk(3, dim=1)
        r = torch.sigmoid(input_r + past_r)
        z = torch.sigmoid(input_z + past_z)
        n = torch.tanh(input_n + r * past_n)
        return ((1 - z) * n + z * hidden,)

    def build_module(self, input_size: int, hidden_size: int) -> nn.RNNBase:
        """``nn.GRU``."""
        return nn.GRU(input_size, hidden_size, batch_first=True)

    def read(self, x: Tensor, state: list[Tensor], weights: LayerWeights) -> tuple[Tensor, ...]:
        """See `CellStep.read`."""
        return torch.gru(x, state[0], weights, **_ONE_LAYER)


@dataclass(frozen=True)
class SimpleCell:
    """The plain (Elman) recurrent network.

    ```
    h' = φ(W_i @ x + b_i + W_h @ h + b_h)      φ is tanh or max(0, ·)
    ```
    """

    nonlinearity: str
    """``tanh`` or ``relu``, as ``nn.RNN`` names them."""
    activate: Callable[[Tensor], Tensor]
    """φ"""

    def step(self, x: Tensor, state: tuple[Tensor, ...], weights: LayerWeights) -> tuple[Tensor, ...]:
        """(B, I), ((B, H),) -> ((B, H),): see `CellStep.step`."""
        (hidden,) = state
        total = _project(x, weights.weight_ih, weights.bias_ih) + _project(hidden, weights.weight_hh, weights.bias_hh)
        return (self.activate(total),)

    def build_module(self, input_size: int, hidden_size: int) -> nn.RNNBase:
        """``nn.RNN``."""
        return nn.RNN(input_size, hidden_size, nonlinearity=self.nonlinearity, batch_first=True)

    def read(self, x: Tensor, state: list[Tensor], weights: LayerWeights) -> tuple[Tensor, ...]:
        """See `CellStep.read`."""
        function = torch.rnn_tanh if self.nonlinearity == "tanh" else torch.rnn_relu
        return function(x, state[0], weights, **_ONE_LAYER)


CELL_STEPS: dict[Cell, CellStep] = {
    "lstm": LSTMCell(),
    "gru": GRUCell(),
    "rnn-tanh": SimpleCell("tanh", torch.tanh),
    "rnn-relu": SimpleCell("relu", torch.relu),
}
"""Every cell of `rnnchat.model.config.CELLS` by its name."""


def _project(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """``W @ x + b`` for each row of ``x``."""
    return nn.functional.linear(x, weight, bias)
