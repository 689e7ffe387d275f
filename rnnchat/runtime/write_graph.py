"""Drawing and reading many symbols in one call: the plainest way of writing, as an ONNX graph.

Letters: B batch, T time, V vocabulary.

Where nothing but the temperature steers, a symbol can be drawn by the graph itself, and T symbols be written without
going back to Python in between: a small network's step takes less time than the few array operations of a draw. The
arithmetic is that of ``sampling.apply_temperature`` and ``sampling.draw``.
"""

import numpy as np
import onnx
from onnx import TensorProto, helper

from rnnchat.model.config import ModelConfig
from rnnchat.runtime.constant import Precision
from rnnchat.runtime.graph import Builder, list_state_infos, rename


def build_write_graph(config: ModelConfig, constants: dict[str, np.ndarray], precision: Precision) -> onnx.ModelProto:
    """The graph that writes T symbols; constants as in ``build_step_graph``.

    Inputs: the state and ``log_probs`` (B, V) with ``.first`` added to their names, ``mask`` (V,): 0, or -inf for
    what is never drawn, ``all_uniforms`` (T, B) float64 from 0 to below 1, ``all_temperatures`` (T, 1) float32 above 0.
    Outputs: ``all_ids`` (T, B), ``all_chosen`` (T, B): their log-probabilities, and state and ``log_probs`` after the
    last one with ``.last`` added.
    """
    builder = Builder(config, constants, precision)
    log_probs = helper.make_tensor_value_info("log_probs", TensorProto.FLOAT, ["B", config.vocab_size])
    states, next_states = list_state_infos(config)
    carried, carried_next = [*states, log_probs], [*next_states, rename(log_probs, ".next")]
    body = _build_body(builder, carried, carried_next)
    first, last = ([rename(info, suffix) for info in carried] for suffix in (".first", ".last"))
    scan = helper.make_node(
        "Scan",
        [*(info.name for info in first), "all_uniforms", "all_temperatures"],
        [*(info.name for info in last), "all_ids", "all_chosen"],
        body=body,
        num_scan_inputs=2,
    )
    builder.nodes = [scan]
    inputs = [
        helper.make_tensor_value_info("mask", TensorProto.FLOAT, [config.vocab_size]),
        helper.make_tensor_value_info("all_uniforms", TensorProto.DOUBLE, ["T", "B"]),
        helper.make_tensor_value_info("all_temperatures", TensorProto.FLOAT, ["T", 1]),
    ]
    outputs = [
        helper.make_tensor_value_info("all_ids", TensorProto.INT64, ["T", "B"]),
        helper.make_tensor_value_info("all_chosen", TensorProto.FLOAT, ["T", "B"]),
    ]
    return builder.make_model([*first, *inputs], [*last, *outputs])


def _build_body(
    builder: Builder, carried: list[onnx.ValueInfoProto], carried_next: list[onnx.ValueInfoProto]
) -> onnx.GraphProto:
    """The graph that draws one symbol in each stream and reads it."""
    uniforms = helper.make_tensor_value_info("uniforms", TensorProto.DOUBLE, ["B"])
    temperature = helper.make_tensor_value_info("temperature", TensorProto.FLOAT, [1])
    _add_draw(builder)
    builder.add_output_layer(builder.add_step("ids"), "log_probs.next")
    ids = helper.make_tensor_value_info("ids", TensorProto.INT64, ["B"])
    chosen = helper.make_tensor_value_info("chosen", TensorProto.FLOAT, ["B"])
    return helper.make_graph(
        builder.nodes, "step", [*carried, uniforms, temperature], [*carried_next, rename(ids, ".out"), chosen]
    )


def _add_draw(builder: Builder) -> None:
    """From ``log_probs``, ``uniforms`` and ``temperature`` the ``ids`` (B,) and their log-probabilities ``chosen``."""
    axis = builder.constant("vocab_axis", np.array([1], np.int64))
    scores = builder.add("Add", ["log_probs", "mask"], "scores")
    best = builder.add("ReduceMax", [scores, axis], "best", keepdims=1)
    builder.add("Div", [builder.add("Sub", [scores, best], "below_best"), "temperature"], "heated")
    builder.add("Cast", [builder.add("Exp", ["heated"], "weights")], "wide_weights", to=TensorProto.DOUBLE)
    builder.add("CumSum", ["wide_weights", builder.constant("vocab_axis_0d", np.array(1, np.int64))], "cumulative")
    last = builder.constant("last_id", np.array([builder.config.vocab_size - 1], np.int64))
    builder.add("Gather", ["cumulative", last], "totals", axis=1)  # (B, 1)
    # Rounding could lift the product to the very end, where no id is.
    builder.add("Mul", ["totals", builder.constant("below_1", np.array(1 - 2**-53))], "limits")
    builder.add("Unsqueeze", ["uniforms", axis], "columns")  # (B, 1)
    builder.add("Min", [builder.add("Mul", ["columns", "totals"], "products"), "limits"], "targets")
    builder.add("Greater", ["cumulative", "targets"], "is_beyond")  # (B, V)
    builder.add("Cast", ["is_beyond"], "beyond", to=TensorProto.UINT8)
    builder.add("ArgMax", ["beyond"], "ids", axis=1, keepdims=0)
    builder.add("Identity", ["ids"], "ids.out")
    builder.add(
        "GatherElements", ["log_probs", builder.add("Unsqueeze", ["ids", axis], "id_columns")], "picked", axis=1
    )
    builder.add("Squeeze", ["picked", axis], "chosen")
