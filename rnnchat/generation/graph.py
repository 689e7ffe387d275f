"""The network as an ONNX graph, built in memory from a model's weights.

Letters: B batch, T time, V vocabulary, E embedding, H hidden, I input of a layer, G gates, L layers.

One function, ``_step``, writes down the computation of one symbol. The step graph is just that; the read graph
repeats it over T with ONNX's Scan, so that reading a text and stepping through it are the same computation.

What does not change from step to step is done once, here: the first layer's input products of all V symbols
become a table (V, G*H), biases are added up, input and recurrent matrices are joined where the cell allows it.
In ``int8`` every matrix product is a ``DynamicQuantizeMatMul`` of ONNX Runtime: 8-bit weights with a scale for
each output, activations scaled to 8 bits at each step.
"""

from typing import Any, Literal

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from rnnchat.model.config import ModelConfig

Precision = Literal["float32", "int8"]

OPSET = 18
IR_VERSION = 9
MAX_TABLE_BYTES = 64 * 2**20
"""The table of input products is built up to this size; a bigger vocabulary multiplies at each step."""


def build_step_graph(config: ModelConfig, weights: dict[str, np.ndarray], precision: Precision) -> onnx.ModelProto:
    """The graph of one symbol.

    Inputs ``ids`` (B,) and the state (``hidden.N`` and, for lstm, ``cell.N``, each (B, H_N)); outputs ``log_probs``
    (B, V) and the new state under the same names with ``.next`` added.
    """
    builder = _Builder(config, weights, precision)
    top = builder.add_step("ids")
    builder.add_output_layer(top, "log_probs")
    log_probs = helper.make_tensor_value_info("log_probs", TensorProto.FLOAT, ["B", config.vocab_size])
    ids = helper.make_tensor_value_info("ids", TensorProto.INT64, ["B"])
    inputs, outputs = _state_infos(config)
    return _make_model(builder.nodes, [ids, *inputs], [log_probs, *outputs], builder.constants)


def build_read_graph(config: ModelConfig, weights: dict[str, np.ndarray], precision: Precision) -> onnx.ModelProto:
    """The graph of T symbols, for many steps in one call.

    Inputs ``all_ids`` (T, B), ``begin`` (1,): the first time whose log-probabilities are wanted, and the state
    with ``.first`` added to its names; outputs ``log_probs`` (T - begin, B, V) and the state with ``.last`` added.
    """
    builder = _Builder(config, weights, precision)
    top = builder.add_step("ids")
    states, next_states = _state_infos(config)
    step_ids = helper.make_tensor_value_info("ids", TensorProto.INT64, ["B"])
    top_info = helper.make_tensor_value_info("top", TensorProto.FLOAT, ["B", config.hidden_sizes[-1]])
    builder.add("Identity", [top], "top")
    body = helper.make_graph(builder.nodes, "step", [*states, step_ids], [*next_states, top_info])

    builder.nodes = []
    first = [_renamed(info, ".first") for info in states]
    last = [_renamed(info, ".last") for info in states]
    names = [info.name for info in (*first, *last)]
    scan = helper.make_node(
        "Scan",
        [*names[: len(first)], "all_ids"],
        [*names[len(first) :], "all_tops"],
        body=body,
        num_scan_inputs=1,
    )
    builder.nodes.append(scan)
    # The output layer takes all symbols from `begin` on in one product: (T', B, H) as (T'*B, H).
    end = builder.constant("end", np.array([2**62], np.int64))
    time_axis = builder.constant("time_axis", np.array([0], np.int64))
    builder.add("Slice", ["all_tops", "begin", end, time_axis], "tops")
    flat = builder.constant("flat", np.array([-1, config.hidden_sizes[-1]], np.int64))
    builder.add_output_layer(builder.add("Reshape", ["tops", flat], "flat_tops"), "flat_log_probs")
    builder.add("Shape", ["tops"], "tb", end=2)
    vocab_size = builder.constant("vocab_size", np.array([config.vocab_size], np.int64))
    builder.add("Concat", ["tb", vocab_size], "tbv", axis=0)
    builder.add("Reshape", ["flat_log_probs", "tbv"], "log_probs")

    ids = helper.make_tensor_value_info("all_ids", TensorProto.INT64, ["T", "B"])
    begin = helper.make_tensor_value_info("begin", TensorProto.INT64, [1])
    log_probs = helper.make_tensor_value_info("log_probs", TensorProto.FLOAT, ["U", "B", config.vocab_size])
    return _make_model(builder.nodes, [ids, begin, *first], [log_probs, *last], builder.constants)


