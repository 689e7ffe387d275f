"""Choosing the next symbol: pure functions on log-probabilities.

Letters: V vocabulary.

The order, and each step's source:

1. banned symbols get no probability (the vocabulary's unknown symbol);
2. ``penalise_repetition``: Keskar et al. 2019, CTRL, §4.1, on log-probabilities instead of logits, so that adding
   a constant to all logits changes nothing;
3. ``keep_top_k`` (Fan et al. 2018), ``keep_top_p`` (Holtzman et al. 2020), ``keep_min_p`` (Nguyen et al. 2024),
   each on the distribution that the step before left, renormalised;
4. ``apply_temperature``: last, so that what is kept does not depend on it, and a high temperature varies among
   good symbols instead of letting bad ones in; below ``LEAST_TEMPERATURE`` it is argmax;
5. ``draw``: one uniform number, inverted through the cumulative distribution.
"""

import math
from collections.abc import Sequence

import numpy as np

from rnnchat.generation.settings import LEAST_TEMPERATURE, Settings

REPETITION_WINDOW = 64
"""Symbols that count as used lately."""


def choose(
    log_probs: np.ndarray, settings: Settings, recent: Sequence[int], banned: Sequence[int], random: np.random.Generator
) -> int:
    """Draw the next symbol's id.

    Args:
        log_probs: (V,) float32, the model's own distribution.
        settings: temperature and what to leave out.
        recent: the last ids, for the repetition penalty.
        banned: ids that are never drawn.
        random: advanced by one number, also at temperature 0, so that a later change of the temperature meets the
            same random numbers.
    """
    uniform = random.random()
    scores = shape_distribution(log_probs, settings, recent, banned)
    if settings.temperature < LEAST_TEMPERATURE:
        return int(scores.argmax())
    return draw(apply_temperature(scores, settings.temperature), uniform)


def shape_distribution(
    log_probs: np.ndarray, settings: Settings, recent: Sequence[int], banned: Sequence[int]
) -> np.ndarray:
    """Steps 1 to 3: log-probabilities (V,) up to a constant, -inf for what is left out."""
    scores = log_probs
    if banned:
        scores = ban(scores, banned)
    if settings.repetition_penalty != 1 and recent:
        scores = penalise_repetition(scores, recent, settings.repetition_penalty)
    if settings.top_k:
        scores = keep_top_k(scores, settings.top_k)
    if settings.top_p < 1:
        scores = keep_top_p(scores, settings.top_p)
    if settings.min_p > 0:
        scores = keep_min_p(scores, settings.min_p)
    return scores


def ban(scores: np.ndarray, ids: Sequence[int]) -> np.ndarray:
    """Leave out ``ids``."""
    scores = scores.copy()
    scores[list(ids)] = -np.inf
    return scores


def penalise_repetition(scores: np.ndarray, recent: Sequence[int], penalty: float) -> np.ndarray:
    """Multiply the log-probability of each symbol in ``recent`` by ``penalty``: above 1 makes it rarer."""
    scores = scores.copy()
    used = np.unique(np.fromiter(recent, np.int64))
    scores[used] *= penalty
    return scores


def keep_top_k(scores: np.ndarray, k: int) -> np.ndarray:
    """Leave out all but exactly ``k`` of the most probable symbols; among equals the lower id is kept."""
    if k >= len(scores):
        return scores
    threshold = np.partition(scores, -k)[-k]
    above = np.flatnonzero(scores > threshold)
    equal = np.flatnonzero(scores == threshold)[: k - len(above)]
    return _keep(scores, np.concatenate([above, equal]))


def keep_top_p(scores: np.ndarray, p: float) -> np.ndarray:
    """Keep the fewest of the most probable symbols that together reach probability ``p``, always at least one."""
    weights = np.exp(scores - scores.max()).astype(np.float64)
    total = weights.sum()
    # All symbols below (1 - p) / V together have less than 1 - p: none is kept, and none need be sorted.
    candidates = np.flatnonzero(weights >= total * (1 - p) / len(scores))
    order = candidates[np.argsort(-weights[candidates], kind="stable")]
    count = int(np.searchsorted(weights[order].cumsum(), p * total)) + 1
    return _keep(scores, order[:count])


def keep_min_p(scores: np.ndarray, min_p: float) -> np.ndarray:
    """Leave out symbols whose probability is below ``min_p`` times that of the most probable one."""
    return np.where(scores >= scores.max() + np.log(min_p), scores, -np.inf)


def apply_temperature(scores: np.ndarray, temperature: float) -> np.ndarray:
    """Probabilities (V,), unnormalised, proportional to exp(scores / temperature); from ``LEAST_TEMPERATURE`` up."""
    weights: np.ndarray = np.exp((scores - scores.max()) / temperature)
    return weights


def draw(weights: np.ndarray, uniform: float) -> int:
    """The id that ``uniform``, from 0 to below 1, falls on when ids take shares of ``weights``."""
    cumulative = weights.cumsum(dtype=np.float64)
    total = cumulative[-1]
    # Rounding could lift the product to the very end, where no id is.
    return int(cumulative.searchsorted(min(uniform * total, math.nextafter(total, 0)), side="right"))


def _keep(scores: np.ndarray, ids: np.ndarray) -> np.ndarray:
    kept = np.full_like(scores, -np.inf)
    kept[ids] = scores[ids]
    return kept
