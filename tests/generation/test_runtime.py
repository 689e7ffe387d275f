"""The runtime computes what the torch network computes; sizes differ on every axis."""

import numpy as np
import pytest
import torch

from rnnchat.generation import graph
from rnnchat.generation.runtime import Runtime
from rnnchat.model.config import CELLS
from rnnchat.network.language_model import LanguageModel, load_weights

SHAPES = [
    {"hidden_sizes": (7,), "embedding_size": 3},
    {"hidden_sizes": (7, 5), "embedding_size": 4},
    {"hidden_sizes": (5, 7, 6), "embedding_size": 0},
    {"hidden_sizes": (7, 5), "embedding_size": 5, "tied": True},
    {"hidden_sizes": (7, 6), "embedding_size": 4, "tied": True},
]
IDS = np.random.default_rng(5).integers(0, 10, (2, 9))  # (B, T); V is 10


def compute_with_torch(model, ids):
    module = LanguageModel(model.config)
    load_weights(module, model.weights)
    module.eval()
    with torch.no_grad():
        logits, state = module(torch.from_numpy(ids))
    return logits.log_softmax(-1).numpy(), [part.numpy() for part in (*state.hidden, *state.cell)]


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("cell", CELLS)
def test_float32_equals_torch(make_model, cell, shape):
    model = make_model(cell, **shape)
    runtime = Runtime(model)
    log_probs, state = runtime.read(IDS, runtime.initial_state(2))
    expected, expected_state = compute_with_torch(model, IDS)
    np.testing.assert_allclose(log_probs, expected, rtol=1e-5, atol=1e-4)
    for array, expected_array in zip((*state.hidden, *state.cell), expected_state, strict=True):
        np.testing.assert_allclose(array, expected_array, atol=1e-4)


@pytest.mark.parametrize("precision", ["float32", "int8"])
@pytest.mark.parametrize("cell", CELLS)
def test_stepping_equals_reading_in_one_call(make_model, cell, precision):
    runtime = Runtime(make_model(cell), precision)
    log_probs, state = runtime.read(IDS[:1], runtime.initial_state())
    stepped = runtime.initial_state()
    for time in range(IDS.shape[1]):
        step_log_probs, stepped = runtime.step(IDS[:1, time].astype(np.int64), stepped)
        # int8 scales the output layer's input over the whole call, so log_probs differ by a rounding.
        np.testing.assert_allclose(step_log_probs, log_probs[:, time], atol=1e-5 if precision == "float32" else 0.2)
    for array, expected in zip((*stepped.hidden, *stepped.cell), (*state.hidden, *state.cell), strict=True):
        np.testing.assert_allclose(array, expected, atol=1e-5)


@pytest.mark.parametrize("split", range(1, 9))
def test_any_split_of_a_text_equals_no_split(make_model, split):
    runtime = Runtime(make_model())
    whole, state = runtime.read(IDS, runtime.initial_state(2))
    first, middle = runtime.read(IDS[:, :split], runtime.initial_state(2))
    second, last = runtime.read(IDS[:, split:], middle)
    np.testing.assert_allclose(np.concatenate([first, second], axis=1), whole, atol=1e-5)
    np.testing.assert_allclose(last.hidden[1], state.hidden[1], atol=1e-5)


def test_streams_of_a_batch_do_not_leak_into_each_other(make_model):
    runtime = Runtime(make_model())
    both, _ = runtime.read(IDS, runtime.initial_state(2))
    alone, _ = runtime.read(IDS[1:], runtime.initial_state(1))
    np.testing.assert_allclose(both[1:], alone, atol=1e-5)


def test_the_last_distribution_alone_are_those_of_the_whole(make_model):
    runtime = Runtime(make_model())
    whole, _ = runtime.read(IDS, runtime.initial_state(2))
    last, _ = runtime.read(IDS, runtime.initial_state(2), last_only=True)
    np.testing.assert_allclose(last, whole[:, -1:], atol=1e-6)


def test_a_state_is_a_value_that_reading_never_changes(make_model):
    runtime = Runtime(make_model())
    _, state = runtime.read(IDS, runtime.initial_state(2))
    before = [array.copy() for array in (*state.hidden, *state.cell)]
    runtime.read(IDS, state)
    runtime.step(IDS[:, 0].astype(np.int64), state)
    for array, expected in zip((*state.hidden, *state.cell), before, strict=True):
        np.testing.assert_array_equal(array, expected)


@pytest.mark.parametrize("cell", CELLS)
def test_a_vocabulary_too_big_for_the_table_gives_the_same(make_model, cell, monkeypatch):
    model = make_model(cell)
    with_table, _ = Runtime(model).read(IDS, Runtime(model).initial_state(2))
    monkeypatch.setattr(graph, "MAX_TABLE_BYTES", 0)
    without, _ = Runtime(model).read(IDS, Runtime(model).initial_state(2))
    np.testing.assert_allclose(without, with_table, atol=1e-5)


@pytest.mark.parametrize("cell", ["lstm", "gru", "rnn-tanh"])
def test_int8_stays_close_to_float32(make_model, cell):
    model = make_model(cell, (48, 40), 16)
    model = type(model)(model.config, model.tokenizer, {n: w * 0.3 for n, w in model.weights.items()})
    exact, _ = Runtime(model).read(IDS, Runtime(model).initial_state(2))
    rounded, _ = Runtime(model, "int8").read(IDS, Runtime(model).initial_state(2))
    assert np.abs(rounded - exact).max() < 0.05 * np.abs(exact).max()
