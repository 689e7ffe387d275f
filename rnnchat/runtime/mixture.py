"""Several models of one vocabulary writing as one: their probabilities, mixed with weights.

Linear interpolation of language models (Jelinek and Mercer, Interpolated estimation of Markov source parameters
from sparse data, 1980): p = Σ w_i p_i, computed in logarithms.

Letters: B batch, T time, V vocabulary, H hidden.
"""

import math
from collections.abc import Iterator, Sequence

import numpy as np

from rnnchat.errors import UsageError
from rnnchat.runtime.constant import Precision
from rnnchat.runtime.predictor import Predictor, State
from rnnchat.text.tokenizer import Tokenizer


class Mixture:
    """Models of one vocabulary with the interface of one; its state holds the layers of all, one model's after another.

    Args:
        runtimes: at least one, of one vocabulary (see ``check_same_vocabulary``).
        weights: one for each, from 0 to 1; their sum becomes 1. A weight that is all there is gives exactly the
            numbers of its model.

    Raises:
        UsageError: the weights are out of range, all 0 or not as many as models, or the vocabularies differ in size.
    """

    def __init__(self, runtimes: Sequence[Predictor], weights: Sequence[float]) -> None:
        if not runtimes or len(runtimes) != len(weights):
            raise UsageError(f"{len(weights)} weights for {len(runtimes)} models: give each model one weight")
        for weight in weights:
            if not 0 <= weight <= 1:
                raise UsageError(f"weight must be from 0 to 1, not {weight}")
        if not sum(weights):
            raise UsageError("all weights are 0: give one model a weight above 0")
        sizes = sorted({runtime.config.vocab_size for runtime in runtimes})
        if len(sizes) > 1:
            raise UsageError(f"vocabularies of {sizes[0]:,} and {sizes[-1]:,} symbols cannot be mixed: {_ADVICE}")
        self._runtimes = tuple(runtimes)
        self.config = runtimes[0].config
        """Of the first model; its vocabulary size is that of all."""
        self.precision: Precision = "int8" if any(r.precision == "int8" for r in runtimes) else "float32"
        """``int8`` if any of the models rounds."""
        self.weights = tuple(weight / sum(weights) for weight in weights)
        """The models' shares: from 0 to 1, 1 together."""
        self._log_weights = [np.float32(math.log(weight) if weight else -math.inf) for weight in self.weights]
        self._counts = [len(runtime.initial_state().layers) for runtime in runtimes]

    def initial_state(self, batch_size: int = 1) -> State:
        """The state before any text."""
        return _join(runtime.initial_state(batch_size) for runtime in self._runtimes)

    def step(self, ids: np.ndarray, state: State) -> tuple[np.ndarray, State]:
        """As ``Runtime.step``: ids (B,) int64 to log-probabilities (B, V) and the state after them."""
        results = [runtime.step(ids, part) for runtime, part in self._pair(state)]
        return self._mix([log_probs for log_probs, _ in results]), _join(after for _, after in results)

    def read(self, ids: np.ndarray, state: State, last_only: bool = False) -> tuple[np.ndarray, State]:
        """As ``Runtime.read``: ids (B, T) to log-probabilities (B, T, V) and the state after the last one."""
        results = [runtime.read(ids, part, last_only) for runtime, part in self._pair(state)]
        return self._mix([log_probs for log_probs, _ in results]), _join(after for _, after in results)

    def read_hidden(self, ids: np.ndarray, state: State) -> tuple[np.ndarray, tuple[np.ndarray, ...], State]:
        """As ``Runtime.read_hidden``; the layers (B, T, H_l) of all models, one model's after another."""
        results = [runtime.read_hidden(ids, part) for runtime, part in self._pair(state)]
        layers = tuple(layer for _, hidden, _ in results for layer in hidden)
        return self._mix([log_probs for log_probs, _, _ in results]), layers, _join(after for _, _, after in results)

    def _mix(self, all_log_probs: list[np.ndarray]) -> np.ndarray:
        """Mix log-probabilities (..., V) of each model."""
        mixed: np.ndarray = all_log_probs[0] + self._log_weights[0]
        for log_probs, log_weight in zip(all_log_probs[1:], self._log_weights[1:], strict=True):
            np.logaddexp(mixed, log_probs + log_weight, out=mixed)
        return mixed

    def _pair(self, state: State) -> Iterator[tuple[Predictor, State]]:
        """Each model with its part of the state."""
        begin = 0
        for runtime, count in zip(self._runtimes, self._counts, strict=True):
            yield runtime, State(state.layers[begin : begin + count])
            begin += count


def check_same_vocabulary(tokenizers: Sequence[Tokenizer]) -> None:
    """Make sure that an id means the same symbol to all models.

    Raises:
        UsageError: two vocabularies differ.
    """
    first, *others = tokenizers
    for other in others:
        if other.to_json() != first.to_json():
            names = [f"{tokenizer.level} with {tokenizer.vocab_size:,} symbols" for tokenizer in (first, other)]
            difference = " and ".join(names) if names[0] != names[1] else f"{names[0]}, not the same ones"
            raise UsageError(f"the vocabularies of the models differ ({difference}) and cannot be mixed: {_ADVICE}")


_ADVICE = "choose models trained on the same text at the same level"


def _join(states: Iterator[State]) -> State:
    return State(tuple(layer for state in states for layer in state.layers))
