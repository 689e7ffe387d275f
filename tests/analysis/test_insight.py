"""What is said of a symbol equals what a plain sort of all symbols says."""

import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rnnchat.analysis import insight
from rnnchat.analysis.insight import Insight, explain, find_best, judge, look_at
from rnnchat.analysis.score import score_text
from rnnchat.errors import ModelError, TextError, UsageError
from rnnchat.model.file import Model
from rnnchat.runtime.runtime import Runtime
from rnnchat.runtime.start import read_start
from rnnchat.text.char import CharTokenizer
from rnnchat.text.tokenizer import fit_tokenizer

TEXT = "abc hgf\ncab bad " * 50

levels = pytest.mark.parametrize("level", ["char", "byte", "word", "bpe"])


def make_level_model(make_model, level, text="the sea, the «café»\nand the sailor's 12 ships\n"):
    return make_model(tokenizer=fit_tokenizer(level, [text * 40], 300)), text * 3


# Few different values: ties are the rule.
rows = st.lists(st.sampled_from([-1.0, -2.0, -2.5, -7.0]), min_size=1, max_size=9)


@given(rows, st.integers(0, 12), st.data())
def test_look_at_equals_a_plain_sort(row, top, data):
    scores = np.array(row, np.float32)
    id = data.draw(st.integers(0, len(row) - 1))
    log_probs = scores - np.log(np.exp(scores).sum())
    seen = look_at(log_probs, id, top)
    order = sorted(range(len(row)), key=lambda k: (-row[k], k))[:top]
    assert [k for k, _ in seen.alternatives] == order
    assert [p for _, p in seen.alternatives] == [float(log_probs[k]) for k in order]
    assert seen.rank == 1 + sum(score > row[id] for score in row)
    assert seen.log_prob == float(log_probs[id])
    probs = np.exp(log_probs.astype(np.float64))
    assert seen.entropy == pytest.approx(-(probs * np.log2(probs)).sum(), abs=1e-5)


@pytest.mark.parametrize("k", [1, 5, insight.MAX_ROUNDS, insight.MAX_ROUNDS + 1, 300])
def test_the_best_are_those_of_a_stable_sort_however_many_are_asked_for(k):
    scores = np.random.default_rng(1).integers(0, 40, (7, 200)).astype(np.float32)
    np.testing.assert_array_equal(find_best(scores, k), np.argsort(-scores, axis=1, kind="stable")[:, :k])


def test_looking_at_many_distributions_is_looking_at_each():
    random = np.random.default_rng(2)
    logits = random.normal(0, 2, (20, 11))
    log_probs = (logits - np.log(np.exp(logits).sum(1, keepdims=True))).astype(np.float32)
    ids = random.integers(0, 11, 20)
    judged = judge(log_probs, ids, 3)
    for row, id, log_prob, rank, entropy, top_ids, top_log_probs in zip(log_probs, ids, *judged, strict=True):
        seen = look_at(row, int(id), 3)
        assert (seen.log_prob, seen.rank) == (log_prob, rank)
        assert seen.entropy == pytest.approx(entropy, abs=1e-6)
        assert seen.alternatives == tuple(zip(top_ids.tolist(), top_log_probs.tolist(), strict=True))


def test_entropy_is_nothing_for_certainty_and_log2_of_v_for_v_equals():
    certain = np.array([-np.inf, 0, -np.inf, -np.inf], np.float32)
    assert look_at(certain, 1, 4) == Insight(0.0, 1, 0.0, ((1, 0.0),))
    assert look_at(np.full(8, -math.log(8), np.float32), 3, 0).entropy == pytest.approx(3)


def test_a_symbol_that_cannot_come_ranks_behind_all_that_can():
    assert look_at(np.array([-np.inf, -0.7, -np.inf, -0.7], np.float32), 0, 2).rank == 3


@levels
@pytest.mark.parametrize("block_size", [1, 7, 512])
def test_the_log_probs_of_a_text_add_up_to_its_score(make_model, monkeypatch, level, block_size):
    monkeypatch.setattr(insight, "BLOCK_SIZE", block_size)
    model, text = make_level_model(make_model, level)
    runtime = Runtime(model)
    explanation = explain(runtime, model.tokenizer, text)
    assert -explanation.log_probs.sum(dtype=float) == pytest.approx(score_text(runtime, model.tokenizer, [text]).nats)


