"""What a model thinks of each symbol: its probability, its rank, what else could have stood there.

Letters: B batch (1 here), T time, N symbols of a text, V vocabulary, H hidden, K alternatives.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from rnnchat.analysis.memory_reader import mix_along
from rnnchat.errors import TextError, UsageError
from rnnchat.runtime.predictor import Predictor, Recall
from rnnchat.runtime.runtime import BLOCK_SIZE
from rnnchat.runtime.start import read_start
from rnnchat.text.tokenizer import Tokenizer

MAX_ROUNDS = 64
"""Up to so many alternatives are found one after the other, which for 5 of 20,000 is ten times faster than a sort."""

LEAST_LOG_PROB = -1e4
"""In entropies -inf counts as this: exp of it is 0, and 0 times it is the 0 that 0 log 0 is meant to be."""
LN2 = math.log(2)


@dataclass(frozen=True)
class Insight:
    """What a distribution says of one symbol."""

    log_prob: float
    """Natural logarithm of the symbol's probability."""
    rank: int
    """1 for the most probable symbol; the number of strictly more probable ones, plus 1."""
    entropy: float
    """Bits that the next symbol costs on average, if the distribution is right: 0 where only one can come."""
    alternatives: tuple[tuple[int, float], ...]
    """Id and log-probability of the most probable symbols, the best first; among equals the lower id."""

    def to_json(self, tokenizer: Tokenizer) -> dict[str, Any]:
        """As plain JSON values, each alternative with its label."""
        alternatives = [{"id": id, "symbol": tokenizer.label(id), "log_prob": p} for id, p in self.alternatives]
        return {"log_prob": self.log_prob, "rank": self.rank, "entropy": self.entropy, "alternatives": alternatives}


@dataclass(frozen=True, eq=False)
class Explanation:
    """What a model makes of a text, symbol by symbol."""

    ids: np.ndarray
    """(N,) int32"""
    symbols: tuple[str, ...]
    """N texts: what each symbol adds to the text; empty while a character is incomplete."""
    log_probs: np.ndarray
    """(N,) float32, natural logarithms; their sum is the text's score in nats, with its sign turned."""
    ranks: np.ndarray
    """(N,) int64, 1 for the most probable symbol."""
    entropies: np.ndarray
    """(N,) float32, bits: of the distribution before each symbol."""
    top_ids: np.ndarray
    """(N, K) int64, the most probable symbols in the place of each, the best first."""
    top_log_probs: np.ndarray
    """(N, K) float32"""
    labels: dict[int, str]
    """How each id in ``top_ids`` is shown to a person."""
    hidden: tuple[np.ndarray, ...] | None = None
    """For each layer (N, H) float32: its units after reading each symbol; None if not asked for."""

    def to_json(self) -> dict[str, Any]:
        """As plain JSON values: an entry for each symbol, and for each layer a list of N lists."""
        rows = zip(self.top_ids.tolist(), self.top_log_probs.tolist(), strict=True)
        columns = (self.ids, self.log_probs, self.ranks, self.entropies)
        values = zip(self.symbols, *(column.tolist() for column in columns), rows, strict=True)
        record: dict[str, Any] = {"symbols": [self._row_to_json(*row) for row in values]}
        if self.hidden is not None:
            record["hidden"] = [layer.tolist() for layer in self.hidden]
        return record

    def _row_to_json(self, text: str, id: int, log_prob: float, rank: int, entropy: float, top: Any) -> dict[str, Any]:
        alternatives = [{"id": k, "symbol": self.labels[k], "log_prob": p} for k, p in zip(*top, strict=True)]
        return {"text": text, "id": id, "log_prob": log_prob, "rank": rank, "entropy": entropy,
                "alternatives": alternatives}  # fmt: skip


def explain(
    runtime: Predictor,
    tokenizer: Tokenizer,
    text: str,
    top: int = 5,
    with_hidden: bool = False,
    memory: Recall | None = None,
) -> Explanation:
    """Read a text and tell what the model thought of each of its symbols.

    The text is read as if it stood after a line end, as `score_text` does. Distributions are in memory for a block
    of symbols at a time, all else for the whole text.

    Args:
        runtime: the model.
        tokenizer: its vocabulary. What it lacks of the text is left out, or is the unknown symbol where it has one.
        text: at least one symbol.
        top: K, alternatives for each symbol; at most V of them.
        with_hidden: give the units of all layers too, 4 bytes each.
        memory: what is remembered before the text, which is remembered as well; None for the network alone.

    Raises:
        TextError: the text is empty, or the vocabulary has nothing of it.
        UsageError: ``top`` is below 0.
        ModelError: the network's numbers overflow.
    """
    ids = tokenizer.encode(text)
    if not len(ids):
        reason = "holds no symbol that the model knows" if text else "is empty"
        raise TextError(f"the text to explain {reason}: give one with at least one character")
    judged, hidden = [], []
    for expected, block, layers_of_block in _read_blocks(runtime, tokenizer, ids, with_hidden, memory):
        judged.append(judge(expected, block, top))
        hidden.append(layers_of_block)
    log_probs, ranks, entropies, top_ids, top_log_probs = map(np.concatenate, zip(*judged, strict=True))
    labels = {id: tokenizer.label(id) for id in np.unique(top_ids).tolist()}
    layers = tuple(map(np.concatenate, zip(*hidden, strict=True))) if with_hidden else None
    symbols = split_text(tokenizer, ids)
    return Explanation(ids, symbols, log_probs, ranks, entropies, top_ids, top_log_probs, labels, layers)


