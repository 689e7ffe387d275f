"""Choosing the next symbol of B texts: pure functions on log-probabilities, in an order that stands in one place.

Letters: B batch, V vocabulary, W window of symbols used lately, N marked places of (B, V).

``PIPELINE`` is the order. Bans and biases come first, so that nothing that is forbidden takes part in what follows;
then the penalties; then what is cut off, each step on the distribution that the step before left; the temperature
comes last, so that what is kept does not depend on it, and a high temperature varies among good symbols instead of
letting bad ones in. A new step is a pure function and a line in ``PIPELINE``.
"""

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from rnnchat.errors import UsageError
from rnnchat.generation.settings import LEAST_TEMPERATURE, Settings


class Marks(NamedTuple):
    """Places in an array (B, V), and a number for each."""

    rows: np.ndarray
    """(N,) integers from 0 to B-1."""
    ids: np.ndarray
    """(N,) integers from 0 to V-1."""
    nats: np.ndarray
    """(N,) float32."""


MANY = 2048
"""From so many symbols on, each row is worth being looked at alone, for most of it need not be sorted."""
_NUM_BINS, _BINS_PER_NAT = 1024, 32
_NOTHING = np.zeros(0, np.int64)
NO_MARKS = Marks(_NOTHING, _NOTHING, np.zeros(0, np.float32))
_NOTHING_RECENT = np.zeros((0, 0), np.int64)


class Past(NamedTuple):
    """What the steps know of B texts besides the model's distribution."""

    recent: np.ndarray = _NOTHING_RECENT
    """(B, W) ids, the newest last, -1 where a text is shorter; needed by the penalties only."""
    banned: Marks = NO_MARKS
    biased: Marks = NO_MARKS
    loops: Marks = NO_MARKS
    """The symbols that would go on with a loop."""


class Step(NamedTuple):
    """One step of the pipeline."""

    name: str
    source: str
    is_used: Callable[[Settings, Past], bool]
    apply: Callable[[np.ndarray, Settings, Past], np.ndarray]
    """From scores (B, V) to scores (B, V): log-probabilities up to a constant, -inf for what is left out."""
    leaves_few: bool = False
    """Is what stays worth being looked at alone? The steps that follow must not ask which ids the scores are of."""


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
    for step in PIPELINE:
        if step.is_used(settings, past):
            scores = step.apply(scores, settings, past)
    return scores


def shape_few(log_probs: np.ndarray, settings: Settings, past: Past) -> tuple[np.ndarray, np.ndarray | None]:
    """As ``shape_scores``, without carrying along what is left out: most of a big vocabulary, mostly.

    Returns:
        scores (B, K), and the ids (B, K) that they are of, in their order; None for all V. A row with fewer has
        scores of -inf at its end.
    """
    scores, ids = log_probs, None
    for step in PIPELINE:
        if step.is_used(settings, past):
            scores = step.apply(scores, settings, past)
            if step.leaves_few and log_probs.shape[1] > MANY:
                scores, places = narrow(scores)
                ids = places if ids is None else np.take_along_axis(ids, places, axis=1)
    return scores, ids


