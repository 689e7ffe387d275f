"""Weights become whole numbers whose products this machine gets right."""

import numpy as np
import pytest

from rnnchat.runtime import quantisation
from rnnchat.runtime.quantisation import choose_most, quantise, saturates

WEIGHT = np.random.default_rng(3).normal(0, 1, (5, 7)).astype(np.float32) * np.array([[1], [9], [0], [1e-6], [3]])


@pytest.fixture(autouse=True)
def fresh_choice():
    choose_most.cache_clear()
    yield
    choose_most.cache_clear()


@pytest.mark.parametrize("most", [127, 63])
def test_each_weight_is_rounded_by_at_most_half_a_step_of_its_row(most):
    numbers, scale = quantise(WEIGHT, most)
    assert numbers.shape == (7, 5)
    assert numbers.dtype == np.int8
    assert (np.abs(numbers.T * scale[:, None] - WEIGHT) <= scale[:, None] * 0.501).all()


@pytest.mark.parametrize("most", [127, 63])
def test_the_largest_weight_of_a_row_is_the_largest_number(most):
    numbers, _ = quantise(WEIGHT, most)
    assert np.abs(numbers).max(axis=0).tolist() == [most, most, 0, most, most]


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_a_row_with_a_number_that_is_not_finite_has_such_a_scale(bad):
    weight = WEIGHT.copy()
    weight[1, 2] = bad
    _, scale = quantise(weight, 127)
    assert np.isfinite(scale).tolist() == [True, False, True, True, True]


def test_weights_have_7_bits_where_products_of_8_bits_saturate(monkeypatch):
    monkeypatch.setattr(quantisation, "saturates", lambda: True)
    assert choose_most() == 63
    assert 2 * 255 * choose_most() < 2**15


def test_weights_have_8_bits_elsewhere(monkeypatch):
    monkeypatch.setattr(quantisation, "saturates", lambda: False)
    assert choose_most() == 127


def test_the_machine_is_asked_once(monkeypatch):
    asked = []
    monkeypatch.setattr(quantisation, "saturates", lambda: bool(asked.append(1)))
    assert choose_most() == choose_most()
    assert len(asked) == 1


def test_a_machine_that_cuts_products_off_is_found_out(monkeypatch):
    class Saturating:
        def __init__(self, *_args, **_options):
            pass

        def run(self, _names, feed):
            x = feed["x"].astype(np.int64)
            pairs = np.minimum(x[:, ::2] * 127 + x[:, 1::2] * 127, 2**15 - 1)
            return [np.repeat(pairs.sum(axis=1, keepdims=True), 32, axis=1).astype(np.float32)]

    monkeypatch.setattr(quantisation.onnxruntime, "InferenceSession", Saturating)
    assert saturates()
