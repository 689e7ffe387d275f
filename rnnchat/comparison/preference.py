"""From votes to strengths: the model of Bradley and Terry (1952), with intervals, and how many votes would settle it.

P(i beats j) = 1 / (1 + exp(s_j - s_i)). Strengths s maximise the likelihood penalised as Firth (1993) has it
(Jeffreys' prior), which keeps them finite where one side has won every time and, for two models, adds half a vote to
each side. A tie counts as half a vote for each.

Letters: M models.
"""

import math
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from rnnchat.comparison.estimate import Interval

_Z = 1.959964
"""Standard normal quantile of 97.5 %."""
_ITERATIONS = 200
_TOLERANCE = 1e-6
MOST_VOTES = 1000
"""Where more would be needed, no number is given."""


@dataclass(frozen=True)
class Preference:
    """How one model does against another."""

    share: float
    """Estimated probability that the first is preferred, 0 to 1."""
    interval: Interval
    """Of the share, with a confidence of 95 %."""

    @property
    def is_settled(self) -> bool:
        """Whether one half lies outside the interval."""
        return self.interval.low > 0.5 or self.interval.high < 0.5


class BradleyTerry:
    """Strengths fitted to votes.

    Args:
        wins: (M, M), how often the row was preferred to the column; a tie adds one half both ways. The diagonal is 0.
    """

    def __init__(self, wins: np.ndarray) -> None:
        self._wins = np.asarray(wins, float)
        self.strengths, self._covariance = _fit(self._wins)
        """``strengths``: (M,), their mean is 0."""

    def compare(self, first: int, second: int) -> Preference:
        """How the model number ``first`` does against the model number ``second``."""
        contrast = np.zeros(len(self.strengths))
        contrast[first] += 1
        contrast[second] -= 1
        if not self._are_linked(first, second):
            return Preference(0.5, Interval(0.0, 1.0))
        distance = float(contrast @ self.strengths)
        half = _Z * math.sqrt(max(float(contrast @ self._covariance @ contrast), 0.0))
        return Preference(_logistic(distance), Interval(_logistic(distance - half), _logistic(distance + half)))

    def count_more_votes(self, first: int, second: int) -> int | None:
        """How many more votes would settle which of two is preferred, if they fall as those so far.

        Returns:
            the number, 0 if it is settled; None where the votes are even or more than `MOST_VOTES` would be needed.
        """
        votes = float(self._wins.sum())
        if not votes:
            return None
        if self.compare(first, second).is_settled:
            return 0
        low, high = 1, 1
        while not self._settles(first, second, 1 + high / votes):
            low, high = high, 2 * high
            if high > 2 * MOST_VOTES:
                return None
        while low < high:
            middle = (low + high) // 2
            if self._settles(first, second, 1 + middle / votes):
                high = middle
            else:
                low = middle + 1
        return high if high <= MOST_VOTES else None

    def _are_linked(self, first: int, second: int) -> bool:
        """Whether votes connect the two, directly or through others."""
        met = (self._wins + self._wins.T > 0) | np.eye(len(self._wins), dtype=bool)
        reached = np.linalg.matrix_power(met.astype(float), len(met))
        return bool(reached[first, second] > 0)

    def _settles(self, first: int, second: int, factor: float) -> bool:
        return BradleyTerry(self._wins * factor).compare(first, second).is_settled


def count_wins(names: list[str], votes: list[tuple[str, str, float]]) -> np.ndarray:
    """Votes as wins (M, M).

    Args:
        names: the models.
        votes: of each the two models, and the share that the first gets: 1 where it was preferred, 0.5 for a tie.
    """
    wins = np.zeros((len(names), len(names)))
    for one, other, share in votes:
        i, j = names.index(one), names.index(other)
        if i != j:
            wins[i, j] += share
            wins[j, i] += 1 - share
    return wins


def _fit(wins: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Strengths (M,) and their covariance (M, M), by Newton's method."""
    count = len(wins)
    pairs = [pair for pair in combinations(range(count), 2) if wins[pair] + wins[pair[::-1]] > 0]
    strengths = np.zeros(count)
    if not pairs:
        return strengths, np.zeros((count, count))
    design = np.zeros((len(pairs), count))
    for row, (i, j) in enumerate(pairs):
        design[row, i], design[row, j] = 1, -1
    won = np.array([wins[pair] for pair in pairs])
    votes = np.array([wins[pair] + wins[pair[::-1]] for pair in pairs])
    covariance: np.ndarray = np.zeros((count, count))
    leverage = np.zeros(len(pairs))
    for _ in range(_ITERATIONS):
        shares = 1 / (1 + np.exp(-(design @ strengths)))
        spread = votes * shares * (1 - shares)
        covariance = np.linalg.pinv(design.T @ (spread[:, None] * design), hermitian=True)
        leverage = spread * np.einsum("pi,ij,pj->p", design, covariance, design)
        gradient = design.T @ (won + leverage / 2 - (votes + leverage) * shares)
        step = covariance @ gradient
        step *= min(1.0, 2.0 / max(float(np.abs(step).max()), 1e-300))
        strengths = strengths + step
        if float(np.abs(step).max()) < _TOLERANCE:
            break
    shares = 1 / (1 + np.exp(-(design @ strengths)))
    spread = (votes + leverage) * shares * (1 - shares)
    covariance = np.linalg.pinv(design.T @ (spread[:, None] * design), hermitian=True)
    return strengths - strengths.mean(), covariance


def _logistic(x: float) -> float:
    return 0.5 * (1 + math.tanh(x / 2))