def narrow(scores: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Leave out the places that are -inf: scores (B, K) and the places (B, K) in each row where they stood."""
    if len(scores) == 1:
        places = np.flatnonzero(scores[0] > -np.inf)
        return scores[:, places], places[None]
    rows, columns = np.nonzero(scores > -np.inf)
    counts = np.bincount(rows, minlength=len(scores))
    new_columns = np.arange(len(rows)) - np.repeat(counts.cumsum() - counts, counts)
    few = np.full((len(scores), counts.max()), -np.inf, scores.dtype)
    few[rows, new_columns] = scores[rows, columns]
    found = np.zeros(few.shape, np.int64)
    found[rows, new_columns] = columns
    return few, found


def ban(scores: np.ndarray, marks: Marks) -> np.ndarray:
    """Leave out the marked symbols.

    Raises:
        UsageError: that leaves a row nothing.
    """
    scores = scores.copy()
    scores[marks.rows, marks.ids] = -np.inf
    if scores.max(axis=1).min() == -np.inf:
        raise UsageError("the banned texts leave no symbol to go on with: ban fewer")
    return scores


def add_bias(scores: np.ndarray, marks: Marks) -> np.ndarray:
    """Add its nats to each marked symbol; a symbol that is marked twice gains twice."""
    scores = scores.copy()
    np.add.at(scores, (marks.rows, marks.ids), marks.nats)
    return scores


def penalise_repetition(scores: np.ndarray, recent: np.ndarray, penalty: float, decay: float = 1.0) -> np.ndarray:
    """Multiply the log-probability of each symbol used lately by ``penalty``: above 1 makes it rarer.

    Args:
        scores: (B, V), at most 0.
        recent: (B, W), as in ``Past``.
        penalty: for a symbol used at the last place; one used n places earlier takes penalty ** (decay ** n).
        decay: above 0, at most 1.
    """
    use = weigh_use(recent, scores.shape[1], decay)
    scores = scores.copy()
    scores[use.rows, use.ids] *= penalty**use.latest
    return scores


def penalise_use(
    scores: np.ndarray, recent: np.ndarray, presence: float, frequency: float, decay: float = 1.0
) -> np.ndarray:
    """Take ``presence`` nats from each symbol used lately, and ``frequency`` nats for each use.

    Args:
        scores: (B, V).
        recent: (B, W), as in ``Past``.
        presence: nats for a use at the last place; one n places earlier counts decay ** n.
        frequency: nats, added up over all uses, each counted likewise.
        decay: above 0, at most 1.
    """
    use = weigh_use(recent, scores.shape[1], decay)
    scores = scores.copy()
    scores[use.rows, use.ids] -= presence * use.latest + frequency * use.sum
    return scores


def escape_loops(scores: np.ndarray, marks: Marks) -> np.ndarray:
    """Leave out the marked symbols, but in rows where nothing else is left."""
    escaped = scores.copy()
    escaped[marks.rows, marks.ids] = -np.inf
    has_way_out = np.isfinite(escaped.max(axis=1, keepdims=True))
    return np.where(has_way_out, escaped, scores)


def keep_top_k(scores: np.ndarray, k: int) -> np.ndarray:
    """Leave out all but exactly ``k`` of the most probable symbols; among equals the lower id is kept."""
    vocab_size = scores.shape[1]
    if k >= vocab_size:
        return scores
    if vocab_size > MANY:
        return _keep(scores, [_find_top_k(row, k) for row in scores])
    threshold = np.partition(scores, vocab_size - k, axis=1)[:, vocab_size - k, None]  # (B, 1)
    is_kept = scores >= threshold
    if (is_kept.sum(axis=1) > k).any():
        is_equal = scores == threshold
        room = k - (is_kept & ~is_equal).sum(axis=1, keepdims=True)
        is_kept &= ~(is_equal & (is_equal.cumsum(axis=1) > room))
    return np.where(is_kept, scores, -np.inf)


def _find_top_k(scores: np.ndarray, k: int) -> np.ndarray:
    """The ids (k,), in ascending order, of the ``k`` highest of scores (V,), ``k`` below V."""
    # The highest of each of 2k and more groups: k of these are not above the k-th highest of all, which is looked
    # for among the few scores that remain.
    size = len(scores) // max(2 * k, 256)
    ids = None
    if size > 1:
        num_groups = len(scores) // size
        highest = np.maximum.reduce(scores[: num_groups * size].reshape(size, num_groups), axis=0)
        ids = np.flatnonzero(scores >= np.partition(highest, num_groups - k)[num_groups - k])
        scores = scores[ids]
    threshold = np.partition(scores, len(scores) - k)[len(scores) - k]
    places = np.flatnonzero(scores >= threshold)
    if len(places) > k:
        is_equal = scores[places] == threshold
        room = k - (len(places) - np.count_nonzero(is_equal))
        places = places[~is_equal | (is_equal.cumsum() <= room)]
    return places if ids is None else ids[places]


def keep_top_p(scores: np.ndarray, p: float) -> np.ndarray:
    """Keep the fewest of the most probable symbols that together reach probability ``p``, always at least one."""
    batch_size, vocab_size = scores.shape
    if vocab_size > MANY:
        return _keep(scores, [_find_top_p(row, p) for row in scores])
    weights = np.exp((scores - scores.max(axis=1, keepdims=True)).astype(np.float64))
    totals = weights.sum(axis=1)  # (B,)
    # All symbols below (1 - p) / V together have less than 1 - p: none is kept, and none need be sorted.
    rows, ids = np.nonzero(weights >= totals[:, None] * ((1 - p) / vocab_size))
    candidates = weights[rows, ids]
    order = np.lexsort((-candidates, rows))  # within each row by weight; among equals the lower id first
    ids, candidates = ids[order], candidates[order]
    before = candidates.cumsum() - candidates
    before -= before[np.searchsorted(rows, np.arange(batch_size))][rows]  # within the row
    is_kept = before < p * totals[rows]
    kept = np.full_like(scores, -np.inf)
    rows, ids = rows[is_kept], ids[is_kept]
    kept[rows, ids] = scores[rows, ids]
    return kept


def _find_top_p(scores: np.ndarray, p: float) -> np.ndarray:
    """The ids of the most probable of scores (V,) that together reach ``p``; of those equal to the last, the lowest."""
    nats = np.maximum.reduce(scores) - scores.astype(np.float64)  # below the best; inf for what is left out
    weights = np.exp(-nats)
    limit = p * float(np.add.reduce(weights))
    # In bins of similar weight it is enough to sort the one in which the limit is reached.
    bins = np.minimum(nats * _BINS_PER_NAT, _NUM_BINS - 1).astype(np.intp)
    masses = np.bincount(bins, weights, _NUM_BINS).cumsum()
    last = min(int(masses.searchsorted(limit)), _NUM_BINS - 1)
    sure, edge = np.flatnonzero(bins < last), np.flatnonzero(bins == last)
    before = float(masses[last - 1]) if last else 0.0
    order = edge[(-weights[edge]).argsort(kind="stable")]
    count = int((before + weights[order].cumsum()).searchsorted(limit)) + 1
    return np.concatenate([sure, order[:count]])


def keep_min_p(scores: np.ndarray, min_p: float) -> np.ndarray:
    """Leave out symbols whose probability is below ``min_p`` times that of the most probable one."""
    return np.where(scores >= scores.max(axis=1, keepdims=True) + np.log(min_p), scores, -np.inf)


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
    cumulative = weights.cumsum(axis=1, dtype=np.float64)
    if len(cumulative) == 1:  # the same by bisection, in half the time
        total = float(cumulative[0, -1])
        id = cumulative[0].searchsorted(min(float(uniforms[0]) * total, math.nextafter(total, 0)), side="right")
        return np.array([id])
    totals = cumulative[:, -1]
    # Rounding could lift the product to the very end, where no id is.
    targets = np.minimum(uniforms * totals, np.nextafter(totals, 0))
    return find_best(cumulative > targets[:, None])


def find_best(scores: np.ndarray) -> np.ndarray:
    """The id of the highest score in each row, (B,) int64; among equals the lowest."""
    best: np.ndarray = scores.argmax(axis=1)
    return best


def _keep(scores: np.ndarray, ids: list[np.ndarray]) -> np.ndarray:
    """Leave out all but some ids of each row."""
    kept = np.full_like(scores, -np.inf)
    for row, row_ids in enumerate(ids):
        kept[row, row_ids] = scores[row, row_ids]
    return kept


class Use(NamedTuple):
    """Symbols used lately: places in (B, V), each once, and how much its uses count."""

    rows: np.ndarray
    ids: np.ndarray
    latest: np.ndarray
    """(N,) float32: the newest use alone."""
    sum: np.ndarray
    """(N,) float32: all uses together."""


def weigh_use(recent: np.ndarray, vocab_size: int, decay: float = 1.0) -> Use:
    """Count the uses of symbols, a use n places before the last as decay ** n."""
    batch_size, window = recent.shape
    places = (recent + np.arange(batch_size)[:, None] * vocab_size)[:, ::-1].ravel()  # the newest first
    counts = np.concatenate([decay ** np.arange(window, dtype=np.float32)] * batch_size)
    is_used = recent[:, ::-1].ravel() >= 0
    places, counts = places[is_used], counts[is_used]
    if not len(places):
        return Use(_NOTHING, _NOTHING, counts, counts)
    order = places.argsort(kind="stable")
    places, counts = places[order], counts[order]
    is_first = np.ones(len(places), bool)
    np.not_equal(places[1:], places[:-1], out=is_first[1:])
    first = is_first.nonzero()[0]
    used = places[first]
    return Use(used // vocab_size, used % vocab_size, counts[first], np.add.reduceat(counts, first))


PIPELINE: tuple[Step, ...] = (
    Step(
        "ban",
        "symbols that mean unknown or break a character; a person's own; Hugging Face transformers, bad_words_ids",
        lambda settings, past: len(past.banned.ids) > 0,
        lambda scores, settings, past: ban(scores, past.banned),
    ),
    Step(
        "bias",
        "Hugging Face transformers, sequence_bias: the symbol that completes the text",
        lambda settings, past: len(past.biased.ids) > 0,
        lambda scores, settings, past: add_bias(scores, past.biased),
    ),
    Step(
        "repetition penalty",
        # On log-probabilities instead of logits, so that adding a constant to all logits changes nothing.
        "Keskar et al. 2019, CTRL, §4.1",
        lambda settings, past: settings.repetition_penalty != 1,
        lambda scores, settings, past: penalise_repetition(
            scores, past.recent, settings.repetition_penalty, settings.penalty_decay
        ),
    ),
    Step(
        "presence and frequency penalty",
        "OpenAI API reference, presence_penalty and frequency_penalty",
        lambda settings, past: settings.presence_penalty != 0 or settings.frequency_penalty != 0,
        lambda scores, settings, past: penalise_use(
            scores, past.recent, settings.presence_penalty, settings.frequency_penalty, settings.penalty_decay
        ),
    ),
    Step(
        "loop escape",
        "our own: the symbol that would go on with a loop is left out",
        lambda settings, past: len(past.loops.ids) > 0,
        lambda scores, settings, past: escape_loops(scores, past.loops),
    ),
    Step(
        "top-k",
        "Fan et al. 2018, Hierarchical Neural Story Generation",
        lambda settings, past: settings.top_k > 0,
        lambda scores, settings, past: keep_top_k(scores, settings.top_k),
        leaves_few=True,
    ),
    Step(
        "top-p",
        "Holtzman et al. 2020, The Curious Case of Neural Text Degeneration",
        lambda settings, past: settings.top_p < 1,
        lambda scores, settings, past: keep_top_p(scores, settings.top_p),
        leaves_few=True,
    ),
    Step(
        "min-p",
        "Nguyen et al. 2024, Turning Up the Heat",
        lambda settings, past: settings.min_p > 0,
        lambda scores, settings, past: keep_min_p(scores, settings.min_p),
    ),
)
"""The order in which a distribution is shaped; ``apply_temperature`` and ``draw`` follow."""
