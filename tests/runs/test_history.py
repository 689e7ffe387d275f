"""What a run told, read again and again."""

import json
from dataclasses import replace

import pytest

from rnnchat.plan.options import TrainingOptions
from rnnchat.runs.event import Evaluated, Noted, Resumed, Sampled, Started, Stepped
from rnnchat.runs.folder import RunFolder
from rnnchat.runs.history import MAX_POINTS, Point, RunHistory, read_history, thin
from rnnchat.runs.new import make_run


@pytest.fixture
def run() -> RunFolder:
    return make_run(TrainingOptions(("letters",), name="mine", minutes=5))


def step(number: int, loss: float = 2.0) -> Stepped:
    return Stepped(number, 1000, loss, 0.004, 1000.0, float(number), 1000.0 - number, number / 1000)


def test_reading_on_equals_reading_anew(run: RunFolder) -> None:
    history = RunHistory(run)
    for event in (
        Noted("Read letters."),
        Started("mine", 10, 100, 100, 5, None),
        step(10),
        Evaluated(10, 10.0, 2.4, 2.4, 10, 2.5),
        Sampled(10, 0.7, 1, "Dear ", "Anna"),
        step(20),
        Resumed(10),
        Noted("Going on."),
        step(15),
    ):
        run.append_event(event)
        assert history.read_on()
        assert history == read_history(run)
    assert [point.step for point in history.training] == [10, 15]
    assert not history.read_on()


def test_only_what_is_new_is_read(run: RunFolder) -> None:
    run.append_event(step(1))
    history = read_history(run)
    lines = run.events_path.read_bytes()
    run.events_path.write_bytes(b"x" * (len(lines) - 1) + b"\n")  # nobody looks there again
    run.append_event(step(2))
    history.read_on()
    assert history.status.step == 2


def test_what_was_planned_is_kept_apart_from_what_happened(run: RunFolder) -> None:
    for event in (
        Noted("Read letters."),
        Noted("Training lstm."),
        step(1),
        Noted("Overfitting."),
        Noted("Read letters."),
    ):
        run.append_event(event)
    history = read_history(run)
    assert (history.plan, history.notes) == (["Read letters.", "Training lstm."], ["Overfitting."])


def test_another_run_of_the_name_begins_anew(run: RunFolder) -> None:
    run.append_event(step(1))
    history = read_history(run)
    run.events_path.write_text(json.dumps(step(7).to_json()) + "\n", encoding="utf-8")
    run.write_info(replace(run.read_info(), started=run.read_info().started + 60))
    history.read_on()
    assert [point.step for point in history.training] == [7]


@pytest.mark.parametrize("count", [2 * MAX_POINTS + 1, 2 * MAX_POINTS + 2])
def test_a_thinned_curve_keeps_its_end_and_its_mean(count: int) -> None:
    points = [Point(number, float(number), 5.0 - number / count) for number in range(count)]
    thinned = thin(points)
    assert len(thinned) == (count + 1) // 2
    assert thinned[-1].step == points[-1].step
    values = [point.bits_per_char for point in thinned]
    assert values == sorted(values, reverse=True)


def test_a_short_curve_is_left_alone() -> None:
    points = [Point(number, 1.0, 2.0) for number in range(2 * MAX_POINTS)]
    assert thin(points) is points
