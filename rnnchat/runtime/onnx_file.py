"""A model as an ONNX file that any ONNX Runtime runs, on any machine and from any language, without rnnchat.

Letters: B batch, T time, V vocabulary, E embedding, H hidden, G gates.

Only operators of the ONNX standard, all of opset 17 and float32. The graph that rnnchat itself writes with (see
`rnnchat.runtime.graph`) is faster for one symbol at a time, but needs operators of ONNX Runtime for 8 bits.
The vocabulary goes along as JSON in the file's metadata: docs/export.md shows a script that needs nothing else.
"""

import json
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from rnnchat.errors import ModelError
from rnnchat.model.cell import CELLS
from rnnchat.model.file import Model
from rnnchat.paths import replace_atomically
from rnnchat.text.vocabulary import describe_vocabulary

OPSET = 17
IR_VERSION = 8
MAX_BYTES = 2**31 - 2**24
"""A file of protobuf holds less than 2 GiB; the rest is for names and the vocabulary."""


def write_onnx(model: Model, path: Path) -> None:
    """Write ``model`` to ``path`` as ONNX: under a temporary name first, then renamed.

    Inputs are ``ids`` (B, T) int64 and the state before them, layer by layer: ``hidden.N`` and for lstm ``cell.N``,
    each (B, H_N); outputs ``log_probs`` (B, T, V), natural logarithms for the symbol after each one read, and the
    state after the last one, ``.next`` added to its names, in the order of the inputs.

    Raises:
        ModelError: the weights do not fit into one file of ONNX, or the standard has no operator for the cell.
        OSError: the folder cannot be written, or the disk is full.
    """
    if not CELLS[model.config.cell].onnx_operator:
        raise ModelError(
            f"the ONNX standard has no operator for the cell {model.config.cell}: share the model file itself"
        )
    num_bytes = 4 * model.config.parameters
    if num_bytes > MAX_BYTES:
        raise ModelError(
            f"the model's weights take {num_bytes / 1e9:.1f} GB, and one file of ONNX holds 2 GB: use --torch instead"
        )
    graph = build_onnx(model)
    with replace_atomically(path) as temporary:
        temporary.write_bytes(graph.SerializeToString())


def build_onnx(model: Model) -> onnx.ModelProto:
    """The model as `write_onnx` writes it."""
    builder = _Builder(model)
    config = model.config
    builder.add_layers()
    builder.add_output_layer()
    ids = helper.make_tensor_value_info("ids", TensorProto.INT64, ["B", "T"])
    log_probs = helper.make_tensor_value_info("log_probs", TensorProto.FLOAT, ["B", "T", config.vocab_size])
    states, after = (
        [
            helper.make_tensor_value_info(name + suffix, TensorProto.FLOAT, ["B", *shape])
            for name, shape in config.state_shapes().items()
        ]
        for suffix in ("", ".next")
    )
    graph = helper.make_graph(builder.nodes, "rnnchat", [ids, *states], [log_probs, *after], builder.constants)
    proto = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION, producer_name="rnnchat",
        doc_string=model.card.description,
    )  # fmt: skip
    helper.set_model_props(proto, _describe(model))
    return proto


def _describe(model: Model) -> dict[str, str]:
    """What a script must know of the model, each entry as JSON."""
    entries = {
        "vocabulary": describe_vocabulary(model.tokenizer),
        "tokenizer": model.tokenizer.to_json(),
        "config": model.config.to_json(),
        "card": model.card.to_json(),
    }
    return {name: json.dumps(entry) for name, entry in entries.items()}


class _Builder:
    """Collects nodes and constants while the graph is written down. Inside, time comes first: (T, B, …)."""

    def __init__(self, model: Model) -> None:
        self.config = model.config
        self.weights = model.weights
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []

    def add(self, op: str, inputs: list[str], output: str, **attributes: Any) -> str:
        self.nodes.append(helper.make_node(op, inputs, [output], **attributes))
        return output

    def constant(self, name: str, value: np.ndarray) -> str:
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def add_layers(self) -> None:
        """Add all layers; what the last one gives is ``top`` (B, T, H)."""
        self.constant("batch_axis", np.array([0], np.int64))
        self.constant("direction_axis", np.array([1], np.int64))
        self.add("Transpose", ["ids"], "time_ids", perm=[1, 0])  # (T, B)
        x = self._add_input()
        for layer in range(self.config.num_layers):
            output = self._add_layer(layer, x)
            x = self.add("Add", [output, x], f"sum.{layer}") if self.config.adds_input(layer) else output
        self.add("Transpose", [x], "top", perm=[1, 0, 2])

    def add_output_layer(self) -> None:
        """Add the product with the output matrix, and its normalisation: ``log_probs`` (B, T, V)."""
        top = "top"
        if self.config.has_projection:
            projection = self.constant("projection.weight", self.weights["projection.weight"].T)
            top = self.add("MatMul", ["top", projection], "projected")
        if self.config.tied:
            matrix = self.add("Transpose", ["embedding.weight"], "output.matrix", perm=[1, 0])
        else:
            matrix = self.constant("output.matrix", self.weights["output.weight"].T)
        self.add("MatMul", [top, matrix], "products")
        self.add("Add", ["products", self.constant("output.bias", self.weights["output.bias"])], "logits")
        self.add("LogSoftmax", ["logits"], "log_probs", axis=-1)

    def _add_input(self) -> str:
        """Add what the first layer reads, (T, B, I)."""
        if self.config.embedding_size:
            embedding = self.constant("embedding.weight", self.weights["embedding.weight"])
            return self.add("Gather", [embedding, "time_ids"], "input")
        depth = self.constant("vocab_size", np.array([self.config.vocab_size], np.int64))
        values = self.constant("off_on", np.array([0, 1], np.float32))
        return self.add("OneHot", ["time_ids", depth, values], "input")

    def _add_layer(self, layer: int, x: str) -> str:
        """Add one layer on ``x`` (T, B, I); give the name of its output (T, B, H)."""
        cell, part = CELLS[self.config.cell], f"layers.{layer}"
        states = cell.states
        biases = [self._reorder(f"{part}.{name}") for name in ("bias_ih", "bias_hh")]
        inputs = [
            x,
            self.constant(f"{part}.W", self._reorder(f"{part}.weight_ih")[None]),  # (1, G*H, I)
            self.constant(f"{part}.R", self._reorder(f"{part}.weight_hh")[None]),  # (1, G*H, H)
            self.constant(f"{part}.B", np.concatenate(biases)[None]),  # (1, 2*G*H)
            "",  # all streams are equally long
        ]
        inputs += [self.add("Unsqueeze", [f"{state}.{layer}", "batch_axis"], f"{part}.{state}") for state in states]
        outputs = [f"{part}.outputs", *(f"{part}.{state}.last" for state in states)]
        attributes: dict[str, Any] = {"hidden_size": self.config.hidden_sizes[layer], **cell.onnx_attributes}
        self.nodes.append(helper.make_node(cell.onnx_operator, inputs, outputs, **attributes))
        for state in states:
            self.add("Squeeze", [f"{part}.{state}.last", "batch_axis"], f"{state}.{layer}.next")
        return self.add("Squeeze", [outputs[0], "direction_axis"], f"{part}.output")  # of (T, 1, B, H)

    def _reorder(self, name: str) -> np.ndarray:
        """A layer's weight with its gates in the order of ONNX."""
        cell = CELLS[self.config.cell]
        gates = dict(zip(cell.gates, np.split(self.weights[name], len(cell.gates)), strict=True))
        return np.concatenate([gates[gate] for gate in cell.onnx_gates])
