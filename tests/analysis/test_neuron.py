"""A search finds the unit that was built to react, and its figures are those of NumPy."""

import random

import numpy as np
import pytest

from rnnchat.analysis import neuron
from rnnchat.analysis.feature import FEATURES
from rnnchat.analysis.insight import explain
from rnnchat.analysis.neuron import cut_stretches, find_neurons, trace_unit
from rnnchat.errors import ModelError, TextError, UsageError
from rnnchat.model.file import Model
from rnnchat.runtime.runtime import Runtime
from rnnchat.text.char import CharTokenizer
from rnnchat.text.tokenizer import fit_tokenizer

SYMBOLS = '\n "abcdefgh'
QUOTES = next(feature for feature in FEATURES if feature.name == "inside double quotes")
LAYER, UNIT = 1, 3  # where the built one is


def write_text(length: int, seed: int = 0) -> str:
    """Lines of random words, some of them quoted."""
    dice = random.Random(seed)
    words = ("".join(dice.choices("abcdefgh", k=dice.randint(1, 6))) for _ in range(length))
    return "".join(f'"{word} {word}"' if dice.random() < 0.3 else word + dice.choice("  \n") for word in words)[:length]


def build_quote_model(make_model):
    """An LSTM of random weights but for one unit, which turns over at each quotation mark and rests at a line's end.

    Its layer reads the lower one, where two units say of each symbol whether it is a mark or a line's end: at both the
    unit lets go of what it keeps, and at a mark it takes the opposite of what it showed.
    """
    model = make_model("lstm", (7, 5), embedding_size=0, tokenizer=CharTokenizer(SYMBOLS, has_unknown=False))
    weights = {name: weight.copy() for name, weight in model.weights.items()}

    def set_gates(layer, size, unit, recurrent, **gates):
        """Let the gates i, f, g, o of a unit hang on a bias, and on some columns of the input, alone."""
        part = f"layers.{layer}."
        for gate, name in enumerate("ifgo"):
            row = gate * size + unit
            for weight in ("weight_ih", "weight_hh", "bias_hh"):
                weights[part + weight][row] = 0
            bias, strengths = gates[name]
            weights[part + "bias_ih"][row] = bias
            for column, strength in strengths.items():
                weights[part + "weight_ih"][row, column] = strength
        weights[part + "weight_hh"][2 * size + unit, unit] = recurrent

    is_mark, is_end = 2, 4  # the lower layer's units: tanh(1) at a mark and a line's end, else nearly 0
    for unit, symbol in ((is_mark, '"'), (is_end, "\n")):
        set_gates(0, 7, unit, 0, i=(-20, {SYMBOLS.index(symbol): 40}), f=(-20, {}), g=(20, {}), o=(20, {}))
    set_gates(1, 5, UNIT, -20, i=(-30, {is_mark: 80}), f=(30, {is_mark: -80, is_end: -80}), g=(5, {}), o=(20, {}))
    return Model(model.config, model.tokenizer, weights)


def test_the_unit_that_was_built_to_follow_quotation_marks_is_found(make_model):
    model = build_quote_model(make_model)
    text = write_text(9_000)
    search = find_neurons(Runtime(model), model.tokenizer, lambda: [text])
    found = next(finding for finding in search.findings if finding.feature == QUOTES.name)
    assert (found.layer, found.unit) == (LAYER, UNIT)
    assert found.correlation > 0.85
    assert found.confirmed > 0.85
    worth = [finding.confirmed * np.sign(finding.correlation) for finding in search.findings]
    assert worth == sorted(worth, reverse=True)
    assert search.num_symbols == len(text)
    assert found.share == pytest.approx(QUOTES.measure(text).mean(), abs=0.01)
    assert "depth of { }" in search.skipped
    assert 0.2 < QUOTES.measure(found.excerpt).mean() < 0.8


@pytest.mark.parametrize("piece_size", [7, 1000, 10**6])
@pytest.mark.parametrize("cell", ["lstm", "gru", "rnn-tanh"])
def test_correlations_are_those_of_numpy_over_the_whole_halves(make_model, monkeypatch, cell, piece_size):
    monkeypatch.setattr(neuron, "WARM_UP", 10_000)  # every row from the text's beginning: exact
    monkeypatch.setattr(neuron, "ROW_SIZE", 300)
    monkeypatch.setattr(neuron, "MAX_NUMBERS", 2_000)
    model = make_model(cell, (6, 4), tokenizer=CharTokenizer(SYMBOLS, has_unknown=False))
    runtime, text = Runtime(model), write_text(3_000)
    pieces = [text[begin : begin + piece_size] for begin in range(0, len(text), piece_size)]
    search = find_neurons(runtime, model.tokenizer, lambda: pieces)
    hidden = np.concatenate(explain(runtime, model.tokenizer, text, with_hidden=True).hidden, axis=1)
    middle = len(next(cut_stretches(pieces, 1_500)))
    assert len(search.findings) >= 5
    for found in search.findings:
        measure = next(feature.measure for feature in FEATURES if feature.name == found.feature)
        values = np.concatenate([measure(stretch) for stretch in cut_stretches(pieces, 1_500)])
        place = found.unit + (6 if found.layer else 0)
        for half, correlation in ((slice(middle), found.correlation), (slice(middle, None), found.confirmed)):
            expected = np.corrcoef(values[half], hidden[half], rowvar=False)[0, 1:]
            assert correlation == pytest.approx(expected[place], abs=1e-4)
            if half.start is None:
                assert abs(correlation) == pytest.approx(np.abs(expected).max(), abs=1e-4)


