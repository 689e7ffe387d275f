"""With known words only, every way of writing spells no other."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import rnnchat
from rnnchat.generation.settings import Settings
from rnnchat.model.file import Model, write_model
from rnnchat.model.record import TrainingRecord
from rnnchat.text.byte import ByteTokenizer
from rnnchat.text.char import CharTokenizer
from rnnchat.text.lexicon import find_words

KNOWN = ("ab", "bad", "cab", "a", "o'er")
WILD = Settings(temperature=1.5, length=200, seed=3)


@pytest.fixture
def path(make_model: Callable[..., Model], tmp_path: Path) -> Path:
    model = make_model(tokenizer=CharTokenizer("\n abcdoerABC',.-", has_unknown=False))
    write_model(replace(model, training=TrainingRecord(words=KNOWN)), tmp_path / "model.safetensors")
    return tmp_path / "model.safetensors"


def list_unknown(text: str, known: tuple[str, ...] = KNOWN) -> list[str]:
    """The words that are not known, but for the last one, which the length may have cut."""
    return [word for word in find_words(text)[:-1] if word not in known and word[:1].lower() + word[1:] not in known]


def test_only_known_words_are_written_in_every_way(path: Path) -> None:
    model = rnnchat.load(path)
    assert list_unknown(model.write("a ", WILD.change(words="any")).finish().text)
    texts = [
        model.write("a ", WILD).finish().text,
        *(text.text for text in model.candidates("a ", 3, WILD)),
        model.mix(model).write("a ", WILD).finish().text,
        *(beam.text for beam in model.search("a ", 3, Settings(length=30))),
    ]
    for text in texts:
        assert list_unknown(text) == []
        assert len(find_words(text)) > 3


def test_the_words_of_the_prompt_are_known_and_one_that_it_begins_ends_as_it_likes(path: Path) -> None:
    text = rnnchat.load(path).write("dodo, dodo. ", WILD).finish().text
    assert list_unknown(text, (*KNOWN, "dodo")) == []
    begun = rnnchat.load(path).write("rrr", WILD).finish().text
    assert list_unknown(begun.lstrip("abcdoerABC'")) == []


def test_probabilities_are_those_of_the_model_renormalised(path: Path) -> None:
    reading = rnnchat.load(path, "float32").read("ca")
    (only,) = reading.next(5, words="known")
    assert (only.text, only.probability) == ("b", pytest.approx(1))
    own = {
        guess.id: guess.probability
        for guess in rnnchat.load(path, "float32").read("a").next(15, temperature=1, words="any")
    }
    masked = {guess.id: guess.probability for guess in rnnchat.load(path, "float32").read("a").next(15, temperature=1)}
    total = sum(own[id] for id in masked)
    for id, probability in masked.items():
        assert probability == pytest.approx(own[id] / total, rel=1e-4)


def test_bytes_spell_known_words_too(make_model: Callable[..., Model], tmp_path: Path) -> None:
    known = (*KNOWN, "née", "élan", "ребро", "ре", "l'été")
    model = replace(make_model(tokenizer=ByteTokenizer(), hidden_sizes=(32,)), training=TrainingRecord(words=known))
    write_model(model, tmp_path / "bytes.safetensors")
    opened = rnnchat.load(tmp_path / "bytes.safetensors")
    texts = [text.text for text in opened.candidates("a ", 6, WILD, length=400)]
    words = {word for text in texts for word in find_words(text)}
    assert not [word for text in texts for word in list_unknown(text, known)]
    assert any(not word.isascii() for word in words)
    assert any(not char.isascii() and not char.isalpha() for text in texts for char in text)


def test_a_model_that_lists_no_words_writes_any(make_model: Callable[..., Model], tmp_path: Path) -> None:
    write_model(make_model(), tmp_path / "old.safetensors")
    model = rnnchat.load(tmp_path / "old.safetensors")
    texts = [model.write("", WILD.change(words=words)).finish().ids for words in ("any", "known")]
    assert np.array_equal(*texts)
