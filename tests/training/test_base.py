"""The base model of a training is the one that predicts the text best, or none."""

import random
from collections.abc import Callable
from pathlib import Path

import pytest

from rnnchat.plan.options import TrainingOptions
from rnnchat.runs.event import Noted
from rnnchat.runs.folder import RunFolder
from rnnchat.text.tokenizer import fit_tokenizer
from rnnchat.training.base import choose_base, estimate_scratch, fits
from rnnchat.training.preparation import prepare
from rnnchat.training.trainer import train

WORDS = ("the", "sea", "was", "grey", "and", "boats", "lay", "still", "in", "winter", "light", "beyond", "a", "wall")


def write(seed: int, words: int = 300) -> str:
    """A text of which neither a compressor nor a model has read a sentence before."""
    draw = random.Random(seed)
    return " ".join(draw.choice(WORDS) for _ in range(words))


@pytest.fixture
def sea(begin_run: Callable[..., RunFolder], text_file: Path) -> None:
    """A model of such texts."""
    text_file.write_text(write(1, 20_000), encoding="utf-8")
    list(train(begin_run(name="sea", steps=300, hidden_sizes=(32,), learning_rate=0.02, dropout=0.0)))


def choose(text: str, **given: object) -> tuple[str | None, str]:
    options, notes = choose_base(TrainingOptions(corpus=("a",), **given), [text])  # type: ignore[arg-type]
    return options.base and Path(options.base).stem, " ".join(notes)


def test_the_model_that_predicts_a_short_text_best_is_its_base(sea: None) -> None:
    name, note = choose(write(2))
    assert name == "sea"
    assert note.startswith("Base model sea: it predicts a sample of the text at ")


def test_another_language_script_or_kind_of_text_is_learnt_from_scratch(sea: None) -> None:
    draw = random.Random(3)
    others = {
        "russian": "море было серым, и лодки лежали тихо за низкой стеной из камней " * 20,
        "dna": "".join(draw.choice("acgt") for _ in range(3_000)),
        "repeated": "the sea was grey\n" * 200,
    }
    for text in others.values():
        assert choose(text)[0] is None


def test_no_model_or_none_wanted_is_training_from_scratch_without_a_word() -> None:
    assert choose(write(2)) == (None, "")
    assert choose(write(2), base="none") == ("none", "")


def test_a_model_of_another_level_than_the_one_given_is_no_base(sea: None) -> None:
    assert choose(write(2), level="byte")[0] is None
    assert choose(write(2), level="char")[0] == "sea"


def test_training_starts_from_the_chosen_base_and_is_usable_before_the_first_step(
    sea: None, begin_run: Callable[..., RunFolder], text_file: Path
) -> None:
    text_file.write_text(write(4), encoding="utf-8")
    run = begin_run(name="mine", steps=1, hidden_sizes=None, embedding_size=None)
    notes = [event.message for event in prepare(run) if isinstance(event, Noted)]
    assert any(note.startswith("Base model sea") for note in notes)
    info = run.read_info()
    assert info.get_recipe().hidden_sizes == (32,)
    assert info.ancestry
    assert run.base_path.exists()


def test_a_model_that_was_trained_on_this_very_text_is_no_base_for_it(
    sea: None, begin_run: Callable[..., RunFolder]
) -> None:
    run = begin_run(name="again", steps=1, preset=None, hidden_sizes=None, embedding_size=None)
    list(prepare(run))
    assert not run.base_path.exists()


def test_pieces_fit_only_their_own_script() -> None:
    pieces = fit_tokenizer("bpe", [write(1, 3_000)], 400)
    assert fits(pieces, write(2))
    assert not fits(pieces, "море было серым")


def test_a_longer_text_of_one_kind_is_expected_to_be_learnt_better() -> None:
    assert estimate_scratch(write(5, 20_000)) < estimate_scratch(write(5, 300))