def test_rows_side_by_side_say_what_one_stream_says(make_model, monkeypatch):
    model = build_quote_model(make_model)
    text = write_text(6_000)
    side_by_side = find_neurons(Runtime(model), model.tokenizer, lambda: [text])
    monkeypatch.setattr(neuron, "ROW_SIZE", 10**6)
    in_one = find_neurons(Runtime(model), model.tokenizer, lambda: [text])
    for found, expected in zip(side_by_side.findings, in_one.findings, strict=True):
        assert found.confirmed == pytest.approx(expected.confirmed, abs=0.02)


@pytest.mark.parametrize("level", ["byte", "word", "bpe"])
def test_at_any_level_a_feature_is_that_of_each_symbols_last_character(make_model, monkeypatch, level):
    monkeypatch.setattr(neuron, "WARM_UP", 10_000)
    lines = ["the sea, “wide é and” (deep)\n", "a ship came by, and it\n", "stopped: 12 men\n"]
    text = "".join(random.Random(1).choices(lines, k=150))
    tokenizer = fit_tokenizer(level, [text], 300)
    model = make_model(tokenizer=tokenizer)
    runtime = Runtime(model)
    explanation = explain(runtime, tokenizer, text, with_hidden=True)
    ends = np.maximum(np.cumsum([len(symbol) for symbol in explanation.symbols]) - 1, 0)
    first = next(cut_stretches([text], -(-len(text) // 2)))
    half = int((ends < len(first)).sum())
    search = find_neurons(runtime, tokenizer, lambda: [text])
    assert search.num_symbols == len(explanation.ids)
    assert len(search.findings) >= 5
    for found in search.findings:
        measure = next(feature.measure for feature in FEATURES if feature.name == found.feature)
        of_symbols = np.concatenate([measure(first), measure(text[len(first) :])])[ends]
        expected = np.corrcoef(of_symbols[:half], explanation.hidden[found.layer][:half, found.unit])[0, 1]
        assert found.correlation == pytest.approx(expected, abs=1e-4)


def test_a_unit_is_followed_over_a_text_in_pieces(make_model, monkeypatch):
    monkeypatch.setattr(neuron, "BLOCK_SIZE", 5)
    model = make_model()
    runtime, text = Runtime(model), "abc hgf\ncab bad"
    blocks = list(trace_unit(runtime, model.tokenizer, [text[:7], text[7:]], 1, 4))
    assert "".join(symbol for symbols, _ in blocks for symbol in symbols) == text
    expected = explain(runtime, model.tokenizer, text, with_hidden=True).hidden[1][:, 4]
    np.testing.assert_allclose(np.concatenate([values for _, values in blocks]), expected, atol=1e-5)


@pytest.mark.parametrize(("layer", "unit"), [(2, 0), (-1, 0), (0, 7), (1, 5)])
def test_a_unit_that_is_not_there_is_told_in_a_sentence(make_model, layer, unit):
    model = make_model()
    with pytest.raises(UsageError, match=r"^(layer|unit of layer \d) must be from 0 to \d, not -?\d$"):
        next(trace_unit(Runtime(model), model.tokenizer, ["a"], layer, unit))


def test_stretches_make_up_the_text_and_end_with_paragraphs_or_lines(monkeypatch):
    monkeypatch.setattr(neuron, "STRETCH_CHARS", 40)
    text = "one two three\nfour five\n\nsix seven eight\nnine\n" * 5 + "x" * 100
    for size in (1, 13, 10**4):
        stretches = list(cut_stretches([text[begin : begin + size] for begin in range(0, len(text), size)], 10**6))
        assert "".join(stretches) == text
        assert max(map(len, stretches)) <= 40
        assert all(stretch.endswith("\n") for stretch in stretches if "x" not in stretch)
        assert any(stretch.endswith("\n\n") for stretch in stretches)


@pytest.mark.parametrize("text", ["", "a", "abc\n" * 5])
def test_a_text_that_is_too_short_is_told_in_a_sentence(make_model, text):
    model = make_model()
    with pytest.raises(TextError, match="too short"):
        find_neurons(Runtime(model), model.tokenizer, lambda: [text])


def test_numbers_that_overflow_are_told_in_a_sentence(make_model):
    model = make_model("rnn-relu")
    huge = {name: np.abs(weight) * (1e20 if "weight_hh" in name else 1) for name, weight in model.weights.items()}
    with pytest.raises(ModelError, match="overflow"):
        find_neurons(Runtime(Model(model.config, model.tokenizer, huge)), model.tokenizer, lambda: ["abc\n" * 200])
