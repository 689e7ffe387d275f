"""Oracle: simulated block losses whose true mean is known, with and without correlation between neighbours."""

import numpy as np
import pytest

from rnnchat.comparison.estimate import estimate_mean

SIMULATIONS = 1000


def simulate(count: int, correlation: float, seed: int) -> np.ndarray:
    """A first-order autoregressive series with mean 0 and variance 1, (SIMULATIONS, count)."""
    random = np.random.default_rng(seed)
    series = random.normal(size=(SIMULATIONS, count))
    for k in range(1, count):
        series[:, k] = correlation * series[:, k - 1] + np.sqrt(1 - correlation**2) * series[:, k]
    return series


@pytest.mark.parametrize("distribution", ["normal", "skewed"])
def test_independent_blocks_without_a_difference_are_called_different_in_5_percent(distribution: str) -> None:
    random = np.random.default_rng(3)
    shape = (SIMULATIONS, 20)
    blocks = random.normal(size=shape) if distribution == "normal" else random.gamma(4, size=shape) - 4
    alarms = np.mean([estimate_mean(each).interval.is_sure for each in blocks])
    assert 0.03 <= alarms <= 0.07


def test_blocks_that_resemble_their_neighbours_raise_no_more_alarms() -> None:
    """A text of 80,000 characters in 20 blocks, each of 40 stretches of 100 characters whose losses drift."""
    blocks = simulate(20 * 40, 0.95, seed=4).reshape(SIMULATIONS, 20, 40).mean(axis=2)
    neighbours = np.mean([np.corrcoef(each[1:], each[:-1])[0, 1] for each in simulate(800, 0.95, 4)[:50]])
    assert neighbours > 0.9
    assert 0.03 <= np.mean([estimate_mean(each).interval.is_sure for each in blocks]) <= 0.07


def test_taking_correlated_blocks_as_independent_would_raise_too_many() -> None:
    blocks = simulate(20, 0.3, seed=5)
    errors = blocks.std(axis=1, ddof=1) / np.sqrt(20)
    naive = np.mean(np.abs(blocks.mean(axis=1)) > 2.093 * errors)  # Student's t with 19 degrees of freedom
    assert naive > 0.1
    assert np.mean([estimate_mean(each).interval.is_sure for each in blocks]) < naive - 0.03


def test_a_real_difference_is_found() -> None:
    blocks = simulate(20, 0.2, seed=6) + 1.5
    assert np.mean([estimate_mean(each).interval.low > 0 for each in blocks]) > 0.97


def test_the_interval_narrows_with_the_square_root_of_the_number_of_blocks() -> None:
    random = np.random.default_rng(7)
    few = np.mean([estimate_mean(random.normal(size=16)).interval.half_width for _ in range(200)])
    many = np.mean([estimate_mean(random.normal(size=64)).interval.half_width for _ in range(200)])
    assert few / many == pytest.approx(2, rel=0.2)


def test_the_same_blocks_give_the_same_interval_and_another_seed_nearly_the_same() -> None:
    blocks = np.random.default_rng(8).normal(size=20)
    assert estimate_mean(blocks) == estimate_mean(blocks)
    other = estimate_mean(blocks, seed=2)
    assert other != estimate_mean(blocks)
    assert other.interval.low == pytest.approx(estimate_mean(blocks).interval.low, rel=0.15)


def test_blocks_count_by_their_weights() -> None:
    estimate = estimate_mean(np.array([1.0, 3.0]), np.array([3.0, 1.0]))
    assert estimate.value == pytest.approx(1.5)


def test_blocks_that_are_all_the_same_leave_no_doubt() -> None:
    estimate = estimate_mean(np.full(8, 0.5))
    assert estimate.value == estimate.interval.low == estimate.interval.high == 0.5
