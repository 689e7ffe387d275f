"""``rnnchat runs`` as a person or a script meets it."""

import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import Result

from rnnchat.cli import runs
from rnnchat.cli.curve import MARK
from rnnchat.plan.choice import choose_recipe
from rnnchat.plan.options import TrainingOptions
from rnnchat.runs.event import (
    Evaluated,
    Event,
    Failed,
    Finished,
    Noted,
    Paused,
    Reopened,
    Resumed,
    Sampled,
    Started,
    Stepped,
    parse_event,
)
from rnnchat.runs.folder import RunFolder, find_run
from rnnchat.runs.heartbeat import write_pulse
from rnnchat.runs.info import Request
from rnnchat.runs.new import make_run
from rnnchat.training.trainer import train

Run = Callable[..., Result]

TOLD: list[Event] = [
    Started("sea", 1234, 900, 850, 31, 30),
    Stepped(7, 30, 4.2, 0.001, 12_000.5, 1.5, 64.5, 0.25),
    Evaluated(7, 2.0, 3.9, 3.9, 7, 4.1),
    Sampled(7, 0.7, 1, "\n", "the sea was\ngrey"),
]


@pytest.fixture
def text_file(tmp_path: Path) -> Path:
    path = tmp_path / "sea.txt"
    path.write_text("the sea was grey, and the boats lay still.\n" * 60, encoding="utf-8")
    return path


@pytest.fixture
def begun(text_file: Path) -> RunFolder:
    """A run that this process seems to train."""
    folder = make_run(TrainingOptions(corpus=(str(text_file),), name="sea"))
    for event in TOLD:
        folder.append_event(event)
    return folder


@pytest.fixture
def trained(text_file: Path) -> RunFolder:
    """A run that was really trained, for a moment."""
    options = TrainingOptions(
        corpus=(str(text_file),), name="lake", steps=3, hidden_sizes=(6,), threads=1, device="cpu", precision="float32"
    )
    folder = make_run(options)
    list(train(folder))
    return folder


def obey(folder: RunFolder, request: Request, answer: Event) -> threading.Thread:
    """Play the training: answer when it is asked for ``request``."""

    def wait_and_answer() -> None:
        deadline = time.monotonic() + 60
        while folder.read_control().request != request and time.monotonic() < deadline:
            time.sleep(0.01)
        folder.append_event(answer)

    thread = threading.Thread(target=wait_and_answer)
    thread.start()
    return thread


def test_no_run_is_said_so(run: Run) -> None:
    result = run("runs", "list")
    assert (result.exit_code, result.stdout) == (0, "")
    assert "rnnchat train" in result.stderr
    assert json.loads(run("runs", "list", "--json").stdout) == {"runs": []}


def test_runs_are_listed_with_what_they_are_and_how_they_do(run: Run, begun: RunFolder, trained: RunFolder) -> None:
    lines = run("runs", "list").stdout.splitlines()
    assert [line.split()[0] for line in lines] == ["name", "lake", "sea"]
    assert "done" in lines[1]
    assert "lstm 1×6" in lines[1]
    assert "sea.txt" in lines[1]
    assert "running" in lines[2]
    assert "1:04" in lines[2]
    assert "3.900" in lines[2]


def test_a_list_for_scripts_holds_everything(run: Run, begun: RunFolder, trained: RunFolder) -> None:
    lake, sea = json.loads(run("runs", "list", "--json").stdout)["runs"]
    assert (lake["name"], lake["state"], lake["info"]["recipe"]["hidden_sizes"]) == ("lake", "done", [6])
    assert (sea["state"], sea["progress"], sea["bits_per_char"]) == ("running", 0.25, 3.9)


def test_a_damaged_run_does_not_hide_the_others(run: Run, begun: RunFolder, trained: RunFolder) -> None:
    (begun.path / "run.json").write_text("{")
    result = run("runs", "list")
    assert result.exit_code == 0
    assert "lake" in result.stdout


def test_a_run_is_shown_with_its_last_sample(run: Run, begun: RunFolder) -> None:
    result = run("runs", "show", "sea")
    assert "running, 25%" in result.stdout
    assert "3.900 bits per character at step 7" in result.stdout
    assert result.stdout.endswith("the sea was\ngrey\n")
    assert json.loads(run("runs", "show", "sea", "--json").stdout)["step"] == 7


