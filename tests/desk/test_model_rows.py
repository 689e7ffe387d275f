"""Models as rows of a table."""

import os
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from rnnchat import paths
from rnnchat.desk.model_rows import (
    CELL_PADDING,
    COLUMNS,
    filter_entries,
    fingerprint_models,
    fit_columns,
    sort_entries,
)
from rnnchat.model.file import write_model
from rnnchat.model.library import list_models
from rnnchat.model.record import TrainingRecord


@pytest.fixture
def save(make_model):
    def save(name: str, trained_at: str = "", **shape) -> Path:
        path = paths.models_dir() / f"{name}.safetensors"
        path.parent.mkdir(parents=True, exist_ok=True)
        write_model(replace(make_model(**shape), training=TrainingRecord(trained_at=trained_at)), path)
        return path

    return save


@pytest.mark.parametrize("width", range(20, 200, 7))
def test_columns_never_take_more_than_the_width(width):
    assert sum(each + CELL_PADDING for _, each in fit_columns(width)) <= width


def test_the_name_is_the_last_column_to_go_and_all_fit_on_a_wide_screen():
    assert [column.key for column, _ in fit_columns(20)] == ["name"]
    assert [column.key for column, _ in fit_columns(160)] == [column.key for column in COLUMNS]


def test_sorting_by_size_compares_numbers(save):
    save("small", hidden_sizes=(4,))
    save("big", hidden_sizes=(100,))
    (paths.models_dir() / "broken.safetensors").write_bytes(b"nothing")
    names = [entry.name for entry in sort_entries(list_models(), "parameters", is_reversed=True)]
    assert names == ["big", "small", "broken"]
    names = [entry.name for entry in sort_entries(list_models(), "parameters", is_reversed=False)]
    assert names == ["small", "big", "broken"]


def test_every_word_must_occur(save):
    save("letters-gru", cell="gru")
    save("letters-lstm", cell="lstm")
    entries = list_models()
    assert [entry.name for entry in filter_entries(entries, "GRU letters")] == ["letters-gru"]
    assert len(filter_entries(entries, " ")) == 2
    assert filter_entries(entries, "letters kjv") == []


def test_the_fingerprint_changes_when_a_model_comes_goes_or_is_written_anew(save):
    seen = [fingerprint_models()]
    path = save("mine")
    seen.append(fingerprint_models())
    save("mine", hidden_sizes=(9,))
    seen.append(fingerprint_models())
    path.unlink()
    seen.append(fingerprint_models())
    assert seen[0] == seen[3]
    assert len(set(seen)) == 3


def test_a_model_was_created_when_its_training_ended_not_when_its_file_was_copied(save):
    path = save("mine", trained_at="2026-03-12T14:05:00+00:00")
    os.utime(path, (0, 0))
    entry = list_models()[0]
    assert entry.created == datetime(2026, 3, 12, 14, 5, tzinfo=UTC).timestamp()
    save("mine", trained_at="some day")
    os.utime(path, (1000, 1000))
    assert list_models()[0].created == 1000
