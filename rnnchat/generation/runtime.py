"""The network without torch: the same function, on ONNX Runtime.

Letters: B batch, T time, V vocabulary, H hidden, L layers.

State is a value: it goes in, a new one comes out, and nothing is remembered in between. Keeping a state is going
back to that point of the text; reading on from it twice is a branch.
"""

from typing import Any, NamedTuple

import numpy as np
import onnx
import onnxruntime

from rnnchat.errors import ModelError
from rnnchat.generation.graph import Precision, build_read_graph, build_step_graph, state_names
from rnnchat.model.file import Model

BLOCK_SIZE = 512
"""Symbols read at once: bounds the memory for their distributions, and how long reading goes on unasked."""


class State(NamedTuple):
    """All that the network remembers of a text; arrays are never changed once made."""

    hidden: tuple[np.ndarray, ...]
    """For each layer (B, H_l) float32."""
    cell: tuple[np.ndarray, ...]
    """For each layer (B, H_l) float32; empty unless the cell is lstm."""


class Runtime:
    """A model's network, ready to run.

    Args:
        model: configuration and weights.
        precision: ``float32`` equals the torch network within 1e-4; ``int8`` is faster and rounds.
        threads: processor threads for one call; one is fastest for models that fit the cache.
    """

    def __init__(self, model: Model, precision: Precision = "float32", threads: int = 1) -> None:
        self.config = model.config
        self.precision = precision
        self._weights = model.weights
        self._threads = threads
        self._state_names = state_names(model.config)
        self._step = _start_session(build_step_graph(model.config, model.weights, precision), threads)
        self._step_outputs = ["log_probs", *(f"{name}.next" for name in self._state_names)]
        self._read: Any = None  # made when a text is read for the first time

    def initial_state(self, batch_size: int = 1) -> State:
        """The state before any text: zeros."""
        zeros = tuple(np.zeros((batch_size, size), np.float32) for size in self.config.hidden_sizes)
        return State(zeros, zeros if self.config.cell == "lstm" else ())

    def step(self, ids: np.ndarray, state: State) -> tuple[np.ndarray, State]:
        """Read one symbol in each stream.

        Args:
            ids: (B,) int64.
            state: of B streams.

        Returns:
            log-probabilities of the next symbol, (B, V) float32 (logits, normalised), and the state after it.
        """
        feed = dict(zip(self._state_names, (*state.hidden, *state.cell), strict=True))
        feed["ids"] = ids
        log_probs, *arrays = self._step.run(self._step_outputs, feed)
        return log_probs, self._pack(arrays)

    def read(self, ids: np.ndarray, state: State, last_only: bool = False) -> tuple[np.ndarray, State]:
        """Read T symbols in each stream in one call; the same as T steps.

        Args:
            ids: (B, T) integers. Distributions of all T are in memory at once: pass long texts in blocks.
            state: of B streams.
            last_only: is the distribution after the last symbol enough? It is then (B, 1, V).

        Returns:
            log-probabilities after each symbol, (B, T, V) float32, and the state after the last one.
        """
        if self._read is None:
            graph = build_read_graph(self.config, self._weights, self.precision)
            self._read = _start_session(graph, self._threads)
        arrays = (*state.hidden, *state.cell)
        feed = {f"{name}.first": array for name, array in zip(self._state_names, arrays, strict=True)}
        feed["all_ids"] = np.ascontiguousarray(ids.T, np.int64)  # (T, B)
        feed["begin"] = np.array([ids.shape[1] - 1 if last_only else 0], np.int64)
        outputs = ["log_probs", *(f"{name}.last" for name in self._state_names)]
        log_probs, *arrays_after = self._read.run(outputs, feed)  # (T, B, V)
        return log_probs.transpose(1, 0, 2), self._pack(arrays_after)

    def _pack(self, arrays: list[np.ndarray]) -> State:
        num_layers = self.config.num_layers
        return State(tuple(arrays[:num_layers]), tuple(arrays[num_layers:]))


def _start_session(graph: onnx.ModelProto, threads: int) -> Any:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3  # errors; warnings about our own graph tell a person nothing
    try:
        return onnxruntime.InferenceSession(graph.SerializeToString(), options, providers=["CPUExecutionProvider"])
    except ValueError as e:  # protobuf cannot hold more than 2 GiB
        raise ModelError(f"the model is too big for the writing engine ({e}): use one below 2 GiB") from e
