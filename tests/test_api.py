"""The public Python interface."""

import itertools
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest

import rnnchat
from rnnchat.errors import ModelError, TextError, UsageError
from rnnchat.generation.keyword import SettingKeywords
from rnnchat.generation.reading import MAX_SIDE_BY_SIDE, MAX_STEPS_BACK
from rnnchat.model.file import Model, write_model
from rnnchat.text.byte import ByteTokenizer
from rnnchat.text.tokenizer import Tokenizer, fit_tokenizer

WORDS = "the cat sat on the mat. the dog and the cat sat, on a mat\nand the dog ate the cat. " * 3
FLAT = rnnchat.Settings(temperature=1, length=30, seed=1)


@pytest.fixture
def model(tiny_model: Path) -> rnnchat.LanguageModel:
    return rnnchat.load(tiny_model, "float32")


@pytest.fixture
def load_level(make_model: Callable[..., Model], tmp_path: Path) -> Callable[[str], rnnchat.LanguageModel]:
    """Load a model with random weights of a level: ``load_level("bpe")``."""

    def load(level: str) -> rnnchat.LanguageModel:
        tokenizer: Tokenizer = {
            "char": lambda: fit_tokenizer("char", [WORDS]),
            "byte": ByteTokenizer,
            "bpe": lambda: fit_tokenizer("bpe", [WORDS], 290),
            "word": lambda: fit_tokenizer("word", [WORDS], 40),
        }[level]()
        path = tmp_path / f"{level}.safetensors"
        write_model(make_model(tokenizer=tokenizer), path)
        return rnnchat.load(path, "float32")

    return load


def is_same_place(one: rnnchat.Reading, other: rnnchat.Reading) -> bool:
    return one.place.ids.tolist() == other.place.ids.tolist() and np.allclose(
        one.place.log_probs, other.place.log_probs, atol=1e-5
    )


def test_pieces_make_up_the_text_that_is_written_at_once(model: rnnchat.LanguageModel) -> None:
    writing = model.write("abc", FLAT)
    text = "".join(piece.text for piece in writing)
    assert len(text) == 30
    assert text == writing.text == model.write_text("abc", FLAT)
    assert (writing.seed, writing.reason) == (1, "length")


def test_a_setting_given_by_name_comes_before_those_given_together(model: rnnchat.LanguageModel) -> None:
    assert model.write_text("abc", FLAT, seed=2) == model.write_text("abc", FLAT.change(seed=2))
    assert model.write_text("abc", length=5, seed=3) == model.write_text("abc", rnnchat.Settings(length=5, seed=3))


def test_keywords_are_the_fields_of_the_settings() -> None:
    assert set(SettingKeywords.__annotations__) == {field.name for field in fields(rnnchat.Settings)}


def test_lists_dicts_single_texts_and_numbers_of_numpy_do_for_settings(model: rnnchat.LanguageModel) -> None:
    exact = FLAT.change(ban=("a",), stop=("bc",), bias=(("d", 2.0),), temperature_cycle=(0.5, 1.5), top_k=5)
    loose = model.write_text(
        "abc", FLAT, ban="a", stop=["bc"], bias={"d": 2.0}, temperature_cycle=[0.5, 1.5], top_k=np.int64(5)
    )
    assert loose == model.write_text("abc", exact)


def test_an_unknown_setting_is_told_with_the_nearest_one(model: rnnchat.LanguageModel) -> None:
    with pytest.raises(UsageError, match="no setting temprature: did you mean temperature"):
        model.write("abc", temprature=1)  # type: ignore[call-arg]
    with pytest.raises(UsageError, match="choose from temperature, "):
        model.candidates("abc", 2, zzz=1)  # type: ignore[call-arg]
    with pytest.raises(UsageError, match="no setting minute: did you mean minutes"):
        rnnchat.train("text", minute=1)


def test_a_setting_out_of_range_is_told_before_any_text_comes(model: rnnchat.LanguageModel) -> None:
    with pytest.raises(UsageError, match="temperature must be from 0 to 2, not 3"):
        model.write("abc", temperature=3)


def test_a_drawn_seed_writes_the_text_again(model: rnnchat.LanguageModel) -> None:
    writing = model.write("abc", FLAT, seed=None)
    assert model.write_text("abc", FLAT, seed=writing.seed) == writing.finish().text


def test_writings_of_one_model_go_on_side_by_side(model: rnnchat.LanguageModel) -> None:
    one, other = model.write("abc", FLAT), model.write("hgf", FLAT, temperature=0.3)
    for _ in zip(one, other, strict=True):
        pass
    assert one.text == model.write_text("abc", FLAT)
    assert other.text == model.write_text("hgf", FLAT, temperature=0.3)