def test_a_run_is_watched_to_its_end(run: Run, begun: RunFolder) -> None:
    begun.append_event(Finished(30, "done", 2.5, "/models/sea.safetensors", 6.0))
    result = run("runs", "watch", "sea", "--json")
    assert [parse_event(json.loads(line)) for line in result.stdout.splitlines()][:4] == TOLD
    assert "validation 3.900" in run("runs", "watch", "sea").stderr


def test_a_watched_run_that_failed_is_an_error(run: Run, begun: RunFolder) -> None:
    begun.append_event(Failed("the disk is full: make room"))
    result = run("runs", "watch", "sea")
    assert result.exit_code == 1
    assert result.stderr.splitlines()[-1] == "rnnchat: the disk is full: make room"


@pytest.mark.parametrize(
    ("command", "request_", "answer", "state"),
    [
        ("pause", "pause", Paused(8), "paused"),
        ("stop", "stop", Finished(8, "stopped", 3.9, "/models/sea.safetensors", 2.0), "stopped"),
    ],
)
def test_a_run_is_asked_and_its_answer_awaited(
    command: str, request_: Request, answer: Event, state: str, run: Run, begun: RunFolder
) -> None:
    thread = obey(begun, request_, answer)
    result = run("runs", command, "sea")
    thread.join()
    assert (result.exit_code, result.stderr) == (0, f"sea: {state}\n")


def test_a_stop_returns_when_the_process_has_exited_so_that_the_run_can_be_removed(run: Run, begun: RunFolder) -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        write_pulse(begun.heartbeat_path, process.pid)
        thread = obey(begun, "stop", Finished(8, "stopped", 3.9, "/models/sea.safetensors", 2.0))

        def exit_later() -> None:
            thread.join()
            process.communicate()

        exiting = threading.Thread(target=exit_later)
        exiting.start()
        assert run("runs", "stop", "sea").exit_code == 0
        assert begun.check_life() == "gone"
        exiting.join()
    assert run("runs", "remove", "sea", "--yes").exit_code == 0


def test_a_paused_run_is_asked_to_go_on(run: Run, begun: RunFolder) -> None:
    begun.ask("pause")
    begun.append_event(Paused(8))
    thread = obey(begun, "run", Resumed(8))
    result = run("runs", "resume", "sea")
    thread.join()
    assert (result.exit_code, result.stderr) == (0, "sea: running\n")


def begin_again(folder: RunFolder, monkeypatch: pytest.MonkeyPatch, *answers: Event) -> None:
    """Play the process that a resume starts."""
    folder.append_event(Finished(8, "stopped", 3.9, "", 2.0))

    def resume(name: str) -> RunFolder:
        folder.append_event(Reopened(8))

        def answer() -> None:
            for event in answers:
                folder.append_event(event)

        threading.Timer(0.5, answer).start()
        return folder

    monkeypatch.setattr(runs, "resume_training", resume)


