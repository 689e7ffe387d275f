"""From texts to ids: what is learnt from, what is held out, what is refused."""

import json
import math
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from rnnchat.errors import TextError
from rnnchat.model.record import TrainingRecord
from rnnchat.runs.event import Noted
from rnnchat.runs.folder import RunFolder
from rnnchat.runs.info import RunInfo
from rnnchat.text.ids import open_ids
from rnnchat.text.tokenizer import LEVELS, Tokenizer, tokenizer_from_json
from rnnchat.text.turn import TurnLayout
from rnnchat.training.best_model import build_record
from rnnchat.training.preparation import prepare

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


def test_how_turns_are_laid_out_goes_with_the_run_into_its_model(begin_run: BeginRun, tmp_path: Path) -> None:
    path = tmp_path / "talk.txt"
    path.write_text("[10:00] <anna> who is there?\n[10:01] <ben> it rains\n" * 40, encoding="utf-8")
    run = begin_run(corpus=(str(path),))
    list(prepare(run))
    turns = TurnLayout(("anna", "ben"), "[10:01] <", "> ")
    assert run.read_info().turns == turns
    record = build_record(run.read_info(), 1, 1.0, 2.0, ())
    assert TrainingRecord.from_json(record.to_json()).turns == turns


def test_prose_has_no_turns(begin_run: BeginRun) -> None:
    run = begin_run()
    list(prepare(run))
    assert run.read_info().turns is None


def test_pieces_are_not_learnt_from_the_held_out_part(begin_run: BeginRun, text: str, tmp_path: Path) -> None:
    path, held = tmp_path / "sea.txt", tmp_path / "held.txt"
    path.write_text(text * 9, encoding="utf-8")
    held.write_text("zyzzyva " * (len(text) // 8), encoding="utf-8")
    run = begin_run(corpus=(str(path),), validation=(str(held),), level="bpe")
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


def test_files_of_the_corpus_that_are_held_out_are_not_learnt_from(
    begin_run: BeginRun, text: str, tmp_path: Path
) -> None:
    folder = tmp_path / "letters"
    folder.mkdir()
    for name in "abc":
        (folder / f"{name}.txt").write_text(f"{name}: {text}", encoding="utf-8")
    run = begin_run(corpus=(str(folder),), validation=(str(folder / "b*.txt"),))
    list(prepare(run))
    tokenizer, ids, held_out = read_ids(run)
    assert tokenizer.decode(held_out) == f"b: {text}"
    assert tokenizer.decode(ids) == f"a: {text}\nc: {text}"
    assert "b*.txt" in run.read_info().split
    assert "excluded from letters (2 files)" in run.read_info().split
    with pytest.raises(TextError, match="nothing of letters .* is left to learn from"):
        list(prepare(begin_run(corpus=(str(folder),), validation=(str(folder),))))


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
    with pytest.raises(TextError, match="is in the vocabulary"):
        list(prepare(begin_run(validation=(str(other),))))


def test_what_the_vocabulary_lacks_of_the_held_out_text_is_told(begin_run: BeginRun, text: str) -> None:
    run = begin_run(level="word", max_vocab=16)
    notes = [note.message for note in prepare(run)]
    info = run.read_info()
    tokenizer, _, _ = read_ids(run)
    cut = int(len(text) * 0.9)
    unknown = [spell_unknown(tokenizer, part) for part in (text[:cut], text[cut:])]
    assert [info.train_unknown_bytes, info.validation_unknown_bytes] == unknown
    assert unknown[1] > 0
    assert f"{unknown[1] / (len(text) - cut):.1%} of it not in the vocabulary" in info.split
    assert f"Held out: {info.split}." in notes


def spell_unknown(tokenizer: Tokenizer, text: str) -> int:
    """Bytes of the words that the vocabulary lacks; the texts of these tests are all ASCII."""
    return sum(len(word) for word in re.findall(r"\w+|[^\w\s]", text) if tokenizer.find_unknown(word))


def test_characters_that_are_only_held_out_are_charged_at_their_bytes(begin_run: BeginRun, tmp_path: Path) -> None:
    other = tmp_path / "other.txt"
    other.write_text("the sea was 海 grey\n" * 10, encoding="utf-8")
    run = begin_run(validation=(str(other),))
    list(prepare(run))
    info = run.read_info()
    assert (info.train_unknown_bytes, info.validation_unknown_bytes) == (0, 30)
    assert "5.3% of it not in" in info.split
    known = 2.0 / math.log(2) * info.validation_tokens
    assert info.to_validation_bits(2.0) == pytest.approx((known + 8 * 30) / 190)


def test_a_run_of_an_older_version_is_charged_nothing(begin_run: BeginRun) -> None:
    run = begin_run()
    list(prepare(run))
    record = run.read_info().to_json()
    del record["train_unknown_bytes"], record["validation_unknown_bytes"]
    assert RunInfo.from_json(record) == run.read_info()


def test_what_was_read_and_left_out_is_told(begin_run: BeginRun, text: str, tmp_path: Path) -> None:
    folder = tmp_path / "letters"
    folder.mkdir()
    (folder / "a.txt").write_text(text + "ü", encoding="utf-8")
    for number in range(5):
        (folder / f"{number}.png").write_bytes(b"\0\1" * 500)
    note = next(prepare(begin_run(corpus=(str(folder),)))).message
    assert f"{len(text) + 1:,} characters ({len(set(text)) + 1} distinct), {len(text) + 2:,} bytes" in note
    assert "0.png is" in note
    assert note.endswith("and 2 more.")


def test_a_run_finds_its_texts_from_any_folder(
    begin_run: BeginRun, text_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(text_file.parent)
    Path("held").mkdir()
    Path("held", "a.txt").write_text("the sea was grey\n", encoding="utf-8")
    run = begin_run(corpus=("sea.txt",), validation=("held/*.txt",))
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    list(prepare(run))
    info = run.read_info()
    assert info.corpus["name"] == "sea.txt"
    assert "held/*.txt" in info.split
    assert str(text_file.parent) not in info.split
