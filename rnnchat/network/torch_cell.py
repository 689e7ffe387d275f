"""What every recurrent cell is in torch.

Letters: B streams, T time steps, I input size of the layer, H hidden size of the layer.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from rnnchat.model.cell import Cell

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
