"""What followed the last symbols, each time that they stood in a text before.

Letters: V vocabulary, K orders, S different symbols that followed, R slices of occurrences.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

MAX_OCCURRENCES = 128
"""Of one context in one index; of a more frequent one so many (up to twice as many) are taken, evenly spread."""


class Evidence(NamedTuple):
    """Counts of what followed, for each of K lengths of context."""

    symbols: np.ndarray
    """(S,) ids, in no order."""
    counts: np.ndarray
    """(K, S) float32: how often each of them followed."""
    size: int
    """How many symbols are remembered: the more there are, the less a single occurrence is chance."""


class Slice(NamedTuple):
    """Occurrences of one context in one index."""

    order: int
    """From 0 to K - 1."""
    followers: np.ndarray
    """What followed: ids, with repetitions."""
    occurrences: int
    """How many occurrences they stand for."""


def cut_slice(order: int, followers: np.ndarray, begin: int, end: int) -> Slice:
    """The occurrences from ``begin`` to ``end``, thinned where they are many."""
    count = end - begin
    return Slice(order, followers[begin : end : max(1, count // MAX_OCCURRENCES)], count)


def count_followers(found: Sequence[Slice], num_orders: int, vocab_size: int, size: int) -> Evidence | None:
    """Add up occurrences in a memory of a size; None where nothing was found."""
    if not found:
        return None
    followers = np.concatenate([part.followers for part in found])
    lengths = [len(part.followers) for part in found]
    # The different symbols without sorting: each is kept where it stands last.
    column = np.empty(vocab_size, np.int64)
    places = np.arange(len(followers))
    column[followers] = places
    symbols = followers[column[followers] == places]
    num_symbols = len(symbols)
    column[symbols] = places[:num_symbols]
    cells = column[followers]
    cells += np.repeat(places[: len(found)] * num_symbols, lengths)
    rows = np.bincount(cells, minlength=len(found) * num_symbols).reshape(len(found), num_symbols)
    scales = np.zeros((num_orders, len(found)), np.float32)
    for row, part in enumerate(found):
        scales[part.order, row] = part.occurrences / lengths[row]
    return Evidence(symbols, scales @ rows.astype(np.float32), size)
