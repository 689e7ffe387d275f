"""Run folders of every wrong kind: one of them never hides the others, and none is waited for."""

import json
import os
import random
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from rnnchat.cli.command import app
from rnnchat.desk.run_views import RunReader
from rnnchat.errors import TrainingError
from rnnchat.runs.event import Evaluated, Finished, Sampled, Started, Stepped
from rnnchat.runs.folder import RunFolder, list_runs, read_status

WRONG: tuple[Any, ...] = (
    *(None, True, "", "text", "\x1b[31m\x9b", [], [[[]]], {}, {"a": {"b": []}}, -1, 0, 1, 0.5, 1e308, 10**9, 10**30),
    *(float("nan"), float("inf"), float("-inf"), "x" * 100_000),
)
FILES = ("run.json", "events.jsonl", "control.json", "heartbeat")
EVENTS = (
    Started("a", 10, 100, 100, 30, 50),
    Stepped(10, 50, 4.0, 0.01, 1000.0, 1.0, 4.0, 0.2),
    Evaluated(10, 1.0, 3.5, 3.5, 10, 4.0),
    Sampled(10, 0.8, 1, "p", "text"),
    Finished(50, "done", 3.0, "/models/a.safetensors", 5.0),
)


@pytest.fixture
def make_folder(begin_run: Callable[..., RunFolder]) -> Callable[[str], RunFolder]:
    """A run that could be anybody's: made, with some events."""

    def make(name: str) -> RunFolder:
        run = begin_run(name=name)
        for event in EVENTS:
            run.append_event(event)
        return run

    return make


def check_all() -> None:
    """The healthy run is listed by every command and by the screen, whatever lies beside it."""
    assert "healthy" in [run.name for run in list_runs()]
    for run in list_runs():
        read_status(run)
        try:
            run.read_info()
        except TrainingError as e:
            assert len(str(e)) < 500
    for arguments in (["runs", "list"], ["runs", "list", "--json"], ["runs", "show", "bad"], ["runs", "compare"]):
        result = CliRunner().invoke(app, arguments)
        assert result.exit_code in (0, 1), (arguments, result.exception)
        assert result.exception is None or isinstance(result.exception, SystemExit), (arguments, result.exception)
        if arguments[1] == "list":
            assert "healthy" in result.stdout
            assert "\x1b" not in result.stdout
    views = RunReader().read()
    assert "healthy" in [view.name for view in views]
    for view in views:
        assert isinstance(view.summary + view.explanation + view.headline + view.quality, str)
        view.compare_as("A")


def change(record: Any, chance: random.Random) -> Any:
    """The record with one of its values, however deep, replaced by a wrong one."""
    if isinstance(record, dict) and record and chance.random() < 0.9:
        name = chance.choice([*record])
        return {**record, name: change(record[name], chance)}
    if isinstance(record, list) and record and chance.random() < 0.7:
        return [change(record[0], chance), *record[1:]]
    return chance.choice(WRONG)


def test_a_run_with_a_wrong_value_never_hides_the_others(few_seeds, make_folder) -> None:
    make_folder("healthy")
    bad = make_folder("bad")
    info = json.loads((bad.path / "run.json").read_text())
    for seed in few_seeds:
        chance = random.Random(seed)
        (bad.path / "run.json").write_text(json.dumps(change(info, chance)))
        lines = [json.dumps(change(event.to_json(), chance)) for event in EVENTS]
        (bad.path / "events.jsonl").write_text("\n".join([*lines, "{", "nonsense", ""]))
        (bad.path / "control.json").write_text(json.dumps(change({"request": "run", "samples": 0}, chance)))
        pulse = {"host": os.uname().nodename, "pid": chance.choice(WRONG), "born": "x"}
        (bad.path / "heartbeat").write_text(json.dumps(pulse))
        try:
            check_all()
        except BaseException as e:
            raise AssertionError(f"case {seed}") from e


@pytest.mark.parametrize(
    "content",
    [b"[" * 100_000, b'{"a":' * 50_000, b"", b"\xff\xfe\x00", b"\0" * 1000, b"null", b"[]", b'"x"', b"NaN", b"1e999\n"],
    ids=lambda content: repr(content[:8]),
)
def test_files_that_hold_anything_never_hide_the_others(content: bytes, make_folder) -> None:
    make_folder("healthy")
    bad = make_folder("bad")
    for name in FILES:
        (bad.path / name).write_bytes(content + b"\n")
    check_all()


@pytest.mark.skipif(os.name != "posix", reason="special files of POSIX")
@pytest.mark.parametrize("kind", ["pipe", "device", "socket", "folder", "loop", "nowhere"])
def test_what_is_no_file_is_not_waited_for(kind: str, make_folder, monkeypatch: pytest.MonkeyPatch) -> None:
    make_folder("healthy")
    bad = make_folder("bad")
    monkeypatch.chdir(bad.path)  # the name of a socket must be short
    for name in FILES:
        (bad.path / name).unlink(missing_ok=True)
        place_special(kind, Path(name))
    check_all()


def place_special(kind: str, path: Path) -> None:
    match kind:
        case "pipe":
            os.mkfifo(path)
        case "device":
            path.symlink_to("/dev/zero")
        case "socket":
            with socket.socket(socket.AF_UNIX) as server:
                server.bind(path.name)
        case "folder":
            path.mkdir()
        case "loop":
            path.symlink_to(path.name)
        case "nowhere":
            path.symlink_to("nothing")
