"""Which part of a text is held out to validate on: its end, or blocks spread over it where the end is unlike the rest.

The end of a sorted list or a collection says little about the rest of it. Both candidates are compared with what would
be left to learn from, by the Kullback–Leibler divergence of their pairs of characters; all in one pass.

Legend: K parts of a text, H bins of pairs.
"""

from collections.abc import Iterable, Iterator

import numpy as np

from rnnchat.text.code_point import to_code_points

PARTS = 100
"""K: one part in ten is held out, so a spread split has ten blocks of a hundredth."""
_BINS = 1 << 14
UNLIKE_FACTOR, UNLIKE_BITS = 2.0, 0.3
"""An end is unlike the rest if its divergence is so many times that of spread blocks, and so much more in bits.

Measured (end, spread): tiny Shakespeare 0.17, 0.04; novels 0.04 to 0.14, half of that; a sorted list of names
2.75, 0.89, the same list shuffled 0.13, 0.14."""

Ranges = tuple[tuple[int, int], ...]
"""Places in a text, (first, behind the last) character, in order."""


def choose_held_out(pieces: Iterable[str], chars: int, fraction: float) -> tuple[Ranges, bool]:
    """The places to hold out, and whether they are spread over the text.

    Args:
        pieces: the text.
        chars: its length.
        fraction: the share to hold out, of which ``1 / fraction`` is a whole number.
    """
    tail = ((int(chars * (1 - fraction)), chars),)
    counts = _count_pairs(pieces, chars)
    stride = round(1 / fraction)
    is_spread = np.arange(PARTS) % stride == stride - 1
    is_tail = np.arange(PARTS) >= PARTS - PARTS // stride
    unlike = _diverge(counts, is_tail)
    usual = _diverge(counts, is_spread)
    if unlike < UNLIKE_FACTOR * usual or unlike < usual + UNLIKE_BITS:
        return tail, False
    ends = [part * chars // PARTS for part in range(PARTS + 1)]
    return tuple((ends[part], ends[part + 1]) for part in np.flatnonzero(is_spread).tolist()), True


def read_outside(pieces: Iterable[str], ranges: Ranges) -> Iterator[str]:
    """The text without the places in ``ranges``."""
    inside = [0, *(place for span in ranges for place in span)]
    return _read(pieces, list(zip(inside[::2], [*inside[1::2], None], strict=True)))


def read_inside(pieces: Iterable[str], ranges: Ranges) -> Iterator[str]:
    """The places in ``ranges``, one after the other."""
    return _read(pieces, list(ranges))


def count_inside(ranges: Ranges) -> int:
    """How many characters there are in them."""
    return sum(end - start for start, end in ranges)


def _read(pieces: Iterable[str], spans: "list[tuple[int, int]] | list[tuple[int, int | None]]") -> Iterator[str]:
    place, next_span = 0, 0
    for piece in pieces:
        end = place + len(piece)
        while next_span < len(spans):
            first, last = spans[next_span]
            if first >= end:
                break
            if part := piece[max(0, first - place) : None if last is None else last - place]:
                yield part
            if last is None or last > end:
                break
            next_span += 1
        if next_span == len(spans):
            return
        place = end


def _count_pairs(pieces: Iterable[str], chars: int) -> np.ndarray:
    """(K, H): how often each pair of neighbours stands in each part of a text."""
    counts = np.zeros((PARTS, _BINS), np.int64)
    place = 0
    for piece in pieces:
        points = to_code_points(piece).astype(np.int64)
        bins = (points[:-1] * 2_654_435_761 + points[1:] * 40_503) % 2_147_483_647 % _BINS
        parts = np.minimum((place + np.arange(len(bins))) * PARTS // max(1, chars), PARTS - 1)
        for part in range(int(parts[0]), int(parts[-1]) + 1) if len(bins) else ():
            first, last = np.searchsorted(parts, (part, part + 1))
            counts[part] += np.bincount(bins[first:last], minlength=_BINS)
        place += len(piece)
    return counts


def _diverge(counts: np.ndarray, is_held: np.ndarray) -> float:
    """Bits per pair that the held-out parts cost more with the frequencies of the others than with their own."""
    held, rest = counts[is_held].sum(0), counts[~is_held].sum(0)
    seen = held > 0
    share = held[seen] / max(1, held.sum())
    expected = (rest[seen] + 0.5) / (rest.sum() + 0.5 * max(1, (rest > 0).sum()))
    return float((share * np.log2(share / expected)).sum())
