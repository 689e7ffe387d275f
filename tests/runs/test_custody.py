"""A run belongs to one process at a time, and is deleted only when none has it."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

import pytest

from rnnchat.errors import TrainingError
from rnnchat.runs import heartbeat
from rnnchat.runs.custody import remove_run, take_over, wait_for_exit
from rnnchat.runs.event import Finished
from rnnchat.runs.folder import RunFolder

BeginRun = Callable[..., RunFolder]

DONE = Finished(30, "done", 2.5, "/models/sea.safetensors", 6.0)


def test_a_run_is_trained_by_one_process_at_a_time(begin_run: BeginRun, monkeypatch: pytest.MonkeyPatch) -> None:
    run = begin_run(name="sea")
    take_over(run)
    monkeypatch.setattr(os, "getpid", lambda: -1)
    with pytest.raises(TrainingError, match="'sea' is already active"):
        take_over(run)


def test_a_run_that_is_done_does_not_go_on(begin_run: BeginRun) -> None:
    run = begin_run()
    run.append_event(DONE)
    with pytest.raises(TrainingError, match="is done"):
        take_over(run)


def test_a_disk_that_refuses_a_resume_is_told_in_a_sentence(
    begin_run: BeginRun, full_disk: Callable[[int], AbstractContextManager[None]]
) -> None:
    run = begin_run(name="sea")
    run.heartbeat_path.unlink()
    with pytest.raises(TrainingError, match="runs/sea .*too large.*make room"), full_disk(1):
        take_over(run)


def test_only_a_run_that_ended_is_removed(begin_run: BeginRun) -> None:
    run = begin_run(name="sea")
    with pytest.raises(TrainingError, match="stop it first"):
        remove_run(run)
    run.append_event(DONE)
    remove_run(run)
    assert not run.path.exists()


@pytest.fixture
def other_process() -> Iterator[subprocess.Popen[bytes]]:
    """A process that waits until its input is closed."""
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        yield process
        process.kill()


def test_a_run_is_not_removed_before_its_process_has_exited(
    begin_run: BeginRun, other_process: subprocess.Popen[bytes]
) -> None:
    run = begin_run(name="sea")
    heartbeat.write_pulse(run.heartbeat_path, other_process.pid)
    run.append_event(DONE)
    assert not wait_for_exit(run, patience_s=0)
    with pytest.raises(TrainingError, match="still closing its files: try again"):
        remove_run(run)
    other_process.communicate()
    assert wait_for_exit(run)
    remove_run(run)
    assert not run.path.exists()
