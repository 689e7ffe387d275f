"""How much of a text stands, character for character, in the text that a model learnt from.

Letters: n characters of the text that is judged, k length of a stretch.

The corpus is streamed once, in blocks, each behind the last n - 1 characters before it, so that no stretch is cut.
Of every stretch of k characters in a block a hash is computed (Rabin and Karp 1987), for all places at once by
doubling: the hash of 2k characters follows from two of k. A table of bits says which of them can be a stretch of
the text; the few that remain are looked up, and compared character by character before they count.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from rnnchat.errors import UsageError

LEAST_COPY = 30
"""Characters; shorter stretches are how a language is, not copies."""
BLOCK_CHARS = 1 << 15
"""So much of the corpus is searched at once: its hashes fit the processor's cache."""

_BASE = 0x9E3779B97F4A7C15
_MIXER = np.uint64(0xD6E8FEB86659FD93)


@dataclass(frozen=True)
class Copy:
    """A stretch of a text that stands in a corpus; empty where they share no character."""

    start: int
    """Where it begins in the text."""
    length: int
    place: int
    """Where it begins in the corpus, in characters."""


@dataclass(frozen=True)
class Copies:
    """What of a text stands in a corpus."""

    longest: Copy
    share: float
    """The share of the text, 0 to 1, that lies in stretches of at least `LEAST_COPY` characters from the corpus."""


def find_copies(text: str, pieces: Iterable[str]) -> Copies:
    """`find_longest_copy` and `share_copied` in one reading of the corpus.

    It takes some 100 bytes of memory for each character of the text, and time for each of the corpus.
    """
    search = _LongestSearch(text)
    stretches = _Stretches(text, LEAST_COPY)
    for place, block in _cut_blocks(pieces, max(len(text), LEAST_COPY)):
        search.look_in(place, block)
        stretches.find_all(block)
        if search.is_over:
            return Copies(search.best, 1.0 if len(text) >= LEAST_COPY else 0.0)
    return Copies(search.best, stretches.measure_share())


def find_longest_copy(text: str, pieces: Iterable[str]) -> Copy:
    """The longest stretch of ``text`` that stands in a corpus; among equals the one that comes first there.

    Args:
        text: the text that is judged.
        pieces: the corpus, in any pieces; read once, and not to its end once all of ``text`` was found.
    """
    search = _LongestSearch(text)
    for place, block in _cut_blocks(pieces, len(text)):
        search.look_in(place, block)
        if search.is_over:
            break
    return search.best


def share_copied(text: str, pieces: Iterable[str], min_length: int = LEAST_COPY) -> float:
    """The share of ``text``, 0 to 1, that lies in stretches of at least ``min_length`` characters from a corpus.

    Args:
        text: the text that is judged.
        pieces: the corpus, in any pieces; read once.
        min_length: shorter stretches are how a language is, not copies.

    Raises:
        UsageError: ``min_length`` is not above 0.
    """
    if min_length < 1:
        raise UsageError(f"min-length must be at least 1 character, not {min_length}")
    stretches = _Stretches(text, min_length)
    for _, block in _cut_blocks(pieces, min_length):
        stretches.find_all(block)
    return stretches.measure_share()


def find_copied(text: str, pieces: Iterable[str], min_length: int = LEAST_COPY) -> np.ndarray:
    """Which characters of ``text`` lie in stretches of at least ``min_length`` characters from a corpus, (n,) bool.

    Args:
        text: the text that is judged.
        pieces: the corpus, in any pieces; read once.
        min_length: at least 1; shorter stretches are common phrases, not copies.
    """
    stretches = _Stretches(text, min_length)
    for _, block in _cut_blocks(pieces, min_length):
        stretches.find_all(block)
    return stretches.mark_characters()


class _LongestSearch:
    """Looks for the longest stretch of a text in one block of a corpus after the other."""

    def __init__(self, text: str) -> None:
        self.best = Copy(0, 0, 0)
        self._text = text
        self._longer = _Stretches(text, 1)

    @property
    def is_over(self) -> bool:
        """Was all of the text found?"""
        return self.best.length == len(self._text)

    def look_in(self, place: int, block: str) -> None:
        """Look for a longer one in the block that begins at ``place``."""
        text = self._text
        while found := self._longer.find_first(block):
            start, begin = found
            length = _measure_common(text[start:], block[begin : begin + len(text)])
            self.best = Copy(text.index(text[start : start + length]), length, place + begin)
            self._longer = _Stretches(text, length + 1)


