"""A training in the background, from its start to its end, seen through its folder alone."""

import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from rnnchat.errors import TextError, TrainingError
from rnnchat.model.library import find_model
from rnnchat.plan.options import TrainingOptions
from rnnchat.runs.event import Resumed, Stepped
from rnnchat.runs.folder import RunFolder, find_run, read_status
from rnnchat.runs.heartbeat import read_pulse
from rnnchat.runs.job import resume_training, start_training
from rnnchat.runs.status import RunStatus

PATIENCE_S = 300.0


@pytest.fixture
def options(text_file: Path) -> Iterator[TrainingOptions]:
    """A run that lasts until it is stopped; whatever is left of it ends with the test."""
    yield TrainingOptions(
        corpus=(str(text_file),), name="sea", minutes=60.0, hidden_sizes=(8,), batch_size=4, window=8,
        threads=1, device="cpu", precision="float32",
    )  # fmt: skip
    run = find_run("sea")
    if read_status(run).is_active:
        run.ask("stop")
        wait_until(run, lambda status: not status.is_active)


def wait_until(run: RunFolder, is_so: Callable[[RunStatus], bool]) -> RunStatus:
    deadline = time.monotonic() + PATIENCE_S
    while not is_so(status := read_status(run)):
        assert time.monotonic() < deadline, status
        time.sleep(0.05)
    return status


def test_a_background_run_trains_pauses_stops_and_goes_on(options: TrainingOptions) -> None:
    run = start_training(options)
    assert run.name == "sea"
    assert read_status(run).state == "starting"
    assert run.read_info().options.beside_tui
    wait_until(run, lambda status: status.state == "running" and status.step > 0)
    pulse = read_pulse(run.heartbeat_path)
    assert pulse is not None
    assert pulse.pid != os.getpid()
    if hasattr(os, "getpriority"):
        assert os.getpriority(os.PRIO_PROCESS, pulse.pid) > 0
        assert os.getpgid(pulse.pid) == pulse.pid

    run.ask("pause")
    step = wait_until(run, lambda status: status.state == "paused").step
    run.ask("stop")
    assert wait_until(run, lambda status: not status.is_active).state == "stopped"
    assert find_model("sea").is_file()
    # Its process has said all, but may not have ended yet.
    wait_until(run, lambda _: run.check_life() == "gone")

    resume_training("sea")
    assert read_status(run).state == "starting"
    wait_until(run, lambda status: status.step > step)
    resumed = [event.step for event in run.read_events()[0] if isinstance(event, Resumed)]
    assert resumed[-1] >= step
    assert any(isinstance(event, Stepped) for event in run.read_events()[0])


def test_a_text_that_is_not_there_is_told_before_anything_is_made(home: Path) -> None:
    with pytest.raises(TextError, match=r"nowhere\.txt"):
        start_training(TrainingOptions(corpus=("nowhere.txt",)))
    assert not (home / "runs").exists()


def test_a_stop_asked_for_at_once_is_obeyed_later(options: TrainingOptions) -> None:
    run = start_training(options)
    run.ask("stop")
    assert wait_until(run, lambda status: not status.is_active).state == "stopped"


def test_a_failure_in_the_background_is_told_by_the_run(options: TrainingOptions, text_file: Path) -> None:
    text_file.write_text("too short", encoding="utf-8")
    run = start_training(options)
    status = wait_until(run, lambda status: not status.is_active)
    assert status.state == "failed"
    assert "too short" in status.message
    # The run knows first; its process writes the log when it ends.
    wait_until(run, lambda _: "too short" in run.log_path.read_text(encoding="utf-8"))


def test_a_process_that_cannot_start_is_told_and_leaves_a_crashed_run(
    text_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    with pytest.raises(TrainingError, match="cannot start"):
        start_training(TrainingOptions(corpus=(str(text_file),), name="sea"))
    assert read_status(find_run("sea")).state == "crashed"


def test_a_run_that_does_not_exist_cannot_go_on() -> None:
    with pytest.raises(TrainingError, match="no run named 'lake'"):
        resume_training("lake")
