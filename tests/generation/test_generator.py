import itertools

import numpy as np
import pytest

from rnnchat.errors import ModelError, UsageError
from rnnchat.generation.generator import MAX_PLACES, Generator
from rnnchat.generation.settings import Settings
from rnnchat.text.tokenizer import ByteTokenizer, CharTokenizer, fit_tokenizer
from rnnchat.text.word import GLUE, WordTokenizer

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


@pytest.mark.parametrize("prompt", ["", "the", "the\n"])
def test_a_word_model_that_likes_no_space_best_still_ends_and_writes_it_where_it_means_something(make_model, prompt):
    tokenizer = WordTokenizer(["the", "sea", ".", "\n", " ("], ())
    model = make_model(tokenizer=tokenizer)
    model.weights["output.bias"][GLUE] = 20.0
    generator = Generator(model, "float32")
    generator.seek(prompt)
    ids = [piece.id for piece in itertools.islice(generator.write(FLAT), 1000)]
    assert generator.reason == "length"
    assert GLUE in ids
    assert (GLUE, GLUE) not in itertools.pairwise(ids)


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


# Many texts side by side.


def write_batch(batches, count):
    texts = [""] * count
    for pieces in batches:
        for number, piece in enumerate(pieces):
            texts[number] += piece.text if piece else ""
    return texts


@pytest.mark.parametrize("level", ["char", "byte", "word", "bpe"])
def test_a_candidate_is_the_text_that_its_seed_gives_alone(make_model, level):
    tokenizer = fit_tokenizer(level, ["the sea was wide, and the sea was deep\n" * 50])
    generator = Generator(make_model(tokenizer=tokenizer), "float32")
    generator.seek("the sea ")
    place = generator.place
    settings = FLAT.change(seed=5, until="sentence")
    texts = write_batch(generator.write_candidates(settings, 6), 6)
    assert generator.place is place
    for number, text in enumerate(texts):
        generator.return_to(place)
        assert "".join(piece.text for piece in generator.write(settings.change(seed=5 + number))) == text
        assert generator.reason == "sentence" or len(text) >= 1000


def test_several_prompts_are_gone_on_from_side_by_side(make_model):
    generator, alone = Generator(make_model(), "float32"), Generator(make_model(), "float32")
    prompts = ["abc", "", "defgh" * 30]
    texts = write_batch(generator.write_all(prompts, FLAT, count=2), 6)
    expected = [write(alone, prompt, FLAT.change(seed=seed)) for prompt in prompts for seed in (1, 2)]
    assert texts == expected


def test_texts_of_a_batch_end_each_at_its_own_place_and_can_be_gone_on_from(make_model, monkeypatch):
    generator, fresh = Generator(make_model(), "float32"), Generator(make_model(), "float32")
    settings = FLAT.change(length=200, stop=("ab", "h"))
    generator.seek("abc")
    texts = write_batch(generator.write_candidates(settings, 8), 8)
    assert len({len(text) for text in texts}) > 1
    assert {stream.reason for stream in generator.streams} <= {"stop", "length"}
    monkeypatch.setattr(generator.runtime, "read", None)  # nothing is read again
    for text, stream in zip(texts, generator.streams, strict=True):
        generator.seek("abc" + text)
        fresh.seek("abc" + text)
        np.testing.assert_allclose(generator.place.log_probs, fresh.place.log_probs, atol=1e-5)
        np.testing.assert_array_equal(stream.place.ids, generator.place.ids)


def test_candidates_that_are_given_up_leave_the_generator_where_it_was(generator):
    generator.seek("abc")
    place = generator.place
    batches = generator.write_candidates(FLAT, 3)
    next(batches)
    batches.close()
    assert generator.place is place
    assert [stream.reason for stream in generator.streams] == ["", "", ""]


# What steers.


def test_temperatures_take_turns(generator):
    generator.seek("abc")
    place, state = generator.place, generator.place.state
    pieces = list(generator.write(FLAT.change(temperature_cycle=(0.0, 2.0), length=400)))
    log_probs = place.log_probs
    is_best = []
    for piece in pieces:
        is_best.append(piece.id == log_probs.argmax())
        batch, state = generator.runtime.step(np.array([piece.id]), state)
        log_probs = batch[0]
    assert all(is_best[::2])
    assert not all(is_best[1::2])


@pytest.mark.parametrize("level", ["char", "word", "bpe"])
def test_drawn_at_words_the_rest_of_a_word_is_the_most_probable(make_model, level):
    tokenizer = fit_tokenizer(level, ["the sea was wide and the sea was deep\n" * 100])
    generator = Generator(make_model(tokenizer=tokenizer), "float32")
    generator.seek("the sea")
    settings = Settings(temperature=2, draw_at="word", length=300, seed=4)
    text, has_drawn = "the sea", False
    banned = set(tokenizer.find_banned())
    for piece in generator.write(settings, alternatives=tokenizer.vocab_size):
        best = next(id for id, _ in piece.insight.alternatives if id not in banned)
        begins_word = (
            text[-1].isspace() or level == "word"
            or (level == "bpe" and tokenizer.decode([best])[0].isspace())
        )  # fmt: skip
        assert begins_word or piece.id == best
        has_drawn |= piece.id != best
        text += piece.text
    assert has_drawn


