import itertools

import numpy as np
import pytest

from rnnchat.errors import ModelError, UsageError
from rnnchat.generation.language_model import LanguageModel
from rnnchat.generation.open_network import MAX_PLACES
from rnnchat.generation.settings import Settings
from rnnchat.runtime.runtime import BLOCK_SIZE
from rnnchat.text.byte import ByteTokenizer
from rnnchat.text.char import CharTokenizer
from rnnchat.text.tokenizer import fit_tokenizer
from rnnchat.text.word import GLUE, WordTokenizer

FLAT = Settings(temperature=1, length=40, seed=1)


def open_model(model):
    return LanguageModel.of(model, "tiny", "float32")


def write(model, prompt, settings=FLAT):
    return model.write(prompt, settings).finish().text


@pytest.fixture
def model(make_model):
    return open_model(make_model())


def test_the_same_seed_gives_the_same_text_and_another_seed_another(model):
    first = write(model, "abc")
    assert write(model, "abc") == first
    # 40 symbols of 10 at random agree with probability far below 1e-10.
    assert write(model, "abc", FLAT.change(seed=2)) != first


def test_the_seed_that_was_drawn_repeats_the_text(model):
    text = model.write("abc", FLAT.change(seed=None)).finish()
    assert write(model, "abc", FLAT.change(seed=text.seed)) == text.text


def test_a_length_is_met_to_the_character(model):
    text = model.write("abc", FLAT.change(length=17)).finish()
    assert (len(text.text), text.reason) == (17, "length")


def test_going_on_from_what_was_written_equals_reading_all_afresh(make_model):
    warm, cold = open_model(make_model()), open_model(make_model())
    text = "abc"
    for seed in range(4):
        text += write(warm, text, FLAT.change(seed=seed)) + "fg"
    assert write(warm, text) == write(cold, text)


def test_another_take_from_an_earlier_place_reads_nothing_again(model, monkeypatch):
    write(model, "abcabc" * 20)
    reads = []
    monkeypatch.setattr(model.network.predictor, "read", lambda *args, **_: reads.append(args))
    write(model, "abcabc" * 20)
    assert reads == []


def test_an_extended_text_reads_only_what_is_new(model, monkeypatch):
    text = "abcabc" * 20
    text += write(model, text)
    lengths = []
    read = model.network.predictor.read

    def spy(ids, *args, **kwargs):
        lengths.append(ids.shape[1])
        return read(ids, *args, **kwargs)

    monkeypatch.setattr(model.network.predictor, "read", spy)
    model.read(text + "de")
    assert lengths == [2]


def test_stopping_early_leaves_a_reading_at_the_end_of_what_was_given_out(make_model):
    reading, fresh = open_model(make_model()).read("abc"), open_model(make_model())
    writing = reading.write(FLAT)
    text = "".join(piece.text for piece in itertools.islice(writing, 7))
    writing.close()
    assert writing.reason == "cancelled"
    np.testing.assert_allclose(reading.place.log_probs, fresh.read("abc" + text).place.log_probs, atol=1e-5)


def test_a_stop_text_leaves_a_reading_before_it(make_model):
    reading, fresh = open_model(make_model()).read(), open_model(make_model())
    text = reading.write(FLAT.change(length=2000, stop=("ab",))).finish()
    assert text.reason == "stop"
    assert "ab" not in text.text
    np.testing.assert_allclose(reading.place.log_probs, fresh.read(text.text).place.log_probs, atol=1e-5)


def test_a_changed_temperature_takes_effect_with_the_next_symbol(model):
    writing = model.write("abc", FLAT.change(length=60))
    start = "".join(next(writing).text for _ in range(5))
    writing.change(FLAT.change(length=60, temperature=0))
    text = "".join(piece.text for piece in writing)
    # At temperature 0 the rest is what argmax gives from here, whatever the seed.
    assert write(model, "abc" + start, Settings(temperature=0, length=55, seed=9)) == text


def test_a_changed_length_ends_the_running_text(model):
    writing = model.write("abc", FLAT.change(length=1000))
    next(writing)
    writing.change(FLAT.change(length=5))
    assert len(list(writing)) == 4


