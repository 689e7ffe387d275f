"""What screens know of a run, from nothing but its folder."""

import os
import time

import pytest

from rnnchat import paths
from rnnchat.desk.run_views import RunReader
from rnnchat.plan.options import TrainingOptions
from rnnchat.runs.event import Evaluated, Failed, Finished, Resumed, Sampled, Started, Stepped
from rnnchat.runs.folder import RunFolder, read_status
from rnnchat.runs.history import MAX_POINTS
from rnnchat.runs.new import make_run


@pytest.fixture
def run() -> RunFolder:
    return make_run(TrainingOptions(("letters",), name="mine", minutes=5))


def step(number: int, loss: float = 2.0) -> Stepped:
    return Stepped(number, 1000, loss, 0.004, 1000.0, float(number), 1000.0 - number, number / 1000)


def read(reader: RunReader | None = None):
    return (reader or RunReader()).read()[0]


def test_reading_on_equals_reading_anew(run):
    reader = RunReader()
    events = [
        Started("mine", 10, 100, 100, 5, None),
        step(1),
        Evaluated(1, 1.0, 2.4, 2.4, 1, 2.5),
        step(2),
        Sampled(2, 0.7, 1, "Dear ", "Anna"),
        step(3),
    ]
    for event in events:
        run.append_event(event)
        assert read(reader) == read()
    view = read(reader)
    assert view.training == ((1.0, 2.0), (2.0, 2.0), (3.0, 2.0))
    assert view.validation == ((1.0, 2.4),)
    assert view.sample.text == "Anna"
    assert view.status == read_status(run)


def test_steps_that_were_lost_in_a_crash_leave_the_curve(run):
    for event in (step(10), step(20), step(30), Resumed(20), step(25, 1.5)):
        run.append_event(event)
    assert read().training == ((10.0, 2.0), (20.0, 2.0), (25.0, 1.5))


def test_a_long_curve_is_thinned_and_keeps_its_course(run):
    count = 5 * MAX_POINTS
    for number in range(count):
        run.append_event(step(number, loss=4.0 - 3.0 * number / count))
    training = read().training
    assert MAX_POINTS / 2 < len(training) <= 2 * MAX_POINTS
    values = [value for _, value in training]
    assert values == sorted(values, reverse=True)
    assert values[0] > 3.95
    assert values[-1] < 1.05


def test_a_line_half_written_waits_for_its_end(run):
    run.append_event(step(1))
    reader = RunReader()
    with run.events_path.open("ab") as file:
        file.write(b'{"kind": "step')
    assert read(reader).status.step == 1
    with run.events_path.open("ab") as file:
        file.write(b'ped", "nonsense": 1}\n')
    run.append_event(step(2))
    assert read(reader).status.step == 2


def test_a_damaged_folder_is_listed_too(run):
    (run.path / "run.json").write_text("{", encoding="utf-8")
    assert read().name == "mine"
    assert read().headline == ""


def test_a_deleted_run_is_gone(run):
    reader = RunReader()
    assert len(reader.read()) == 1
    (run.path / "run.json").unlink()
    assert reader.read() == ()


def test_a_machine_without_runs_has_none():
    assert not paths.runs_dir().exists()
    assert RunReader().read() == ()


@pytest.mark.parametrize(
    ("event", "has_checkpoint", "mark", "summary", "explanation"),
    [
        (step(410), True, "●", "41 %  9:50 left", ""),
        (Failed("The disk is full: make room"), True, "✗", "failed at 41 %", "The disk is full: make room."),
        (
            Finished(410, "stopped", 2.0, "/x", 410.0),
            True,
            "■",
            "stopped at 41 %",
            "Stopped; its best model is kept; p resumes it from its last checkpoint.",
        ),
        (Finished(410, "stopped", 2.0, "/x", 410.0), False, "■", "stopped at 41 %", "Stopped; its best model is kept."),
        (Finished(1000, "done", 1.6, "/x", 1000.0), True, "✓", "done just now", ""),
    ],
)
def test_a_run_is_told_in_words(run, event, has_checkpoint, mark, summary, explanation):
    run.append_event(step(410))
    run.append_event(event)
    if has_checkpoint:
        run.checkpoint_path.write_bytes(b"a checkpoint")
    view = read()
    assert (view.mark, view.summary.strip(), view.explanation) == (mark, summary, explanation)


def test_a_run_was_done_when_it_ended_and_not_when_it_began(run):
    run.append_event(Finished(1000, "done", 1.6, "/x", 1000.0))
    an_hour_ago = time.time() - 3600
    os.utime(run.events_path, (an_hour_ago, an_hour_ago))
    assert read().summary == "done 1 h ago"


def test_a_crash_before_the_first_checkpoint_says_to_start_anew(run):
    run.append_event(step(10))
    run.heartbeat_path.unlink()
    assert read().explanation == "The process ended unexpectedly; start it again."
    assert read().summary == "crashed at 1 %"
