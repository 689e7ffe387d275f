"""The form of a training: what is taken, and what is said about the rest."""

from dataclasses import replace

import pytest

from rnnchat import paths
from rnnchat.desk.training_form import (
    FieldError,
    FormValues,
    add_text,
    check_form,
    describe_network,
    describe_texts,
    is_name_taken,
    place_error,
    split_texts,
)
from rnnchat.errors import NameTakenError, TextError, TrainingError
from rnnchat.text.corpus import Corpus

FILLED = FormValues(texts="shakespeare", filled={"name": "mine"})


def test_an_untouched_form_leaves_everything_but_the_time_to_the_rules():
    options = check_form(FormValues(texts="shakespeare"))
    assert options.corpus == ("shakespeare",)
    assert options.minutes == 5.0
    assert options.beside_tui
    assert (options.name, options.preset, options.hidden_sizes, options.dropout) == (None, None, None, None)


def test_every_field_reaches_the_options():
    options = check_form(
        FormValues(
            texts="shakespeare",
            filled={
                "level": "word",
                "preset": "tiny",
                "cell": "gru",
                "hidden_sizes": "128, 64",
                "embedding_size": "0",
                "dropout": "0.2",
                "learning_rate": "0.01",
                "batch_size": "8",
                "window": "32",
                "seed": "7",
            },
        )
    )
    assert (options.level, options.preset, options.cell, options.hidden_sizes) == ("word", "tiny", "gru", (128, 64))
    assert (options.embedding_size, options.dropout, options.learning_rate) == (0, 0.2, 0.01)
    assert (options.batch_size, options.window, options.seed) == (8, 32, 7)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("texts", " "),
        ("name", "../elsewhere"),
        ("hidden_sizes", "0"),
        ("hidden_sizes", "1000000"),
        ("hidden_sizes", "12,"),
        ("embedding_size", "-1"),
        ("dropout", "1"),
        ("dropout", "nan"),
        ("learning_rate", "0"),
        ("learning_rate", "fast"),
        ("batch_size", "1.5"),
        ("window", "1"),
        ("seed", "-1"),
    ],
)
def test_a_value_that_cannot_be_is_told_in_one_sentence_about_its_field(field, value):
    with pytest.raises(FieldError) as told:
        check_form(FormValues(value) if field == "texts" else replace(FILLED, filled={field: value}))
    assert told.value.field == field
    assert "\n" not in str(told.value)


def test_a_path_with_spaces_goes_in_and_comes_out_whole():
    texts = add_text(add_text("shakespeare", "/home/anna/my letters"), "it's.txt")
    assert split_texts(texts) == ("shakespeare", "/home/anna/my letters", "it's.txt")
    assert add_text(texts, "shakespeare") == texts


def test_a_name_is_taken_by_a_run_or_a_model():
    assert not is_name_taken("mine")
    assert not is_name_taken("")
    (paths.runs_dir() / "mine").mkdir(parents=True)
    assert is_name_taken(" mine ")


def test_errors_from_below_find_their_field():
    assert place_error(TextError("no such file")).field == "texts"
    assert place_error(NameTakenError("a run named 'x' already exists")).field == "name"
    assert place_error(TrainingError("the process does not start")) is None


def test_texts_and_network_are_described(tmp_path):
    (tmp_path / "a.txt").write_text("abc " * 100, encoding="utf-8")
    (tmp_path / "b.txt").write_text("abd " * 100, encoding="utf-8")
    summary = Corpus([str(tmp_path)]).summarize()
    assert describe_texts(summary) == "2 files, 800 bytes, 802 characters (6 distinct)"
    assert describe_network(replace(FILLED, filled={"hidden_sizes": "16"}), summary).startswith("lstm 1×16, about ")
    assert describe_network(replace(FILLED, filled={"hidden_sizes": "x"}), summary) == ""
