"""Each step of the pipeline obeys its law, on random logits and on logits with many ties."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from rnnchat.generation.sampling import (
    apply_temperature,
    ban,
    choose,
    draw,
    keep_min_p,
    keep_top_k,
    keep_top_p,
    penalise_repetition,
)
from rnnchat.generation.settings import LEAST_TEMPERATURE, Settings


def normalise(logits):
    return (logits - np.log(np.exp(logits).sum())).astype(np.float32)


# Few distinct values, so that ties are common.
LOGITS = arrays(np.float32, st.integers(2, 40), elements=st.integers(-6, 6).map(lambda n: n / 2)).map(normalise)


def kept(scores):
    return set(np.flatnonzero(np.isfinite(scores)).tolist())


@given(LOGITS, st.integers(1, 50))
def test_top_k_keeps_exactly_k_and_none_better_is_left_out(log_probs, k):
    chosen = kept(keep_top_k(log_probs, k))
    assert len(chosen) == min(k, len(log_probs))
    left_out = set(range(len(log_probs))) - chosen
    assert not left_out or min(log_probs[list(chosen)]) >= max(log_probs[list(left_out)])


@given(LOGITS, st.floats(0.01, 0.999))
def test_top_p_keeps_at_least_p_and_less_than_p_without_the_last_symbol(log_probs, p):
    chosen = kept(keep_top_p(log_probs, p))
    probabilities = np.exp(log_probs[sorted(chosen)].astype(np.float64))
    assert probabilities.sum() >= p - 1e-5
    assert probabilities.sum() - probabilities.min() < p + 1e-5
    left_out = set(range(len(log_probs))) - chosen
    assert not left_out or min(log_probs[list(chosen)]) >= max(log_probs[list(left_out)])


@given(LOGITS, st.floats(0.001, 1))
def test_min_p_keeps_those_that_reach_their_share_of_the_best(log_probs, min_p):
    ratios = np.exp(log_probs - log_probs.max())
    for id, ratio in enumerate(ratios):
        if abs(ratio - min_p) > 1e-4:
            assert (id in kept(keep_min_p(log_probs, min_p))) == (ratio > min_p)


@given(LOGITS, st.floats(1.01, 3))
def test_a_penalty_makes_used_symbols_rarer_and_leaves_the_others_alone(log_probs, penalty):
    penalised = penalise_repetition(log_probs, [0, 0, 1], penalty)
    assert (penalised[:2] <= log_probs[:2]).all()
    np.testing.assert_array_equal(penalised[2:], log_probs[2:])


@given(LOGITS, st.floats(0.05, 2))
def test_temperature_divides_log_probabilities(log_probs, temperature):
    weights = apply_temperature(log_probs, temperature)
    expected = np.exp(log_probs.astype(np.float64) / temperature)
    np.testing.assert_allclose(weights / weights.sum(), expected / expected.sum(), atol=1e-5)


@given(LOGITS, st.sampled_from([0.0, 1e-50, 1e-38, 9e-4]))
def test_a_temperature_of_about_0_is_argmax(log_probs, temperature):
    id = choose(log_probs, Settings(temperature=temperature), [], [], np.random.default_rng(0))
    assert log_probs[id] == log_probs.max()


@given(LOGITS)
def test_the_least_temperature_overflows_nothing(log_probs):
    scores = ban(log_probs, [0])
    with np.errstate(all="raise", under="ignore"):
        weights = apply_temperature(scores, LEAST_TEMPERATURE)
    assert np.isfinite(weights).all()


@given(LOGITS, st.data())
def test_a_banned_symbol_is_never_drawn(log_probs, data):
    banned = data.draw(st.integers(0, len(log_probs) - 1))
    temperature = data.draw(st.sampled_from([0.0, 0.5, 2.0]))
    random = np.random.default_rng(0)
    ids = {choose(log_probs, Settings(temperature=temperature), [], [banned], random) for _ in range(20)}
    assert banned not in ids
    assert banned not in kept(ban(log_probs, [banned]))


@given(st.floats(0, 1, exclude_max=True))
def test_a_symbol_without_weight_is_never_drawn(uniform):
    assert draw(np.array([0.0, 0.3, 0.0, 0.7, 0.0]), uniform) == (1 if uniform < 0.3 else 3)


def test_the_largest_random_number_still_falls_on_a_symbol():
    assert draw(np.array([0.1, 0.2, 0.0]), np.nextafter(1.0, 0)) == 1


def test_draws_follow_the_distribution():
    log_probs = normalise(np.array([0.0, 1.0, 2.0, -1.0], np.float32))
    random = np.random.default_rng(1)
    ids = [choose(log_probs, Settings(temperature=1), [], [], random) for _ in range(20_000)]
    # A share's standard deviation is below 0.0036: five of them make a false alarm one in a million.
    np.testing.assert_allclose(np.bincount(ids, minlength=4) / 20_000, np.exp(log_probs), atol=0.018)


@given(LOGITS)
def test_with_everything_kept_the_distribution_is_the_models_own(log_probs):
    everything = Settings(temperature=1, top_k=0, top_p=1, min_p=0, repetition_penalty=1)
    first, second = np.random.default_rng(3), np.random.default_rng(3)
    assert choose(log_probs, everything, [1], [], first) == draw(np.exp(log_probs), second.random())