def test_log_probabilities_are_the_models_own_whatever_the_settings(model):
    reading = model.read("abc")
    expected = reading.place.log_probs
    piece = next(reading.write(Settings(temperature=0.1, top_k=2, seed=1)))
    assert piece.log_prob == pytest.approx(float(expected[piece.id]))


def test_unknown_symbols_are_told_in_order_and_left_out(model):
    reading = model.read("aXbéXc")
    assert reading.unknown == ("X", "é")
    np.testing.assert_array_equal(reading.place.log_probs, model.read("abc").place.log_probs)


def test_a_symbol_that_means_unknown_is_never_written(make_model):
    tokenizer = CharTokenizer("abc\n", has_unknown=True)
    model = make_model(tokenizer=tokenizer)
    model.weights["output.bias"][tokenizer.unknown_id] = 20.0
    assert "\ufffd" not in write(open_model(model), "ab")


def test_a_byte_that_no_text_had_need_of_is_never_written(make_model):
    tokenizer = fit_tokenizer("bpe", ["the sea was wide and the sea was deep\n" * 50])
    model = make_model(tokenizer=tokenizer)
    model.weights["output.bias"][list(tokenizer.never_written)] = 20.0
    writing = open_model(model).write("the sea", FLAT)
    assert not {piece.id for piece in writing} & set(tokenizer.never_written)


def test_an_empty_prompt_starts_after_a_line_end(model):
    assert len(write(model, "")) == 40
    predictor = model.network.predictor
    after_line_end, _ = predictor.step(np.array([0]), predictor.initial_state())  # id 0 is "\n"
    np.testing.assert_array_equal(after_line_end[0], model.read().place.log_probs)


def test_without_a_line_end_the_first_symbol_is_drawn_at_random(make_model):
    model = open_model(make_model(symbols="abcd"))
    first = {write(model, "", FLAT.change(length=1, seed=seed)) for seed in range(60)}
    assert first == set("abcd")  # a symbol is missing with probability 4 · 0.75^60, below 1e-6


@pytest.mark.parametrize("seed", range(5))
def test_bytes_never_show_half_a_character(make_model, seed):
    model = open_model(make_model(tokenizer=ByteTokenizer(), hidden_sizes=(20,), seed=seed))
    pieces = list(model.write("é", FLAT.change(length=60, temperature=2.0)))  # nearly any byte at any time
    text = "".join(piece.text for piece in pieces)
    assert any(ord(symbol) > 0x7F for symbol in text)
    assert "\ufffd" not in text
    assert bytes(piece.id for piece in pieces).decode() == text
    assert any(piece.text == "" for piece in pieces)


@pytest.mark.parametrize("level", ["word", "bpe"])
def test_a_prompt_that_ends_in_a_space_is_not_given_a_second_one(make_model, level):
    tokenizer = fit_tokenizer(level, ["the sea was wide and the sea was deep\n" * 100])
    model = open_model(make_model(tokenizer=tokenizer))
    begins = {}
    for prompt in ("the sea", "the sea "):
        reading = model.read(prompt)
        place, begins[prompt] = reading.place, set()
        for seed in range(40):
            piece = next(reading.fork().write(FLAT.change(seed=seed)))
            text = tokenizer.start_decoding(place.ids.tolist()).feed(piece.id)
            begins[prompt].add(text[:1])
            assert piece.text == text.removeprefix(place.held_back)
    assert begins["the sea "] == {" "}
    assert " " in begins["the sea"]
    assert len(begins["the sea"]) > 1


@pytest.mark.parametrize("level", ["word", "bpe"])
def test_a_space_that_was_typed_is_still_expected_if_nothing_was_written(make_model, level):
    tokenizer = fit_tokenizer(level, ["the sea was wide and the sea was deep\n" * 100])
    reading = open_model(make_model(tokenizer=tokenizer)).read("the sea ")
    stops = tuple(set("the sea was wide and deep\n"))
    assert reading.write_text(FLAT.change(stop=stops, seed=1)) == ""
    assert reading.place.held_back == " "


