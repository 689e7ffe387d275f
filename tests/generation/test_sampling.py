"""Each step of the pipeline obeys its law, on random logits and on logits with many ties, in every row of a batch."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from rnnchat.errors import UsageError
from rnnchat.generation import cut, sampling
from rnnchat.generation.cut import keep_min_p, keep_top_k, keep_top_p
from rnnchat.generation.past import NO_MARKS, Marks, Past
from rnnchat.generation.penalty import penalise_repetition, penalise_use, weigh_use
from rnnchat.generation.sampling import (
    PIPELINE,
    add_bias,
    apply_temperature,
    ban,
    choose,
    draw,
    find_probabilities,
    leave_out,
    shape_few,
    shape_scores,
)
from rnnchat.generation.settings import Settings
from rnnchat.runtime.runtime import LEAST_TEMPERATURE


def normalise(logits):
    return (logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))).astype(np.float32)


SHAPES = array_shapes(min_dims=2, max_dims=2, min_side=2, max_side=40)
# Few distinct values, so that ties are common.
TIED = arrays(np.float32, SHAPES, elements=st.integers(-6, 6).map(lambda n: n / 2)).map(normalise)
RANDOM = st.tuples(SHAPES, st.integers(0, 2**32)).map(
    lambda drawn: normalise(np.random.default_rng(drawn[1]).normal(0, 3, drawn[0]).astype(np.float32))
)
LOG_PROBS = TIED | RANDOM
NOTHING = Past()


def choose_shaped(log_probs, settings, past, uniforms, is_sure=None):
    return choose(shape_scores(log_probs, settings, past), settings.temperature, uniforms, is_sure)


def mark(*places):
    rows, ids, nats = zip(*places, strict=True)
    return Marks(np.array(rows), np.array(ids), np.array(nats, np.float32))


def use_of(log_probs, recent, decay=1.0):
    """The same symbols used lately in each row."""
    return weigh_use(np.tile(recent, (len(log_probs), 1)), log_probs.shape[1], decay)


def kept(row):
    return set(np.flatnonzero(np.isfinite(row)).tolist())


def assert_none_better_is_left_out(row, chosen):
    left_out = set(range(len(row))) - chosen
    assert not left_out or min(row[list(chosen)]) >= max(row[list(left_out)])


@given(LOG_PROBS, st.integers(1, 50))
def test_top_k_keeps_exactly_k_and_none_better_is_left_out(log_probs, k):
    for row, result in zip(log_probs, keep_top_k(log_probs, k), strict=True):
        assert len(kept(result)) == min(k, len(row))
        assert_none_better_is_left_out(row, kept(result))


@given(LOG_PROBS, st.floats(0.01, 0.999))
def test_top_p_keeps_at_least_p_and_less_than_p_without_the_last_symbol(log_probs, p):
    for row, result in zip(log_probs, keep_top_p(log_probs, p), strict=True):
        probabilities = np.exp(row[sorted(kept(result))].astype(np.float64))
        assert probabilities.sum() >= p - 1e-5
        assert probabilities.sum() - probabilities.min() < p + 1e-5
        assert_none_better_is_left_out(row, kept(result))


@given(LOG_PROBS, st.floats(0.001, 1))
def test_min_p_keeps_those_that_reach_their_share_of_the_best(log_probs, min_p):
    for row, result in zip(log_probs, keep_min_p(log_probs, min_p), strict=True):
        for id, ratio in enumerate(np.exp(row - row.max())):
            if abs(ratio - min_p) > 1e-4:
                assert (id in kept(result)) == (ratio > min_p)


@given(LOG_PROBS, st.data())
def test_what_is_kept_keeps_its_log_probability_and_a_row_does_not_depend_on_the_others(log_probs, data):
    leave_out, limit = data.draw(st.sampled_from([(keep_top_k, 3), (keep_top_p, 0.7), (keep_min_p, 0.2)]))
    result = leave_out(log_probs, limit)
    is_kept = np.isfinite(result)
    np.testing.assert_array_equal(result[is_kept], log_probs[is_kept])
    np.testing.assert_array_equal(result, np.concatenate([leave_out(row[None], limit) for row in log_probs]))


@given(LOG_PROBS, st.integers(1, 12), st.floats(0.05, 0.99))
def test_rows_of_many_symbols_are_cut_as_rows_of_few(log_probs, k, p):
    few = keep_top_k(log_probs, k), keep_top_p(log_probs, p)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cut, "MANY", 1)
        many = keep_top_k(log_probs, k), keep_top_p(log_probs, p)
    np.testing.assert_array_equal(few[0], many[0])
    # Where rounding decides whether p is reached, they may differ by a symbol.
    for first, second in zip(few[1], many[1], strict=True):
        assert len(kept(first) ^ kept(second)) <= 1


def test_the_best_of_20_000_symbols_are_those_that_sorting_finds():
    random = np.random.default_rng(0)
    for scale in (0.1, 1.0, 5.0):
        log_probs = normalise(random.normal(0, scale, (2, 20_000)).round(2).astype(np.float32))
        for row, by_k, by_p in zip(log_probs, keep_top_k(log_probs, 40), keep_top_p(log_probs, 0.9), strict=True):
            order = (-row).argsort(kind="stable")
            assert kept(by_k) == set(order[:40].tolist())
            mass = np.exp(row[order].astype(np.float64)).cumsum()
            count = int(mass.searchsorted(0.9 * mass[-1])) + 1
            assert abs(len(kept(by_p)) - count) <= 1
            assert kept(by_p) == set(order[: len(kept(by_p))].tolist())


@given(LOG_PROBS)
def test_what_is_narrowed_keeps_scores_and_ids_together(log_probs):
    past = past_for(log_probs)
    expected = shape_scores(log_probs, EVERYTHING_ON, past)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cut, "MANY", 1)
        patch.setattr(sampling, "MANY", 1)
        scores, ids = shape_few(log_probs, EVERYTHING_ON, past)
    for row, row_scores, row_ids in zip(expected, scores, ids, strict=True):
        is_kept = np.isfinite(row_scores)
        assert set(row_ids[is_kept].tolist()) == kept(row)
        np.testing.assert_array_equal(row[row_ids[is_kept]], row_scores[is_kept])


RECENT = st.integers(1, 6).flatmap(lambda width: st.lists(st.integers(-1, 1), min_size=width, max_size=width))


@given(LOG_PROBS, RECENT, st.floats(0.1, 1))
def test_uses_are_weighed_as_a_loop_over_them_would(log_probs, recent, decay):
    batch = np.tile(recent, (len(log_probs), 1))
    latest, sums = np.zeros(log_probs.shape), np.zeros(log_probs.shape)
    for age, id in enumerate(reversed(recent)):
        if id >= 0:
            sums[:, id] += decay**age
            latest[:, id] = np.maximum(latest[:, id], decay**age)
    use = weigh_use(batch, log_probs.shape[1], decay)
    np.testing.assert_allclose(use.latest, latest[use.rows, use.ids], rtol=1e-5)
    np.testing.assert_allclose(use.sum, sums[use.rows, use.ids], rtol=1e-5)
    assert len(use.rows) == (sums > 0).sum()


@given(LOG_PROBS, st.floats(1.01, 3))
def test_a_repetition_penalty_makes_used_symbols_rarer_and_leaves_the_others_alone(log_probs, penalty):
    penalised = penalise_repetition(log_probs, use_of(log_probs, [-1, 0, 0, 1]), penalty)
    np.testing.assert_allclose(penalised[:, :2], log_probs[:, :2] * penalty, rtol=1e-6)
    np.testing.assert_array_equal(penalised[:, 2:], log_probs[:, 2:])


@given(LOG_PROBS, st.floats(-3, 3), st.floats(-3, 3))
def test_presence_counts_once_and_frequency_each_time(log_probs, presence, frequency):
    penalised = penalise_use(log_probs, use_of(log_probs, [0, 0, 1, 0]), presence, frequency)
    np.testing.assert_allclose(log_probs[:, 0] - penalised[:, 0], presence + 3 * frequency, atol=1e-4)
    np.testing.assert_allclose(log_probs[:, 1] - penalised[:, 1], presence + frequency, atol=1e-4)
    np.testing.assert_array_equal(penalised[:, 2:], log_probs[:, 2:])


@given(LOG_PROBS, st.floats(0.1, 0.9))
def test_an_old_use_counts_less_with_decay(log_probs, decay):
    penalised = penalise_use(log_probs, use_of(log_probs, [0, 1, 1], decay), 1.0, 0.0)
    np.testing.assert_allclose(log_probs[:, 0] - penalised[:, 0], decay**2, atol=1e-4)
    np.testing.assert_allclose(log_probs[:, 1] - penalised[:, 1], 1, atol=1e-4)


@given(LOG_PROBS, st.floats(0.05, 2))
def test_temperature_divides_log_probabilities(log_probs, temperature):
    weights = apply_temperature(log_probs, temperature)
    expected = np.exp(log_probs.astype(np.float64) / temperature)
    actual = weights / weights.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(actual, expected / expected.sum(axis=1, keepdims=True), atol=1e-5)


@given(LOG_PROBS, st.sampled_from([0.0, 1e-50, 1e-38, 9e-4]))
def test_a_temperature_of_about_0_is_argmax(log_probs, temperature):
    ids = choose_shaped(log_probs, Settings(temperature=temperature), NOTHING, np.zeros(len(log_probs)))
    np.testing.assert_array_equal(ids, log_probs.argmax(axis=1))


@given(LOG_PROBS)
def test_the_least_temperature_overflows_nothing(log_probs):
    scores = ban(log_probs, mark((0, 0, 0)))
    with np.errstate(all="raise", under="ignore"):
        weights = apply_temperature(scores, LEAST_TEMPERATURE)
    assert np.isfinite(weights).all()


@given(LOG_PROBS, st.data())
def test_a_banned_symbol_is_never_drawn_in_its_row(log_probs, data):
    row = data.draw(st.integers(0, len(log_probs) - 1))
    banned = data.draw(st.integers(0, log_probs.shape[1] - 1))
    temperature = data.draw(st.sampled_from([0.0, 0.5, 2.0]))
    past = Past(banned=mark((row, banned, -np.inf)))
    for uniforms in np.random.default_rng(0).random((20, len(log_probs))):
        assert choose_shaped(log_probs, Settings(temperature=temperature), past, uniforms)[row] != banned
    result = ban(log_probs, past.banned)
    np.testing.assert_array_equal(np.delete(result, row, 0), np.delete(log_probs, row, 0))


def test_a_ban_that_leaves_nothing_is_told():
    with pytest.raises(UsageError, match="ban fewer"):
        ban(np.zeros((1, 2), np.float32), mark((0, 0, 0), (0, 1, 0)))


@given(LOG_PROBS, st.floats(-5, 5), st.floats(-5, 5))
def test_biases_multiply_odds_and_add_up(log_probs, first, second):
    biased = add_bias(log_probs, mark((0, 1, first), (0, 1, second)))
    np.testing.assert_allclose(biased[0, 1] - log_probs[0, 1], first + second, atol=1e-4)
    biased[0, 1] = log_probs[0, 1]
    np.testing.assert_array_equal(biased, log_probs)


def test_a_loop_is_left_unless_there_is_no_other_symbol():
    scores = np.array([[-1.0, -0.5], [-np.inf, 0.0]], np.float32)
    escaped = leave_out(scores, mark((0, 1, 0), (1, 1, 0)))
    assert kept(escaped[0]) == {0}
    assert kept(escaped[1]) == {1}


@given(st.floats(0, 1, exclude_max=True))
def test_a_symbol_without_weight_is_never_drawn(uniform):
    weights = np.array([[0.0, 0.3, 0.0, 0.7, 0.0]])
    assert draw(weights, np.array([uniform])) == [1 if uniform < 0.3 else 3]


def test_the_largest_random_number_still_falls_on_a_symbol():
    assert draw(np.array([[0.1, 0.2, 0.0]]), np.array([np.nextafter(1.0, 0)])) == [1]


@given(LOG_PROBS, st.data())
def test_a_draw_from_many_symbols_is_the_draw_from_few(log_probs, data):
    weights = np.exp(log_probs)
    weights[:, data.draw(st.integers(0, weights.shape[1] - 1))] = 0
    uniforms = np.array(
        data.draw(st.lists(st.floats(0, 1, exclude_max=True), min_size=len(weights), max_size=len(weights)))
    )
    few = draw(weights, uniforms)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sampling, "MANY", 1)
        patch.setattr(sampling, "_BLOCK", data.draw(st.integers(1, 10)))
        many = draw(weights, uniforms)
    cumulative = weights.cumsum(axis=1, dtype=np.float64)
    for row, (first, second) in enumerate(zip(few, many, strict=True)):
        assert weights[row, second] > 0
        # Rounding may decide otherwise where the number falls on the border of two symbols.
        border = cumulative[row, min(first, second)] / cumulative[row, -1]
        assert first == second or abs(border - uniforms[row]) < 1e-6


def test_draws_follow_the_distribution():
    log_probs = normalise(np.array([[0.0, 1.0, 2.0, -1.0]], np.float32))
    uniforms = np.random.default_rng(1).random(20_000)
    ids = choose_shaped(np.repeat(log_probs, 20_000, axis=0), Settings(temperature=1), NOTHING, uniforms)
    # A share's standard deviation is below 0.0036: five of them make a false alarm one in a million.
    np.testing.assert_allclose(np.bincount(ids, minlength=4) / 20_000, np.exp(log_probs[0]), atol=0.018)


@given(LOG_PROBS)
def test_with_everything_kept_the_distribution_is_the_models_own(log_probs):
    everything = Settings(temperature=1)
    np.testing.assert_allclose(find_probabilities(log_probs, everything, NOTHING), np.exp(log_probs), atol=1e-5)
    assert shape_scores(log_probs, everything, NOTHING) is log_probs


EVERYTHING_ON = Settings(
    temperature=0.7, top_k=5, top_p=0.9, min_p=0.05, repetition_penalty=1.3, presence_penalty=0.5,
    frequency_penalty=0.2, penalty_decay=0.9, penalty_window=4,
)  # fmt: skip


def past_for(log_probs):
    return Past(
        lambda: use_of(log_probs, [-1, 0, 1, 0], EVERYTHING_ON.penalty_decay),
        mark((0, 0, -np.inf)),
        mark((0, 1, 2.0)),
        NO_MARKS,
    )


@given(LOG_PROBS)
def test_the_order_of_the_pipeline_is_the_order_in_which_steps_act(log_probs):
    past = past_for(log_probs)
    scores = log_probs
    for name in ("ban", "repetition penalty", "presence and frequency penalty", "bias", "top-k", "top-p", "min-p"):
        (step,) = [step for step in PIPELINE if step.name == name]
        assert step.is_used(EVERYTHING_ON, past)
        scores = step.apply(scores, EVERYTHING_ON, past)
    np.testing.assert_array_equal(scores, shape_scores(log_probs, EVERYTHING_ON, past))
    probabilities = find_probabilities(log_probs, EVERYTHING_ON, past)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1)
    np.testing.assert_array_equal(probabilities > 0, np.isfinite(scores) & (probabilities > 0))


@given(LOG_PROBS, st.floats(1, 5), st.floats(-100, 100))
def test_a_repetition_penalty_takes_from_a_used_symbol_however_it_is_biased(log_probs, penalty, nats):
    past = Past(lambda: use_of(log_probs, [0]), NO_MARKS, mark((0, 0, nats)), NO_MARKS)
    free, penalised = (
        shape_scores(log_probs, Settings(repetition_penalty=strength), past)[0] for strength in (1, penalty)
    )
    assert penalised[0] <= free[0]
    np.testing.assert_array_equal(penalised[1:], free[1:])


@given(LOG_PROBS)
def test_no_step_changes_what_it_is_given(log_probs):
    before = log_probs.copy()
    past = replace(past_for(log_probs), loops=mark((0, 1, 0)), unknown=np.zeros_like(log_probs))
    for step in PIPELINE:
        step.apply(log_probs, EVERYTHING_ON, past)
        np.testing.assert_array_equal(log_probs, before)


@given(LOG_PROBS, st.data())
def test_texts_that_are_sure_take_the_most_probable_symbol(log_probs, data):
    is_sure = np.array(data.draw(st.lists(st.booleans(), min_size=len(log_probs), max_size=len(log_probs))))
    uniforms = np.random.default_rng(3).random(len(log_probs))
    ids = choose_shaped(log_probs, Settings(temperature=1.5), NOTHING, uniforms, is_sure=is_sure)
    np.testing.assert_array_equal(ids[is_sure], log_probs[is_sure].argmax(axis=1))
    drawn = choose_shaped(log_probs, Settings(temperature=1.5), NOTHING, uniforms)
    np.testing.assert_array_equal(ids[~is_sure], drawn[~is_sure])
