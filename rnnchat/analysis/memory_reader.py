"""Scores a text with what stands before it, and other texts, in memory.

Letters: N symbols, T time, V vocabulary.
"""

import numpy as np

from rnnchat.analysis.surprisal import Surprisal
from rnnchat.runtime.predictor import Predictor, Recall
from rnnchat.runtime.runtime import BLOCK_SIZE
from rnnchat.runtime.start import read_start
from rnnchat.text.tokenizer import Tokenizer


class MemoryReader:
    """Reads a text in one stream; what it has read is remembered from then on: `rnnchat.analysis.score.Reader`."""

    window = BLOCK_SIZE

    def __init__(self, runtime: Predictor, tokenizer: Tokenizer, memory: Recall) -> None:
        """Args: the network; its vocabulary; what is remembered before the text begins."""
        self._runtime = runtime
        self._memory = memory
        self._next, self._state = read_start(runtime, tokenizer)

    def read(self, ids: np.ndarray, with_ranks: bool = False) -> Surprisal:
        """See `Reader.read`."""
        nats, ranks = np.empty(len(ids), np.float64), np.zeros(len(ids), np.int64)
        for begin in range(0, len(ids), BLOCK_SIZE):
            block = ids[begin : begin + BLOCK_SIZE]
            log_probs, self._state = self._runtime.read(block[None], self._state)
            mixed, self._memory = mix_along(self._next, log_probs[0, :-1], block, self._memory)
            self._next = log_probs[0, -1]
            chosen = np.take_along_axis(mixed, block[:, None].astype(np.int64), 1)
            nats[begin : begin + len(block)] = -chosen[:, 0]
            if with_ranks:
                ranks[begin : begin + len(block)] = (mixed > chosen).sum(1) + 1
        return Surprisal(nats, ranks)


def mix_along(first: np.ndarray, log_probs: np.ndarray, ids: np.ndarray, memory: Recall) -> tuple[np.ndarray, Recall]:
    """What is expected before each symbol of a text that is remembered as it is read.

    Args:
        first: (V,), what the network expects before the first symbol.
        log_probs: (T - 1, V), before each of the others.
        ids: (T,)
        memory: before the text.

    Returns:
        (T, V) log-probabilities, and the memory after the text.
    """
    mixed = np.empty((len(ids), len(first)), np.float32)
    for place, id in enumerate(ids):
        mixed[place] = memory.mix(log_probs[place - 1] if place else first)
        memory = memory.read(np.array([id]))
    return mixed, memory
