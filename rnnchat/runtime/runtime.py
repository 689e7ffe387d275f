"""The network without torch: the same function, on ONNX Runtime.

Letters: B batch, T time, V vocabulary, H hidden, L layers.

State is a value: it goes in, a new one comes out, and nothing is remembered in between. Keeping a state is going
back to that point of the text; reading on from it twice is a branch.
"""

import copy
import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import onnx
import onnxruntime
from onnxruntime.capi.onnxruntime_pybind11_state import RuntimeException

from rnnchat.errors import ModelError
from rnnchat.model.cell import CELLS
from rnnchat.model.file import Model
from rnnchat.runtime.constant import Precision, build_constants
from rnnchat.runtime.graph import build_read_graph, build_step_graph
from rnnchat.runtime.predictor import State
from rnnchat.runtime.write_graph import build_write_graph

BLOCK_SIZE = 512
"""Symbols read at once: bounds the memory for their distributions, and how long reading goes on unasked."""
LEAST_TEMPERATURE = 1e-3
"""Below it the most probable symbol is taken, as at 0: dividing by less would overflow, and change nothing."""


class Runtime:
    """A model's network, ready to run.

    Args:
        model: configuration and weights.
        precision: ``float32`` equals the torch network within 1e-4; ``int8`` is faster and rounds. In ``int8`` a
            stream's numbers are the same to the last bit alone and in a batch, stepped and read.
        threads: processor threads for one call; one is fastest for models that fit the cache.

    Raises:
        ModelError: a weight is not finite, or the machine has no memory for the network.
    """

    def __init__(self, model: Model, precision: Precision = "float32", threads: int = 1) -> None:
        self.config = model.config
        self.precision: Precision = precision
        self._threads = threads
        self._state_names = list(model.config.state_shapes())
        self._num_parts = len(CELLS[model.config.cell].states)
        self._constants = build_constants(model.config, model.weights, precision)
        self._step = self._start(build_step_graph(model.config, self._constants, precision))
        self._step_outputs = ["log_probs", *(f"{name}.next" for name in self._state_names)]
        self._read: Any = None  # these two are made when they are used for the first time
        self._read_hidden: Any = None
        self._write: Any = None

    def initial_state(self, batch_size: int = 1) -> State:
        """The state before any text: zeros."""
        shapes = self.config.state_shapes().values()
        return State.pack((np.zeros((batch_size, *shape), np.float32) for shape in shapes), self._num_parts)

    def step(self, ids: np.ndarray, state: State) -> tuple[np.ndarray, State]:
        """Read one symbol in each stream.

        Args:
            ids: (B,) int64.
            state: of B streams.

        Returns:
            log-probabilities of the next symbol, (B, V) float32 (logits, normalised), and the state after it.

        Raises:
            ModelError: the network's numbers overflow.
        """
        feed = dict(zip(self._state_names, state.arrays, strict=True))
        feed["ids"] = ids
        log_probs, *arrays = self._step.run(self._step_outputs, feed)
        # All of a symbol's are NaN if one is. One number is looked at in 0.2 µs, an array in 2.
        if math.isnan(log_probs.item(0)) if len(log_probs) == 1 else np.isnan(log_probs[:, 0]).any():
            raise _overflow()
        return log_probs, State.pack(arrays, self._num_parts)

    def read(self, ids: np.ndarray, state: State, last_only: bool = False) -> tuple[np.ndarray, State]:
        """Read T symbols in each stream in one call; the same as T steps.

        Args:
            ids: (B, T) integers. Distributions of all T are in memory at once: pass long texts in blocks.
            state: of B streams.
            last_only: is the distribution after the last symbol enough? It is then (B, 1, V).

        Returns:
            log-probabilities after each symbol, (B, T, V) float32, and the state after the last one.

        Raises:
            ModelError: the network's numbers overflow.
        """
        if self._read is None:
            self._read = self._start(build_read_graph(self.config, self._constants, self.precision))
        begin = ids.shape[1] - 1 if last_only else 0
        log_probs, last, _ = self._scan(self._read, ids, state, begin)
        return log_probs, last

    def read_hidden(self, ids: np.ndarray, state: State) -> tuple[np.ndarray, tuple[np.ndarray, ...], State]:
        """Read T symbols in each stream, and keep what every layer made of each.

        Args:
            ids: (B, T) integers, as for ``read``.
            state: of B streams.

        Returns:
            log-probabilities after each symbol, (B, T, V) float32; for each layer its hidden state after each
            symbol, (B, T, H_l) float32; and the state after the last one.
        """
        if self._read_hidden is None:
            self._read_hidden = self._start(build_read_graph(self.config, self._constants, self.precision, True))
        names = [f"hidden.{layer}.all" for layer in range(self.config.num_layers)]
        log_probs, last, all_hidden = self._scan(self._read_hidden, ids, state, 0, names)
        return log_probs, tuple(hidden.transpose(1, 0, 2) for hidden in all_hidden), last

    def write(
        self, state: State, log_probs: np.ndarray, uniforms: np.ndarray, temperatures: np.ndarray, mask: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray, State]:
        """Draw and read T symbols in each stream in one call, steered by nothing but the temperature.

        Args:
            state: of B streams.
            log_probs: (B, V) float32, of the first symbol to draw.
            uniforms: (T, B) float64, from 0 to below 1.
            temperatures: (T,); one below ``LEAST_TEMPERATURE`` takes the most probable symbol.
            mask: (V,) float32, 0, or -inf for what is never drawn.

        Returns:
            ids (T, B) int64, their log-probabilities (T, B), those of the next symbol (B, V), and the state after it.

        Raises:
            ModelError: the network's numbers overflow.
        """
        if self._write is None:
            self._write = self._start(build_write_graph(self.config, self._constants, self.precision))
        arrays = (*state.arrays, log_probs)
        names = (*self._state_names, "log_probs")
        feed = {f"{name}.first": array for name, array in zip(names, arrays, strict=True)}
        is_sure = temperatures < LEAST_TEMPERATURE
        # Next to nothing leaves weight to the best alone, and 0 falls on the first of the best.
        feed["all_temperatures"] = np.where(is_sure, 1e-30, temperatures).astype(np.float32)[:, None]
        feed["all_uniforms"] = np.where(is_sure[:, None], 0, uniforms)
        feed["mask"] = mask
        outputs = ["all_ids", "all_chosen", "log_probs.last", *(f"{name}.last" for name in self._state_names)]
        ids, chosen, last_log_probs, *results = self._write.run(outputs, feed)
        if np.isnan(chosen).any() or np.isnan(last_log_probs[:, 0]).any():
            raise _overflow()
        return ids, chosen, last_log_probs, State.pack(results, self._num_parts)

    def _scan(
        self, session: Any, ids: np.ndarray, state: State, begin: int, further: Sequence[str] = ()
    ) -> tuple[np.ndarray, State, list[np.ndarray]]:
        """Run a read graph: log-probabilities from time ``begin`` on (B, T', V), last state, ``further`` outputs."""
        feed = {f"{name}.first": array for name, array in zip(self._state_names, state.arrays, strict=True)}
        feed["all_ids"] = np.ascontiguousarray(ids.T, np.int64)  # (T, B)
        feed["begin"] = np.array([begin], np.int64)
        outputs = ["log_probs", *(f"{name}.last" for name in self._state_names), *further]
        log_probs, *results = session.run(outputs, feed)  # (T', B, V)
        if np.isnan(log_probs[..., 0]).any():
            raise _overflow()
        count = len(self._state_names)
        return log_probs.transpose(1, 0, 2), State.pack(results[:count], self._num_parts), results[count:]

    def with_threads(self, threads: int) -> "Runtime":
        """The same network on another number of processor threads; it shares the weights."""
        other = copy.copy(self)
        other._threads, other._read, other._read_hidden, other._write = threads, None, None, None
        other._step = other._start(build_step_graph(self.config, self._constants, self.precision))
        return other

    def _start(self, graph: onnx.ModelProto) -> Any:
        """A session of ``graph`` on this model's constants, of which it keeps no copy but its own packed one."""
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = self._threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 3  # errors; warnings about our own graph tell a person nothing
        names = [tensor.name for tensor in graph.graph.initializer if tensor.name in self._constants]
        values = [onnxruntime.OrtValue.ortvalue_from_numpy(self._constants[name]) for name in names]
        options.add_external_initializers(names, values)
        try:
            return onnxruntime.InferenceSession(graph.SerializeToString(), options, providers=["CPUExecutionProvider"])
        except (MemoryError, RuntimeException) as e:
            raise ModelError(f"there is not enough memory to write with this model ({e}): use a smaller one") from e


def _overflow() -> ModelError:
    return ModelError("the model's numbers overflow on this text: train it again with a lower rate")
