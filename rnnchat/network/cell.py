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

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from rnnchat.model.cell import CELLS, Cell
from rnnchat.network.torch_cell import LayerState, TorchCell, Weights
from rnnchat.network.window import WindowTorchCell

_ONE_LAYER: dict[str, Any] = {
    "has_biases": True, "num_layers": 1, "dropout": 0.0, "train": True, "bidirectional": False, "batch_first": True,
}  # fmt: skip
"""How the fused functions of torch are to take a layer."""


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


class ResetFirstCell(TorchCell):
    """Gated recurrent unit as first published (Cho et al. 2014): the reset gate acts before the recurrent product.

    ```
    r = σ(W_ir @ x + b_ir + W_hr @ h + b_hr)             reset gate: how much of the past the new may see
    z = σ(W_iz @ x + b_iz + W_hz @ h + b_hz)             update gate: how much of the old is kept
    n = tanh(W_in @ x + b_in + W_hn @ (r * h) + b_hn)    the new
    h' = (1 - z) * n + z * h
    ```
    """

    def step(self, x: Tensor, state: LayerState, weights: Weights) -> LayerState:
        """(B, I), ((B, H),) -> ((B, H),): see `TorchCell.step`."""
        (hidden,) = state
        size = hidden.shape[1]
        inputs = _project(x, weights["weight_ih"], weights["bias_ih"])
        input_rz, input_n = inputs[:, : 2 * size], inputs[:, 2 * size :]
        past, bias = weights["weight_hh"], weights["bias_hh"]
        r, z = _open_gates(self.cell, input_rz + _project(hidden, past[: 2 * size], bias[: 2 * size])).chunk(2, dim=1)
        n = torch.tanh(input_n + _project(r * hidden, past[2 * size :], bias[2 * size :]))
        return ((1 - z) * n + z * hidden,)


class HardLSTMCell(TorchCell):
    """The LSTM with gates clip(x / 5 + 1/2) instead of σ(x), as in Keras before 2.3."""

    def step(self, x: Tensor, state: LayerState, weights: Weights) -> LayerState:
        """(B, I), ((B, H), (B, H)) -> ((B, H), (B, H)): see `TorchCell.step`."""
        hidden, cell = state
        past = _project(hidden, weights["weight_hh"], weights["bias_hh"])
        i, f, g, o = (_project(x, weights["weight_ih"], weights["bias_ih"]) + past).chunk(4, dim=1)
        i, f, o = (_open_gates(self.cell, gate) for gate in (i, f, o))
        cell = f * cell + i * torch.tanh(g)
        return o * torch.tanh(cell), cell


class HardGRUCell(TorchCell):
    """The GRU with gates clip(x / 5 + 1/2) instead of σ(x)."""

    def step(self, x: Tensor, state: LayerState, weights: Weights) -> LayerState:
        """(B, I), ((B, H),) -> ((B, H),): see `TorchCell.step`."""
        (hidden,) = state
        input_r, input_z, input_n = _project(x, weights["weight_ih"], weights["bias_ih"]).chunk(3, dim=1)
        past_r, past_z, past_n = _project(hidden, weights["weight_hh"], weights["bias_hh"]).chunk(3, dim=1)
        r, z = _open_gates(self.cell, input_r + past_r), _open_gates(self.cell, input_z + past_z)
        return ((1 - z) * torch.tanh(input_n + r * past_n) + z * hidden,)


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
    "gru-reset-first": ResetFirstCell(CELLS["gru-reset-first"]),
    "lstm-hard": HardLSTMCell(CELLS["lstm-hard"]),
    "gru-hard": HardGRUCell(CELLS["gru-hard"]),
    "gru-reset-first-hard": ResetFirstCell(CELLS["gru-reset-first-hard"]),
    "textgenrnn": WindowTorchCell(CELLS["textgenrnn"]),
}
"""Every cell of ``CELLS`` by its name."""


def _open_gates(cell: Cell, x: Tensor) -> Tensor:
    """σ(x), or what a cell with hard gates has in its place."""
    return (x / 5 + 0.5).clamp(0, 1) if cell.has_hard_gates else torch.sigmoid(x)


def _project(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """``W @ x + b`` for each row of ``x``."""
    return nn.functional.linear(x, weight, bias)
