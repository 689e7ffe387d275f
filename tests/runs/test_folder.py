"""The folder tells watchers everything, also after a crash in the middle of a word."""

import os
import time
from collections.abc import Callable

import pytest

from rnnchat.errors import TrainingError
from rnnchat.runs.event import Event, Finished, Noted, Paused, Resumed, Sampled, Started, Stepped
from rnnchat.runs.folder import (
    RunFolder,
    find_run,
    follow_events,
    list_runs,
    read_status,
)
from rnnchat.runs.info import Control, RunInfo

BeginRun = Callable[..., RunFolder]

DONE = Finished(30, "done", 2.5, "/models/sea.safetensors", 6.0)
STEPPED = Stepped(7, 30, 4.2, 0.001, 12_000.5, 1.5, 4.5, 0.25)


def test_events_are_read_as_they_were_written(begin_run: BeginRun) -> None:
    run = begin_run()
    written: list[Event] = [Noted("Grüße “海”\n"), STEPPED, Paused(7)]
    for event in written:
        run.append_event(event)
    assert run.read_events()[0] == written


def test_a_reader_goes_on_from_where_it_was(begin_run: BeginRun) -> None:
    run = begin_run()
    run.append_event(Paused(1))
    _, offset = run.read_events()
    assert run.read_events(offset) == ([], offset)
    run.append_event(Resumed(1))
    assert run.read_events(offset)[0] == [Resumed(1)]


def test_a_line_half_written_waits_for_its_end(begin_run: BeginRun) -> None:
    run = begin_run()
    run.append_event(Paused(1))
    with run.events_path.open("ab") as file:
        file.write(b'{"kind": "resu')
    events, offset = run.read_events()
    assert events == [Paused(1)]
    with run.events_path.open("ab") as file:
        file.write(b'med", "step": 1}\n')
    assert run.read_events(offset)[0] == [Resumed(1)]


def test_a_half_line_that_a_crash_left_spoils_only_itself(begin_run: BeginRun) -> None:
    run = begin_run()
    run.append_event(Paused(1))
    with run.events_path.open("ab") as file:
        file.write('{"kind": "noted", "message": "ü'.encode()[:-1])
    run.append_event(Resumed(2))
    assert run.read_events()[0] == [Paused(1), Resumed(2)]


def test_a_run_without_events_has_none(begin_run: BeginRun) -> None:
    assert begin_run().read_events() == ([], 0)


def test_what_is_asked_for_is_kept_together(begin_run: BeginRun) -> None:
    run = begin_run()
    assert run.read_control() == Control("run", 0)
    run.ask_sample()
    run.ask("pause")
    run.ask_sample()
    assert run.read_control() == Control("pause", 2)


def test_what_a_run_is_survives_its_file(begin_run: BeginRun) -> None:
    info = begin_run(hidden_sizes=(4, 3)).read_info()
    assert RunInfo.from_json(info.to_json()) == info
    assert info.options.hidden_sizes == (4, 3)
    assert info.recipe is None


def test_a_damaged_run_is_told_in_a_sentence(begin_run: BeginRun) -> None:
    run = begin_run()
    (run.path / "run.json").write_text("{}")
    with pytest.raises(TrainingError, match=r"run\.json is damaged"):
        run.read_info()
    (run.path / "run.json").unlink()
    with pytest.raises(TrainingError, match=r"cannot read .*run\.json"):
        run.read_info()


def test_runs_are_found_by_name_and_near_names_are_suggested(begin_run: BeginRun) -> None:
    run = begin_run(name="letters")
    assert find_run("letters") == run
    with pytest.raises(TrainingError, match="did you mean letters"):
        find_run("leters")
    with pytest.raises(TrainingError, match="no run named ''"):
        find_run("")


def test_the_newest_run_is_listed_first(begin_run: BeginRun) -> None:
    assert list_runs() == []
    first = begin_run(name="first")
    time.sleep(0.001)
    second = begin_run(name="second")
    assert list_runs() == [second, first]


def test_a_status_is_folded_from_the_events(begin_run: BeginRun) -> None:
    run = begin_run(name="sea")
    assert read_status(run).state == "starting"
    run.append_event(Started("sea", 1, 2, 3, 4, 30))
    run.append_event(STEPPED)
    run.append_event(Sampled(7, 0.7, 1, "\n", "the sea"))
    status = read_status(run)
    assert (status.state, status.step, status.total_steps, status.loss) == ("running", 7, 30, 4.2)
    assert status.sample == "\nthe sea"
    run.append_event(Paused(7))
    assert read_status(run).state == "paused"
    run.append_event(Resumed(5))
    assert (read_status(run).state, read_status(run).step) == ("running", 5)
    run.append_event(DONE)
    status = read_status(run)
    assert (status.state, status.progress, status.bits_per_char) == ("done", 1.0, 2.5)
    assert not status.is_active


def test_a_run_whose_process_is_gone_has_crashed(begin_run: BeginRun) -> None:
    run = begin_run(name="sea")
    run.append_event(STEPPED)
    run.heartbeat_path.unlink()
    status = read_status(run)
    assert status.state == "crashed"
    assert "rnnchat runs resume sea" in status.message


def test_a_run_that_was_not_heard_of_is_slow_and_not_crashed(begin_run: BeginRun) -> None:
    run = begin_run()
    run.append_event(STEPPED)
    os.utime(run.heartbeat_path, (0, 0))
    status = read_status(run)
    assert status.state == "running"
    assert "no sign of life for" in status.message


def test_a_follower_gets_every_event_and_ends_with_the_run(begin_run: BeginRun) -> None:
    run = begin_run()
    run.append_event(STEPPED)
    followed = follow_events(run)
    assert next(followed) == STEPPED
    run.append_event(DONE)
    assert list(followed) == [DONE]


def test_a_follower_of_a_crashed_run_ends(begin_run: BeginRun) -> None:
    run = begin_run()
    run.append_event(STEPPED)
    run.heartbeat_path.unlink()
    assert list(follow_events(run)) == [STEPPED]
