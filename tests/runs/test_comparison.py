"""Several runs side by side: order, differences, and whether their figures compare at all."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from rnnchat.plan.choice import choose_recipe
from rnnchat.plan.options import TrainingOptions
from rnnchat.runs.comparison import (
    ComparedRun,
    choose_alike,
    compare_runs,
    name_field,
    say_equal,
    say_unfair,
    say_value,
)
from rnnchat.runs.folder import RunFolder
from rnnchat.runs.history import Point
from rnnchat.runs.info import RunInfo
from rnnchat.runs.status import RunStatus

Make = Callable[..., ComparedRun]


def make_info(sha: str = "aa", started: float = 0.0, **wishes: Any) -> RunInfo:
    options = TrainingOptions(("sea.txt",), minutes=5, **wishes)
    recipe, _ = choose_recipe(options, 90_000, 90_000)
    return RunInfo(
        options, started, recipe=recipe, corpus={"name": "sea.txt", "chars": 100_000, "files": [{"sha256": sha}]},
        train_chars=90_000, train_tokens=45_000, validation_chars=10_000, validation_tokens=5_000, split="the end",
    )  # fmt: skip


@pytest.fixture
def make(tmp_path) -> Make:
    def make_run(letter: str, best: float | None = 2.0, step: int = 100, **wishes: Any) -> ComparedRun:
        status = RunStatus(letter * 3, tmp_path, "done", step=step, bits_per_char=best, elapsed_s=50.0)
        points = () if best is None else (Point(step // 2, 20.0, best + 1), Point(step, 50.0, best))
        return ComparedRun(letter, status, make_info(**wishes), points)

    return make_run


def test_the_best_comes_first_and_what_has_no_figure_last(make: Make) -> None:
    compared = compare_runs([make("a", 2.0), make("b", None), make("c", 1.5)])
    assert [run.letter for run in compared.runs] == ["c", "a", "b"]


def test_only_what_differs_is_a_difference_and_everything_else_is_equal(make: Make) -> None:
    compared = compare_runs([make("a", 1.0, dropout=0.25), make("b", 2.0, dropout=0.5, seed=7)])
    assert {each.field: each.values for each in compared.differences} == {"dropout": (0.25, 0.5), "seed": (1, 7)}
    recipe = compared.runs[0].info.get_recipe().to_json()
    assert compared.equal == {"text": "sea.txt"} | {k: v for k, v in recipe.items() if k not in ("dropout", "seed")}


def test_equal_recipes_have_no_differences(make: Make) -> None:
    compared = compare_runs([make("a"), make("b")])
    assert compared.differences == ()
    assert "batch size 64" in say_equal(compared)


@pytest.mark.parametrize(
    ("wishes", "is_fair"),
    [({}, True), ({"sha": "bb"}, False), ({"validation": ("other.txt",)}, False), ({"seed": 5}, True)],
)
def test_figures_compare_only_on_the_same_held_out_text(make: Make, wishes: dict[str, Any], is_fair: bool) -> None:
    compared = compare_runs([make("a"), make("b", 3.0, **wishes)])
    assert compared.is_fair == is_fair
    assert bool(say_unfair(compared)) != is_fair


def test_the_same_held_out_file_compares_whatever_was_learnt_from(make: Make) -> None:
    held_out = {"validation": ("other.txt",)}
    assert compare_runs([make("a", **held_out), make("b", sha="bb", **held_out)]).is_fair


def test_a_curve_goes_over_time_steps_or_characters(make: Make) -> None:
    run = make("a", 2.0, 100)
    recipe = run.info.get_recipe()
    chars = recipe.batch_size * recipe.window * 2  # a symbol is two characters of this text
    assert run.trace("time") == [(20.0, 3.0), (50.0, 2.0)]
    assert run.trace("steps") == [(50, 3.0), (100, 2.0)]
    assert run.trace("chars") == [(50 * chars, 3.0), (100 * chars, 2.0)]
    assert run.chars_per_s == 100 * chars / 50.0
    assert compare_runs([run]).find_end("steps") == 100


def test_a_run_without_a_recipe_is_compared_without_a_curve(tmp_path) -> None:
    run = ComparedRun("a", RunStatus("a", tmp_path), RunInfo(TrainingOptions(("sea.txt",)), 0.0))
    assert compare_runs([run]).find_end("chars") == 0.0
    assert run.chars_per_s == 0.0


def test_runs_of_the_same_texts_as_the_newest_are_chosen() -> None:
    infos = [("new", make_info("aa")), ("other", make_info("bb")), ("damaged", None), ("old", make_info("aa"))]
    assert choose_alike(infos) == ["new", "old"]
    assert choose_alike(infos, "other") == ["other"]
    assert choose_alike([]) == []


def test_the_run_that_was_asked_for_is_among_the_chosen() -> None:
    infos = [(f"run-{number}", make_info()) for number in range(20)]
    chosen = choose_alike(infos, "run-19")
    assert "run-19" in chosen
    assert len(chosen) < 20


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (None, "–"),
        (True, "yes"),
        (False, "no"),
        ((128, 64), "128, 64"),
        ((512,), "512"),
        (0.004, "0.004"),
        ("gru", "gru"),
    ],
)
def test_values_are_said_short(value: Any, words: str) -> None:
    assert say_value(value) == words


def test_fields_are_called_as_in_the_form() -> None:
    assert [name_field(field) for field in ("hidden_sizes", "weight_decay")] == ["hidden", "weight decay"]


def test_a_folder_is_ranked_from_what_it_told(tmp_path) -> None:
    from rnnchat.runs.comparison import rank_runs
    from rnnchat.runs.event import Evaluated
    from rnnchat.runs.history import read_history

    histories = []
    for name, bits in (("worse", 3.0), ("better", 2.0)):
        run = RunFolder(tmp_path / name)
        run.path.mkdir()
        run.write_info(replace(make_info(), started=1.0))
        run.append_event(Evaluated(10, 1.0, bits, bits, 10, 4.0))
        histories.append(read_history(run))
    assert [(run.letter, run.name) for run in rank_runs(histories).runs] == [("a", "better"), ("b", "worse")]
