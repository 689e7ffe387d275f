"""Weights in 8 bits.

Letters: N outputs, I inputs of a matrix.

Each output has its own scale, so that the largest of its weights becomes the largest whole number. A processor
without an instruction for products of 8-bit numbers (VNNI on x86) adds pairs of them up in 16 bits, and what does
not fit is cut off without a word: 255·127 + 255·127 is 64,770, where 32,767 is the most. There the weights
get 7 bits, with which no pair can overflow (255·63·2 is 32,130).
"""

import functools

import numpy as np
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

MOST_8_BIT = 127
MOST_7_BIT = 63
_LEAST_SCALE = 1e-12
"""A row of zeros has no scale of its own."""


def quantise(weight: np.ndarray, most: int) -> tuple[np.ndarray, np.ndarray]:
    """Round a matrix (N, I) to whole numbers from -most to most.

    Returns:
        the numbers, (I, N) int8, and what one of them stands for in each output, (N,) float32. A row with NaN or
        infinity has a scale that is not finite.
    """
    scale = np.maximum(np.maximum(weight.max(axis=1), -weight.min(axis=1)), _LEAST_SCALE) / most  # (N,)
    with np.errstate(invalid="ignore"):  # what is not finite is told by its scale
        rounded = weight * (1 / scale)[:, None]
        np.rint(rounded, out=rounded)
        return np.ascontiguousarray(rounded.astype(np.int8).T), scale.astype(np.float32)


@functools.cache
def choose_most() -> int:
    """The largest whole number for a weight that this machine multiplies without a fault."""
    return MOST_7_BIT if saturates() else MOST_8_BIT


def saturates() -> bool:
    """Does this machine get products of the largest 8-bit numbers wrong? Tried out, in about a millisecond.

    One row and several are tried: they take different ways through ONNX Runtime.
    """
    weight = np.full((64, 32), MOST_8_BIT, np.int8)
    names = ["x", "weight", "one", "one", "", ""]
    graph = helper.make_graph(
        [helper.make_node("MatMulIntegerToFloat", names, ["y"], domain="com.microsoft")],
        "extremes",
        [helper.make_tensor_value_info("x", TensorProto.UINT8, ["B", 64])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["B", 32])],
        [numpy_helper.from_array(weight, "weight"), numpy_helper.from_array(np.array(1, np.float32), "one")],
    )
    opsets = [helper.make_opsetid("", 18), helper.make_opsetid("com.microsoft", 1)]
    model = helper.make_model(graph, opset_imports=opsets, ir_version=9)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    exact = 64 * 255 * MOST_8_BIT
    return any((session.run(["y"], {"x": np.full((rows, 64), 255, np.uint8)})[0] != exact).any() for rows in (1, 16))