def test_a_writing_may_be_left_early(model: rnnchat.LanguageModel) -> None:
    writing = model.write("abc", FLAT)
    begun = "".join(piece.text for piece in itertools.islice(writing, 7))
    writing.close()
    assert list(writing) == []
    assert (writing.text, writing.reason) == (begun, "cancelled")
    assert model.write_text("abc", FLAT).startswith(begun)


def test_a_piece_tells_what_else_was_likely_if_it_is_asked_for(model: rnnchat.LanguageModel) -> None:
    piece = next(model.write("abc", FLAT, alternatives=3))
    assert piece.insight is not None
    likeliest = [guess.id for guess in model.read("abc").next(3)]
    assert [id for id, _ in piece.insight.alternatives] == likeliest


def test_each_candidate_is_the_text_of_its_seed(model: rnnchat.LanguageModel) -> None:
    candidates = model.candidates("abc", 4, FLAT, stop="h")
    for number, candidate in enumerate(candidates):
        alone = model.write("abc", FLAT, stop="h", seed=1 + number).finish()
        assert (candidate.text, candidate.seed, candidate.reason) == (alone.text, 1 + number, alone.reason)
        assert candidate.ids == alone.ids
        assert candidate.log_prob == pytest.approx(alone.log_prob, abs=1e-4)


def test_the_probability_of_a_text_is_the_one_that_reading_it_finds(model: rnnchat.LanguageModel) -> None:
    (candidate,) = model.candidates("abc", 1, FLAT, memory=False)
    read = model.explain("abc" + candidate.text).log_probs[3:].sum()
    assert candidate.log_prob == pytest.approx(float(read), abs=1e-3)


def test_texts_for_many_prompts_are_those_that_each_gets_alone(model: rnnchat.LanguageModel) -> None:
    texts = model.write_all(["abc", "", "hgf"], FLAT, count=2).finish()
    assert [(text.prompt, text.seed) for text in texts] == [(p, s) for p in ("abc", "", "hgf") for s in (1, 2)]
    assert [text.text for text in texts] == [model.write_text(text.prompt, FLAT, seed=text.seed) for text in texts]


def test_texts_grow_side_by_side_and_none_stands_for_one_that_has_ended(model: rnnchat.LanguageModel) -> None:
    writings = model.write_all(["abc"], FLAT, count=5, stop="ab")
    grown = ["" for _ in range(5)]
    lengths = [0] * 5
    for pieces in writings:
        for number, piece in enumerate(pieces):
            if piece is not None:
                grown[number] += piece.text
                lengths[number] += 1
    assert grown == [text.text for text in writings.texts]
    assert lengths == [len(text.ids) for text in writings.texts]


