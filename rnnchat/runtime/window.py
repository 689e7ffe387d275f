"""The network of textgenrnn as nodes of an ONNX graph: `rnnchat.model.cell.WindowCell` says what it computes.

Letters: B batch, I embedding, K layers, U units of a layer, W window, D = I + K*U what is averaged.
"""

from typing import TYPE_CHECKING

import numpy as np

from rnnchat.model.cell import WindowCell
from rnnchat.runtime.graph_cell import GraphCell

if TYPE_CHECKING:
    from rnnchat.runtime.constant import Constants
    from rnnchat.runtime.graph import Builder

_LEAST = -1e9
"""Largest attention of a run that has read nothing."""
_EPSILON = 1e-7
"""Added to the sum of the weights, as in the original."""


class WindowGraph(GraphCell):
    """All runs take the present symbol in one step, as if they were streams of a batch."""

    cell: WindowCell

    def add_constants(self, constants: "Constants", layer: int) -> None:
        """See `GraphCell.add_constants`."""
        part, weights = f"layers.{layer}", constants.weights
        for inner in range(self.cell.layers):
            name, key = f"{part}.lstm.{inner}", f"{part}.lstm_{inner}"
            bias = weights[f"{key}_bias_ih"] + weights[f"{key}_bias_hh"]
            constants.add_product(f"{name}.recurrent", weights[f"{key}_weight_hh"], None)
            if inner:
                constants.add_product(f"{name}.inputs", weights[f"{key}_weight_ih"], bias)
            else:
                constants.add_inputs(layer, weights[f"{key}_weight_ih"], bias)
        constants.arrays["embedding"] = weights["embedding.weight"]
        constants.arrays[f"{part}.attention"] = weights[f"{part}.attention"].T  # (D, 1)
        padded, fresh = self._read_padding(weights, part)
        constants.arrays[f"{part}.padded"] = padded[None]  # (1, W, N)
        constants.arrays[f"{part}.fresh"] = fresh[None, None]  # (1, 1, N)

    def add_step(self, builder: "Builder", layer: int, x: str | None, ids: str) -> str:
        """See `GraphCell.add_step`."""
        add, part, cell = builder.add, f"layers.{layer}", self.cell
        size, embedding = builder.config.hidden_sizes[layer], builder.config.embedding_size
        units, window = cell.find_units(embedding, size), cell.window
        self._add_runs_before(builder, layer, units, size, embedding)
        x = add("Unsqueeze", [builder.embed(ids), _axis(builder, 1)], f"{part}.x")  # (B, 1, I)
        zeros = builder.constant(f"{part}.zeros", np.zeros((1, window, embedding), np.float32))
        places, after = [add("Add", [x, zeros], f"{part}.x_runs")], []  # (B, W, I)
        for inner in range(cell.layers):
            hidden, state = self._add_lstm(builder, layer, inner, places[-1] if inner else None, ids, units)
            places.append(hidden)
            after += [hidden, state]
        place = add("Concat", places, f"{part}.place", axis=2)  # (B, W, D)
        attention = add("MatMul", [place, builder.named(f"{part}.attention")], f"{part}.attention_logit")
        largest = add("Max", [f"{part}.largest", attention], f"{part}.largest.next")
        kept = add("Exp", [add("Sub", [f"{part}.largest", largest], f"{part}.fall")], f"{part}.kept")
        weight = add("Exp", [add("Sub", [attention, largest], f"{part}.rise")], f"{part}.weight")
        total = self._add_sum(builder, f"{part}.sum", kept, add("Mul", [place, weight], f"{part}.weighed"))
        count = self._add_sum(builder, f"{part}.count", kept, weight)
        # What is spare stays zero, with a batch axis that the present symbol gives.
        none = builder.constant(f"{part}.no_spare", np.zeros((1, window, 2 * embedding), np.float32))
        twice = add("Concat", [places[0], places[0]], f"{part}.twice", axis=2)
        spare = add("Mul", [twice, none], f"{part}.spare.next")
        runs = add("Concat", [*after, total, count, largest, spare], f"{part}.runs", axis=2)
        add("Sub", [runs, builder.named(f"{part}.padded")], f"runs.{layer}.next")
        last = builder.constant(f"{part}.last", np.array(window - 1, np.int64))
        epsilon = builder.constant(f"{part}.epsilon", np.array(_EPSILON, np.float32))
        add("Gather", [total, last], f"{part}.last_sum", axis=1)  # (B, D)
        divisor = add("Add", [add("Gather", [count, last], f"{part}.last_count", axis=1), epsilon], f"{part}.divisor")
        return add("Div", [f"{part}.last_sum", divisor], f"hidden.{layer}.next")

    def _add_runs_before(self, builder: "Builder", layer: int, units: int, size: int, embedding: int) -> None:
        """Add the states of all runs before the symbol: each where the one behind it was, the newest with nothing."""
        add, part = builder.add, f"layers.{layer}"
        runs = add("Add", [f"runs.{layer}", builder.named(f"{part}.padded")], f"{part}.runs_read")
        begin, end = builder.constant(f"{part}.begin", np.array([0], np.int64)), _axis(builder, self.cell.window - 1)
        older = add("Slice", [runs, begin, end, _axis(builder, 1)], f"{part}.older")
        first = add("Slice", [runs, begin, _axis(builder, 1), _axis(builder, 1)], f"{part}.first")
        nothing = add("Mul", [first, builder.constant(f"{part}.zero", np.array(0, np.float32))], f"{part}.nothing")
        fresh = add("Add", [nothing, builder.named(f"{part}.fresh")], f"{part}.fresh_run")
        before = add("Concat", [fresh, older], f"{part}.before", axis=1)
        states = [f"{part}.lstm.{inner}.{name}" for inner in range(self.cell.layers) for name in ("h", "c")]
        names = [*states, *(f"{part}.{name}" for name in ("sum", "count", "largest", "spare"))]
        builder.split(before, [units] * len(states) + [size, 1, 1, 2 * embedding], names, axis=2)

    def _add_lstm(
        self, builder: "Builder", layer: int, inner: int, x: str | None, ids: str, units: int
    ) -> tuple[str, str]:
        """Add one LSTM for all runs, on x (B, W, U) or the symbols: its hidden and its cell state, (B, W, U) each."""
        add, name = builder.add, f"layers.{layer}.lstm.{inner}"
        flat = builder.constant("runs.flat", np.array([-1, units], np.int64))
        shape = builder.constant("runs.shape", np.array([-1, self.cell.window, 4 * units], np.int64))
        hidden = add("Reshape", [f"{name}.h", flat], f"{name}.h_flat")
        product = builder.multiply([hidden], f"{name}.recurrent", f"{name}.recurrent", is_bounded=True)
        product = add("Reshape", [product, shape], f"{name}.recurrent_runs")
        if x is None:
            inputs = add("Unsqueeze", [builder.add_input_products(layer, None, ids), _axis(builder, 1)], f"{name}.xs")
        else:
            x = add("Reshape", [x, flat], f"{name}.x_flat")
            inputs = builder.multiply([x], f"{name}.inputs", f"{name}.inputs", is_bounded=True)
            inputs = add("Reshape", [inputs, shape], f"{name}.xs")
        gates = add("Add", [inputs, product], f"{name}.gates")
        i, f, g, o = (f"{name}.{gate}" for gate in self.cell.gates)
        builder.split(gates, [units] * 4, [i, f, g, o], axis=2)
        kept = add("Mul", [add("Sigmoid", [f], f"{f}.σ"), f"{name}.c"], f"{name}.kept")
        new = add("Mul", [add("Sigmoid", [i], f"{i}.σ"), add("Tanh", [g], f"{g}.tanh")], f"{name}.new")
        state = add("Add", [kept, new], f"{name}.c.next")
        hidden = add("Mul", [add("Sigmoid", [o], f"{o}.σ"), add("Tanh", [state], f"{name}.tanh_c")], f"{name}.h.next")
        return hidden, state

    def _add_sum(self, builder: "Builder", name: str, kept: str, more: str) -> str:
        """Add name * kept + more."""
        return builder.add("Add", [builder.add("Mul", [name, kept], f"{name}.kept"), more], f"{name}.next")

    def _read_padding(self, weights: dict[str, np.ndarray], part: str) -> tuple[np.ndarray, np.ndarray]:
        """States (W, N) after 1 to W paddings, and that (N,) of a run that has read nothing."""
        padding, attention = weights[f"{part}.padding"][0], weights[f"{part}.attention"][0]
        units = weights[f"{part}.lstm_0_weight_hh"].shape[1]
        size = len(attention)
        spare = np.zeros(2 * len(padding), np.float32)
        states = [(np.zeros(units, np.float32), np.zeros(units, np.float32)) for _ in range(self.cell.layers)]
        total, count, largest = np.zeros(size, np.float32), np.float32(0), np.float32(_LEAST)
        rows = []
        for _ in range(self.cell.window + 1):
            rows.append(np.concatenate([*(s for pair in states for s in pair), total, [count, largest], spare]))
            places = [padding]
            for inner, (h, c) in enumerate(states):
                states[inner] = _step(weights, f"{part}.lstm_{inner}", places[-1], h, c)
                places.append(states[inner][0])
            place = np.concatenate(places)
            logit = place @ attention
            higher = max(largest, logit)
            kept, weight = np.exp(largest - higher), np.exp(logit - higher)
            total, count, largest = total * kept + place * weight, count * kept + weight, higher
        return np.array(rows[1:], np.float32), np.array(rows[0], np.float32)


def _step(
    weights: dict[str, np.ndarray], name: str, x: np.ndarray, h: np.ndarray, c: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """One step of an LSTM for one text."""
    inputs = weights[f"{name}_weight_ih"] @ x + weights[f"{name}_bias_ih"]
    gates = inputs + weights[f"{name}_weight_hh"] @ h + weights[f"{name}_bias_hh"]
    i, f, g, o = np.split(gates, 4)
    with np.errstate(over="ignore"):
        i, f, o = (1 / (1 + np.exp(-gate)) for gate in (i, f, o))
    c = f * c + i * np.tanh(g)
    return o * np.tanh(c), c


def _axis(builder: "Builder", number: int) -> str:
    return builder.constant(f"axis.{number}", np.array([number], np.int64))
