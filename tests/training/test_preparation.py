"""From texts to ids: what is learnt from, what is held out, what is refused."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from rnnchat.errors import TextError
from rnnchat.text.ids import open_ids
from rnnchat.text.tokenizer import LEVELS, Tokenizer, tokenizer_from_json
from rnnchat.training.event import Noted
from rnnchat.training.preparation import prepare
from rnnchat.training.run_folder import RunFolder

BeginRun = Callable[..., RunFolder]


def read_ids(run: RunFolder) -> tuple[Tokenizer, np.ndarray, np.ndarray]:
    info = run.read_info()
    tokenizer = tokenizer_from_json(json.loads(run.tokenizer_path.read_text(encoding="utf-8")))
    return tokenizer, open_ids(run.ids_path, info.vocab_size), open_ids(run.validation_ids_path, info.vocab_size)


@pytest.mark.parametrize("level", LEVELS)
def test_the_last_tenth_is_held_out_and_nothing_is_lost(level: str, begin_run: BeginRun, text: str) -> None:
    run = begin_run(level=level)
    notes = list(prepare(run))
    info = run.read_info()
    tokenizer, ids, held_out = read_ids(run)
    cut = int(len(text) * 0.9)
    assert tokenizer.decode(ids) == text[:cut]
    assert tokenizer.decode(held_out) == text[cut:]
    assert (info.train_chars, info.validation_chars) == (cut, len(text) - cut)
    assert (info.train_tokens, info.validation_tokens) == (len(ids), len(held_out))
    assert info.chars_per_token == cut / len(ids)
    assert "last 10%" in info.split
    assert info.corpus["chars"] == len(text)
    assert all(isinstance(note, Noted) for note in notes)


def test_pieces_are_not_learnt_from_the_held_out_part(begin_run: BeginRun, text: str, tmp_path: Path) -> None:
    path = tmp_path / "sea.txt"
    path.write_text(f"{text * 9}{'zyzzyva ' * (len(text) // 8)}", encoding="utf-8")
    run = begin_run(corpus=(str(path),), level="bpe")
    list(prepare(run))
    tokenizer, _, held_out = read_ids(run)
    assert len(tokenizer.encode(" morning")) < 4
    assert len(tokenizer.encode(" zyzzyva")) == 8
    assert "zyzzyva" in tokenizer.decode(held_out)


def test_a_text_of_its_own_can_be_held_out(begin_run: BeginRun, text: str, tmp_path: Path) -> None:
    other = tmp_path / "other.txt"
    other.write_text("the sea was still\n", encoding="utf-8")
    run = begin_run(validation=(str(other),))
    list(prepare(run))
    tokenizer, ids, held_out = read_ids(run)
    assert tokenizer.decode(ids) == text
    assert tokenizer.decode(held_out) == "the sea was still\n"
    assert "other.txt" in run.read_info().split


def test_the_text_is_not_read_a_second_time_once_it_is_prepared(begin_run: BeginRun, text_file: Path) -> None:
    run = begin_run()
    list(prepare(run))
    text_file.unlink()
    assert len(read_ids(run)[1]) == run.read_info().train_tokens


def test_a_text_that_is_too_short_is_told_how_short(begin_run: BeginRun, text_file: Path) -> None:
    text_file.write_text("x" * 150, encoding="utf-8")
    with pytest.raises(TextError, match="150 characters"):
        list(prepare(begin_run()))


def test_the_shortest_text_prepares(begin_run: BeginRun, text_file: Path) -> None:
    text_file.write_text("ab cd ef\n" * 23, encoding="utf-8")
    run = begin_run(batch_size=None, window=None)
    list(prepare(run))
    recipe = run.read_info().get_recipe()
    assert recipe.batch_size >= 1
    assert recipe.window < 64


def test_a_held_out_text_of_unknown_symbols_is_refused(begin_run: BeginRun, tmp_path: Path) -> None:
    other = tmp_path / "other.txt"
    other.write_text("海" * 300, encoding="utf-8")
    with pytest.raises(TextError, match="nothing that the model could know"):
        list(prepare(begin_run(validation=(str(other),))))


def test_what_the_vocabulary_lacks_of_the_held_out_text_is_told(begin_run: BeginRun, text: str) -> None:
    run = begin_run(level="word", max_vocab=16)
    notes = [note.message for note in prepare(run)]
    info = run.read_info()
    tokenizer, _, held_out = read_ids(run)
    share = (held_out == tokenizer.unknown_id).mean()
    assert 0 < share < 1
    assert f"{share:.1%} of its words outside the vocabulary" in info.split
    assert f"Held out: {info.split}." in notes
