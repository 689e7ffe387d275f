"""A memory of ids: a value, like the network's state, that grows symbol by symbol and forgets by being let go.

Letters: N symbols remembered, V vocabulary, K orders (lengths of context).
"""

from dataclasses import dataclass, field, replace

import numpy as np

from rnnchat.memory.evidence import Evidence, Slice, count_followers, cut_slice
from rnnchat.memory.index import BREAK, Index, Packing

MAX_TAIL = 2_048
"""Symbols that are searched one by one before they are indexed."""
COUNT_INTERVAL = 64
"""Symbols after which the counts are brought up to date: a bias over the vocabulary is made of them."""
GROWTH = 4
"""An index absorbs the one before it unless that one is longer by this factor."""


_BREAK = np.array([BREAK], np.int32)


def _nothing() -> np.ndarray:
    return np.zeros(0, np.int32)


@dataclass(frozen=True)
class Memory:
    """Texts to look up, and one that is being written.

        memory = Memory.of(tokenizer.vocab_size).learn(letters).extend(story)
        memory.recall()

    Every call returns a new memory and leaves the old one as it was; they share what they have in common. So a fork
    is another name for the same memory, and going back means keeping the earlier one.
    """

    packing: Packing
    counts: np.ndarray
    """(V,) int64: how often each symbol is remembered, up to the last 64 symbols of the text being written."""
    indexes: tuple[Index, ...] = ()
    """Of texts that stand by themselves, such as files."""
    grown: tuple[Index, ...] = ()
    """Of the text that is being written, without its last symbols; the longest first."""
    indexed: np.ndarray = field(default_factory=_nothing)
    """(N,) int32: the symbols in ``grown``, and `BREAK` where something between them was not remembered."""
    tail: np.ndarray = field(default_factory=_nothing)
    """(N,) int32: those after them, preceded by the end of ``indexed`` as their context."""
    overlap: int = 0
    """How many symbols of ``tail`` are that context."""
    uncounted: int = 0
    """How many symbols at the end of ``tail`` are missing from ``counts``."""
    recent: np.ndarray = field(default_factory=_nothing)
    """(N,) int32: the last symbols of the text being written, remembered or not."""
    size: int = 0
    """How many symbols are remembered."""
    is_broken: bool = False
    """Whether the text went on without being remembered since the end of ``tail``."""

    @classmethod
    def of(cls, vocab_size: int) -> "Memory":
        """A memory of nothing, for a vocabulary of V symbols."""
        return cls(Packing(vocab_size), np.zeros(vocab_size, np.int64))

    def __len__(self) -> int:
        """How many symbols are remembered."""
        return self.size

    @property
    def num_bytes(self) -> int:
        """What it takes in memory."""
        return sum(index.num_bytes for index in (*self.indexes, *self.grown)) + self.indexed.nbytes + self.tail.nbytes

    def learn(self, ids: np.ndarray) -> "Memory":
        """Remember a text that stands by itself: (N,) int32."""
        if not len(ids):
            return self
        return replace(
            self, indexes=(*self.indexes, Index(self.packing, ids)), counts=self._count(ids), size=self.size + len(ids)
        )

    def extend(self, ids: np.ndarray) -> "Memory":
        """Remember (N,) int32 more symbols of the text that is being written."""
        new = ids.astype(np.int32, copy=False)
        size = self.size + len(new)
        if self.is_broken:
            size += len(self.recent)
            new = np.concatenate((_BREAK, self.recent, new))
        tail = np.concatenate((self.tail, new))
        counts, uncounted = self.counts, self.uncounted + len(new)
        if uncounted >= COUNT_INTERVAL:
            counts, uncounted = self._count(tail[-uncounted:]), 0
        grown = replace(
            self, tail=tail, counts=counts, uncounted=uncounted, recent=self._move_on(ids), size=size, is_broken=False
        )
        return grown._index() if len(tail) - self.overlap > MAX_TAIL else grown

    def follow(self, ids: np.ndarray) -> "Memory":
        """Go on in the text by (N,) int32 symbols that are not to be remembered.

        They are the context of what comes next. When more is remembered, the last few of them are as well, for its
        sake.
        """
        return replace(self, recent=self._move_on(ids), is_broken=True) if len(ids) else self

    def stand_after(self, ids: np.ndarray) -> "Memory":
        """The same memory, at the end of a text: (N,) int32, of which the last few are its context now."""
        recent = ids[-self.packing.longest :].astype(np.int32)
        if np.array_equal(recent, self.recent):
            return self
        return replace(self, recent=recent, is_broken=True)

    def append(self, id: int) -> "Memory":
        """Remember one more symbol of the text that is being written."""
        return self.extend(np.array([id], np.int32))

    def recall(self) -> Evidence | None:
        """What followed the last symbols of the text being written, wherever they are remembered; None for nothing."""
        context = self.recent.tolist()
        if not context:
            return None
        found = self._search_tail(context)
        key = np.uint64(self.packing.pack_one(context))
        masks = self.packing.masks[: np.searchsorted(self.packing.orders, len(context), "right")]
        low, high = key & ~masks, key | masks
        for index in (*self.indexes, *self.grown):
            begins, ends = index.find(low, high)
            for order, (begin, end) in enumerate(zip(begins.tolist(), ends.tolist(), strict=True)):
                if begin == end:
                    break
                found.append(cut_slice(order, index.followers, begin, end))
        return count_followers(found, len(self.packing.orders), self.packing.vocab_size, len(self))

    def _search_tail(self, context: list[int]) -> list[Slice]:
        """Occurrences in the symbols that no index holds yet."""
        found: list[Slice] = []
        tail, orders = self.tail, self.packing.orders
        places = np.flatnonzero(tail[:-1] == context[-1])  # of the newest symbol of the context
        places = places[(places >= self.overlap - 1) & (tail[places + 1] != BREAK)]
        for back in range(len(context)):
            if back:
                places = places[places >= back]
                places = places[tail[places - back] == context[-1 - back]]
            if not len(places):
                break
            if back + 1 in orders:
                found.append(cut_slice(orders.index(back + 1), tail[places + 1], 0, len(places)))
        return found

    def _index(self) -> "Memory":
        """The same memory with its tail in an index, which absorbs the smaller ones before it."""
        indexed = np.concatenate((self.indexed, self.tail[self.overlap :]))
        first, grown = len(self.indexed), list(self.grown)
        while grown and len(grown[-1]) <= GROWTH * (len(indexed) - first):
            first -= len(grown.pop())
        before = min(self.packing.longest, first)
        grown.append(Index(self.packing, indexed[first - before :], before))
        overlap = min(self.packing.longest, len(indexed))
        return replace(
            self, grown=tuple(grown), indexed=indexed, tail=indexed[len(indexed) - overlap :], overlap=overlap
        )

    def _count(self, ids: np.ndarray) -> np.ndarray:
        counts: np.ndarray = self.counts + np.bincount(ids[ids != BREAK], minlength=self.packing.vocab_size)
        return counts

    def _move_on(self, ids: np.ndarray) -> np.ndarray:
        """The last symbols of the text, after (N,) more."""
        return np.concatenate((self.recent, ids.astype(np.int32, copy=False)))[-self.packing.longest :]
