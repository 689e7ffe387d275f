"""Marks on trainings, without a screen."""

from dataclasses import replace
from types import SimpleNamespace

import pytest

from rnnchat.desk.run_marks import RunMarks
from rnnchat.desk.run_views import RunReader
from rnnchat.errors import UsageError
from rnnchat.plan.choice import choose_recipe
from rnnchat.plan.options import TrainingOptions
from rnnchat.runs.comparison import LETTERS
from rnnchat.runs.new import make_run


def test_marks_are_set_and_taken_away_and_letters_stay_with_their_runs():
    marks = RunMarks()
    for name in ("one", "two", "three"):
        marks.toggle(name)
    marks.toggle("two")
    assert marks.letters == {"one": "a", "three": "c"}
    marks.toggle("four")
    assert marks.letters["four"] == "b"
    assert marks.is_comparing


def test_one_mark_is_no_comparison():
    marks = RunMarks()
    marks.toggle("one")
    assert not marks.is_comparing
    marks.clear()
    assert marks.letters == {}


def test_more_runs_than_letters_are_refused_in_a_sentence():
    marks = RunMarks()
    for number in range(len(LETTERS)):
        marks.toggle(f"run {number}")
    with pytest.raises(UsageError, match=f"at most {len(LETTERS)} runs"):
        marks.toggle("another")
    marks.toggle("run 0")
    marks.toggle("another")


def test_marks_of_runs_that_are_gone_go_too():
    marks = RunMarks()
    marks.toggle("one")
    marks.toggle("two")
    assert not marks.keep({"one", "two", "three"})
    assert marks.keep({"two"})
    assert marks.letters == {"two": "b"}


def test_a_run_alone_on_its_texts_is_not_marked():
    marks = RunMarks()
    alone = SimpleNamespace(name="mine", info=None)
    with pytest.raises(UsageError, match="no other run is on the texts of mine"):
        marks.mark_alike([alone], "mine")
    assert marks.letters == {}


def test_runs_on_the_same_texts_are_marked_together():
    for name, corpus in (("mine", "letters"), ("elsewhere", "kjv"), ("other", "letters")):
        run = make_run(TrainingOptions((corpus,), name=name, minutes=5))
        recipe, _ = choose_recipe(run.read_info().options, 10_000, 10_000)
        run.write_info(replace(run.read_info(), recipe=recipe))
    marks = RunMarks()
    marks.mark_alike(RunReader().read(), "mine")
    assert set(marks.letters) == {"mine", "other"}
