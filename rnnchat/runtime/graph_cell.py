"""What every recurrent cell is as a part of an ONNX graph.

Letters: B batch, I input of a layer, H hidden, G gates.
"""

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

from rnnchat.model.cell import Cell

if TYPE_CHECKING:
    from rnnchat.runtime.constant import Constants
    from rnnchat.runtime.graph import Builder


class GraphCell(ABC):
    """How a layer of a cell is computed for one symbol."""

    def __init__(self, cell: Cell, gate_order: tuple[str, ...] = ()) -> None:
        """Args: what it is a cell of; the gates in the order in which constants stack them, if not the cell's own."""
        self.cell = cell
        self.gate_order = tuple(map(cell.gates.index, gate_order))
        self.gate_operator = "HardSigmoid" if cell.has_hard_gates else "Sigmoid"

    def add_constants(self, constants: "Constants", layer: int) -> None:
        """Add what ``add_step`` needs: here W_ih, W_hh and one bias, joined into one product where they can be."""
        part = f"layers.{layer}"
        bias = constants.gather(f"{part}.bias_ih") + constants.gather(f"{part}.bias_hh")
        if constants.can_join(layer):
            joined = constants.gather(f"{part}.weight_ih", f"{part}.weight_hh")
            constants.add_product(f"{part}.gates", joined, bias)
            return
        constants.add_product(f"{part}.recurrent", constants.gather(f"{part}.weight_hh"), None)
        constants.add_inputs(layer, constants.gather(f"{part}.weight_ih"), bias)

    @abstractmethod
    def add_step(self, builder: "Builder", layer: int, x: str | None, ids: str) -> str:
        """Add the nodes of one symbol: from the states ``hidden.N``, … to ``hidden.N.next``, ….

        Args:
            builder: collects nodes.
            layer: N.
            x: name of the layer's input (B, I); None for the first layer, whose input are symbols.
            ids: name of the symbols (B,).

        Returns:
            the name of the layer's output (B, H).
        """