@pytest.mark.parametrize("level", ["char", "byte", "bpe"])
def test_a_banned_text_is_never_written_however_it_is_spelt(make_model, level):
    tokenizer = fit_tokenizer(level, ["the séa was wide and the séa was deep\n" * 100])
    generator = Generator(make_model(tokenizer=tokenizer), "float32")
    prompt = "the séa was w"
    settings = Settings(temperature=2, length=3000, seed=1, ban=("wi", "é", "e d", "a"))
    generator.seek(prompt)
    text = prompt[-1] + "".join(piece.text for piece in generator.write(settings))
    assert not any(banned in text for banned in settings.ban)
    assert "\ufffd" not in text


def test_a_banned_word_leaves_longer_words_alone(make_model):
    tokenizer = fit_tokenizer("word", ["the other sea and the sea other there\n" * 20])
    generator = Generator(make_model(tokenizer=tokenizer), "float32")
    generator.seek("the other")
    pieces = list(generator.write(Settings(temperature=2, length=2000, seed=1, ban=("the", "other sea"))))
    # A space may stand between words as a symbol of its own.
    words = ["other", *(tokenizer.label(piece.id) for piece in pieces if tokenizer.label(piece.id) != "␣")]
    assert {"other", "there", "sea"} < set(words)
    assert "the" not in words
    assert ("other", "sea") not in itertools.pairwise(words)


def test_a_biased_text_comes_more_often_and_a_negative_bias_makes_it_rare(generator):
    counts = [
        write(generator, "abc", FLAT.change(length=2000, bias=bias)).count("cd")
        for bias in ((("cd", -9.0),), (), (("cd", 9.0),))
    ]
    assert counts[0] < counts[1] < counts[2]


def test_a_text_is_at_least_as_long_as_asked_and_holds_no_stop_text_before(generator):
    settings = FLAT.change(length=400, min_length=100, stop=("ab", "f"))
    text = write(generator, "abc", settings)
    assert generator.reason == "stop"
    assert len(text) >= 100
    assert "ab" not in text
    assert "f" not in text


def test_a_loop_is_noticed_and_left_if_asked(generator):
    certain = Settings(temperature=0, length=600)
    generator.seek("abc")
    place = generator.place
    pieces = list(generator.write(certain))
    assert pieces[-1].loop is not None  # a small network at temperature 0 always ends in one
    period = pieces[-1].loop.period
    text = "".join(piece.text for piece in pieces)
    assert text.endswith(text[-period:] * 3)
    generator.return_to(place)
    escaped = "".join(piece.text for piece in generator.write(certain.change(escape_loops=True)))
    assert len(set(escaped[-300:])) > len(set(text[-300:])) or escaped[-200:] != text[-200:]
    assert not escaped.endswith(escaped[-period:] * (100 // period + 4))


def test_insight_tells_of_the_distribution_that_was_drawn_from(generator):
    generator.seek("abc")
    log_probs, state = generator.place.log_probs, generator.place.state
    for piece in generator.write(FLAT, alternatives=3):
        assert piece.insight.log_prob == piece.log_prob == pytest.approx(float(log_probs[piece.id]))
        assert piece.insight.rank == 1 + (log_probs > log_probs[piece.id]).sum()
        assert [id for id, _ in piece.insight.alternatives] == np.argsort(-log_probs, kind="stable")[:3].tolist()
        batch, state = generator.runtime.step(np.array([piece.id]), state)
        log_probs = batch[0]
        for units, layer in zip(piece.hidden, state.hidden, strict=True):
            np.testing.assert_array_equal(units, layer[0])


def test_fewer_than_no_alternatives_are_refused_before_any_text(generator):
    for write_some in (generator.write, lambda *args: generator.write_candidates(args[0], 2, args[1])):
        with pytest.raises(UsageError, match="-1 alternatives"):
            write_some(FLAT, -1)


def test_a_preview_shows_the_distribution_before_and_after_the_settings(generator):
    generator.seek("abc")
    settings = Settings(temperature=0.5, top_k=3, ban=("d",), seed=1)
    log_probs, probabilities = generator.preview(settings)
    np.testing.assert_array_equal(log_probs, generator.place.log_probs)
    assert probabilities.sum() == pytest.approx(1)
    assert (probabilities > 0).sum() == 3
    assert probabilities[generator.tokenizer.encode("d")[0]] == 0
    place = generator.place
    drawn = []
    for seed in range(300):
        generator.return_to(place)
        drawn.append(next(generator.write(settings.change(seed=seed))).id)
    assert set(drawn) <= set(np.flatnonzero(probabilities).tolist())
    # A share of 300 has a standard deviation below 0.029: five of them.
    np.testing.assert_allclose(np.bincount(drawn, minlength=10) / 300, probabilities, atol=0.145)


@pytest.mark.parametrize(
    ("prompt", "changes"),
    [
        ("abc", {"temperature_cycle": (0.3, 2.0), "temperature": 1.5}),
        ("abc", {"draw_at": "word"}),
        ("abc ", {"draw_at": "word"}),
        ("abc", {"draw_at": "word", "temperature_cycle": (0.0, 2.0)}),
    ],
)
def test_a_preview_is_what_the_first_symbol_is_drawn_with(generator, prompt, changes):
    generator.seek(prompt)
    settings = Settings(temperature=1.0).change(**changes)
    _, probabilities = generator.preview(settings)
    place, drawn = generator.place, []
    for seed in range(300):
        generator.return_to(place)
        drawn.append(next(generator.write(settings.change(seed=seed))).id)
    # A share of 300 has a standard deviation below 0.029: five of them.
    np.testing.assert_allclose(np.bincount(drawn, minlength=10) / 300, probabilities, atol=0.145)
