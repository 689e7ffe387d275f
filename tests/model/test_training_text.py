"""The text that a model learnt from is found again, or not at all."""

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from rnnchat import paths
from rnnchat.model.record import TrainingRecord
from rnnchat.model.training_text import find_training_text
from rnnchat.plan.options import TrainingOptions
from rnnchat.runs.new import make_run
from rnnchat.training.best_model import build_record
from rnnchat.training.preparation import prepare

TEXT = "".join(f"the sea was wide on day {day} and so on\n" for day in range(200))


def train(corpus: tuple[str, ...], **options: Any) -> TrainingRecord:
    """The record of a model that learnt from these texts."""
    run = make_run(TrainingOptions(corpus, steps=1, hidden_sizes=(4,), embedding_size=0, name="sea", **options))
    list(prepare(run))
    return build_record(run.read_info(), 1, 1.0, 2.0, ())


def read(record: TrainingRecord) -> str | None:
    text = find_training_text(record)
    return None if text is None else "".join(text.read_pieces())


@pytest.fixture
def text_file(tmp_path: Path) -> Path:
    path = tmp_path / "sea.txt"
    path.write_text(TEXT, encoding="utf-8")
    return path


def test_the_text_of_a_run_is_found_without_what_was_held_out(text_file: Path) -> None:
    assert read(train((str(text_file),))) == TEXT[: int(len(TEXT) * 0.9)]


def test_where_another_text_was_held_out_all_was_learnt_from(text_file: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.txt"
    other.write_text(TEXT[:3000], encoding="utf-8")
    assert read(train((str(text_file),), validation=(str(other),))) == TEXT


def test_several_files_are_joined_as_they_were_learnt_from(text_file: Path, tmp_path: Path) -> None:
    other = tmp_path / "a.txt"
    other.write_text(TEXT[:3000], encoding="utf-8")
    joined = f"{TEXT}\n{TEXT[:3000]}"
    assert read(train((str(text_file), str(other)))) == joined[: int(len(joined) * 0.9)]


def test_a_text_that_was_changed_moved_or_is_one_of_several_is_not_at_hand(text_file: Path, tmp_path: Path) -> None:
    other = tmp_path / "a.txt"
    other.write_text(TEXT[:3000], encoding="utf-8")
    record = train((str(text_file), str(other)))
    other.write_text(TEXT[:3001], encoding="utf-8")
    assert read(record) is None
    other.unlink()
    assert read(record) is None


def test_a_fetched_text_of_the_catalogue_is_found_by_its_fingerprint() -> None:
    path = paths.corpora_dir() / "shakespeare.txt"
    path.parent.mkdir(parents=True)
    path.write_text(TEXT, encoding="utf-8")
    digest = hashlib.sha256(TEXT.encode()).hexdigest()
    assert read(TrainingRecord(corpus="shakespeare", sha256=(digest,))) == TEXT
    assert read(TrainingRecord(corpus="shakespeare", sha256=("0" * 64,))) is None


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"corpus": 3}', '{"corpus": {"files": [3, {"sha256": "0"}]}}'])
def test_a_damaged_run_hides_no_text(text_file: Path, content: str) -> None:
    record = train((str(text_file),))
    damaged = paths.runs_dir() / "damaged" / "run.json"
    damaged.parent.mkdir()
    damaged.write_text(content, encoding="utf-8")
    assert read(record) is not None


def test_a_file_that_is_gone_is_not_looked_at(text_file: Path) -> None:
    record = train((str(text_file),))
    run = paths.runs_dir() / "sea" / "run.json"
    info = json.loads(run.read_text(encoding="utf-8"))
    info["corpus"]["files"][0]["path"] = "\0"
    run.write_text(json.dumps(info), encoding="utf-8")
    assert read(record) is None


def test_a_model_without_a_record_has_no_text() -> None:
    assert find_training_text(TrainingRecord()) is None
