import itertools

import numpy as np
import pytest

from rnnchat.errors import ModelError
from rnnchat.generation.generator import MAX_PLACES, Generator
from rnnchat.generation.settings import Settings
from rnnchat.text.tokenizer import ByteTokenizer, CharTokenizer, fit_tokenizer

FLAT = Settings(temperature=1, length=40, seed=1)


def write(generator, prompt, settings=FLAT):
    generator.seek(prompt)
    return "".join(piece.text for piece in generator.write(settings))


@pytest.fixture
def generator(make_model):
    return Generator(make_model(), "float32")


def test_the_same_seed_gives_the_same_text_and_another_seed_another(generator):
    first = write(generator, "abc")
    assert write(generator, "abc") == first
    # 40 symbols of 10 at random agree with probability far below 1e-10.
    assert write(generator, "abc", FLAT.change(seed=2)) != first


def test_the_seed_that_was_drawn_repeats_the_text(generator):
    text = write(generator, "abc", FLAT.change(seed=None))
    assert write(generator, "abc", FLAT.change(seed=generator.seed)) == text


def test_a_length_is_met_to_the_character(generator):
    assert len(write(generator, "abc", FLAT.change(length=17))) == 17
    assert generator.reason == "length"


def test_going_on_from_what_was_written_equals_reading_all_afresh(make_model):
    warm, cold = Generator(make_model(), "float32"), Generator(make_model(), "float32")
    text = "abc"
    for seed in range(4):
        text += write(warm, text, FLAT.change(seed=seed)) + "fg"
    assert write(warm, text) == write(cold, text)


def test_another_take_from_an_earlier_place_reads_nothing_again(generator, monkeypatch):
    write(generator, "abcabc" * 20)
    reads = []
    monkeypatch.setattr(generator.runtime, "read", lambda *args, **_: reads.append(args))
    write(generator, "abcabc" * 20)
    assert reads == []


def test_an_extended_text_reads_only_what_is_new(generator, monkeypatch):
    text = "abcabc" * 20
    text += write(generator, text)
    lengths = []
    read = generator.runtime.read

    def spy(ids, *args, **kwargs):
        lengths.append(ids.shape[1])
        return read(ids, *args, **kwargs)

    monkeypatch.setattr(generator.runtime, "read", spy)
    generator.seek(text + "de")
    assert lengths == [2]


def test_stopping_early_leaves_the_generator_at_the_end_of_what_was_given_out(make_model):
    generator, fresh = Generator(make_model(), "float32"), Generator(make_model(), "float32")
    generator.seek("abc")
    pieces = generator.write(FLAT)
    text = "".join(piece.text for piece in itertools.islice(pieces, 7))
    pieces.close()
    assert generator.reason == "cancelled"
    fresh.seek("abc" + text)
    np.testing.assert_allclose(generator.place.log_probs, fresh.place.log_probs, atol=1e-5)


def test_a_stop_text_leaves_the_generator_before_it(make_model):
    generator, fresh = Generator(make_model(), "float32"), Generator(make_model(), "float32")
    settings = FLAT.change(length=2000, stop=("ab",))
    text = write(generator, "", settings)
    assert generator.reason == "stop"
    assert "ab" not in text
    fresh.seek(text)
    np.testing.assert_allclose(generator.place.log_probs, fresh.place.log_probs, atol=1e-5)


def test_a_changed_temperature_takes_effect_with_the_next_symbol(generator):
    generator.seek("abc")
    pieces = generator.write(FLAT.change(length=60))
    for _ in range(5):
        next(pieces)
    generator.change(FLAT.change(length=60, temperature=0))
    rest = list(pieces)
    text = "".join(piece.text for piece in rest)
    # At temperature 0 the rest is what argmax gives from here, whatever the seed.
    generator.seek("abc")
    pieces = generator.write(FLAT.change(length=60))
    start = "".join(piece.text for piece in itertools.islice(pieces, 5))
    pieces.close()
    assert write(generator, "abc" + start, Settings(temperature=0, length=55, seed=9)) == text


def test_a_changed_length_ends_the_running_text(generator):
    generator.seek("abc")
    pieces = generator.write(FLAT.change(length=1000))
    next(pieces)
    generator.change(FLAT.change(length=5))
    assert len(list(pieces)) == 4


def test_log_probabilities_are_the_models_own_whatever_the_settings(generator):
    generator.seek("abc")
    expected = generator.place.log_probs
    piece = next(generator.write(Settings(temperature=0.1, top_k=2, seed=1)))
    assert piece.log_prob == pytest.approx(float(expected[piece.id]))


def test_unknown_symbols_are_told_in_order_and_left_out(generator):
    assert generator.seek("aXbéXc") == ["X", "é"]
    place = generator.place
    generator.seek("abc")
    np.testing.assert_array_equal(place.log_probs, generator.place.log_probs)


