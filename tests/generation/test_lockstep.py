"""Symbols drawn by the network's graph, many in a call, are those that the pipeline draws one by one."""

import itertools

import numpy as np
import pytest

from rnnchat.generation import lockstep
from rnnchat.generation.language_model import LanguageModel
from rnnchat.generation.sampling import choose
from rnnchat.generation.settings import Settings
from rnnchat.runtime.runtime import Runtime
from rnnchat.text.char import CharTokenizer
from rnnchat.text.tokenizer import fit_tokenizer

PLAIN = Settings(temperature=0.9, length=150, seed=3)


def open_model(model):
    return LanguageModel.of(model, "tiny", "float32")


def write(reading, settings):
    return [piece[:3] for piece in reading.write(settings)]


@pytest.mark.parametrize("cell", ["lstm", "gru", "rnn-tanh", "rnn-relu"])
@pytest.mark.parametrize("precision", ["float32", "int8"])
def test_a_block_draws_what_the_pipeline_draws(make_model, cell, precision):
    runtime = Runtime(make_model(cell), precision)
    random = np.random.default_rng(1)
    state, log_probs = runtime.initial_state(3), np.full((3, 10), -np.log(10), np.float32)
    uniforms, temperatures = random.random((20, 3)), np.tile([1.0, 0.5, 0.0, 2.0], 5)
    mask = np.zeros(10, np.float32)
    mask[4] = -np.inf
    ids, chosen, last_log_probs, last_state = runtime.write(state, log_probs, uniforms, temperatures, mask)
    for step in range(20):
        expected = choose(log_probs + mask, temperatures[step], uniforms[step])
        np.testing.assert_array_equal(ids[step], expected)
        np.testing.assert_allclose(chosen[step], log_probs[np.arange(3), expected], atol=1e-6)
        log_probs, state = runtime.step(expected, state)
    np.testing.assert_allclose(last_log_probs, log_probs, atol=1e-6)
    for array, after in zip(state.arrays, last_state.arrays, strict=True):
        np.testing.assert_allclose(array, after, atol=1e-6)


@pytest.mark.parametrize("level", ["char", "word", "bpe"])
def test_a_text_does_not_depend_on_how_many_symbols_are_written_at_once(make_model, monkeypatch, level):
    tokenizer = fit_tokenizer(level, ["the séa was wide, and the séa was deep\n" * 50])
    model = open_model(make_model(tokenizer=tokenizer))
    settings = PLAIN.change(until="sentence", stop=("wide and",), temperature_cycle=(0.5, 1.5, 0.0))
    texts, places = [], []
    for longest, seconds in ((1, 1e9), (5, 1e9), (32, 1e9), (32, 1e-9)):
        monkeypatch.setattr(lockstep, "MAX_BLOCK", longest)
        monkeypatch.setattr(lockstep, "BLOCK_S", seconds)
        reading = model.read("the séa ")
        texts.append(write(reading, settings))
        places.append(reading.place)
    monkeypatch.setattr(lockstep, "MAX_BLOCK_VOCAB", 1)  # the pipeline, a symbol a call
    reading = model.read("the séa ")
    texts.append(write(reading, settings))
    places.append(reading.place)
    for text, place in zip(texts[1:], places[1:], strict=True):
        assert [piece[:2] for piece in text] == [piece[:2] for piece in texts[0]]
        np.testing.assert_array_equal(place.ids, places[0].ids)
        np.testing.assert_allclose(place.log_probs, places[0].log_probs, atol=1e-5)


@pytest.mark.parametrize("count", range(1, 12))
def test_stopping_inside_a_block_leaves_a_reading_at_the_end_of_what_was_given_out(make_model, count):
    reading, fresh = open_model(make_model()).read("abc"), open_model(make_model())
    pieces = reading.write(PLAIN)
    text = "".join(piece.text for piece in itertools.islice(pieces, count))
    pieces.close()
    np.testing.assert_allclose(reading.place.log_probs, fresh.read("abc" + text).place.log_probs, atol=1e-5)


def test_settings_changed_inside_a_block_act_on_the_next_symbol_and_random_numbers_go_on(make_model):
    model = open_model(make_model())
    ids = {}
    for longest in (1, 32):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(lockstep, "MAX_BLOCK", longest)
            patch.setattr(lockstep, "BLOCK_S", 1e9)
            pieces = model.write("abc", PLAIN)
            ids[longest] = []
            for number, piece in enumerate(pieces):
                ids[longest].append(piece.id)
                if number in (4, 20, 43):
                    pieces.change(PLAIN.change(temperature=(number % 5) / 2, top_k=number % 2))
    assert ids[1] == ids[32]


def test_a_symbol_that_means_unknown_is_not_drawn_in_a_block(make_model):
    tokenizer = CharTokenizer("abc\n", has_unknown=True)
    model = make_model(tokenizer=tokenizer)
    model.weights["output.bias"][tokenizer.unknown_id] = 20.0
    pieces = write(open_model(model).read("abc"), PLAIN)
    assert len(pieces) == 150
    assert tokenizer.unknown_id not in {id for _, id, _ in pieces}
