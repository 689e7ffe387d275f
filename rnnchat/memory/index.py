"""Every context of a text, sorted, so that all its earlier occurrences are found by bisection.

A suffix array cut to the last few symbols (compare infini-gram, Liu et al. 2024): the K symbols before a position are
packed into one integer of 64 bits, the nearest one highest, so that the positions that share their last symbols with
a given context are one slice, however many symbols are asked for. It takes 12 bytes and some
0.2 µs for each symbol of the text.

Letters: N symbols of the text, V vocabulary, K orders (lengths of context).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

KEY_BITS = 64
BREAK = -1
"""Stands between parts of a text that did not follow each other: it is packed like the time before the text."""
ORDERS = (1, 2, 3, 4, 6, 8)
"""Lengths of context, as far as they fit into the key: more of them bring nothing (docs/voice.md)."""


@dataclass(frozen=True)
class Packing:
    """How the symbols before a position become one integer."""

    vocab_size: int

    @cached_property
    def bits(self) -> int:
        """Of each symbol. Symbol ids are packed plus one: 0 stands for the time before the text."""
        return max(1, self.vocab_size.bit_length())

    @cached_property
    def orders(self) -> tuple[int, ...]:
        """(K,): lengths of the contexts, the shortest first."""
        return tuple(order for order in ORDERS if order * self.bits <= KEY_BITS)

    @cached_property
    def longest(self) -> int:
        """Symbols of the longest context."""
        return self.orders[-1]

    @cached_property
    def masks(self) -> np.ndarray:
        """(K,) uint64: what a context of each order leaves open."""
        return np.array([(1 << (KEY_BITS - order * self.bits)) - 1 for order in self.orders], np.uint64)

    def pack(self, ids: np.ndarray) -> np.ndarray:
        """The contexts of every position: (N,) ids to (N + 1,) uint64, for the symbol at each position and the next."""
        symbols = np.zeros(len(ids) + self.longest, np.uint64)
        symbols[self.longest :] = ids + 1
        keys = np.zeros(len(ids) + 1, np.uint64)
        for k in range(1, self.longest + 1):
            keys |= symbols[self.longest - k : len(symbols) + 1 - k] << np.uint64(KEY_BITS - k * self.bits)
        return keys

    def pack_one(self, recent: Sequence[int]) -> int:
        """The context after ``recent``, the newest symbol last; as Python's integer."""
        key = 0
        for k, id in enumerate(reversed(recent[-self.longest :]), 1):
            key |= (id + 1) << (KEY_BITS - k * self.bits)
        return key


class Index:
    """A text that can be looked up; it is never changed."""

    def __init__(self, packing: Packing, ids: np.ndarray, first: int = 0) -> None:
        """
        Args:
            packing: of the vocabulary.
            ids: (N,) int32, the text.
            first: symbols at the beginning that are context alone; what follows them stands in another index.
        """
        keys, followers = packing.pack(ids)[first:-1], ids[first:]
        if (is_symbol := followers != BREAK).sum() < len(followers):
            keys, followers = keys[is_symbol], followers[is_symbol]
        order = np.argsort(keys, kind="stable")  # within a context, the earliest position first
        self.keys = keys[order]
        self.followers = followers[order].astype(np.int32)
        """(N,): the symbol after each context, in the order of ``keys``."""

    def __len__(self) -> int:
        return len(self.keys)

    @property
    def num_bytes(self) -> int:
        """What it takes in memory."""
        return self.keys.nbytes + self.followers.nbytes

    def find(self, low: np.ndarray, high: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The slices of all orders: begins (K,) and ends (K,); see `Packing.masks`."""
        return self.keys.searchsorted(low, "left"), self.keys.searchsorted(high, "right")