class _Builder:
    """Collects nodes and constants while a graph is written down."""

    def __init__(self, config: ModelConfig, weights: dict[str, np.ndarray], precision: Precision) -> None:
        self.config = config
        self.weights = _gather_sigmoids(config, weights) if config.cell == "lstm" else weights
        self.precision = precision
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []

    def add(self, op: str, inputs: list[str], output: str, **attributes: Any) -> str:
        self.nodes.append(helper.make_node(op, inputs, [output], **attributes))
        return output

    def constant(self, name: str, value: np.ndarray) -> str:
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def multiply(self, x: str, weight: np.ndarray, bias: np.ndarray | None, output: str) -> str:
        """Add x (B, I) @ weight.T (I, N) + bias (N,); weight is (N, I) as in the model file."""
        if self.precision == "float32":
            inputs = [x, self.constant(f"{output}.weight", weight.T)]
            if bias is not None:
                inputs.append(self.constant(f"{output}.bias", bias))
            return self.add("Gemm", inputs, output)
        scale = np.maximum(np.abs(weight).max(axis=1), 1e-12) / 127  # (N,), one for each output
        quantised = np.rint(weight / scale[:, None]).astype(np.int8).T  # (I, N)
        inputs = [
            x,
            self.constant(f"{output}.weight", quantised),
            self.constant(f"{output}.scale", scale.astype(np.float32)),
            self.constant(f"{output}.zero", np.zeros(len(scale), np.int8)),
        ]
        if bias is not None:
            inputs.append(self.constant(f"{output}.bias", bias))
        return self.add("DynamicQuantizeMatMul", inputs, output, domain="com.microsoft")

    def add_step(self, ids: str) -> str:
        """Add all layers for one symbol; give the name of the last layer's new hidden state (B, H)."""
        x: str | None = None  # the first layer's input comes from a table or an embedding
        for layer in range(self.config.num_layers):
            cell = {"lstm": self._add_lstm, "gru": self._add_gru}.get(self.config.cell, self._add_rnn)
            x = cell(layer, x, ids)
        assert x is not None
        return x

    def add_output_layer(self, top: str, output: str) -> None:
        """Add the product from the last hidden state (N, H), and its normalisation: log-probabilities (N, V)."""
        if self.config.has_projection:
            top = self.multiply(top, self.weights["projection.weight"], None, f"{output}.projected")
        matrix = self.weights["embedding.weight" if self.config.tied else "output.weight"]
        logits = self.multiply(top, matrix, self.weights["output.bias"], f"{output}.logits")
        self.add("LogSoftmax", [logits], output, axis=-1)

    def _input_products(self, layer: int, x: str | None, ids: str, bias: np.ndarray) -> str:
        """Add W_ih x + bias, (B, G*H): looked up for the first layer where a table of all symbols fits."""
        weight = self.weights[f"layers.{layer}.weight_ih"]
        name = f"layers.{layer}.inputs"
        if x is not None:
            return self.multiply(x, weight, bias, name)
        if self.config.vocab_size * weight.shape[0] * 4 <= MAX_TABLE_BYTES or not self.config.embedding_size:
            vectors = weight.T
            if self.config.embedding_size:
                vectors = self.weights["embedding.weight"] @ vectors  # (V, E) @ (E, G*H)
            return self.add("Gather", [self.constant(f"{name}.table", vectors + bias), ids], name)
        embedding = self.constant("embedding", self.weights["embedding.weight"])
        return self.multiply(self.add("Gather", [embedding, ids], "embedded"), weight, bias, name)

    def _joined_products(self, layer: int, x: str | None, ids: str) -> str:
        """Add W_ih x + W_hh h + both biases, (B, G*H), as one product where x is a layer's output."""
        part = f"layers.{layer}"
        hidden = f"hidden.{layer}"
        recurrent = self.weights[f"{part}.weight_hh"]
        bias = self.weights[f"{part}.bias_ih"] + self.weights[f"{part}.bias_hh"]
        if x is not None:
            joined = np.concatenate([self.weights[f"{part}.weight_ih"], recurrent], axis=1)
            self.add("Concat", [x, hidden], f"{part}.xh", axis=1)
            return self.multiply(f"{part}.xh", joined, bias, f"{part}.gates")
        inputs = self._input_products(layer, x, ids, bias)
        return self.add("Add", [inputs, self.multiply(hidden, recurrent, None, f"{part}.recurrent")], f"{part}.gates")

    def _split(self, x: str, sizes: list[int], names: list[str]) -> None:
        cut = self.constant(f"{x}.sizes", np.array(sizes, np.int64))
        self.nodes.append(helper.make_node("Split", [x, cut], names, axis=1))

    def _add_lstm(self, layer: int, x: str | None, ids: str) -> str:
        """c' = f·c + i·g, h' = o·tanh(c') with i, f, o = σ(…), g = tanh(…)."""
        part, size = f"layers.{layer}", self.config.hidden_sizes[layer]
        self._split(self._joined_products(layer, x, ids), [3 * size, size], [f"{part}.ifo", f"{part}.g"])
        self.add("Sigmoid", [f"{part}.ifo"], f"{part}.σifo")
        self.add("Tanh", [f"{part}.g"], f"{part}.tanh_g")
        self._split(f"{part}.σifo", [size, size, size], [f"{part}.i", f"{part}.f", f"{part}.o"])
        self.add("Mul", [f"{part}.f", f"cell.{layer}"], f"{part}.kept")
        self.add("Mul", [f"{part}.i", f"{part}.tanh_g"], f"{part}.new")
        self.add("Add", [f"{part}.kept", f"{part}.new"], f"cell.{layer}.next")
        self.add("Tanh", [f"cell.{layer}.next"], f"{part}.tanh_c")
        return self.add("Mul", [f"{part}.o", f"{part}.tanh_c"], f"hidden.{layer}.next")

    def _add_gru(self, layer: int, x: str | None, ids: str) -> str:
        """h' = (1 - z)·n + z·h = n + z·(h - n) with r, z = σ(…), n = tanh(W_in x + b_in + r·(W_hn h + b_hn))."""
        part, size, hidden = f"layers.{layer}", self.config.hidden_sizes[layer], f"hidden.{layer}"
        inputs = self._input_products(layer, x, ids, self.weights[f"{part}.bias_ih"])
        weight, bias = self.weights[f"{part}.weight_hh"], self.weights[f"{part}.bias_hh"]
        recurrent = self.multiply(hidden, weight, bias, f"{part}.recurrent")
        self._split(inputs, [2 * size, size], [f"{part}.x_rz", f"{part}.x_n"])
        self._split(recurrent, [2 * size, size], [f"{part}.h_rz", f"{part}.h_n"])
        self.add("Sigmoid", [self.add("Add", [f"{part}.x_rz", f"{part}.h_rz"], f"{part}.rz")], f"{part}.σrz")
        self._split(f"{part}.σrz", [size, size], [f"{part}.r", f"{part}.z"])
        self.add("Mul", [f"{part}.r", f"{part}.h_n"], f"{part}.reset")
        self.add("Tanh", [self.add("Add", [f"{part}.x_n", f"{part}.reset"], f"{part}.n_sum")], f"{part}.n")
        self.add("Mul", [f"{part}.z", self.add("Sub", [hidden, f"{part}.n"], f"{part}.change")], f"{part}.kept")
        return self.add("Add", [f"{part}.n", f"{part}.kept"], f"{hidden}.next")

    def _add_rnn(self, layer: int, x: str | None, ids: str) -> str:
        """h' = tanh(…) or relu(…)."""
        op = {"rnn-tanh": "Tanh", "rnn-relu": "Relu"}[self.config.cell]
        return self.add(op, [self._joined_products(layer, x, ids)], f"hidden.{layer}.next")


