"""The runtime computes what the torch network computes; sizes differ on every axis."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from rnnchat.errors import ModelError
from rnnchat.model.cell import OFFERED_CELLS
from rnnchat.network.network import Network, load_weights
from rnnchat.runtime import constant
from rnnchat.runtime.runtime import Runtime

SHAPES = [
    {"hidden_sizes": (7,), "embedding_size": 3},
    {"hidden_sizes": (7, 5), "embedding_size": 4},
    {"hidden_sizes": (5, 7, 6), "embedding_size": 0},
    {"hidden_sizes": (7, 5), "embedding_size": 5, "tied": True},
    {"hidden_sizes": (7, 6), "embedding_size": 4, "tied": True},
    {"hidden_sizes": (7, 7, 5), "embedding_size": 7, "residual": True},
    {"hidden_sizes": (5, 6, 6), "embedding_size": 0, "residual": True},
    {"hidden_sizes": (6, 6), "embedding_size": 6, "tied": True, "residual": True},
]
IDS = np.random.default_rng(5).integers(0, 10, (2, 9))  # (B, T); V is 10


MANY_IDS = np.random.default_rng(6).integers(0, 10, (9, 5))  # (B, T)


def step_through(runtime, ids):
    state = runtime.initial_state(len(ids))
    all_log_probs = []
    for time in range(ids.shape[1]):
        log_probs, state = runtime.step(ids[:, time].astype(np.int64), state)
        all_log_probs.append(log_probs)
    return np.stack(all_log_probs, axis=1), state


def compute_with_torch(model, ids):
    module = Network(model.config)
    load_weights(module, model.weights)
    module.eval()
    with torch.no_grad():
        logits, state = module(torch.from_numpy(ids))
    return logits.log_softmax(-1).numpy(), [part.numpy() for part in state.arrays]


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("cell", OFFERED_CELLS)
def test_float32_equals_torch(make_model, cell, shape):
    model = make_model(cell, **shape)
    runtime = Runtime(model)
    log_probs, state = runtime.read(IDS, runtime.initial_state(2))
    expected, expected_state = compute_with_torch(model, IDS)
    np.testing.assert_allclose(log_probs, expected, rtol=1e-5, atol=1e-4)
    for array, expected_array in zip(state.arrays, expected_state, strict=True):
        np.testing.assert_allclose(array, expected_array, atol=1e-4)


@pytest.mark.parametrize("cell", OFFERED_CELLS)
def test_stepping_equals_reading_in_one_call(make_model, cell):
    runtime = Runtime(make_model(cell))
    log_probs, state = runtime.read(IDS, runtime.initial_state(2))
    step_log_probs, stepped = step_through(runtime, IDS)
    np.testing.assert_allclose(step_log_probs, log_probs, atol=1e-5)
    for array, expected in zip(stepped.arrays, state.arrays, strict=True):
        np.testing.assert_allclose(array, expected, atol=1e-5)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("cell", OFFERED_CELLS)
@pytest.mark.parametrize("max_table_bytes", [constant.MAX_TABLE_BYTES, 0], ids=["table", "no table"])
def test_in_int8_each_stream_gives_to_the_last_bit_what_it_gives_alone(
    make_model, cell, shape, max_table_bytes, monkeypatch
):
    monkeypatch.setattr(constant, "MAX_TABLE_BYTES", max_table_bytes)
    runtime = Runtime(make_model(cell, **shape), "int8")
    together, state = runtime.read(MANY_IDS, runtime.initial_state(len(MANY_IDS)))
    stepped, _ = step_through(runtime, MANY_IDS)
    np.testing.assert_array_equal(stepped, together)
    for row in range(len(MANY_IDS)):
        alone, alone_state = step_through(runtime, MANY_IDS[row : row + 1])
        np.testing.assert_array_equal(alone[0], together[row])
        for array, expected in zip(alone_state.hidden, state.hidden, strict=True):
            np.testing.assert_array_equal(array[0], expected[row])


@pytest.mark.parametrize("precision", ["float32", "int8"])
@pytest.mark.parametrize("cell", OFFERED_CELLS)
def test_the_hidden_states_of_a_text_are_those_of_stepping_through_it(make_model, cell, precision):
    runtime = Runtime(make_model(cell), precision)
    log_probs, hidden, last = runtime.read_hidden(IDS, runtime.initial_state(2))
    expected, state = runtime.read(IDS, runtime.initial_state(2))
    np.testing.assert_allclose(log_probs, expected, atol=1e-5)
    stepped = runtime.initial_state(2)
    for time in range(IDS.shape[1]):
        _, stepped = runtime.step(IDS[:, time].astype(np.int64), stepped)
        for layer, units in enumerate(stepped.hidden):
            np.testing.assert_allclose(hidden[layer][:, time], units, atol=1e-5)
    for array, expected_array in zip(last.arrays, state.arrays, strict=True):
        np.testing.assert_allclose(array, expected_array, atol=1e-5)


@pytest.mark.parametrize(
    ("cell", "module"), [("lstm", torch.nn.LSTM), ("gru", torch.nn.GRU), ("rnn-tanh", torch.nn.RNN)]
)
def test_the_hidden_states_of_each_layer_equal_those_of_torch(make_model, cell, module):
    model = make_model(cell, (7, 5), embedding_size=3)
    runtime = Runtime(model)
    _, hidden, _ = runtime.read_hidden(IDS, runtime.initial_state(2))
    x = torch.from_numpy(model.weights["embedding.weight"])[torch.from_numpy(IDS)]
    for layer, size in enumerate(model.config.hidden_sizes):
        oracle = module(x.shape[-1], size, batch_first=True)
        names = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
        oracle.load_state_dict({f"{n}_l0": torch.from_numpy(model.weights[f"layers.{layer}.{n}"]) for n in names})
        with torch.no_grad():
            x, _ = oracle(x)
        np.testing.assert_allclose(hidden[layer], x, atol=1e-4)


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
    before = [array.copy() for array in state.arrays]
    runtime.read(IDS, state)
    runtime.step(IDS[:, 0].astype(np.int64), state)
    for array, expected in zip(state.arrays, before, strict=True):
        np.testing.assert_array_equal(array, expected)


@pytest.mark.parametrize("cell", OFFERED_CELLS)
def test_a_vocabulary_too_big_for_the_table_gives_the_same(make_model, cell, monkeypatch):
    model = make_model(cell)
    with_table, _ = Runtime(model).read(IDS, Runtime(model).initial_state(2))
    monkeypatch.setattr(constant, "MAX_TABLE_BYTES", 0)
    without, _ = Runtime(model).read(IDS, Runtime(model).initial_state(2))
    np.testing.assert_allclose(without, with_table, atol=1e-5)


@pytest.mark.parametrize("max_table_bytes", [constant.MAX_TABLE_BYTES, 0], ids=["table", "no table"])
@pytest.mark.parametrize("options", [{}, {"tied": True}, {"residual": True}], ids=str)
@pytest.mark.parametrize("cell", OFFERED_CELLS)
@pytest.mark.parametrize("bits", [8, 7])
def test_int8_stays_close_to_float32(make_model, cell, options, max_table_bytes, bits, monkeypatch):
    monkeypatch.setattr(constant, "MAX_TABLE_BYTES", max_table_bytes)
    monkeypatch.setattr(constant, "choose_most", lambda: {8: 127, 7: 63}[bits])
    sizes = ((48, 48, 40), 48) if "residual" in options else ((48, 40), 16)
    model = make_model(cell, *sizes, **options)
    model = replace(model, weights={name: weight * 0.3 for name, weight in model.weights.items()})
    exact, _ = Runtime(model).read(IDS, Runtime(model).initial_state(2))
    rounded, _ = Runtime(model, "int8").read(IDS, Runtime(model).initial_state(2))
    assert 0 < np.abs(rounded - exact).max() < {8: 0.05, 7: 0.1}[bits] * np.abs(exact).max()


def test_a_model_with_a_weight_that_is_not_a_number_is_refused_in_int8(make_model):
    model = make_model()
    model.weights["layers.1.weight_hh"][2, 3] = np.nan
    with pytest.raises(ModelError, match="not finite"):
        Runtime(model, "int8")