def test_a_word_model_goes_on_from_its_own_text(make_model):
    tokenizer = fit_tokenizer("word", ["the sea was wide, and the sea was deep\n" * 5])
    warm, cold = (open_model(make_model(tokenizer=tokenizer)) for _ in range(2))
    text = "the sea"
    for seed in range(3):
        text += write(warm, text, FLAT.change(seed=seed))
    np.testing.assert_allclose(warm.read(text).place.log_probs, cold.read(text).place.log_probs, atol=1e-4)


@pytest.mark.parametrize("prompt", ["", "the", "the\n"])
def test_a_word_model_that_likes_no_space_best_still_ends_and_writes_it_where_it_means_something(make_model, prompt):
    tokenizer = WordTokenizer(["the", "sea", ".", "\n", " ("], ())
    model = make_model(tokenizer=tokenizer)
    model.weights["output.bias"][GLUE] = 20.0
    writing = open_model(model).write(prompt, FLAT)
    ids = [piece.id for piece in itertools.islice(writing, 1000)]
    assert writing.reason == "length"
    assert GLUE in ids
    assert (GLUE, GLUE) not in itertools.pairwise(ids)


def test_reading_can_be_given_up_between_blocks(model):
    class GivenUpError(Exception):
        pass

    told = []

    def watch(done, count):
        told.append((done, count))
        if done:
            raise GivenUpError

    with pytest.raises(GivenUpError):
        model.read("abc" * 1000, watch)
    assert told == [(0, 3000), (BLOCK_SIZE, 3000)]


def test_kept_places_do_not_grow_without_end(model):
    for number in range(MAX_PLACES + 20):
        model.read("ab" * number)
    assert len(model.network._places) == MAX_PLACES


def test_numbers_that_overflow_are_told_in_a_sentence(make_model):
    model = make_model("rnn-relu", (30,))
    for weight in model.weights.values():
        weight *= 1e5
    with np.errstate(all="ignore"), pytest.raises(ModelError, match="overflow"):
        write(open_model(model), "abcdefgh" * 40)


# Many texts side by side.


@pytest.mark.parametrize("level", ["char", "byte", "word", "bpe"])
def test_a_candidate_is_the_text_that_its_seed_gives_alone(make_model, level):
    tokenizer = fit_tokenizer(level, ["the sea was wide, and the sea was deep\n" * 50])
    reading = open_model(make_model(tokenizer=tokenizer)).read("the sea ")
    place = reading.place
    settings = FLAT.change(seed=5, until="sentence")
    texts = reading.candidates(6, settings)
    assert reading.place is place
    for number, text in enumerate(texts):
        alone = reading.fork().write(settings.change(seed=5 + number)).finish()
        assert alone == text
        assert alone.reason == "sentence" or len(text.text) >= 1000


def test_several_prompts_are_gone_on_from_side_by_side(make_model):
    model, alone = open_model(make_model()), open_model(make_model())
    prompts = ["abc", "", "defgh" * 30]
    texts = [text.text for text in model.write_all(prompts, FLAT, count=2).finish()]
    assert texts == [write(alone, prompt, FLAT.change(seed=seed)) for prompt in prompts for seed in (1, 2)]


def test_texts_of_a_batch_end_each_at_its_own_place_and_can_be_gone_on_from(make_model, monkeypatch):
    model, fresh = open_model(make_model()), open_model(make_model())
    texts = model.candidates("abc", 8, FLAT.change(length=200, stop=("ab", "h")))
    assert len({len(text.text) for text in texts}) > 1
    assert {text.reason for text in texts} <= {"stop", "length"}
    monkeypatch.setattr(model.network.predictor, "read", None)  # nothing is read again
    for text in texts:
        place = model.read("abc" + text.text).place
        np.testing.assert_allclose(place.log_probs, fresh.read("abc" + text.text).place.log_probs, atol=1e-5)


def test_texts_that_are_given_up_stand_where_they_were_left(model):
    writings = model.write_all(["abc"], FLAT, count=3)
    next(writings)
    writings.close()
    assert [(len(text.text), text.reason) for text in writings.texts] == [(1, "cancelled")] * 3


# What steers.


def test_temperatures_take_turns(model):
    place = model.read("abc").place
    log_probs, state = place.log_probs, place.state
    is_best = []
    for piece in model.write("abc", FLAT.change(temperature_cycle=(0.0, 2.0), length=400)):
        is_best.append(piece.id == log_probs.argmax())
        batch, state = model.network.predictor.step(np.array([piece.id]), state)
        log_probs = batch[0]
    assert all(is_best[::2])
    assert not all(is_best[1::2])


