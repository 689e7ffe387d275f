"""How much a memory counts is learned: the mixture predicts a text better than before, and as NumPy computes it."""

import numpy as np
import pytest

from rnnchat.memory.default import find_default, narrow
from rnnchat.memory.memory import Memory
from rnnchat.memory.mixing import EXTRA_INPUTS, INPUTS, UNSEEN, Mixing, Rates
from rnnchat.memory.recollection import Recollection
from rnnchat.training.mixing import collect, cut, fit, measure

VOCAB_SIZE = 40


def make_text(count: int, seed: int) -> np.ndarray:
    """A text of few words, so that a memory of it says what comes next."""
    random = np.random.default_rng(seed)
    words = [random.integers(0, VOCAB_SIZE, int(random.integers(2, 7))) for _ in range(30)]
    return np.concatenate([words[int(i)] for i in random.integers(0, 30, count)])[:count].astype(np.int32)


def make_predictions(count: int, seed: int) -> np.ndarray:
    """A network that knows nothing of the text: (P, V)."""
    return np.log(np.random.default_rng(seed).dirichlet(np.ones(VOCAB_SIZE), count)).astype(np.float32)


def test_a_fitted_gate_predicts_another_part_of_the_text_better() -> None:
    text, predictions = make_text(3_000, 1), make_predictions(2_000, 2)
    memory = Memory.of(VOCAB_SIZE).extend(text[:1_000])
    sample = collect(predictions, text[1_000:], memory, Rates())
    start = find_default(VOCAB_SIZE).gate
    gate = fit([cut(sample, 0, 1_000)], start, steps=60)
    late = cut(sample, 1_000, 2_000)
    assert measure(late, gate) < measure(late, start) < -late.target_known.mean()


@pytest.mark.parametrize("weight", [0.0, 0.6])
def test_the_loss_that_is_fitted_is_that_of_the_mixture_in_use(weight: float) -> None:
    text, predictions = make_text(600, 3), make_predictions(300, 4)
    rates = Rates(np.full(VOCAB_SIZE, 1 / VOCAB_SIZE), weight)
    memory = Memory.of(VOCAB_SIZE).learn(text[:200]).extend(text[200:300])
    gate = fit([collect(predictions, text[300:], memory, rates)], steps=5)
    place, nats = Recollection(memory, Mixing(gate, rates)), 0.0
    for row, id in zip(predictions, text[300:], strict=True):
        nats -= place.mix(row)[id]
        place = place.read(np.array([id]))
    assert measure(collect(predictions, text[300:], memory, rates), gate) == pytest.approx(nats / 300, abs=1e-4)


@pytest.mark.parametrize("num_orders", [1, 3, 5])
def test_a_narrow_gate_decides_as_if_longer_contexts_were_never_seen(num_orders: int) -> None:
    gate = find_default(90).gate
    inputs = np.random.default_rng(5).random(INPUTS * 6 + EXTRA_INPUTS).astype(np.float32)
    kept = np.append(np.tile(np.arange(6) < num_orders, INPUTS), [True] * EXTRA_INPUTS)
    inputs[~kept] = np.append(np.repeat(UNSEEN, 6), [0] * EXTRA_INPUTS)[~kept]
    outputs = gate(inputs)[np.tile(np.arange(6) < num_orders, 2)]
    assert narrow(gate, num_orders)(inputs[kept]) == pytest.approx(outputs, abs=1e-5)
