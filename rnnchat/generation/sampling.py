"""Choosing the next symbol of B texts: pure functions on log-probabilities, in an order that stands in one place.

Letters: B batch, V vocabulary, K symbols that stay.

``PIPELINE`` is the order. Bans come first, so that nothing that is forbidden takes part in what follows; then the
penalties, and behind them the biases, since a penalty that multiplies needs log-probabilities that are at most 0; then
what is cut off, each step on the distribution that the step before left; the temperature comes last, so that what is
kept does not depend on it, and a high temperature varies among good symbols instead of letting bad ones in. A new step
is a pure function, a line in ``PIPELINE`` and a field of `Settings`: every way of writing asks the steps.
"""

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from rnnchat.errors import UsageError
from rnnchat.generation.cut import MANY, keep_min_p, keep_top_k, keep_top_p, narrow
from rnnchat.generation.past import Marks, Past
from rnnchat.generation.penalty import penalise_repetition, penalise_use
from rnnchat.generation.settings import Settings
from rnnchat.runtime.runtime import LEAST_TEMPERATURE

NOTHING_LEFT = "the banned texts leave no symbol to continue with: ban fewer"
_BLOCK = 128


class SamplingStep(NamedTuple):
    """One step of the pipeline."""

    name: str
    source: str
    is_used: Callable[[Settings, Past], bool]
    apply: Callable[[np.ndarray, Settings, Past], np.ndarray]
    """From scores (B, V) to scores (B, V): log-probabilities up to a constant, -inf for what is left out."""
    only_cuts: bool = False
    """Whether it leaves symbols out and changes nothing else."""
    leaves_few: bool = False
    """Whether what stays is worth being looked at alone; steps that follow must not ask which ids the scores are of."""


def choose(
    scores: np.ndarray, temperature: float, uniforms: np.ndarray, is_sure: np.ndarray | None = None
) -> np.ndarray:
    """Draw the next symbol of each text.

    Args:
        scores: (B, V) float32, what ``shape_scores`` made of the model's distributions.
        temperature: below ``LEAST_TEMPERATURE`` the most probable symbol is taken.
        uniforms: (B,) random numbers from 0 to below 1; they are given at temperature 0 as well, so that a later
            change of the temperature meets the same random numbers.
        is_sure: (B,) bool, the texts that take the most probable symbol; None for none.

    Returns:
        ids (B,) int64.
    """
    if temperature < LEAST_TEMPERATURE:
        return find_best(scores)
    ids = draw(apply_temperature(scores, temperature), uniforms)
    return ids if is_sure is None else np.where(is_sure, find_best(scores), ids)


def find_probabilities(log_probs: np.ndarray, settings: Settings, past: Past) -> np.ndarray:
    """The distribution that ``choose`` draws from, (B, V) float64, each row with the sum 1.

    Raises:
        UsageError: what is banned leaves a text no symbol to go on with.
    """
    scores = shape_scores(log_probs, settings, past).astype(np.float64)
    if settings.temperature < LEAST_TEMPERATURE:
        certain = np.zeros_like(scores)
        certain[np.arange(len(scores)), scores.argmax(axis=1)] = 1
        return certain
    weights = apply_temperature(scores, settings.temperature)
    probabilities: np.ndarray = weights / weights.sum(axis=1, keepdims=True)
    return probabilities


def find_steps(settings: Settings, past: Past) -> list[SamplingStep]:
    """The steps of ``PIPELINE`` that settings ask for, given all that a past may come to hold."""
    return [step for step in PIPELINE if step.is_used(settings, past)]


def shape_scores(log_probs: np.ndarray, settings: Settings, past: Past) -> np.ndarray:
    """All steps before the temperature.

    Args:
        log_probs: (B, V) float32, the model's own distributions.
        settings: what steers the choice.
        past: what came before.

    Returns:
        log-probabilities up to a constant, (B, V), -inf for what is left out.

    Raises:
        UsageError: what is banned leaves a text no symbol to go on with.
    """
    scores = log_probs
    for step in find_steps(settings, past):
        scores = step.apply(scores, settings, past)
    return scores


def shape_few(log_probs: np.ndarray, settings: Settings, past: Past) -> tuple[np.ndarray, np.ndarray | None]:
    """As ``shape_scores``, without carrying along what is left out: most of a big vocabulary, mostly.

    Returns:
        scores (B, K), and the ids (B, K) that they are of, in their order; None for all V. A row with fewer has
        scores of -inf at its end.
    """
    scores, ids = log_probs, None
    for step in find_steps(settings, past):
        scores = step.apply(scores, settings, past)
        if step.leaves_few and log_probs.shape[1] > MANY:
            scores, places = narrow(scores)
            ids = places if ids is None else np.take_along_axis(ids, places, axis=1)
    return scores, ids


def ban(scores: np.ndarray, marks: Marks) -> np.ndarray:
    """Leave out the marked symbols.

    Raises:
        UsageError: that leaves a row nothing.
    """
    scores = scores.copy()
    scores[marks.rows, marks.ids] = -np.inf
    if scores.max(axis=1).min() == -np.inf:
        raise UsageError(NOTHING_LEFT)
    return scores


def add_bias(scores: np.ndarray, marks: Marks) -> np.ndarray:
    """Add its nats to each marked symbol; a symbol that is marked twice gains twice."""
    scores = scores.copy()
    np.add.at(scores, (marks.rows, marks.ids), marks.nats)
    return scores


def keep_known(scores: np.ndarray, mask: np.ndarray | None) -> np.ndarray:
    """Leave out what is masked, (B, V) float32 of -inf and 0, but in rows where nothing else is left."""
    rest: np.ndarray = scores + mask
    is_any_left = np.isfinite(np.maximum.reduce(rest, axis=1))
    return rest if is_any_left.all() else np.where(is_any_left[:, None], rest, scores)


