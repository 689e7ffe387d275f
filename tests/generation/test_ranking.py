"""The best of several texts: probable, without repetition, and a reply to what was said."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import rnnchat
from rnnchat.generation.ranking import measure_log_probs, measure_repetition, score_text
from rnnchat.generation.settings import Settings
from rnnchat.model.file import Model, write_model
from rnnchat.text.char import CharTokenizer

VERSE = "The quality of mercy is not strained. "


def test_a_longer_text_is_not_worse_for_its_length() -> None:
    assert score_text(-10.0, 10) == score_text(-100.0, 100)
    assert score_text(-10.0, 10) > score_text(-11.0, 10)


def test_repetition_counts_against_a_text() -> None:
    assert measure_repetition(VERSE) == 0
    assert measure_repetition(VERSE * 2) == pytest.approx(0.5)
    assert measure_repetition("a" * 100) > 0.9
    assert score_text(-10.0, 10, measure_repetition(VERSE * 2)) < score_text(-10.0, 10, measure_repetition(VERSE))


def test_what_stood_in_the_prompt_is_repeated_too() -> None:
    assert measure_repetition(VERSE, before=VERSE) == 1
    assert measure_repetition("It droppeth as the rain", before=VERSE) == 0


def test_what_could_be_said_to_anybody_counts_less_than_a_reply() -> None:
    assert score_text(-10.0, 10, unprompted_log_prob=-20.0) > score_text(-10.0, 10, unprompted_log_prob=-10.0)


@pytest.fixture
def model(make_model: Callable[..., Model], tmp_path: Path) -> rnnchat.LanguageModel:
    write_model(make_model(tokenizer=CharTokenizer("\n abcAB:.", has_unknown=False)), tmp_path / "tiny.safetensors")
    return rnnchat.load(tmp_path / "tiny.safetensors", "float32")


def test_texts_read_side_by_side_are_as_probable_as_each_alone(model: rnnchat.LanguageModel) -> None:
    texts = [model.tokenizer.encode(text).tolist() for text in ("abc", "b", "", "cab cab. a")]
    place = model.network.find_place("A: ")
    expected = []
    for ids in texts:
        total, log_probs, state = 0.0, place.log_probs[None], place.state
        for id in ids:
            total += float(log_probs[0, id])
            log_probs, state = model.network.predictor.step(np.array([id]), state)
        expected.append(total)
    assert measure_log_probs(model.network, place, texts) == pytest.approx(expected, rel=1e-4, abs=1e-6)


def test_the_best_comes_first_and_its_seed_writes_it_again(model: rnnchat.LanguageModel) -> None:
    settings = Settings(length=60, temperature=1.2, seed=4)
    ranked = model.best("abc", 6, settings)
    assert sorted(each.continuation.seed for each in ranked) == [4, 5, 6, 7, 8, 9]
    assert [each.score for each in ranked] == sorted((each.score for each in ranked), reverse=True)
    best = ranked[0].continuation
    assert model.write_text("abc", settings, seed=best.seed) == best.text
    assert ranked[0].score == pytest.approx(score_text(best.log_prob, len(best.ids), ranked[0].repetition))


def test_a_reply_is_ranked_by_what_its_prompt_adds(model: rnnchat.LanguageModel) -> None:
    (only,) = model.best("A: a cab.\nB: ", 1, length=30, seed=1)
    text = only.continuation
    (alone,) = measure_log_probs(model.network, model.network.find_place("B: "), [text.ids])
    assert only.score == pytest.approx(score_text(text.log_prob, 30, only.repetition, alone), rel=1e-4)


def test_an_empty_text_comes_last(model: rnnchat.LanguageModel) -> None:
    ranked = model.best("abc", 12, length=20, temperature=2, stop=("a", "b", " "), seed=1)
    is_empty = [not each.continuation.text.strip() for each in ranked]
    assert True in is_empty
    assert is_empty == sorted(is_empty)
