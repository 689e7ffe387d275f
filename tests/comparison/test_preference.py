"""Oracles: simulated voters whose strengths are known, and the closed form for two models."""

import math

import numpy as np
import pytest

from rnnchat.comparison.preference import BradleyTerry, count_wins


def simulate_votes(random: np.random.Generator, strengths: np.ndarray, votes: int) -> np.ndarray:
    """Wins (M, M) after so many votes on each pair."""
    count = len(strengths)
    wins = np.zeros((count, count))
    for i in range(count):
        for j in range(i):
            share = 1 / (1 + math.exp(strengths[j] - strengths[i]))
            wins[i, j] = random.binomial(votes, share)
            wins[j, i] = votes - wins[i, j]
    return wins


@pytest.mark.parametrize(("models", "votes"), [(2, 30), (3, 20), (4, 12)])
def test_95_percent_of_the_intervals_hold_the_true_share(models: int, votes: int) -> None:
    random = np.random.default_rng(models)
    covered = 0
    for _ in range(1000):
        strengths = random.normal(0, 0.7, models)
        interval = BradleyTerry(simulate_votes(random, strengths, votes)).compare(0, 1).interval
        covered += interval.low <= 1 / (1 + math.exp(strengths[1] - strengths[0])) <= interval.high
    assert 0.93 <= covered / 1000 <= 0.97


def test_for_two_models_it_is_the_share_with_half_a_vote_more_for_each() -> None:
    preference = BradleyTerry(np.array([[0.0, 9.0], [5.0, 0.0]])).compare(0, 1)
    assert preference.share == pytest.approx(9.5 / 15, abs=1e-6)
    half = 1.96 * math.sqrt(1 / 9.5 + 1 / 5.5)
    logit = math.log(9.5 / 5.5)
    assert preference.interval.low == pytest.approx(1 / (1 + math.exp(half - logit)), abs=1e-3)
    assert preference.interval.high == pytest.approx(1 / (1 + math.exp(-half - logit)), abs=1e-3)


def test_who_won_every_time_has_no_infinite_strength() -> None:
    preference = BradleyTerry(np.array([[0.0, 5.0], [0.0, 0.0]])).compare(0, 1)
    assert 0.5 < preference.share < 1
    assert not preference.is_settled


def test_two_models_that_never_met_are_compared_through_a_third() -> None:
    wins = np.zeros((3, 3))
    wins[0, 1], wins[1, 0], wins[1, 2], wins[2, 1] = 15, 5, 15, 5
    fit = BradleyTerry(wins)
    assert fit.compare(0, 2).share > fit.compare(0, 1).share
    assert fit.compare(0, 2).interval.half_width > 0


def test_two_models_that_nothing_connects_can_be_anything() -> None:
    wins = np.zeros((4, 4))
    wins[0, 1] = wins[2, 3] = 10
    assert BradleyTerry(wins).compare(0, 2).interval == (0.0, 1.0)
    assert BradleyTerry(np.zeros((2, 2))).compare(0, 1).interval == (0.0, 1.0)


def test_the_votes_said_to_be_needed_settle_it_if_they_fall_as_before_and_one_less_does_not() -> None:
    wins = np.array([[0.0, 9.0], [5.0, 0.0]])
    fit = BradleyTerry(wins)
    more = fit.count_more_votes(0, 1)
    assert more is not None
    assert BradleyTerry(wins * (1 + more / 14)).compare(0, 1).is_settled
    assert not BradleyTerry(wins * (1 + (more - 1) / 14)).compare(0, 1).is_settled


def test_a_settled_preference_needs_no_vote_and_an_even_one_no_number() -> None:
    assert BradleyTerry(np.array([[0.0, 30.0], [2.0, 0.0]])).count_more_votes(0, 1) == 0
    assert BradleyTerry(np.array([[0.0, 7.0], [7.0, 0.0]])).count_more_votes(0, 1) is None
    assert BradleyTerry(np.zeros((2, 2))).count_more_votes(0, 1) is None


def test_a_tie_is_half_a_vote_for_each_and_a_model_against_itself_is_none() -> None:
    wins = count_wins(["a", "b"], [("a", "b", 1.0), ("b", "a", 0.5), ("a", "a", 1.0)])
    assert wins.tolist() == [[0, 1.5], [0.5, 0]]
