"""What each symbol of a text costs a model, read in one stream or in several side by side.

Letters: B streams, T time, V vocabulary, N symbols.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from rnnchat.runtime.predictor import Predictor, State
from rnnchat.runtime.runtime import BLOCK_SIZE
from rnnchat.runtime.start import read_start
from rnnchat.text.tokenizer import Tokenizer

MAX_BLOCK_NUMBERS = 2**22
"""Log-probabilities in memory at once."""


class Surprisal(NamedTuple):
    """What symbols cost."""

    nats: np.ndarray
    """(B, T) or (N,) float64: the negative logarithm of each symbol's probability."""
    ranks: np.ndarray
    """As many, int64: 1 for the most probable symbol; zeros where they were not asked for."""


class Places:
    """B places in texts from which a model reads on.

    Args:
        runtime: the model.
        state: of B streams.
        last: (B, V) float32, what is thought of the symbol that comes next in each.
    """

    def __init__(self, runtime: Predictor, state: State, last: np.ndarray) -> None:
        self._runtime = runtime
        self.state = state
        self.last = last

    @classmethod
    def start(cls, runtime: Predictor, tokenizer: Tokenizer, count: int = 1) -> "Places":
        """So many streams before any text: behind a line end where the vocabulary has one, else with V equals."""
        last, state = read_start(runtime, tokenizer)
        return cls(runtime, state, last[None]).pick([0] * count)

    def read(self, ids: np.ndarray, with_ranks: bool = False) -> Surprisal:
        """Read T symbols in each stream, and tell what they cost.

        Args:
            ids: (B, T) integers, of any length: they are read in blocks.
            with_ranks: find the ranks too, for about a tenth more time.

        Raises:
            ModelError: the network's numbers overflow.
        """
        count, length = ids.shape
        block = min(BLOCK_SIZE, max(1, MAX_BLOCK_NUMBERS // (count * self.last.shape[1])))
        nats = np.empty((count, length))
        ranks = np.zeros((count, length), np.int64)
        for begin in range(0, length, block):
            read = ids[:, begin : begin + block].astype(np.int64)
            end = begin + read.shape[1]
            log_probs, self.state = self._runtime.read(read, self.state)  # (B, T', V)
            judged = _judge(self.last[:, None], read[:, :1], with_ranks)
            nats[:, begin], ranks[:, begin] = judged.nats[:, 0], judged.ranks[:, 0]
            judged = _judge(log_probs[:, :-1], read[:, 1:], with_ranks)
            nats[:, begin + 1 : end], ranks[:, begin + 1 : end] = judged
            self.last = log_probs[:, -1].copy()  # not a view: the block must not be kept
        return Surprisal(nats, ranks)

    def pick(self, indices: Sequence[int]) -> "Places":
        """These of the streams, in this order; one that is named twice goes on twice."""
        return Places(self._runtime, self.state.rows(indices), self.last[list(indices)])

    def join(self, other: "Places") -> "Places":
        """These streams and those of ``other`` after them, side by side."""
        state = State.join([self.state, other.state], np.concatenate)
        return Places(self._runtime, state, np.concatenate([self.last, other.last]))


def _judge(log_probs: np.ndarray, ids: np.ndarray, with_ranks: bool) -> Surprisal:
    """Log-probabilities (B, T, V) and the symbols that came, (B, T)."""
    chosen = np.take_along_axis(log_probs, ids[..., None], axis=2)  # (B, T, 1)
    ranks = np.count_nonzero(log_probs > chosen, axis=2) + 1 if with_ranks else np.zeros(ids.shape, np.int64)
    return Surprisal(-chosen[..., 0].astype(np.float64), ranks)