@pytest.mark.parametrize(
    ("count", "message"),
    [
        (0, "must be at least 1, not 0"),
        (-1, "must be at least 1, not -1"),
        (MAX_SIDE_BY_SIDE + 1, f"{MAX_SIDE_BY_SIDE + 1:,} texts"),
    ],
)
def test_no_texts_or_too_many_cannot_be_asked_for(model: rnnchat.LanguageModel, count: int, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        model.candidates("abc", count)
    with pytest.raises(UsageError, match=message):
        model.write_all(["abc"], count=count)
    with pytest.raises(UsageError, match="no prompt"):
        model.write_all([])


def test_a_search_of_width_one_is_writing_at_temperature_zero(model: rnnchat.LanguageModel) -> None:
    (beam,) = model.search("abc", 1, length=20)
    assert beam.text == model.write_text("abc", temperature=0, length=20)
    assert max(b.score for b in model.search("abc", 6, length=20)) >= beam.score


@pytest.mark.parametrize("level", ["char", "byte", "bpe", "word"])
def test_a_text_read_in_parts_is_read_as_at_once(load_level: Callable[..., rnnchat.LanguageModel], level: str) -> None:
    model = load_level(level)
    text = "the cat s" + "at on a m" + "" + "at. the d" + "og"
    whole = model.read(text)
    parts = model.read("the cat s").read("at on a m").read("").read("at. the d").read("og")
    assert parts.text == whole.text == text
    assert is_same_place(parts, whole)


@pytest.mark.parametrize("level", ["char", "byte", "bpe", "word"])
def test_a_reading_that_wrote_stands_where_one_stands_that_read_it(
    load_level: Callable[..., rnnchat.LanguageModel], level: str
) -> None:
    model = load_level(level)
    reading = model.read("the cat", memory=False)
    written = reading.write_text(FLAT, stop="t")
    assert reading.text == "the cat" + written
    assert is_same_place(reading, model.read(reading.text))
    assert reading.write_text(FLAT) == model.write_text("the cat" + written, FLAT, memory=False)


def test_a_reading_stands_where_its_writing_was_left(model: rnnchat.LanguageModel) -> None:
    reading = model.read("abc")
    writing = reading.write(FLAT)
    for _ in itertools.islice(writing, 11):
        pass
    assert reading.text == "abc" + writing.text
    assert is_same_place(reading, model.read(reading.text))
    assert list(writing) == []  # the question where it stands has ended it


def test_forks_go_on_independently(model: rnnchat.LanguageModel) -> None:
    reading = model.read("abc")
    fork = reading.fork()
    assert reading.write_text(FLAT) == fork.write_text(FLAT)
    fork.read("gh")
    assert fork.text == reading.text + "gh"
    assert is_same_place(reading, model.read(reading.text))
    assert is_same_place(fork, model.read(fork.text))


def test_rewinding_undoes_readings_and_writings(model: rnnchat.LanguageModel) -> None:
    reading = model.read("abc")
    first = reading.write_text(FLAT)
    assert reading.rewind().text == "abc"
    assert reading.write_text(FLAT) == first
    reading.read("d?")
    assert reading.unknown == ("?",)
    assert reading.rewind(2).text == "abc"
    assert reading.unknown == ()
    assert is_same_place(reading, model.read("abc"))


def test_no_more_is_rewound_than_there_was(model: rnnchat.LanguageModel) -> None:
    reading = model.read("abc")
    with pytest.raises(UsageError, match="steps back must be from 0 to 0, not 1"):
        reading.rewind()
    for _ in range(MAX_STEPS_BACK + 3):
        reading.read("a")
    assert reading.rewind(MAX_STEPS_BACK).text == "abcaaa"


def test_going_back_reads_nothing(model: rnnchat.LanguageModel, monkeypatch: pytest.MonkeyPatch) -> None:
    reading = model.read("abc" * 100)
    reading.read("defgh" * 100)
    runtime = model.network.predictor
    monkeypatch.setattr(runtime, "read", None)
    monkeypatch.setattr(runtime, "step", None)
    reading.fork().rewind()
    assert reading.rewind().text == "abc" * 100


def test_what_may_come_next_is_the_models_own_thought_unless_settings_are_given(model: rnnchat.LanguageModel) -> None:
    reading = model.read("abc")
    guesses = reading.next(100)
    assert sum(guess.probability for guess in guesses) == pytest.approx(1, abs=1e-5)
    assert guesses == sorted(guesses, key=lambda guess: -guess.probability)
    assert [guess.text for guess in reading.next(100, temperature=0)] == [guesses[0].text]
    assert len(reading.next(100, temperature=1, top_k=3)) == 3


def test_a_reading_offers_what_its_model_offers_for_the_text(model: rnnchat.LanguageModel) -> None:
    reading = model.read("ab").read("c")
    assert reading.candidates(3, FLAT) == model.candidates("abc", 3, FLAT)
    assert reading.search(3, length=10) == model.search("abc", 3, length=10)
    assert reading.text == "abc"


def test_the_symbols_that_a_model_does_not_know_are_told(model: rnnchat.LanguageModel) -> None:
    assert model.read("aXb").read("Y").read("X").unknown == ("X", "Y")


def test_scores_and_explanations_are_exact_whatever_the_model_writes_in(tiny_model: Path) -> None:
    fast, exact = rnnchat.load(tiny_model, "int8"), rnnchat.load(tiny_model, "float32")
    assert (fast.precision, exact.precision) == ("int8", "float32")
    assert fast.score("abc\ndef") == exact.score("abc\ndef")
    assert fast.explain("abc").log_probs.tolist() == exact.explain("abc").log_probs.tolist()
    # In int8 the weights of a random network are rounded: some number differs.
    assert fast.read("abc").place.log_probs.tolist() != exact.read("abc").place.log_probs.tolist()


def test_a_text_scores_the_same_whole_and_in_pieces(tiny_model: Path, model: rnnchat.LanguageModel) -> None:
    whole = rnnchat.score(tiny_model, "abc\ndef\n")
    assert whole == model.score("abc\ndef\n")
    assert model.score(iter(["abc\n", "def\n"])).bits_per_char == pytest.approx(whole.bits_per_char)
    with pytest.raises(TextError, match="empty"):
        model.score("")


def test_an_explanation_adds_up_to_the_score(model: rnnchat.LanguageModel) -> None:
    explanation = model.explain("abc\ndef", with_hidden=True)
    assert -explanation.log_probs.sum() == pytest.approx(model.score("abc\ndef").nats, rel=1e-5)
    assert explanation.hidden is not None
    assert [layer.shape for layer in explanation.hidden] == [(7, 7), (7, 5)]


def test_a_mixture_of_all_of_one_model_is_that_model(
    model: rnnchat.LanguageModel, make_model: Callable[..., Model], tmp_path: Path
) -> None:
    write_model(make_model(seed=5), tmp_path / "other.safetensors")
    other = rnnchat.load(tmp_path / "other.safetensors", "float32")
    for weight, alone in ((0, model), (1, other)):
        mixed = model.mix(other, weight)
        assert mixed.write_text("abc", FLAT) == alone.write_text("abc", FLAT)
        assert mixed.score("abc\nd").nats == pytest.approx(alone.score("abc\nd").nats)
    mixed = model.mix(other, 0.3)
    probabilities = [np.exp(each.read("abc").place.log_probs) for each in (model, other, mixed)]
    assert np.allclose(0.7 * probabilities[0] + 0.3 * probabilities[1], probabilities[2], atol=1e-6)


def test_what_cannot_be_mixed_is_told(
    model: rnnchat.LanguageModel, load_level: Callable[..., rnnchat.LanguageModel]
) -> None:
    with pytest.raises(UsageError, match="vocabularies"):
        model.mix(load_level("byte"))
    with pytest.raises(UsageError, match="weight must be from 0 to 1, not 1.5"):
        model.mix(model, 1.5)


def test_training_yields_events_and_leaves_a_model(tmp_path: Path) -> None:
    text = tmp_path / "text.txt"
    text.write_text("the quick brown fox jumps over the lazy dog\n" * 400)
    events = list(rnnchat.train(text, name="mine", steps=3, hidden_sizes=(8,)))
    assert type(events[-1]).__name__ == "Finished"
    assert rnnchat.load("mine").tokenizer.level == "char"
    assert rnnchat.models() == ["mine"]


def test_what_is_missing_or_cannot_be_is_said(tiny_model: Path) -> None:
    with pytest.raises(ModelError):
        rnnchat.load("missing")
    with pytest.raises(UsageError, match="precision must be float32 or int8, not 'int4'"):
        rnnchat.load(tiny_model, "int4")  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="threads must be 1 or more, not 0"):
        rnnchat.load(tiny_model, threads=0)
    with pytest.raises(AttributeError, match="sing"):
        rnnchat.sing  # noqa: B018