class _Stretches:
    """All stretches of k characters of a text, to be looked for in blocks of a corpus."""

    def __init__(self, text: str, k: int) -> None:
        """Args: a text, perhaps shorter than k; k."""
        self._text = text
        self._k = k
        hashes = _hash_stretches(text, k)
        # u distinct stretches: their hashes in order, and where each begins first; of each place, its stretch.
        self._hashes, self._starts, self._inverse = np.unique(hashes, return_index=True, return_inverse=True)
        self._is_found = np.zeros(len(self._hashes), bool)
        num_bits = max(16, len(self._hashes).bit_length() + 5)  # at most one in 32 is set
        self._shift = np.uint64(64 - num_bits)
        self._table = np.zeros(1 << num_bits, bool)
        self._table[self._find_cells(self._hashes)] = True

    @property
    def is_found(self) -> np.ndarray:
        """Whether the stretch at each place of the text was found, (n - k + 1,) bool."""
        found: np.ndarray = self._is_found[self._inverse]
        return found

    def measure_share(self) -> float:
        """The share of the text that lies in stretches that were found, 0 to 1."""
        return float(self.mark_characters().mean()) if self._text else 0.0

    def mark_characters(self) -> np.ndarray:
        """Which characters of the text lie in stretches that were found, (n,) bool."""
        changes = np.zeros(len(self._text) + 1, np.int64)
        if len(self._text) >= self._k:
            starts = np.flatnonzero(self.is_found)
            changes[starts] += 1
            changes[starts + self._k] -= 1
        marked: np.ndarray = changes.cumsum()[:-1] > 0
        return marked

    def find_first(self, block: str) -> tuple[int, int] | None:
        """Where the first stretch that a block holds begins, in the text and in the block; None if it holds none."""
        for stretch, begin in self._find_likely(block):
            if self._is_at(stretch, block, begin):
                return int(self._starts[stretch]), begin
        return None

    def find_all(self, block: str) -> None:
        """Mark the stretches that a block holds as found."""
        for stretch, begin in self._find_likely(block):
            if not self._is_found[stretch]:
                self._is_found[stretch] = self._is_at(stretch, block, begin)

    def _find_likely(self, block: str) -> Iterator[tuple[int, int]]:
        """Stretches and places of a block with the same hash, in the order of the block."""
        hashes = _hash_stretches(block, self._k)
        begins = np.flatnonzero(self._table[self._find_cells(hashes)])
        hashes = hashes[begins]
        stretches = np.searchsorted(self._hashes, hashes)
        stretches[stretches == len(self._hashes)] = 0
        is_equal = self._hashes[stretches] == hashes
        return zip(stretches[is_equal].tolist(), begins[is_equal].tolist(), strict=True)

    def _is_at(self, stretch: int, block: str, begin: int) -> bool:
        start = int(self._starts[stretch])
        return self._text[start : start + self._k] == block[begin : begin + self._k]

    def _find_cells(self, hashes: np.ndarray) -> np.ndarray:
        cells: np.ndarray = (hashes * _MIXER) >> self._shift
        return cells.astype(np.int64)


def _hash_stretches(text: str, k: int) -> np.ndarray:
    """Hashes of all stretches of k characters, (n - k + 1,) uint64; none if there are fewer characters.

    Of characters c it is c[0] B^(k-1) + ... + c[k-1], modulo 2^64.
    """
    doubled = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.dtype("<u4")).astype(np.uint64)
    if len(doubled) < k:
        return doubled[:0]
    hashes = np.zeros(len(doubled), np.uint64)  # of stretches of no characters
    length, size = 0, 1  # of the stretches in hashes and in doubled
    while True:
        if k & size:
            hashes = _append(hashes, doubled, length, size)
            length += size
        if length == k:
            return hashes
        doubled = _append(doubled, doubled, size, size)
        size *= 2


def _append(first: np.ndarray, second: np.ndarray, first_length: int, second_length: int) -> np.ndarray:
    """Hashes of stretches of ``first_length`` characters and the ``second_length`` behind them."""
    size = min(len(first), len(second) - first_length)
    joined: np.ndarray = first[:size] * np.uint64(pow(_BASE, second_length, 1 << 64))
    joined += second[first_length : first_length + size]
    return joined


def _measure_common(first: str, second: str) -> int:
    """The number of characters that two texts begin with alike."""
    low, high = 0, min(len(first), len(second))
    while low < high:
        middle = (low + high + 1) // 2
        if first[:middle] == second[:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def _cut_blocks(pieces: Iterable[str], longest: int) -> Iterator[tuple[int, str]]:
    """The corpus in blocks that overlap, so that each stretch of up to ``longest`` characters is whole in one.

    Yields:
        where the block begins in the corpus, and the block.
    """
    size = max(BLOCK_CHARS, longest)
    place, held = 0, ""
    for piece in pieces:
        for begin in range(0, len(piece), size):
            held += piece[begin : begin + size]
            if len(held) >= 2 * size:
                yield place, held
                overlap = max(longest - 1, 0)
                place += len(held) - overlap
                held = held[len(held) - overlap :]
    yield place, held
