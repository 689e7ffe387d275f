"""The network as an ONNX graph, built in memory.

Letters: B batch, T time, V vocabulary, H hidden, I input and N output of a product, G gates, L layers.

One function, ``add_step``, writes down the computation of one symbol. The step graph is just that; the read graph
repeats it over T with ONNX's Scan, so that reading a text and stepping through it are the same computation. The
graphs name the constants that ``constant.build_constants`` makes and do not hold them: sessions share one set.

In ``int8`` every matrix product is a ``MatMulIntegerToFloat`` of ONNX Runtime, with activations as whole numbers of
1/127. A hidden state of tanh lies between -1 and 1 as it is, and is quantised once for all that take it in; what has
no bound, such as the sum of a residual connection, is brought there, each row by its largest value. So a stream of a
batch never depends on its neighbours, as it would with ``DynamicQuantizeMatMul``, which has one scale for the whole
batch.
"""

from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from rnnchat.model.config import CELLS, ModelConfig
from rnnchat.runtime.cell import GRAPH_CELLS
from rnnchat.runtime.constant import Precision as Precision

OPSET = 18
IR_VERSION = 9
_LEAST_SCALE = np.array(1e-30, np.float32)
"""A row of zeros is divided by this."""


def build_step_graph(config: ModelConfig, constants: dict[str, np.ndarray], precision: Precision) -> onnx.ModelProto:
    """The graph of one symbol; it knows no more than the names and shapes of its constants.

    Inputs ``ids`` (B,) and the state under the names of ``ModelConfig.state_shapes``, each (B, ...); outputs
    ``log_probs`` (B, V) and the new state under the same names with ``.next`` added.
    """
    builder = Builder(config, constants, precision)
    builder.add_output_layer(builder.add_step("ids"), "log_probs")
    ids = helper.make_tensor_value_info("ids", TensorProto.INT64, ["B"])
    log_probs = helper.make_tensor_value_info("log_probs", TensorProto.FLOAT, ["B", config.vocab_size])
    inputs, outputs = list_state_infos(config)
    return builder.make_model([ids, *inputs], [log_probs, *outputs])


def build_read_graph(
    config: ModelConfig, constants: dict[str, np.ndarray], precision: Precision, with_hidden: bool = False
) -> onnx.ModelProto:
    """The graph of T symbols, for many steps in one call; constants as in ``build_step_graph``.

    Inputs ``all_ids`` (T, B), ``begin`` (1,): the first time whose log-probabilities are wanted, and the state
    with ``.first`` added to its names; outputs ``log_probs`` (T - begin, B, V), the state with ``.last`` added and,
    if wanted, the hidden states of all times with ``.all`` added, each (T, B, H_N).
    """
    builder = Builder(config, constants, precision)
    tops = [helper.make_tensor_value_info("top", TensorProto.FLOAT, ["B", config.hidden_sizes[-1]])]
    builder.add("Identity", [builder.add_step("ids")], "top")
    states, next_states = list_state_infos(config)
    sizes = config.hidden_sizes if with_hidden else ()
    for layer, size in enumerate(sizes):
        tops.append(helper.make_tensor_value_info(f"hidden.{layer}.top", TensorProto.FLOAT, ["B", size]))
        builder.add("Identity", [f"hidden.{layer}.next"], tops[-1].name)
    step_ids = helper.make_tensor_value_info("ids", TensorProto.INT64, ["B"])
    body = helper.make_graph(builder.nodes, "step", [*states, step_ids], [*next_states, *tops])

    builder.nodes = []
    first, last = ([rename(info, suffix) for info in states] for suffix in (".first", ".last"))
    all_hidden = [
        helper.make_tensor_value_info(f"hidden.{layer}.all", TensorProto.FLOAT, ["T", "B", size])
        for layer, size in enumerate(sizes)
    ]
    builder.nodes.append(
        helper.make_node(
            "Scan",
            [*(info.name for info in first), "all_ids"],
            [*(info.name for info in last), "all_tops", *(info.name for info in all_hidden)],
            body=body,
            num_scan_inputs=1,
        )
    )
    _add_output_of_all(builder)
    ids = helper.make_tensor_value_info("all_ids", TensorProto.INT64, ["T", "B"])
    begin = helper.make_tensor_value_info("begin", TensorProto.INT64, [1])
    log_probs = helper.make_tensor_value_info("log_probs", TensorProto.FLOAT, ["U", "B", config.vocab_size])
    return builder.make_model([ids, begin, *first], [log_probs, *last, *all_hidden])