def test_every_public_name_is_there_and_the_package_is_typed() -> None:
    for name in dir(rnnchat):
        assert getattr(rnnchat, name) is not None or name.startswith("__")
    assert {"Beam", "Continuation", "Explanation", "LanguageModel", "Reading", "Settings"} <= set(dir(rnnchat))
    assert (Path(rnnchat.__file__).parent / "py.typed").exists()


def test_a_model_that_remembers_a_text_expects_what_followed_there_and_knows_its_words(
    model: rnnchat.LanguageModel,
) -> None:
    text = "abcdefgh" * 12
    mine = model.remember(text)
    assert mine.score(text).bits_per_char < 0.5 * model.score(text).bits_per_char
    assert mine.read("abc").next(1)[0].text == "d"
    assert mine.read("abc", memory=False).next(1) == model.read("abc", memory=False).next(1)
    assert mine.forget().write_text("abc", FLAT) == model.write_text("abc", FLAT)
    assert mine.explain(text).log_probs.sum() == pytest.approx(-mine.score(text).nats, rel=1e-4)
    assert mine.write_text("abc", FLAT, memory=False) == model.write_text("abc", FLAT, memory=False)


def test_forks_and_rewinds_remember_what_stands_there_and_no_more(model: rnnchat.LanguageModel) -> None:
    reading = model.read("abcabcab")
    before = reading.next(3)
    branch = reading.fork().read("hhhhhhhh")
    assert branch.next(1)[0].text == "h"
    assert reading.next(3) == before
    reading.read("dcdcdcdc").write_text(FLAT)
    assert reading.rewind(2).next(3) == before
    assert branch.rewind().next(3) == before


def test_a_space_before_the_next_word_is_not_remembered_as_a_symbol_of_its_own(
    load_level: Callable[..., rnnchat.LanguageModel],
) -> None:
    model = load_level("bpe")
    mine = model.remember("the cat and the hen and the dog and the cat " * 3)
    assert mine.read("the cat and ").next(1)[0].id == model.tokenizer.encode(" the")[0]
    whole = mine.read("the cat and the hen")
    parts = mine.read("the cat and ").read("the ").read("hen")
    assert [guess.id for guess in parts.next(4)] == [guess.id for guess in whole.next(4)]