def state_names(config: ModelConfig) -> list[str]:
    """Names of the state's arrays, in the order in which the graphs take and give them."""
    names = [f"hidden.{layer}" for layer in range(config.num_layers)]
    if config.cell == "lstm":
        names += [f"cell.{layer}" for layer in range(config.num_layers)]
    return names


def _gather_sigmoids(config: ModelConfig, weights: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Reorder an lstm's gates from i, f, g, o to i, f, o, g, so that one sigmoid serves three of them."""
    gathered = dict(weights)
    for layer in range(config.num_layers):
        for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh"):
            i, f, g, o = np.split(weights[f"layers.{layer}.{name}"], 4)
            gathered[f"layers.{layer}.{name}"] = np.concatenate([i, f, o, g])
    return gathered


def _state_infos(config: ModelConfig) -> tuple[list[onnx.ValueInfoProto], list[onnx.ValueInfoProto]]:
    sizes = list(config.hidden_sizes) * 2
    inputs = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, ["B", size])
        for name, size in zip(state_names(config), sizes, strict=False)
    ]
    return inputs, [_renamed(info, ".next") for info in inputs]


def _renamed(info: onnx.ValueInfoProto, suffix: str) -> onnx.ValueInfoProto:
    copy = onnx.ValueInfoProto()
    copy.CopyFrom(info)
    copy.name += suffix
    return copy


def _make_model(
    nodes: list[onnx.NodeProto],
    inputs: list[onnx.ValueInfoProto],
    outputs: list[onnx.ValueInfoProto],
    constants: list[onnx.TensorProto],
) -> onnx.ModelProto:
    graph = helper.make_graph(nodes, "rnnchat", inputs, outputs, constants)
    opsets = [helper.make_opsetid("", OPSET), helper.make_opsetid("com.microsoft", 1)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=IR_VERSION)
