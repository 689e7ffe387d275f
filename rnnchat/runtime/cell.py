"""Each recurrent cell as constants and nodes of an ONNX graph.

Letters: B batch, I input of a layer, H hidden, G gates.
"""

from typing import TYPE_CHECKING

from rnnchat.model.cell import CELLS, Cell
from rnnchat.runtime.graph_cell import GraphCell
from rnnchat.runtime.window import WindowGraph

if TYPE_CHECKING:
    from rnnchat.runtime.constant import Constants
    from rnnchat.runtime.graph import Builder


class LSTMGraph(GraphCell):
    """c' = f·c + i·g, h' = o·tanh(c') with i, f, o = σ(…), g = tanh(…)."""

    def add_step(self, builder: "Builder", layer: int, x: str | None, ids: str) -> str:
        """See `GraphCell.add_step`; one sigmoid serves the three gates that stand together."""
        add, part, size = builder.add, f"layers.{layer}", builder.config.hidden_sizes[layer]
        gates = builder.add_joined_products(layer, x, ids)
        builder.split(gates, [3 * size, size], [f"{part}.ifo", f"{part}.g"])
        add(self.gate_operator, [f"{part}.ifo"], f"{part}.σifo")
        add("Tanh", [f"{part}.g"], f"{part}.tanh_g")
        builder.split(f"{part}.σifo", [size, size, size], [f"{part}.i", f"{part}.f", f"{part}.o"])
        add("Mul", [f"{part}.f", f"cell.{layer}"], f"{part}.kept")
        add("Mul", [f"{part}.i", f"{part}.tanh_g"], f"{part}.new")
        add("Add", [f"{part}.kept", f"{part}.new"], f"cell.{layer}.next")
        add("Tanh", [f"cell.{layer}.next"], f"{part}.tanh_c")
        return add("Mul", [f"{part}.o", f"{part}.tanh_c"], f"hidden.{layer}.next")


class GRUGraph(GraphCell):
    """h' = (1 - z)·n + z·h = n + z·(h - n) with r, z = σ(…), n = tanh(W_in x + b_in + r·(W_hn h + b_hn))."""

    def add_constants(self, constants: "Constants", layer: int) -> None:
        """See `GraphCell.add_constants`; the reset gate stands between the two products."""
        part = f"layers.{layer}"
        past = constants.gather(f"{part}.weight_hh"), constants.gather(f"{part}.bias_hh")
        constants.add_product(f"{part}.recurrent", *past)
        constants.add_inputs(layer, constants.gather(f"{part}.weight_ih"), constants.gather(f"{part}.bias_ih"))

    def add_step(self, builder: "Builder", layer: int, x: str | None, ids: str) -> str:
        """See `GraphCell.add_step`."""
        add, part, hidden = builder.add, f"layers.{layer}", f"hidden.{layer}"
        size = builder.config.hidden_sizes[layer]
        inputs = builder.add_input_products(layer, x, ids)
        recurrent = builder.multiply([hidden], f"{part}.recurrent", f"{part}.recurrent", self.cell.is_bounded)
        builder.split(inputs, [2 * size, size], [f"{part}.x_rz", f"{part}.x_n"])
        builder.split(recurrent, [2 * size, size], [f"{part}.h_rz", f"{part}.h_n"])
        add(self.gate_operator, [add("Add", [f"{part}.x_rz", f"{part}.h_rz"], f"{part}.rz")], f"{part}.σrz")
        builder.split(f"{part}.σrz", [size, size], [f"{part}.r", f"{part}.z"])
        add("Mul", [f"{part}.r", f"{part}.h_n"], f"{part}.reset")
        add("Tanh", [add("Add", [f"{part}.x_n", f"{part}.reset"], f"{part}.n_sum")], f"{part}.n")
        add("Mul", [f"{part}.z", add("Sub", [hidden, f"{part}.n"], f"{part}.change")], f"{part}.kept")
        return add("Add", [f"{part}.n", f"{part}.kept"], f"{hidden}.next")


class ResetFirstGraph(GraphCell):
    """h' = (1 - z)·n + z·h with r, z = σ(…), n = tanh(W_in x + b_in + W_hn (r·h) + b_hn)."""

    def add_constants(self, constants: "Constants", layer: int) -> None:
        """See `GraphCell.add_constants`; what the gates take of the past, and what the new takes of it."""
        part = f"layers.{layer}"
        past = constants.gather(f"{part}.weight_hh")
        size = past.shape[1]
        constants.add_product(f"{part}.past_rz", past[: 2 * size], None)
        constants.add_product(f"{part}.past_n", past[2 * size :], None)
        bias = constants.gather(f"{part}.bias_ih") + constants.gather(f"{part}.bias_hh")
        constants.add_inputs(layer, constants.gather(f"{part}.weight_ih"), bias)

    def add_step(self, builder: "Builder", layer: int, x: str | None, ids: str) -> str:
        """See `GraphCell.add_step`."""
        add, part, hidden = builder.add, f"layers.{layer}", f"hidden.{layer}"
        size = builder.config.hidden_sizes[layer]
        inputs = builder.add_input_products(layer, x, ids)
        builder.split(inputs, [2 * size, size], [f"{part}.x_rz", f"{part}.x_n"])
        past = builder.multiply([hidden], f"{part}.past_rz", f"{part}.past_rz", is_bounded=True)
        add(self.gate_operator, [add("Add", [f"{part}.x_rz", past], f"{part}.rz")], f"{part}.σrz")
        builder.split(f"{part}.σrz", [size, size], [f"{part}.r", f"{part}.z"])
        reset = add("Mul", [f"{part}.r", hidden], f"{part}.reset")
        past = builder.multiply([reset], f"{part}.past_n", f"{part}.past_n", is_bounded=True)
        add("Tanh", [add("Add", [f"{part}.x_n", past], f"{part}.n_sum")], f"{part}.n")
        add("Mul", [f"{part}.z", add("Sub", [hidden, f"{part}.n"], f"{part}.change")], f"{part}.kept")
        return add("Add", [f"{part}.n", f"{part}.kept"], f"{hidden}.next")


class SimpleGraph(GraphCell):
    """h' = φ(…), φ an operator of ONNX."""

    def __init__(self, cell: Cell, operator: str) -> None:
        super().__init__(cell)
        self._operator = operator

    def add_step(self, builder: "Builder", layer: int, x: str | None, ids: str) -> str:
        """See `GraphCell.add_step`."""
        return builder.add(self._operator, [builder.add_joined_products(layer, x, ids)], f"hidden.{layer}.next")


GRAPH_CELLS: dict[str, GraphCell] = {
    "lstm": LSTMGraph(CELLS["lstm"], ("i", "f", "o", "g")),
    "gru": GRUGraph(CELLS["gru"]),
    "rnn-tanh": SimpleGraph(CELLS["rnn-tanh"], "Tanh"),
    "rnn-relu": SimpleGraph(CELLS["rnn-relu"], "Relu"),
    "gru-reset-first": ResetFirstGraph(CELLS["gru-reset-first"]),
    "lstm-hard": LSTMGraph(CELLS["lstm-hard"], ("i", "f", "o", "g")),
    "gru-hard": GRUGraph(CELLS["gru-hard"]),
    "gru-reset-first-hard": ResetFirstGraph(CELLS["gru-reset-first-hard"]),
    "textgenrnn": WindowGraph(CELLS["textgenrnn"]),
}
"""Every cell of ``CELLS`` by its name."""
