"""The held-out loss is that of one pass over the whole text; samples are the network's own."""

import numpy as np
import pytest
import torch
from torch.nn import functional

from rnnchat.model.config import ModelConfig
from rnnchat.network.network import Network
from rnnchat.text.tokenizer import fit_tokenizer
from rnnchat.training import evaluation
from rnnchat.training.evaluation import evaluate, sample

V = 13


def build(cell: str = "lstm", vocab_size: int = V) -> Network:
    torch.manual_seed(1)
    network = Network(ModelConfig(vocab_size, cell, (9, 6), 5, dropout=0.5))  # type: ignore[arg-type]
    with torch.no_grad():
        for parameter in network.parameters():
            parameter *= 3  # logits far from uniform, a state that matters
    return network


@torch.no_grad()
def measure_in_one_pass(network: Network, ids: np.ndarray) -> float:
    network.eval()
    tokens = torch.from_numpy(ids.astype(np.int64))[None]
    logits, _ = network(tokens[:, :-1])
    return functional.cross_entropy(logits[0], tokens[0, 1:]).item()


@pytest.mark.parametrize("n", [2, 50, 300])
def test_a_short_text_is_scored_as_in_one_pass(n: int) -> None:
    ids = np.random.default_rng(2).integers(V, size=n).astype(np.uint8)
    network = build()
    assert evaluate(network, ids, n - 1) == pytest.approx(measure_in_one_pass(network, ids), rel=1e-5)


@pytest.mark.parametrize("cell", ["lstm", "gru", "rnn-tanh"])
def test_streams_side_by_side_score_as_one_pass_does(cell: str) -> None:
    ids = np.random.default_rng(3).integers(V, size=5_000).astype(np.uint8)
    network = build(cell)
    assert evaluate(network, ids, len(ids) - 1) == pytest.approx(measure_in_one_pass(network, ids), rel=1e-3)


def test_a_part_of_a_text_is_scored_about_as_the_whole() -> None:
    ids = np.random.default_rng(3).integers(V, size=20_000).astype(np.uint8)
    network = build()
    whole = evaluate(network, ids, len(ids) - 1)
    assert evaluate(network, ids, 4_000) == pytest.approx(whole, rel=0.1)


def test_a_network_is_left_as_it_was() -> None:
    network = build().train()
    evaluate(network, np.arange(10, dtype=np.uint8), 9)
    assert network.training
    assert not any(parameter.grad is not None for parameter in network.parameters())


def test_a_sample_depends_on_its_seed_alone() -> None:
    tokenizer = fit_tokenizer("char", ["abcdefghijkl\n"])
    network = build(vocab_size=tokenizer.vocab_size)
    torch.manual_seed(1)
    (first,) = sample(network, tokenizer, [0], 5, [0.7])
    before = torch.get_rng_state()
    torch.manual_seed(2)
    (again,) = sample(network, tokenizer, [0], 5, [0.7])
    torch.manual_seed(1)
    assert first == again
    assert [first] != sample(network, tokenizer, [0], 6, [0.7])
    assert len(first) == evaluation.SAMPLE_CHARS
    torch.set_rng_state(before)


def test_a_sample_leaves_the_random_state_of_training_alone() -> None:
    tokenizer = fit_tokenizer("char", ["abcdefghijkl\n"])
    network = build(vocab_size=tokenizer.vocab_size)
    before = torch.get_rng_state()
    sample(network, tokenizer, [0], 5, [0.7])
    assert torch.equal(before, torch.get_rng_state())


def test_the_unknown_symbol_is_never_written() -> None:
    tokenizer = fit_tokenizer("word", ["one two three four " * 20], max_vocab=16)
    assert tokenizer.unknown_id is not None
    network = build(vocab_size=tokenizer.vocab_size)
    with torch.no_grad():
        network.output.bias[tokenizer.unknown_id] = 100.0
    assert "�" not in sample(network, tokenizer, [1], 5, [0.7])[0]


def test_a_sample_of_bytes_holds_whole_characters_alone() -> None:
    tokenizer = fit_tokenizer("byte", [""])
    network = build(vocab_size=tokenizer.vocab_size)
    with torch.no_grad():
        network.output.bias[0x80:0xC0] = 100.0  # continuation bytes only
    assert "�" not in sample(network, tokenizer, [0], 5, [0.7])[0]


def test_samples_that_are_written_side_by_side_are_those_that_are_written_alone() -> None:
    tokenizer = fit_tokenizer("byte", [""])  # three bytes may be one character: texts end at different symbols
    network = build(vocab_size=tokenizer.vocab_size)
    together = sample(network, tokenizer, [10, 65], 5, [1.2, 0.3, 0.8])
    assert together == [sample(network, tokenizer, [10, 65], 5, [one])[0] for one in (1.2, 0.3, 0.8)]
    assert len(set(together)) == 3
