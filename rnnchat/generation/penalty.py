"""Making symbols rarer that were used lately.

Letters: B batch, V vocabulary, W window of symbols used lately, N symbols used.
"""

from typing import NamedTuple

import numpy as np


class Use(NamedTuple):
    """Symbols used lately: places in (B, V), each once, and how much its uses count."""

    rows: np.ndarray
    ids: np.ndarray
    latest: np.ndarray
    """(N,) float32: the newest use alone."""
    sum: np.ndarray
    """(N,) float32: all uses together."""


NO_USE = Use(np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0, np.float32), np.zeros(0, np.float32))


def weigh_use(recent: np.ndarray, vocab_size: int, decay: float = 1.0) -> Use:
    """Count the uses of symbols, a use n places before the last as decay ** n.

    Args:
        recent: (B, W) ids, the newest last, -1 where a text is shorter.
        vocab_size: V.
        decay: above 0, at most 1.
    """
    batch_size, window = recent.shape
    places = (recent + np.arange(batch_size)[:, None] * vocab_size)[:, ::-1].ravel()  # the newest first
    counts = np.concatenate([decay ** np.arange(window, dtype=np.float32)] * batch_size)
    is_used = recent[:, ::-1].ravel() >= 0
    places, counts = places[is_used], counts[is_used]
    if not len(places):
        return NO_USE
    order = places.argsort(kind="stable")
    places, counts = places[order], counts[order]
    is_first = np.ones(len(places), bool)
    np.not_equal(places[1:], places[:-1], out=is_first[1:])
    first = is_first.nonzero()[0]
    used = places[first]
    return Use(used // vocab_size, used % vocab_size, counts[first], np.add.reduceat(counts, first))


def penalise_repetition(scores: np.ndarray, use: Use, penalty: float) -> np.ndarray:
    """Multiply the log-probability of each symbol used lately by ``penalty``: above 1 makes it rarer.

    Args:
        scores: (B, V), at most 0.
        use: what was used lately.
        penalty: for a symbol used at the last place; an older use takes penalty ** latest.
    """
    scores = scores.copy()
    scores[use.rows, use.ids] *= penalty**use.latest
    return scores


def penalise_use(scores: np.ndarray, use: Use, presence: float, frequency: float) -> np.ndarray:
    """Take ``presence`` nats from each symbol used lately, and ``frequency`` nats for each use.

    Args:
        scores: (B, V).
        use: what was used lately.
        presence: nats for the newest use, as much as it counts.
        frequency: nats for each use, as much as it counts.
    """
    scores = scores.copy()
    scores[use.rows, use.ids] -= presence * use.latest + frequency * use.sum
    return scores
