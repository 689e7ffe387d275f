"""The public Python interface."""

from pathlib import Path

import pytest

import rnnchat
from rnnchat.errors import ModelError


def test_a_model_is_loaded_by_path_and_writes(tiny_model: Path) -> None:
    model = rnnchat.load(tiny_model)
    model.seek("abc")
    text = "".join(piece.text for piece in model.write(rnnchat.Settings(length=20, seed=1)))
    assert len(text) == 20


def test_a_text_scores_the_same_whole_and_in_pieces(tiny_model: Path) -> None:
    whole = rnnchat.score(tiny_model, "abc\ndef\n")
    assert rnnchat.score(tiny_model, ["abc\n", "def\n"]).bits_per_char == pytest.approx(whole.bits_per_char)


def test_training_yields_events_and_leaves_a_model(tmp_path: Path) -> None:
    text = tmp_path / "text.txt"
    text.write_text("the quick brown fox jumps over the lazy dog\n" * 400)
    events = list(rnnchat.train(str(text), name="mine", steps=3, hidden_sizes=(8,)))
    assert type(events[-1]).__name__ == "Finished"
    assert rnnchat.load("mine").tokenizer.level == "char"


def test_what_is_missing_is_said() -> None:
    with pytest.raises(ModelError):
        rnnchat.load("missing")
    with pytest.raises(AttributeError, match="sing"):
        rnnchat.sing  # noqa: B018