def leave_out(scores: np.ndarray, marks: Marks) -> np.ndarray:
    """Leave out the marked symbols, but in rows where nothing else is left."""
    rest = scores.copy()
    rest[marks.rows, marks.ids] = -np.inf
    is_any_left = np.isfinite(rest.max(axis=1, keepdims=True))
    return np.where(is_any_left, rest, scores)


def apply_temperature(scores: np.ndarray, temperature: float) -> np.ndarray:
    """Probabilities (B, V), unnormalised, proportional to exp(scores / temperature); from ``LEAST_TEMPERATURE`` up."""
    weights: np.ndarray = scores - np.maximum.reduce(scores, axis=1, keepdims=True)
    weights /= temperature
    np.exp(weights, out=weights)
    return weights


def draw(weights: np.ndarray, uniforms: np.ndarray) -> np.ndarray:
    """Invert the cumulative distributions.

    Args:
        weights: (B, V), at least 0, not all 0 in a row.
        uniforms: (B,), from 0 to below 1.

    Returns:
        ids (B,) int64: what each number falls on when ids take shares of the weights.
    """
    if weights.shape[1] > MANY:
        return np.array(
            [_draw_from_many(row, uniform) for row, uniform in zip(weights, uniforms.tolist(), strict=True)]
        )
    cumulative = weights.cumsum(axis=1, dtype=np.float64)
    if len(cumulative) == 1:  # the same by bisection, in half the time
        return np.array([_invert(cumulative[0], float(uniforms[0]) * float(cumulative[0, -1]))])
    totals = cumulative[:, -1]
    # Rounding could lift the product to the very end, where no id is.
    targets = np.minimum(uniforms * totals, np.nextafter(totals, 0))
    return find_best(cumulative > targets[:, None])


def _draw_from_many(weights: np.ndarray, uniform: float) -> int:
    """As ``draw``, for one row (V,): blocks are added up, which is quick, and only one of them is gone through."""
    starts = np.arange(0, len(weights), _BLOCK)
    masses = np.add.reduceat(weights, starts, dtype=np.float64).cumsum()
    target = uniform * float(masses[-1])
    block = _invert(masses, target)
    begin = block * _BLOCK
    before = float(masses[block - 1]) if block else 0.0
    return begin + _invert(weights[begin : begin + _BLOCK].cumsum(dtype=np.float64), target - before)


def _invert(cumulative: np.ndarray, target: float) -> int:
    """The first place whose cumulative weight is above ``target``; rounding could lift that beyond the end."""
    return int(cumulative.searchsorted(min(target, math.nextafter(float(cumulative[-1]), 0)), side="right"))


def find_best(scores: np.ndarray) -> np.ndarray:
    """The id of the highest score in each row, (B,) int64; among equals the lowest."""
    best: np.ndarray = scores.argmax(axis=1)
    return best


PIPELINE: tuple[SamplingStep, ...] = (
    SamplingStep(
        "ban",
        "symbols that mean unknown or break a character; a person's own; Hugging Face transformers, bad_words_ids",
        lambda settings, past: len(past.banned.ids) > 0,
        lambda scores, settings, past: ban(scores, past.banned),
        only_cuts=True,
    ),
    SamplingStep(
        "known words",
        "our own: symbols by which no known word continues are left out, and what is left is renormalised",
        lambda settings, past: past.unknown is not None,
        lambda scores, settings, past: keep_known(scores, past.unknown),
        only_cuts=True,
    ),
    SamplingStep(
        "repetition penalty",
        # On log-probabilities instead of logits, so that adding a constant to all logits changes nothing.
        "Keskar et al. 2019, CTRL, §4.1",
        lambda settings, past: settings.repetition_penalty != 1,
        lambda scores, settings, past: penalise_repetition(scores, past.use, settings.repetition_penalty),
    ),
    SamplingStep(
        "presence and frequency penalty",
        "OpenAI API reference, presence_penalty and frequency_penalty",
        lambda settings, past: settings.presence_penalty != 0 or settings.frequency_penalty != 0,
        lambda scores, settings, past: penalise_use(
            scores, past.use, settings.presence_penalty, settings.frequency_penalty
        ),
    ),
    SamplingStep(
        "bias",
        "Hugging Face transformers, sequence_bias: the symbol that completes the text",
        lambda settings, past: len(past.biased.ids) > 0,
        lambda scores, settings, past: add_bias(scores, past.biased),
    ),
    SamplingStep(
        "loop escape",
        "our own: the symbol that would continue a loop is left out",
        lambda settings, past: len(past.loops.ids) > 0,
        lambda scores, settings, past: leave_out(scores, past.loops),
        only_cuts=True,
    ),
    SamplingStep(
        "top-k",
        "Fan et al. 2018, Hierarchical Neural Story Generation",
        lambda settings, past: settings.top_k > 0,
        lambda scores, settings, past: keep_top_k(scores, settings.top_k),
        only_cuts=True,
        leaves_few=True,
    ),
    SamplingStep(
        "top-p",
        "Holtzman et al. 2020, The Curious Case of Neural Text Degeneration",
        lambda settings, past: settings.top_p < 1,
        lambda scores, settings, past: keep_top_p(scores, settings.top_p),
        only_cuts=True,
        leaves_few=True,
    ),
    SamplingStep(
        "min-p",
        "Nguyen et al. 2024, Turning Up the Heat",
        lambda settings, past: settings.min_p > 0,
        lambda scores, settings, past: keep_min_p(scores, settings.min_p),
        only_cuts=True,
    ),
)
"""The order in which a distribution is shaped; ``apply_temperature`` and ``draw`` follow."""
