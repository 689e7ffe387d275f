"""Several models of one vocabulary write as one."""

import numpy as np
import pytest

from rnnchat.errors import UsageError
from rnnchat.runtime.mixture import Mixture, check_same_vocabulary
from rnnchat.runtime.runtime import Runtime
from rnnchat.text.byte import ByteTokenizer
from rnnchat.text.char import CharTokenizer

IDS = np.random.default_rng(5).integers(0, 10, (2, 6))  # (B, T); V is 10


@pytest.fixture
def pair(make_model):
    """Two models that differ in everything but their vocabulary."""
    return Runtime(make_model("lstm", (7, 5))), Runtime(make_model("gru", (4,), embedding_size=0, seed=1))


@pytest.mark.parametrize("weight", [0.0, 0.3, 1.0])
def test_probabilities_are_mixed_linearly(pair, weight):
    mixture = Mixture(pair, [weight, 1 - weight])
    mixed, _ = mixture.read(IDS, mixture.initial_state(2))
    first, second = (np.exp(runtime.read(IDS, runtime.initial_state(2))[0].astype(float)) for runtime in pair)
    np.testing.assert_allclose(np.exp(mixed), weight * first + (1 - weight) * second, atol=1e-6)
    assert mixed.dtype == np.float32


@pytest.mark.parametrize(("weights", "only"), [([1.0, 0.0], 0), ([0.0, 0.2], 1)])
def test_a_model_with_all_the_weight_gives_exactly_its_own_numbers(pair, weights, only):
    mixture = Mixture(pair, weights)
    alone = pair[only]
    mixed, _ = mixture.read(IDS, mixture.initial_state(2))
    np.testing.assert_array_equal(mixed, alone.read(IDS, alone.initial_state(2))[0])
    np.testing.assert_array_equal(
        mixture.step(IDS[:, 0], mixture.initial_state(2))[0], alone.step(IDS[:, 0], alone.initial_state(2))[0]
    )


def test_weights_are_shares_of_their_sum(pair):
    assert Mixture(pair, [0.2, 0.6]).weights == pytest.approx((0.25, 0.75))


def test_stepping_equals_reading(pair):
    mixture = Mixture(pair, [0.4, 0.6])
    whole, last = mixture.read(IDS, mixture.initial_state(2))
    state = mixture.initial_state(2)
    for time in range(IDS.shape[1]):
        log_probs, state = mixture.step(IDS[:, time], state)
        np.testing.assert_allclose(log_probs, whole[:, time], atol=1e-5)
    for array, expected in zip(state.arrays, last.arrays, strict=True):
        np.testing.assert_allclose(array, expected, atol=1e-5)
    only_last, _ = mixture.read(IDS, mixture.initial_state(2), last_only=True)
    np.testing.assert_allclose(only_last, whole[:, -1:], atol=1e-5)


def test_the_layers_of_all_models_are_given_one_model_after_another(pair):
    mixture = Mixture(pair, [0.4, 0.6])
    log_probs, hidden, state = mixture.read_hidden(IDS, mixture.initial_state(2))
    np.testing.assert_allclose(log_probs, mixture.read(IDS, mixture.initial_state(2))[0], atol=1e-5)
    assert [layer.shape for layer in hidden] == [(2, 6, 7), (2, 6, 5), (2, 6, 4)]
    for layer, last in zip(hidden, state.hidden, strict=True):
        np.testing.assert_allclose(layer[:, -1], last, atol=1e-5)


def test_a_mixture_of_mixtures_is_a_mixture(pair):
    inner = Mixture(pair, [0.5, 0.5])
    outer = Mixture([inner, pair[0]], [0.5, 0.5])
    flat = Mixture(pair, [0.75, 0.25])
    np.testing.assert_allclose(
        outer.read(IDS, outer.initial_state(2))[0], flat.read(IDS, flat.initial_state(2))[0], atol=1e-5
    )


@pytest.mark.parametrize("weights", [[0.5], [0.5, 0.2, 0.3], [-0.1, 1.0], [1.1, 0.0], [0.0, 0.0], [np.nan, 0.5]])
def test_weights_that_cannot_be_are_refused(pair, weights):
    with pytest.raises(UsageError):
        Mixture(pair, weights)


def test_vocabularies_of_different_sizes_are_refused(make_model):
    with pytest.raises(UsageError, match="10 and 11 symbols"):
        Mixture([Runtime(make_model()), Runtime(make_model(symbols="\n abcdefghi"))], [0.5, 0.5])


@pytest.mark.parametrize(
    ("other", "difference"),
    [
        (CharTokenizer("abd", False), "not the same ones"),
        (CharTokenizer("abcd", False), "4"),
        (ByteTokenizer(), "byte"),
    ],
)
def test_vocabularies_that_differ_are_refused_in_one_sentence(other, difference):
    with pytest.raises(UsageError, match=difference):
        check_same_vocabulary([CharTokenizer("abc", False), CharTokenizer("abc", False), other])


def test_the_same_vocabulary_twice_is_fine():
    check_same_vocabulary([CharTokenizer("abc", False), CharTokenizer("abc", False)])