def test_each_symbol_is_judged_by_the_distribution_before_it(make_model):
    model = make_model()
    runtime = Runtime(model)
    explanation = explain(runtime, model.tokenizer, TEXT, top=4)
    log_probs, state = read_start(runtime, model.tokenizer)
    for index, id in enumerate(model.tokenizer.encode(TEXT).tolist()):
        seen = look_at(log_probs, id, 4)
        assert explanation.log_probs[index] == pytest.approx(seen.log_prob, abs=1e-4)
        assert explanation.entropies[index] == pytest.approx(seen.entropy, abs=1e-4)
        assert explanation.ranks[index] == seen.rank
        assert explanation.top_ids[index].tolist() == [k for k, _ in seen.alternatives]
        step_log_probs, state = runtime.step(np.array([id]), state)
        log_probs = step_log_probs[0]


@levels
def test_the_symbols_together_are_the_text(make_model, level):
    model, text = make_level_model(make_model, level)
    explanation = explain(Runtime(model), model.tokenizer, text)
    assert "".join(explanation.symbols) == text
    assert explanation.ids.tolist() == model.tokenizer.encode(text).tolist()


@pytest.mark.parametrize("cell", ["lstm", "gru", "rnn-relu"])
def test_hidden_units_are_those_after_each_symbol(make_model, monkeypatch, cell):
    monkeypatch.setattr(insight, "BLOCK_SIZE", 7)
    model = make_model(cell, (6, 4))
    runtime = Runtime(model)
    explanation = explain(runtime, model.tokenizer, "abc hgf\ncab bad", with_hidden=True)
    assert explanation.hidden is not None
    assert [layer.shape for layer in explanation.hidden] == [(15, 6), (15, 4)]
    _, state = read_start(runtime, model.tokenizer)
    for index, id in enumerate(explanation.ids):
        _, state = runtime.step(np.array([id], np.int64), state)
        for layer, expected in zip(explanation.hidden, state.hidden, strict=True):
            np.testing.assert_allclose(layer[index], expected[0], atol=1e-5)


def test_an_explanation_goes_into_json_whole(make_model):
    model = make_model()
    explanation = explain(Runtime(model), model.tokenizer, "a b\n", top=2, with_hidden=True)
    record = json.loads(json.dumps(explanation.to_json()))
    assert [symbol["text"] for symbol in record["symbols"]] == ["a", " ", "b", "\n"]
    assert [symbol["rank"] for symbol in record["symbols"]] == explanation.ranks.tolist()
    first = record["symbols"][0]["alternatives"][0]
    assert first["symbol"] == model.tokenizer.label(first["id"])
    assert np.array(record["hidden"][1]).shape == (4, 5)
    alone = look_at(read_start(Runtime(model), model.tokenizer)[0], int(explanation.ids[0]), 2)
    assert alone.to_json(model.tokenizer)["alternatives"][0]["symbol"] == first["symbol"]


def test_a_text_without_a_symbol_is_told_in_a_sentence(make_model):
    model = make_model()
    with pytest.raises(TextError, match="is empty"):
        explain(Runtime(model), model.tokenizer, "")
    with pytest.raises(TextError, match="holds no symbol that the model knows"):
        explain(Runtime(model), model.tokenizer, "XYZ")
    with pytest.raises(UsageError, match="alternatives must be at least 0, not -1"):
        explain(Runtime(model), model.tokenizer, "a", top=-1)


def test_without_a_line_end_the_first_symbol_is_one_of_equals(make_model):
    tokenizer = CharTokenizer("abcd", has_unknown=False)
    explanation = explain(Runtime(make_model(tokenizer=tokenizer)), tokenizer, "a")
    assert (explanation.entropies[0], explanation.ranks[0]) == (pytest.approx(2), 1)


def test_numbers_that_overflow_are_told_in_a_sentence(make_model):
    model = make_model("rnn-relu")
    huge = {name: np.abs(weight) * (1e20 if "weight_hh" in name else 1) for name, weight in model.weights.items()}
    with pytest.raises(ModelError, match="overflow"):
        explain(Runtime(Model(model.config, model.tokenizer, huge)), model.tokenizer, TEXT)
