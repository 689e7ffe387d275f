"""The mixture is the formula, renormalised over the whole vocabulary."""

import numpy as np
import pytest

from rnnchat.memory.evidence import Evidence
from rnnchat.memory.memory import Memory
from rnnchat.memory.mixing import EXTRA_INPUTS, FLOOR, INPUTS, Gate, Mixing, Rates, add_bias, describe


def make_gate(num_orders: int, seed: int = 1) -> Gate:
    random = np.random.default_rng(seed)
    shapes = ((8, INPUTS * num_orders + EXTRA_INPUTS), (8,), (2 * num_orders, 8), (2 * num_orders,))
    return Gate(*(random.normal(scale=0.5, size=shape).astype(np.float32) for shape in shapes))


def make_log_probs(vocab_size: int, seed: int = 1) -> np.ndarray:
    return np.log(np.random.default_rng(seed).dirichlet(np.full(vocab_size, 0.3))).astype(np.float32)


def mix_by_hand(mixing: Mixing, log_probs: np.ndarray, evidence: Evidence) -> np.ndarray:
    """The formula of the module's docstring, symbol by symbol."""
    counts = np.zeros((len(evidence.counts), len(log_probs)))
    counts[:, evidence.symbols] = evidence.counts
    totals, distinct = counts.sum(1), (counts > 0).sum(1)
    outputs = mixing.gate(describe(totals, distinct, counts.max(1), log_probs.max(), evidence.size))
    scores = log_probs.astype(float)
    for order, total in enumerate(totals):
        if total:
            weight = 1 / (1 + np.exp(-outputs[order]))
            escape = distinct[order] * np.exp(outputs[len(totals) + order]) + FLOOR
            estimate = (counts[order] + escape * np.exp(log_probs.astype(float))) / (total + escape)
            scores += weight * (np.log(estimate) - log_probs)
    return scores - np.log(np.exp(scores).sum())


@pytest.mark.parametrize("vocab_size", [3, 90, 8_000])
def test_the_mixture_is_the_formula(vocab_size: int) -> None:
    random = np.random.default_rng(2)
    memory = Memory.of(vocab_size).extend((random.zipf(1.5, 500) % vocab_size).astype(np.int32))
    mixing = Mixing(make_gate(len(memory.packing.orders)))
    for id in range(1, 3):
        memory = memory.append(id)
        log_probs, evidence = make_log_probs(vocab_size, id), memory.recall()
        assert evidence is not None
        mixed = mixing.mix(log_probs, evidence)
        assert mixed == pytest.approx(mix_by_hand(mixing, log_probs, evidence), abs=1e-4)
        assert np.exp(mixed.astype(float)).sum() == pytest.approx(1, abs=1e-4)


def test_without_evidence_the_network_stands_alone() -> None:
    log_probs = make_log_probs(20)
    assert Mixing(make_gate(6)).mix(log_probs, None) is log_probs


def test_a_text_brings_the_network_to_its_own_rates() -> None:
    shares = np.full(4, 0.25)
    bias = Rates(shares, 0.5).find_bias(np.array([900, 100, 0, 0]))
    assert bias is not None
    assert bias.tolist() == pytest.approx((0.5 * np.log(np.array([901, 101, 1, 1]) / 251)).tolist())
    assert np.exp(add_bias(np.log(shares).astype(np.float32), bias)).sum() == pytest.approx(1)
    assert Rates(None, 0.5).find_bias(np.ones(4)) is None


def test_a_mixing_survives_its_file() -> None:
    shares = np.random.default_rng(3).dirichlet(np.ones(90))
    mixing = Mixing(make_gate(6), Rates(shares, 0.5))
    read = Mixing.from_json(mixing.to_json(), 90)
    assert read.rates.weight == 0.5
    assert read.rates.shares == pytest.approx(shares, rel=0.1)
    inputs = np.ones(INPUTS * 6 + EXTRA_INPUTS, np.float32)
    assert read.gate(inputs) == pytest.approx(mixing.gate(inputs), abs=0.01)


@pytest.mark.parametrize(
    "change",
    [
        {"rate_weight": 2},
        {"rate_weight": float("nan")},
        {"shares": "AAAA"},
        {"gate": []},
        {"gate": [[1], [2], [3], [4]]},
    ],
)
def test_a_damaged_mixing_is_refused(change: dict[str, object]) -> None:
    record = {**Mixing(make_gate(6), Rates(np.full(90, 1 / 90), 0.5)).to_json(), **change}
    with pytest.raises((KeyError, TypeError, ValueError)):
        Mixing.from_json(record, 90)