@pytest.mark.parametrize("level", ["char", "word", "bpe"])
def test_drawn_at_words_the_rest_of_a_word_is_the_most_probable(make_model, level):
    tokenizer = fit_tokenizer(level, ["the sea was wide and the sea was deep\n" * 100])
    model = open_model(make_model(tokenizer=tokenizer))
    settings = Settings(temperature=2, draw_at="word", length=300, seed=4)
    text, has_drawn = "the sea", False
    banned = set(tokenizer.find_banned())
    for piece in model.write(text, settings, alternatives=tokenizer.vocab_size):
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
    model = open_model(make_model(tokenizer=tokenizer))
    prompt = "the séa was w"
    settings = Settings(temperature=2, length=3000, seed=1, ban=("wi", "é", "e d", "a"))
    text = prompt[-1] + write(model, prompt, settings)
    assert not any(banned in text for banned in settings.ban)
    assert "\ufffd" not in text


def test_a_banned_word_leaves_longer_words_alone(make_model):
    tokenizer = fit_tokenizer("word", ["the other sea and the sea other there\n" * 20])
    model = open_model(make_model(tokenizer=tokenizer))
    pieces = list(model.write("the other", temperature=2, length=2000, seed=1, ban=("the", "other sea")))
    # A space may stand between words as a symbol of its own.
    words = ["other", *(tokenizer.label(piece.id) for piece in pieces if tokenizer.label(piece.id) != "␣")]
    assert {"other", "there", "sea"} < set(words)
    assert "the" not in words
    assert ("other", "sea") not in itertools.pairwise(words)


def test_a_biased_text_comes_more_often_and_a_negative_bias_makes_it_rare(model):
    counts = [
        write(model, "abc", FLAT.change(length=2000, bias=bias)).count("cd")
        for bias in ((("cd", -9.0),), (), (("cd", 9.0),))
    ]
    assert counts[0] < counts[1] < counts[2]


def test_a_text_is_at_least_as_long_as_asked_and_holds_no_stop_text_before(model):
    text = model.write("abc", FLAT.change(length=400, min_length=100, stop=("ab", "f"))).finish()
    assert text.reason == "stop"
    assert len(text.text) >= 100
    assert "ab" not in text.text
    assert "f" not in text.text


