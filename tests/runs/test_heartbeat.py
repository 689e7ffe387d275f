"""A watcher can tell a live process from a slow one and from one that is gone."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from rnnchat.runs import heartbeat
from rnnchat.runs.heartbeat import Heartbeat, check_life, measure_silence, read_pulse, write_pulse

posix_only = pytest.mark.skipif(os.name != "posix", reason="the system cannot be asked for a process")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "heartbeat"


@pytest.fixture
def sleeper() -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"]) as process:
        yield process
        process.kill()


def test_nothing_beats_where_there_is_no_file(path: Path) -> None:
    assert check_life(path) == "gone"


def test_a_process_is_alive_inside_the_block_and_leaves_nothing_behind(path: Path) -> None:
    with Heartbeat(path):
        assert check_life(path) == "alive"
    assert not path.exists()


def test_the_file_is_touched_again_and_again(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heartbeat, "INTERVAL_S", 0.01)
    with Heartbeat(path):
        os.utime(path, (0, 0))
        deadline = time.monotonic() + 20
        while measure_silence(path) > 60:
            assert time.monotonic() < deadline
            time.sleep(0.01)


@posix_only
def test_a_silent_process_that_exists_is_slow(path: Path, sleeper: subprocess.Popen[bytes]) -> None:
    write_pulse(path, sleeper.pid)
    assert check_life(path) == "alive"
    os.utime(path, (0, 0))
    assert check_life(path) == "slow"


@posix_only
def test_a_killed_process_is_gone_at_once_even_if_nobody_collected_it(
    path: Path, sleeper: subprocess.Popen[bytes]
) -> None:
    write_pulse(path, sleeper.pid)
    sleeper.kill()
    deadline = time.monotonic() + 20
    while check_life(path) != "gone":
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux tells when a process began")
def test_another_process_with_the_same_id_does_not_count(path: Path) -> None:
    write_pulse(path, os.getpid())
    record = json.loads(path.read_text())
    path.write_text(json.dumps({**record, "born": "1"}))
    assert check_life(path) == "gone"


def test_a_process_on_another_machine_is_judged_by_its_last_beat(path: Path) -> None:
    path.write_text(json.dumps({"host": "elsewhere", "pid": 1, "born": ""}))
    assert check_life(path) == "alive"
    os.utime(path, (0, 0))
    assert check_life(path) == "gone"


def test_a_damaged_file_is_no_pulse(path: Path) -> None:
    path.write_text("{")
    assert read_pulse(path) is None
    assert check_life(path) == "gone"
