"""The network of textgenrnn in torch: `rnnchat.model.cell.WindowCell` says what it computes.

Letters: B streams, I embedding, K layers, U units of a layer, W window, D = I + K*U what is averaged.
"""

import torch
from torch import Tensor
from torch.nn import functional

from rnnchat.model.cell import WindowCell
from rnnchat.network.torch_cell import LayerState, TorchCell, Weights

_LEAST = -1e9
"""Largest attention of a run that has read nothing."""
_EPSILON = 1e-7
"""Added to the sum of the weights, as in the original."""


class WindowTorchCell(TorchCell):
    """All runs take the present symbol in one step, as if they were streams of a batch."""

    cell: WindowCell

    def step(self, x: Tensor, state: LayerState, weights: Weights) -> LayerState:
        """(B, I), ((B, D), (B, W, N)) -> ((B, D), (B, W, N)): see `TorchCell.step`."""
        padded, fresh = self._read_padding(weights)
        before = torch.cat([fresh.expand(len(x), 1, -1), (state[1] + padded)[:, :-1]], 1)
        runs = self._read(x.unsqueeze(1).expand(-1, self.cell.window, -1), before, weights)
        total, count = self._split(runs[:, -1], weights)[-4:-2]
        return total / (count + _EPSILON), runs - padded

    def _read_padding(self, weights: Weights) -> tuple[Tensor, Tensor]:
        """States (1, W, N) after 1 to W paddings, and that (1, 1, N) of a run that has read nothing."""
        padding = weights["padding"].unsqueeze(1)  # (1, 1, I)
        run = padding.new_zeros(1, 1, 3 * weights["attention"].shape[1] + 2)
        largest = run.shape[2] - 2 * padding.shape[2] - 1
        run[:, :, largest] = _LEAST
        runs = [run]
        for _ in range(self.cell.window):
            runs.append(self._read(padding, runs[-1], weights))
        return torch.cat(runs[1:], 1), run

    def _split(self, runs: Tensor, weights: Weights) -> tuple[Tensor, ...]:
        """The parts of states (..., N): h and c of each LSTM, then sum, count, largest and what is spare."""
        units = [weights["lstm_0_weight_hh"].shape[1]] * (2 * self.cell.layers)
        size = weights["attention"].shape[1]
        sizes = [*units, size, 1, 1, 2 * weights["padding"].shape[1]]
        parts: tuple[Tensor, ...] = torch.split(runs, sizes, dim=-1)
        return parts

    def _read(self, x: Tensor, before: Tensor, weights: Weights) -> Tensor:
        """Read x (B, R, I) in each of R runs: states (B, R, N) to (B, R, N)."""
        *states, total, count, largest, spare = self._split(before, weights)
        places, after = [x], []
        for inner in range(self.cell.layers):
            name, h, c = f"lstm_{inner}", states[2 * inner], states[2 * inner + 1]
            gates = functional.linear(places[-1], weights[f"{name}_weight_ih"], weights[f"{name}_bias_ih"])
            gates = gates + functional.linear(h, weights[f"{name}_weight_hh"], weights[f"{name}_bias_hh"])
            i, f, g, o = gates.chunk(4, dim=-1)
            c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
            h = torch.sigmoid(o) * torch.tanh(c)
            places.append(h)
            after += [h, c]
        place = torch.cat(places, -1)
        logit = functional.linear(place, weights["attention"])
        higher = torch.maximum(largest, logit)
        kept, weight = torch.exp(largest - higher), torch.exp(logit - higher)
        return torch.cat([*after, total * kept + place * weight, count * kept + weight, higher, spare], -1)