def _read_blocks(
    runtime: Predictor, tokenizer: Tokenizer, ids: np.ndarray, with_hidden: bool, memory: Recall | None
) -> Iterator[tuple[np.ndarray, np.ndarray, tuple[np.ndarray, ...]]]:
    """Read ids (N,) in blocks of T.

    Yields:
        what is expected before each symbol (T, V), the block's ids (T,), and the units (T, H) of each layer, if wanted.
    """
    last, state = read_start(runtime, tokenizer)
    for begin in range(0, len(ids), BLOCK_SIZE):
        block = ids[begin : begin + BLOCK_SIZE]
        hidden: tuple[np.ndarray, ...] = ()
        if with_hidden:
            log_probs, hidden, state = runtime.read_hidden(block[None], state)
        else:
            log_probs, state = runtime.read(block[None], state)
        if memory is None:
            expected = np.concatenate([last[None], log_probs[0, :-1]])
        else:
            expected, memory = mix_along(last, log_probs[0, :-1], block, memory)
        yield expected, block, tuple(layer[0] for layer in hidden)
        last = log_probs[0, -1]


def look_at(log_probs: np.ndarray, id: int, top: int) -> Insight:
    """What the distribution ``log_probs`` (V,) says of the symbol ``id``, with ``top`` alternatives at most.

    Alternatives without any probability are left out.
    """
    # As `judge` does for many, several times as fast: this is called for each symbol that is written.
    log_prob = log_probs[id]
    rank = int(np.count_nonzero(log_probs > log_prob)) + 1
    finite = np.maximum(log_probs, LEAST_LOG_PROB)
    entropy = max(float(np.dot(np.exp(finite), finite)) / -LN2, 0.0)
    left, alternatives = log_probs.copy(), []
    for _ in range(min(top, len(left))):
        best = int(left.argmax())  # the first of equals
        if left[best] == -np.inf:
            break
        alternatives.append((best, float(left[best])))
        left[best] = -np.inf
    return Insight(float(log_prob), rank, entropy, tuple(alternatives))


def judge(log_probs: np.ndarray, ids: np.ndarray, top: int) -> tuple[np.ndarray, ...]:
    """What T distributions say of one symbol each.

    Args:
        log_probs: (T, V), natural logarithms, each row normalised.
        ids: (T,)
        top: K, cut to V.

    Returns:
        log-probabilities (T,), ranks (T,) and entropies (T,) in bits of the symbols; ids (T, K) and log-probabilities
        (T, K) of the alternatives.

    Raises:
        UsageError: ``top`` is below 0.
    """
    chosen = np.take_along_axis(log_probs, ids[:, None].astype(np.int64), axis=1)  # (T, 1)
    ranks = np.count_nonzero(log_probs > chosen, axis=1) + 1
    finite = np.maximum(log_probs, LEAST_LOG_PROB)
    entropies = np.einsum("tv,tv->t", np.exp(finite), finite) / np.float32(-LN2)
    top_ids = find_best(log_probs, top)
    return chosen[:, 0], ranks, np.maximum(entropies, 0), top_ids, np.take_along_axis(log_probs, top_ids, axis=1)


def find_best(scores: np.ndarray, k: int) -> np.ndarray:
    """The ids of the ``k`` highest of each row of ``scores`` (T, V), best first, among equals the lower id: (T, K).

    Raises:
        UsageError: ``k`` is below 0.
    """
    if k < 0:
        raise UsageError(f"the number of alternatives must be at least 0, not {k}")
    k = min(k, scores.shape[1])
    if k > MAX_ROUNDS:
        return np.argsort(-scores, axis=1, kind="stable")[:, :k]
    left = scores.copy()
    rows = np.arange(len(scores))
    best = np.empty((len(scores), k), np.int64)
    for place in range(k):
        best[:, place] = left.argmax(axis=1)  # the first of equals
        if np.isneginf(left[rows, best[:, place]]).any():  # what was taken looks like what was never there
            return np.argsort(-scores, axis=1, kind="stable")[:, :k]
        left[rows, best[:, place]] = -np.inf
    return best


def split_text(tokenizer: Tokenizer, ids: np.ndarray, previous: Sequence[int] | np.ndarray = ()) -> tuple[str, ...]:
    """What each of ``ids`` (N,) adds to the text behind ``previous``; empty while a character is incomplete."""
    decoder = tokenizer.start_decoding(list(previous[-4:]))
    return tuple(decoder.feed(id) for id in ids.tolist())
