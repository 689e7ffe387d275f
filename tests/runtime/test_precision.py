"""int8 is chosen where it loses next to nothing, by measurement."""

import math
from dataclasses import replace

import numpy as np
import pytest

from rnnchat.analysis.score import score_text
from rnnchat.errors import ModelError, TextError
from rnnchat.model.cell import OFFERED_CELLS
from rnnchat.model.record import TrainingRecord
from rnnchat.runtime import precision
from rnnchat.runtime.precision import choose_precision, measure_int8_loss
from rnnchat.runtime.runtime import Runtime
from rnnchat.text.byte import ByteTokenizer

RANDOM = np.random.default_rng(4)
TEXT = "".join(RANDOM.choice(list("\n abcdefgh"), 600))


@pytest.mark.parametrize("cell", OFFERED_CELLS)
def test_the_loss_is_the_difference_of_the_scores_in_both_precisions(make_model, cell):
    model = make_model(cell)
    calm = {name: weight * 0.5 for name, weight in model.weights.items()}  # relu grows without bound on larger ones
    model = replace(model, weights=calm)
    scores = [score_text(Runtime(model, name), model.tokenizer, [TEXT]).bits_per_char for name in ("int8", "float32")]
    difference = scores[0] - scores[1]
    assert measure_int8_loss(model, [TEXT]) == pytest.approx(difference, abs=max(0.3 * abs(difference), 2e-3))


def test_weights_that_8_bits_hold_exactly_lose_less_than_weights_that_they_do_not(make_model):
    model = make_model("rnn-tanh", (5,))
    coarse = replace(model, weights={name: weight * 20 for name, weight in model.weights.items()})
    assert abs(measure_int8_loss(model, [TEXT])) < abs(measure_int8_loss(coarse, [TEXT]))


def test_how_a_text_is_cut_into_pieces_does_not_matter(make_model):
    model = make_model()
    assert measure_int8_loss(model, [TEXT[:7], "", TEXT[7:]]) == measure_int8_loss(model, [TEXT])


def test_no_more_than_the_beginning_of_a_long_text_is_read(make_model):
    def give_pieces():
        yield TEXT * (precision.MAX_CHARS // len(TEXT) + 1)
        raise AssertionError("another piece was asked for")

    model = make_model()
    whole = TEXT * (precision.MAX_CHARS // len(TEXT) + 1)
    assert measure_int8_loss(model, give_pieces()) == measure_int8_loss(model, [whole[: precision.MAX_CHARS]])


def test_blocks_do_not_change_the_loss(make_model, monkeypatch):
    model = make_model()
    expected = measure_int8_loss(model, [TEXT])
    monkeypatch.setattr(precision, "_MAX_BLOCK_NUMBERS", 300)
    assert measure_int8_loss(model, [TEXT]) == pytest.approx(expected, abs=1e-6)


def test_the_loss_is_for_each_character_not_for_each_symbol(make_model):
    model = make_model(tokenizer=ByteTokenizer())
    one_byte = measure_int8_loss(model, ["e" * 500])
    two_bytes = measure_int8_loss(model, ["é" * 500])
    ids = model.tokenizer.encode("é" * 500)
    assert len(ids) == 1000
    assert math.isfinite(one_byte)
    nats = [precision._read(Runtime(model, name), precision._make_streams(ids)) for name in ("int8", "float32")]
    scored = len(ids) - len(precision._make_streams(ids))
    assert two_bytes == pytest.approx((nats[0] - nats[1]) / math.log(2) / scored * 2, rel=0.02)


@pytest.mark.parametrize("text", ["", "a", "ZZZZ"])
def test_a_text_without_two_known_symbols_is_refused(make_model, text):
    with pytest.raises(TextError, match="too short"):
        measure_int8_loss(make_model(), [text])


def test_a_model_whose_numbers_overflow_is_refused(make_model):
    model = make_model("rnn-relu")
    model.weights["layers.0.weight_hh"] *= 1e30
    with np.errstate(all="ignore"), pytest.raises(ModelError, match="overflow"):
        measure_int8_loss(model, [TEXT])


@pytest.mark.parametrize(
    ("loss", "expected"),
    [(None, "int8"), (0.0049, "int8"), (0.005, "int8"), (-0.001, "int8"), (0.0051, "float32"), (math.nan, "float32")],
)
def test_int8_is_for_models_that_lose_at_most_0_005_bits(make_model, loss, expected):
    model = replace(make_model(), training=TrainingRecord(int8_loss=loss))
    assert choose_precision(model) == expected


@pytest.mark.parametrize("wanted", ["float32", "int8"])
def test_what_a_person_wants_is_taken(make_model, wanted):
    model = replace(make_model(), training=TrainingRecord(int8_loss=0.0 if wanted == "float32" else 1.0))
    assert choose_precision(model, wanted) == wanted