def test_a_symbol_that_means_unknown_is_never_written(make_model):
    tokenizer = CharTokenizer("abc\n", has_unknown=True)
    model = make_model(tokenizer=tokenizer)
    model.weights["output.bias"][tokenizer.unknown_id] = 20.0
    assert "\ufffd" not in write(Generator(model, "float32"), "ab")


def test_a_byte_that_no_text_had_need_of_is_never_written(make_model):
    tokenizer = fit_tokenizer("bpe", ["the sea was wide and the sea was deep\n" * 50])
    model = make_model(tokenizer=tokenizer)
    model.weights["output.bias"][list(tokenizer.never_written)] = 20.0
    generator = Generator(model, "float32")
    generator.seek("the sea")
    assert not {piece.id for piece in generator.write(FLAT)} & set(tokenizer.never_written)


def test_an_empty_prompt_starts_after_a_line_end(generator):
    assert len(write(generator, "")) == 40
    after_line_end, _ = generator.runtime.step(np.array([0]), generator.runtime.initial_state())  # id 0 is "\n"
    generator.seek("")
    np.testing.assert_array_equal(after_line_end[0], generator.place.log_probs)


def test_without_a_line_end_the_first_symbol_is_drawn_at_random(make_model):
    generator = Generator(make_model(symbols="abcd"), "float32")
    first = {write(generator, "", FLAT.change(length=1, seed=seed)) for seed in range(60)}
    assert first == set("abcd")  # a symbol is missing with probability 4 · 0.75^60, below 1e-6


@pytest.mark.parametrize("seed", range(5))
def test_bytes_never_show_half_a_character(make_model, seed):
    generator = Generator(make_model(tokenizer=ByteTokenizer(), hidden_sizes=(20,), seed=seed), "float32")
    generator.seek("é")
    pieces = list(generator.write(FLAT.change(length=60, temperature=2.0)))  # nearly any byte at any time
    text = "".join(piece.text for piece in pieces)
    assert any(ord(symbol) > 0x7F for symbol in text)
    assert "\ufffd" not in text
    assert bytes(piece.id for piece in pieces).decode() == text
    assert any(piece.text == "" for piece in pieces)


@pytest.mark.parametrize("level", ["word", "bpe"])
def test_a_prompt_that_ends_in_a_space_is_not_given_a_second_one(make_model, level):
    tokenizer = fit_tokenizer(level, ["the sea was wide and the sea was deep\n" * 100])
    generator = Generator(make_model(tokenizer=tokenizer), "float32")
    begins = {}
    for prompt in ("the sea", "the sea "):
        generator.seek(prompt)
        place, begins[prompt] = generator.place, set()
        for seed in range(40):
            piece = next(generator.write(FLAT.change(seed=seed)))
            text = tokenizer.start_decoding(place.ids.tolist()).feed(piece.id)
            begins[prompt].add(text[:1])
            assert piece.text == text.removeprefix(place.held_back)
            generator.return_to(place)
    assert begins["the sea "] == {" "}
    assert " " in begins["the sea"]
    assert len(begins["the sea"]) > 1


@pytest.mark.parametrize("level", ["word", "bpe"])
def test_a_space_that_was_typed_is_still_expected_if_nothing_was_written(make_model, level):
    tokenizer = fit_tokenizer(level, ["the sea was wide and the sea was deep\n" * 100])
    generator = Generator(make_model(tokenizer=tokenizer), "float32")
    generator.seek("the sea ")
    stops = tuple(set("the sea was wide and deep\n"))
    assert "".join(piece.text for piece in generator.write(FLAT.change(stop=stops, seed=1))) == ""
    assert generator.place.held_back == " "


def test_a_word_model_goes_on_from_its_own_text(make_model):
    tokenizer = fit_tokenizer("word", ["the sea was wide, and the sea was deep\n" * 5])
    warm = Generator(make_model(tokenizer=tokenizer), "float32")
    cold = Generator(make_model(tokenizer=tokenizer), "float32")
    text = "the sea"
    for seed in range(3):
        text += write(warm, text, FLAT.change(seed=seed))
    warm.seek(text)
    cold.seek(text)
    np.testing.assert_allclose(warm.place.log_probs, cold.place.log_probs, atol=1e-4)


def test_reading_can_be_given_up_between_blocks(generator):
    before = generator.place
    assert generator.seek("abc" * 1000, should_stop=lambda: True) == []
    assert generator.place is before


def test_kept_places_do_not_grow_without_end(generator):
    for number in range(MAX_PLACES + 20):
        generator.seek("ab" * number)
    assert len(generator._places) == MAX_PLACES


def test_numbers_that_overflow_are_told_in_a_sentence(make_model):
    model = make_model("rnn-relu", (30,))
    for weight in model.weights.values():
        weight *= 1e5
    generator = Generator(model, "float32")
    with np.errstate(all="ignore"), pytest.raises(ModelError, match="overflow"):
        write(generator, "abcdefgh" * 40)
