"""Leaving out improbable symbols: top-k, top-p, min-p.

Letters: B batch, V vocabulary, K symbols that stay.
"""

import numpy as np

MANY = 2048
"""From this many symbols on, each row is worth being looked at alone, for most of it need not be sorted."""
_NUM_BINS, _BINS_PER_NAT = 1024, 32


def keep_top_k(scores: np.ndarray, k: int) -> np.ndarray:
    """Leave out all but exactly ``k`` of the most probable symbols; among equals the lower id is kept."""
    vocab_size = scores.shape[1]
    if k >= vocab_size:
        return scores
    if vocab_size > MANY:
        return _keep(scores, [_find_top_k(row, k) for row in scores])
    threshold = np.partition(scores, vocab_size - k, axis=1)[:, vocab_size - k, None]  # (B, 1)
    is_kept = scores >= threshold
    if (is_kept.sum(axis=1) > k).any():
        is_equal = scores == threshold
        room = k - (is_kept & ~is_equal).sum(axis=1, keepdims=True)
        is_kept &= ~(is_equal & (is_equal.cumsum(axis=1) > room))
    return np.where(is_kept, scores, -np.inf)


def _find_top_k(scores: np.ndarray, k: int) -> np.ndarray:
    """The ids (k,), in ascending order, of the ``k`` highest of scores (V,), ``k`` below V."""
    # The highest of each of 2k and more groups: k of these are not above the k-th highest of all, which is looked
    # for among the few scores that remain.
    size = len(scores) // max(2 * k, 256)
    ids = None
    if size > 1:
        num_groups = len(scores) // size
        highest = np.maximum.reduce(scores[: num_groups * size].reshape(size, num_groups), axis=0)
        ids = np.flatnonzero(scores >= np.partition(highest, num_groups - k)[num_groups - k])
        scores = scores[ids]
    threshold = np.partition(scores, len(scores) - k)[len(scores) - k]
    places = np.flatnonzero(scores >= threshold)
    if len(places) > k:
        is_equal = scores[places] == threshold
        room = k - (len(places) - np.count_nonzero(is_equal))
        places = places[~is_equal | (is_equal.cumsum() <= room)]
    return places if ids is None else ids[places]


def keep_top_p(scores: np.ndarray, p: float) -> np.ndarray:
    """Keep the fewest of the most probable symbols that together reach probability ``p``, always at least one."""
    batch_size, vocab_size = scores.shape
    if vocab_size > MANY:
        return _keep(scores, [_find_top_p(row, p) for row in scores])
    weights = np.exp((scores - scores.max(axis=1, keepdims=True)).astype(np.float64))
    totals = weights.sum(axis=1)  # (B,)
    # All symbols below (1 - p) / V together have less than 1 - p: none is kept, and none need be sorted.
    rows, ids = np.nonzero(weights >= totals[:, None] * ((1 - p) / vocab_size))
    candidates = weights[rows, ids]
    order = np.lexsort((-candidates, rows))  # within each row by weight; among equals the lower id first
    ids, candidates = ids[order], candidates[order]
    before = candidates.cumsum() - candidates
    before -= before[np.searchsorted(rows, np.arange(batch_size))][rows]  # within the row
    is_kept = before < p * totals[rows]
    kept = np.full_like(scores, -np.inf)
    rows, ids = rows[is_kept], ids[is_kept]
    kept[rows, ids] = scores[rows, ids]
    return kept


def _find_top_p(scores: np.ndarray, p: float) -> np.ndarray:
    """The ids of the most probable of scores (V,) that together reach ``p``; of those equal to the last, the lowest."""
    nats = np.maximum.reduce(scores) - scores.astype(np.float64)  # below the best; inf for what is left out
    weights = np.exp(-nats)
    limit = p * float(np.add.reduce(weights))
    # In bins of similar weight it is enough to sort the one in which the limit is reached.
    bins = np.minimum(nats * _BINS_PER_NAT, _NUM_BINS - 1).astype(np.intp)
    masses = np.bincount(bins, weights, _NUM_BINS).cumsum()
    last = min(int(masses.searchsorted(limit)), _NUM_BINS - 1)
    sure, edge = np.flatnonzero(bins < last), np.flatnonzero(bins == last)
    before = float(masses[last - 1]) if last else 0.0
    order = edge[(-weights[edge]).argsort(kind="stable")]
    count = int((before + weights[order].cumsum()).searchsorted(limit)) + 1
    return np.concatenate([sure, order[:count]])


def keep_min_p(scores: np.ndarray, min_p: float) -> np.ndarray:
    """Leave out symbols whose probability is below ``min_p`` times that of the most probable one."""
    return np.where(scores >= scores.max(axis=1, keepdims=True) + np.log(min_p), scores, -np.inf)


def narrow(scores: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Leave out the places that are -inf: scores (B, K) and the places (B, K) in each row where they stood."""
    if len(scores) == 1:
        places = np.flatnonzero(scores[0] > -np.inf)
        return scores[:, places], places[None]
    rows, columns = np.nonzero(scores > -np.inf)
    counts = np.bincount(rows, minlength=len(scores))
    new_columns = np.arange(len(rows)) - np.repeat(counts.cumsum() - counts, counts)
    few = np.full((len(scores), counts.max()), -np.inf, scores.dtype)
    few[rows, new_columns] = scores[rows, columns]
    found = np.zeros(few.shape, np.int64)
    found[rows, new_columns] = columns
    return few, found


def _keep(scores: np.ndarray, ids: list[np.ndarray]) -> np.ndarray:
    """Leave out all but some ids of each row."""
    kept = np.full_like(scores, -np.inf)
    for row, row_ids in enumerate(ids):
        kept[row, row_ids] = scores[row, row_ids]
    return kept