def _add_output_of_all(builder: "Builder") -> None:
    """Add the output layer for all symbols from ``begin`` on in one product: (T', B, H) as (T'*B, H)."""
    end = builder.constant("end", np.array([2**62], np.int64))
    time_axis = builder.constant("time_axis", np.array([0], np.int64))
    builder.add("Slice", ["all_tops", "begin", end, time_axis], "tops")
    flat = builder.constant("flat", np.array([-1, builder.config.hidden_sizes[-1]], np.int64))
    builder.add_output_layer(builder.add("Reshape", ["tops", flat], "flat_tops"), "flat_log_probs")
    builder.add("Shape", ["tops"], "tb", end=2)
    vocab_size = builder.constant("vocab_size", np.array([builder.config.vocab_size], np.int64))
    builder.add("Concat", ["tb", vocab_size], "tbv", axis=0)
    builder.add("Reshape", ["flat_log_probs", "tbv"], "log_probs")


class Builder:
    """Collects nodes and the constants they name while a graph is written down."""

    def __init__(self, config: ModelConfig, constants: dict[str, np.ndarray], precision: Precision) -> None:
        self.config = config
        self.precision = precision
        self.nodes: list[onnx.NodeProto] = []
        self._is_bounded = CELLS[config.cell].is_bounded
        """Is every hidden state between -1 and 1? What a layer reads may be a sum, which has no bound."""
        self._constants = constants
        self._initializers: dict[str, onnx.TensorProto] = {}

    def make_model(self, inputs: list[onnx.ValueInfoProto], outputs: list[onnx.ValueInfoProto]) -> onnx.ModelProto:
        graph = helper.make_graph(self.nodes, "rnnchat", inputs, outputs, list(self._initializers.values()))
        opsets = [helper.make_opsetid("", OPSET), helper.make_opsetid("com.microsoft", 1)]
        return helper.make_model(graph, opset_imports=opsets, ir_version=IR_VERSION)

    def add(self, op: str, inputs: list[str], output: str, **attributes: Any) -> str:
        self.nodes.append(helper.make_node(op, inputs, [output], **attributes))
        return output

    def constant(self, name: str, value: np.ndarray) -> str:
        """A small constant of the graph itself."""
        self._initializers[name] = numpy_helper.from_array(value, name)
        return name

    def named(self, name: str) -> str:
        """A constant that the session is given: the graph says its type and shape."""
        array = self._constants[name]
        tensor = onnx.TensorProto(name=name, data_type=helper.np_dtype_to_tensor_dtype(array.dtype), dims=array.shape)
        tensor.data_location = TensorProto.EXTERNAL
        tensor.external_data.add(key="location", value="memory")
        self._initializers[name] = tensor
        return name

    def multiply(self, parts: list[str], name: str, output: str, is_bounded: bool) -> str:
        """Add the product ``name`` of x (B, I), its parts (B, ...) side by side, giving (B, N).

        Args:
            parts: what x is joined from.
            name: of the product's constants.
            output: the result's name.
            is_bounded: does x lie between -1 and 1?
        """
        bias = [self.named(f"{name}.bias")] if f"{name}.bias" in self._constants else []
        weight = self.named(f"{name}.weight")
        if self.precision == "float32":
            return self.add("Gemm", [self._join(parts, output), weight, *bias], output, transB=1)
        if is_bounded:
            return self._multiply_whole([self._quantise(part) for part in parts], name, bias, output)
        x = self._join(parts, output)
        axis = self.constant("unit_axis", np.array([1], np.int64))
        self.add("ReduceMax", [self.add("Abs", [x], f"{output}.abs"), axis], f"{output}.largest")  # (B, 1)
        scale = self.add("Max", [f"{output}.largest", self.constant("least", _LEAST_SCALE)], f"{output}.row_scale")
        bounded = self._quantise(self.add("Div", [x, scale], f"{output}.bounded"))
        product = self._multiply_whole([bounded], name, [], f"{output}.product")
        if not bias:
            return self.add("Mul", [product, scale], output)
        return self.add("Add", [self.add("Mul", [product, scale], f"{output}.scaled"), *bias], output)

    def _multiply_whole(self, parts: list[str], name: str, bias: list[str], output: str) -> str:
        """Add the product of whole numbers (B, I) uint8 with the 8-bit weights, as (B, N) float32."""
        x = self._join(parts, output)
        scale, zero = "activation.scale", "activation.zero"
        inputs = [x, f"{name}.weight", scale, self.named(f"{name}.scale"), zero, "", *bias]
        return self.add("MatMulIntegerToFloat", inputs, output, domain="com.microsoft")

    def _join(self, parts: list[str], output: str) -> str:
        return parts[0] if len(parts) == 1 else self.add("Concat", parts, f"{output}.joined", axis=1)

    def _quantise(self, x: str) -> str:
        """Add x (B, I), between -1 and 1, as whole numbers of 1/127 around 128, once for all who ask for it."""
        name = f"{x}.quantised"
        if not any(name in node.output for node in self.nodes):
            scale = self.constant("activation.scale", np.array(1 / 127, np.float32))
            zero = self.constant("activation.zero", np.array(128, np.uint8))
            self.add("QuantizeLinear", [x, scale, zero], name)
        return name

    def add_step(self, ids: str) -> str:
        """Add all layers for one symbol; give the name of what the output layer reads (B, H)."""
        x: str | None = None  # the first layer's input comes from a table or an embedding
        cell = GRAPH_CELLS[self.config.cell]
        for layer in range(self.config.num_layers):
            hidden = cell.add_step(self, layer, x, ids)
            if self.config.adds_input(layer):
                hidden = self.add("Add", [hidden, x or self.embed(ids)], f"layers.{layer}.sum")
            x = hidden
        assert x is not None
        return x

    def add_output_layer(self, top: str, output: str) -> None:
        """Add the product from what the last layer gives (N, H), and its normalisation: log-probabilities (N, V)."""
        is_bounded = self._is_output_bounded(self.config.num_layers - 1)
        if self.config.has_projection:
            top = self.multiply([top], "projection", f"{output}.projected", is_bounded)
            is_bounded = False
        self.add("LogSoftmax", [self.multiply([top], "output", f"{output}.logits", is_bounded)], output, axis=-1)

    def add_input_products(self, layer: int, x: str | None, ids: str) -> str:
        """Add W_ih x + bias, (B, G*H): looked up for the first layer where a table of all symbols fits."""
        name = f"layers.{layer}.inputs"
        if x is not None:
            return self.multiply([x], name, name, self._is_output_bounded(layer - 1))
        if "layers.0.table" in self._constants:
            return self.add("Gather", [self.named("layers.0.table"), ids], name)
        return self.multiply([self.embed(ids)], name, name, is_bounded=False)

    def embed(self, ids: str) -> str:
        """Add the embeddings (B, E), once for all who ask for them."""
        if not any("embedded" in node.output for node in self.nodes):
            self.add("Gather", [self.named("embedding"), ids], "embedded")
        return "embedded"

    def _is_output_bounded(self, layer: int) -> bool:
        """Is what a layer hands on between -1 and 1?"""
        return self._is_bounded and not self.config.adds_input(layer)

    def add_joined_products(self, layer: int, x: str | None, ids: str) -> str:
        """Add W_ih x + W_hh h + both biases, (B, G*H), as one product where x is a layer's hidden state."""
        part, hidden = f"layers.{layer}", f"hidden.{layer}"
        if x is not None and f"{part}.gates.weight" in self._constants:
            return self.multiply([x, hidden], f"{part}.gates", f"{part}.gates", self._is_bounded)
        recurrent = self.multiply([hidden], f"{part}.recurrent", f"{part}.recurrent", self._is_bounded)
        return self.add("Add", [self.add_input_products(layer, x, ids), recurrent], f"{part}.gates")

    def split(self, x: str, sizes: list[int], names: list[str], axis: int = 1) -> None:
        """Cut x, by default (B, N), in parts of these sizes."""
        cut = self.constant(f"{x}.sizes", np.array(sizes, np.int64))
        self.nodes.append(helper.make_node("Split", [x, cut], names, axis=axis))


def list_state_infos(config: ModelConfig) -> tuple[list[onnx.ValueInfoProto], list[onnx.ValueInfoProto]]:
    """The state's arrays as they go into a step, and as they come out."""
    inputs = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, ["B", *shape])
        for name, shape in config.state_shapes().items()
    ]
    return inputs, [rename(info, ".next") for info in inputs]


def rename(info: onnx.ValueInfoProto, suffix: str) -> onnx.ValueInfoProto:
    """The same array under its name with ``suffix`` added."""
    copy = onnx.ValueInfoProto()
    copy.CopyFrom(info)
    copy.name += suffix
    return copy
