"""Which of several models predicts a text better, and how sure that is.

Letters: M models, C cells of a text, K blocks.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from rnnchat.analysis.cell import CELL_CHARS
from rnnchat.comparison.estimate import SEED, Estimate, Interval, estimate_mean

MIN_CHARS = 2000
"""Of a shorter text nothing is said."""
MIN_BLOCKS, MAX_BLOCKS = 8, 20
BLOCK_CHARS = 4000
"""Aim for a block's length. Measured on novels, losses of neighbouring blocks of 1,000 characters still have a
correlation of 0.15 to 0.35."""
MOST_MORE = 100
"""Times the text; where more of it would be needed, no number is given."""

Outcome = Literal["better", "equal", "short"]


@dataclass(frozen=True)
class Standing:
    """How well one model predicts the text."""

    name: str
    bits_per_char: float
    interval: Interval | None
    """None where the text is too short."""


@dataclass(frozen=True)
class Verdict:
    """What a text says about several models."""

    outcome: Outcome
    """``better``: the first is better than all others; ``equal``: no difference seen; ``short``: too short to tell."""
    standings: tuple[Standing, ...]
    """The best first."""
    difference: Estimate | None
    """Bits per character by which the first is better than the second; None where the text is too short."""
    chars: int
    """Characters that count."""
    blocks: int
    more_chars: int | None
    """How much more text would do, about; None where the verdict is ``better`` or no reasonable amount would do."""

    @property
    def best(self) -> Standing:
        """The one with the fewest bits per character."""
        return self.standings[0]

    @property
    def second(self) -> Standing:
        """The best of the others."""
        return self.standings[1]


def judge(cells: Mapping[str, np.ndarray], chars: int, left_out: np.ndarray | None = None, seed: int = SEED) -> Verdict:
    """Compare M models on what they have read so far of a text.

    The best is held against the second: a model that is better than the second is better than all.

    Args:
        cells: for at least two models, the bits of each cell (C,); where they differ in length, the shortest counts.
        chars: of the whole text, so that the last cell's length is known.
        left_out: (C,) bool, cells that do not count.
        seed: of the bootstrap.
    """
    count = min(len(bits) for bits in cells.values())
    sizes = np.full(count, float(CELL_CHARS))
    if count and count * CELL_CHARS > chars:
        sizes[-1] = chars - (count - 1) * CELL_CHARS
    kept = np.ones(count, bool) if left_out is None else ~left_out[:count]
    sizes = sizes[kept]
    bits = {name: each[:count][kept] for name, each in cells.items()}
    total = float(sizes.sum())
    means = {name: float(each.sum()) / total if total else math.nan for name, each in bits.items()}
    order = sorted(bits, key=lambda name: means[name])
    if total < MIN_CHARS:
        standings = tuple(Standing(name, means[name], None) for name in order)
        return Verdict("short", standings, None, round(total), 0, round(MIN_CHARS - total))
    edges = cut_blocks(sizes)
    weights = np.add.reduceat(sizes, edges)
    blocks = {name: np.add.reduceat(each, edges) / weights for name, each in bits.items()}
    standings = tuple(
        Standing(name, means[name], estimate_mean(blocks[name], weights, seed).interval) for name in order
    )
    difference = estimate_mean(blocks[order[1]] - blocks[order[0]], weights, seed)
    outcome: Outcome = "better" if difference.interval.is_sure else "equal"
    more = None if outcome == "better" else estimate_more(difference, total)
    return Verdict(outcome, standings, difference, round(total), len(edges), more)


def cut_blocks(sizes: np.ndarray) -> np.ndarray:
    """Where K blocks of about the same number of characters begin among cells of these sizes: (K,) indices."""
    total = float(sizes.sum())
    count = min(max(int(total // BLOCK_CHARS), MIN_BLOCKS), MAX_BLOCKS)
    ends = np.cumsum(sizes)
    starts = ends - sizes
    edges = np.searchsorted(starts, np.arange(count) * total / count - CELL_CHARS / 2)
    return np.unique(edges)


def estimate_more(difference: Estimate, chars: float) -> int | None:
    """How many more characters would make the difference sure if it stays as it is; None for unreasonably many.

    The interval's width falls with the square root of the text's length.
    """
    if difference.value == 0:
        return None
    factor = (difference.interval.half_width / difference.value) ** 2
    if not math.isfinite(factor) or factor > MOST_MORE:
        return None
    return max(round(chars * (factor - 1)), 1)