def test_a_loop_is_noticed_and_left_if_asked(model):
    certain = Settings(temperature=0, length=600)
    writing = model.write("abc", certain)
    pieces = list(writing)
    assert pieces[-1].loop is not None  # a small network at temperature 0 always ends in one
    period = pieces[-1].loop.period
    text = "".join(piece.text for piece in pieces)
    assert text.endswith(text[-period:] * 3)
    assert writing.loop == text[-period:]
    assert writing.finish().loop in text
    escaped = write(model, "abc", certain.change(escape_loops=True))
    assert len(set(escaped[-300:])) > len(set(text[-300:])) or escaped[-200:] != text[-200:]
    assert not escaped.endswith(escaped[-period:] * (100 // period + 4))


def test_insight_tells_of_the_distribution_that_was_drawn_from(model):
    place = model.read("abc").place
    log_probs, state = place.log_probs, place.state
    for piece in model.write("abc", FLAT, memory=False, alternatives=3):
        assert piece.insight.log_prob == piece.log_prob == pytest.approx(float(log_probs[piece.id]))
        assert piece.insight.rank == 1 + (log_probs > log_probs[piece.id]).sum()
        assert [id for id, _ in piece.insight.alternatives] == np.argsort(-log_probs, kind="stable")[:3].tolist()
        batch, state = model.network.predictor.step(np.array([piece.id]), state)
        log_probs = batch[0]
        for units, layer in zip(piece.hidden, state.hidden, strict=True):
            np.testing.assert_array_equal(units, layer[0])


def test_fewer_than_no_alternatives_are_refused_before_any_text(model):
    for write_some in (model.write, lambda prompt, **keywords: model.write_all([prompt], count=2, **keywords)):
        with pytest.raises(UsageError, match="alternatives must be 0 or more, not -1"):
            write_some("abc", alternatives=-1)


def draw_first_ids(model, prompt, settings):
    reading = model.read(prompt)
    return [next(reading.fork().write(settings.change(seed=seed))).id for seed in range(300)]


def test_what_is_expected_is_the_distribution_before_and_after_the_settings(model):
    reading = model.read("abc")
    settings = Settings(temperature=0.5, top_k=3, ban=("d",), seed=1)
    own, shaped = reading.expect(settings)
    np.testing.assert_allclose(own, np.exp(reading.place.log_probs.astype(np.float64)))
    assert shaped.sum() == pytest.approx(1)
    assert (shaped > 0).sum() == 3
    assert shaped[model.tokenizer.encode("d")[0]] == 0
    drawn = draw_first_ids(model, "abc", settings)
    assert set(drawn) <= set(np.flatnonzero(shaped).tolist())
    # A share of 300 has a standard deviation below 0.029: five of them.
    np.testing.assert_allclose(np.bincount(drawn, minlength=10) / 300, shaped, atol=0.145)


@pytest.mark.parametrize(
    ("prompt", "changes"),
    [
        ("abc", {"temperature_cycle": (0.3, 2.0), "temperature": 1.5}),
        ("abc", {"draw_at": "word"}),
        ("abc ", {"draw_at": "word"}),
        ("abc", {"draw_at": "word", "temperature_cycle": (0.0, 2.0)}),
    ],
)
def test_what_is_expected_is_what_the_first_symbol_is_drawn_with(model, prompt, changes):
    settings = Settings(temperature=1.0).change(**changes)
    _, shaped = model.read(prompt).expect(settings)
    drawn = draw_first_ids(model, prompt, settings)
    # A share of 300 has a standard deviation below 0.029: five of them.
    np.testing.assert_allclose(np.bincount(drawn, minlength=10) / 300, shaped, atol=0.145)


# What is remembered beside the network's state.


class Habit:
    """The simplest memory: what was read or written most so far is expected for certain."""

    is_empty = False

    def __init__(self, ids=()):
        self.ids = tuple(ids)

    def read(self, ids):
        return Habit((*self.ids, *ids.tolist()))

    follow = read

    def write(self, id):
        return Habit((*self.ids, id))

    def stand_after(self, ids):
        return self

    def mix(self, log_probs):
        mixed = np.full_like(log_probs, -50)
        mixed[np.bincount(self.ids, minlength=len(log_probs)).argmax()] = 0
        return mixed


@pytest.fixture
def creature(make_model):
    """A model with a habit."""
    model = open_model(make_model())
    return LanguageModel(model.model, "creature", model.network, lambda: model.exact, Habit())


def test_a_memory_changes_what_is_expected_on_every_way_of_writing(creature):
    assert creature.write_text("abba bb", FLAT) == "b" * 40
    assert creature.write_text("abba bb", FLAT.change(top_k=2)) == "b" * 40
    texts = creature.write_all(["aab", "bba"], FLAT).finish()
    assert [text.text for text in texts] == ["a" * 40, "b" * 40]
    assert [text.log_prob for text in texts] == [0, 0]
    assert creature.search("aab", 2, FLAT.change(length=8))[0].text == "a" * 8
    assert creature.read("aab").next(1)[0].text == "a"
    piece = next(creature.write("aab", FLAT, alternatives=1))
    assert piece.insight.alternatives == ((piece.id, 0.0),)


def test_a_memory_forks_and_rewinds_with_its_text(creature):
    reading = creature.read("aab")
    branch = reading.fork().read("bbbb")
    assert (reading.write_text(length=3), branch.write_text(length=3)) == ("aaa", "bbb")
    reading.read("cccccccc")
    assert reading.write_text(length=2) == "cc"
    reading.rewind(2)
    assert reading.text == "aabaaa"
    assert reading.write_text(length=2) == "aa"


def test_a_memory_has_read_what_was_given_out_and_no_more(creature):
    reading = creature.read("aabb ")
    writing = reading.write(FLAT.change(length=1000))
    text = "".join(piece.text for piece in itertools.islice(writing, 7))
    assert reading.place.memory.ids == tuple(creature.tokenizer.encode("aabb " + text))