def test_a_resumed_run_is_said_to_run_when_it_says_so(
    run: Run, begun: RunFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin_again(begun, monkeypatch, Resumed(8))
    assert run("runs", "resume", "sea").stderr.splitlines()[-1] == "sea: running"
    assert Resumed(8) in begun.read_events()[0]


def test_a_resumed_run_that_fails_is_an_error(run: Run, begun: RunFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    begin_again(begun, monkeypatch, Failed("the disk is full: make room"))
    result = run("runs", "resume", "sea")
    assert result.exit_code == 1
    assert result.stderr.splitlines()[-1] == "rnnchat: the disk is full: make room"


def test_a_run_that_does_not_answer_is_an_error(run: Run, begun: RunFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runs, "_PATIENCE_S", 0.0)
    result = run("runs", "pause", "sea")
    assert result.exit_code == 1
    assert "did not respond" in result.stderr


@pytest.mark.parametrize("command", ["pause", "stop"])
def test_only_a_run_under_way_is_asked(command: str, run: Run, trained: RunFolder) -> None:
    result = run("runs", command, "lake")
    assert result.exit_code == 1
    assert "it is done" in result.stderr


def test_a_run_that_is_done_is_not_resumed(run: Run, trained: RunFolder) -> None:
    result = run("runs", "resume", "lake")
    assert result.exit_code == 1
    assert "has become the model 'lake'" in result.stderr


def test_a_run_is_removed_after_a_question(run: Run, trained: RunFolder) -> None:
    assert run("runs", "remove", "lake", input="n\n").exit_code == 1
    assert trained.path.exists()
    assert run("runs", "remove", "lake", "--yes").stdout == f"{trained.path}\n"
    assert not trained.path.exists()


@pytest.mark.parametrize("command", ["show", "compare", "watch", "pause", "resume", "stop", "remove"])
def test_an_unknown_run_is_told_in_one_sentence(command: str, run: Run) -> None:
    result = run("runs", command, "lake")
    assert result.exit_code == 1
    assert "no run named 'lake'" in result.stderr


@pytest.fixture
def two(text_file: Path) -> None:
    """Two runs of one text that differ in dropout alone, the second the better one."""
    for name, dropout, bits in (("plain", 0.0, 3.0), ("drop", 0.5, 2.5)):
        options = TrainingOptions((str(text_file),), name=name, minutes=5, dropout=dropout, threads=1)
        folder = make_run(options)
        recipe, _ = choose_recipe(options, 2000, 2000)
        corpus = {"name": "sea.txt", "chars": 2400, "files": [{"sha256": "aa"}]}
        folder.write_info(
            replace(
                folder.read_info(), recipe=recipe, corpus=corpus, parameters=1_000_000, train_chars=2000,
                train_tokens=2000, validation_chars=400, validation_tokens=400, split="the end",
            )
        )  # fmt: skip
        for step in (10, 20):
            folder.append_event(Stepped(step, 30, 4.2, 0.001, 12_000.5, step / 2, 5.0, step / 30))
            folder.append_event(Evaluated(step, step / 2, bits + 1 / step, bits, step, 4.1))


@pytest.mark.parametrize("names", [(), ("plain", "drop"), ("plain",)])
def test_runs_of_one_text_are_compared_the_best_first(names: tuple[str, ...], run: Run, two: None) -> None:
    lines = run("runs", "compare", *names).stdout.splitlines()
    assert "bits per character" in lines[0]
    figures = [line.split()[:2] for line in lines if line[:2] in ("a ", "b ")]
    assert figures == [["a", "drop"], ["b", "plain"]]
    assert [line.split() for line in lines if line.startswith("dropout")] == [["dropout", "0.5", "0"]]
    assert not any(line.startswith("cell ") for line in lines)
    assert "Same in all: text sea.txt; level char; cell lstm" in " ".join(lines)


def test_a_comparison_for_scripts_holds_curves_and_differences(run: Run, two: None) -> None:
    record = json.loads(run("runs", "compare", "--json", "--over", "chars").stdout)
    assert record["differences"] == {"dropout": [0.5, 0.0]}
    assert (record["over"], record["is_fair"]) == ("chars", True)
    drop = record["runs"][0]
    assert (drop["name"], drop["best_bits_per_char"], drop["last_bits_per_char"]) == ("drop", 2.5, 2.55)
    assert [point["step"] for point in drop["curve"]] == [10, 20]


def test_figures_of_other_held_out_texts_are_said_not_to_compare(run: Run, two: None) -> None:
    folder = find_run("plain")
    folder.write_info(replace(folder.read_info(), validation_chars=300))
    assert "not comparable" in " ".join(run("runs", "compare", "plain", "drop").stdout.split())
    assert not json.loads(run("runs", "compare", "plain", "drop", "--json").stdout)["is_fair"]


def test_one_run_alone_is_nothing_to_compare(run: Run, begun: RunFolder, trained: RunFolder) -> None:
    result = run("runs", "compare")
    assert result.exit_code == 1
    assert "'lake' is the only one on its texts" in result.stderr


def test_an_axis_that_there_is_not_is_told(run: Run, two: None) -> None:
    result = run("runs", "compare", "--over", "moons")
    assert result.exit_code == 2
    assert "choose one of time, chars, steps" in result.stderr


def test_more_runs_than_letters_are_refused(run: Run, two: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runs, "LETTERS", "a")
    assert "at most 1" in run("runs", "compare", "plain", "drop").stderr


def test_a_run_is_shown_with_what_it_said_and_its_curve(run: Run, begun: RunFolder) -> None:
    begun.append_event(Noted("The network learns its text by heart: take a smaller one."))
    shown = run("runs", "show", "sea").stdout
    assert "The network learns its text by heart: take a smaller one." in shown
    assert MARK in shown
    record = json.loads(run("runs", "show", "sea", "--json").stdout)
    assert record["notes"] == ["The network learns its text by heart: take a smaller one."]
    assert record["curve"] == [{"step": 7, "elapsed_s": 2.0, "bits_per_char": 3.9}]
