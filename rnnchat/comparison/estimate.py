"""The mean of blocks of a text, and how far it can be trusted.

Losses of neighbouring blocks resemble each other: a scene, a speaker, a list go on. Taken as independent they make
every difference look sure. So blocks are few and long, the bootstrap is studentised (Efron and Tibshirani 1993,
chapter 12), and the interval is widened by sqrt((1 + r) / (1 - r)), r being the correlation of neighbouring blocks:
the variance of the mean of a first-order autoregressive series.

Letters: K blocks, R resamples.
"""

from functools import lru_cache
from typing import NamedTuple

import numpy as np

CONFIDENCE = 0.95
RESAMPLES = 1000
SEED = 1
"""Of the resampling; the same blocks always give the same interval."""
_MOST_CORRELATION = 0.7


class Interval(NamedTuple):
    """Where a figure lies with a confidence of `CONFIDENCE`."""

    low: float
    high: float

    @property
    def is_sure(self) -> bool:
        """Whether zero lies outside."""
        return self.low > 0 or self.high < 0

    @property
    def half_width(self) -> float:
        """Half the distance of its ends."""
        return (self.high - self.low) / 2


class Estimate(NamedTuple):
    """A mean and its interval."""

    value: float
    interval: Interval


def estimate_mean(blocks: np.ndarray, weights: np.ndarray | None = None, seed: int = SEED) -> Estimate:
    """The weighted mean of blocks (K,), in the order of the text, with its studentised bootstrap interval.

    Args:
        blocks: at least two numbers, such as the difference of two models in bits per character of each block.
        weights: (K,), such as characters of each block; equal ones by default.
        seed: of the resampling.
    """
    count = len(blocks)
    weights = np.ones(count) if weights is None else weights
    value, error = (float(each[0]) for each in _weigh(np.ones((1, count)), blocks, weights))
    means, errors = _weigh(_draw(count, seed), blocks, weights)
    scores = np.divide(np.abs(means - value), errors, out=np.zeros(RESAMPLES), where=errors > 0)
    half = float(np.quantile(scores, CONFIDENCE)) * error * widen(blocks - value)
    return Estimate(value, Interval(value - half, value + half))


def widen(deviations: np.ndarray) -> float:
    """How much wider than for independent blocks an interval must be; deviations (K,) from the mean."""
    square = float(deviations @ deviations)
    correlation = float(deviations[1:] @ deviations[:-1]) / square if square else 0.0
    correlation += (1 + 3 * correlation) / len(deviations)  # its bias in short series (Kendall 1954)
    correlation = min(max(correlation, 0.0), _MOST_CORRELATION)
    return float(np.sqrt((1 + correlation) / (1 - correlation)))


@lru_cache(maxsize=32)
def _draw(count: int, seed: int) -> np.ndarray:
    """How often each of K blocks is in each resample, (R, K)."""
    return np.random.default_rng(seed).multinomial(count, np.full(count, 1 / count), RESAMPLES).astype(float)


def _weigh(times: np.ndarray, blocks: np.ndarray, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Weighted means of resamples and their standard errors, (R,) each; times (R, K) each block is drawn."""
    count = len(blocks)
    centred = blocks - blocks.mean()  # so that squares lose no digits
    square = weights**2
    total, first, a, b, c = (
        times @ np.stack([weights, weights * centred, square, square * centred, square * centred**2], 1)
    ).T
    means = first / total
    variance = (c - 2 * means * b + means**2 * a) / total**2 * count / (count - 1)
    return means + blocks.mean(), np.sqrt(np.maximum(variance, 0.0))
