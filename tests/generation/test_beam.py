"""Beam search finds what trying everything finds, where that can be tried."""

import itertools

import numpy as np
import pytest

from rnnchat.errors import UsageError
from rnnchat.generation.language_model import LanguageModel
from rnnchat.generation.settings import Settings
from rnnchat.text.tokenizer import fit_tokenizer


@pytest.fixture
def reading(make_model):
    return LanguageModel.of(make_model(symbols="\nabc"), "tiny", "float32").read("ab", memory=False)


def sum_log_probs(reading, ids):
    """The oracle: read symbol by symbol."""
    state, log_probs, total = reading.place.state, reading.place.log_probs, 0.0
    for id in ids:
        total += float(log_probs[id])
        batch, state = reading._network.predictor.step(np.array([id]), state)
        log_probs = batch[0]
    return total


def test_a_width_that_holds_everything_finds_the_best_of_all_texts(reading):
    everything = {ids: sum_log_probs(reading, ids) for ids in itertools.product(range(4), repeat=4)}
    beams = reading.search(256, Settings(length=4))
    assert len(beams) == 256
    for beam, log_prob in zip(beams[:20], sorted(everything.values(), reverse=True), strict=False):
        assert beam.log_prob == pytest.approx(log_prob, abs=1e-4)
        assert beam.log_prob == pytest.approx(everything[beam.ids], abs=1e-4)
        assert beam.score == pytest.approx(beam.log_prob / 4)


def test_one_beam_is_argmax(reading):
    (beam,) = reading.search(1, Settings(length=30))
    assert beam.text == "".join(piece.text for piece in reading.fork().write(Settings(temperature=0, length=30)))


def test_more_beams_never_find_a_worse_text_here_and_the_reading_stays(reading):
    place = reading.place
    scores = [reading.search(width, Settings(length=12))[0].score for width in (1, 64)]
    assert scores[1] >= scores[0]
    assert reading.place is place


def test_beams_are_different_and_the_best_comes_first(reading):
    beams = reading.search(8, Settings(length=10))
    assert len({beam.text for beam in beams}) == 8
    assert [beam.score for beam in beams] == sorted((beam.score for beam in beams), reverse=True)


def test_beams_end_at_a_line_end_and_before_a_stop_text(reading):
    beams = reading.search(64, Settings(length=3, until="line"), length_penalty=0)
    assert [beam.reason for beam in beams[:3]] == ["line"] * 3
    assert all(beam.text.endswith("\n") for beam in beams if beam.reason == "line")
    for beam in reading.search(6, Settings(length=40, stop=("c",))):
        assert "c" not in beam.text


def test_a_banned_text_is_in_no_beam_and_a_bias_brings_its_text(reading):
    assert not any("ca" in beam.text for beam in reading.search(8, Settings(length=12, ban=("ca",))))
    best = reading.search(8, Settings(length=12, bias=(("c", 50.0),)))[0]
    assert best.text == "c" * 12


def test_a_beam_that_cannot_go_on_is_given_up_and_the_others_stay(reading):
    # Behind "c" nothing may stand: beams end before it or are given up.
    bans = tuple(f"c{symbol}" for symbol in "\nabc")
    for beam in reading.search(8, Settings(length=6, ban=bans)):
        assert "c" not in beam.text[:-1]
    with pytest.raises(UsageError, match="ban fewer"):
        reading.search(8, Settings(length=6, ban=tuple("\nabc")))


def test_pieces_that_spell_the_same_text_are_one_beam(make_model):
    tokenizer = fit_tokenizer("bpe", ["the sea was wide and the sea was deep\n" * 50])
    model = LanguageModel.of(make_model(tokenizer=tokenizer), "tiny", "float32")
    texts = [beam.text for beam in model.search("the sea", 16, Settings(length=8))]
    assert len(set(texts)) == len(texts) > 1


@pytest.mark.parametrize("width", [0, 257])
def test_a_width_out_of_range_is_told(reading, width):
    with pytest.raises(UsageError, match=f"beams must be from 1 to 256, not {width}"):
        reading.search(width, Settings())
