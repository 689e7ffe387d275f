"""``rnnchat train`` as a person or a script meets it."""

import io
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from rich.cells import cell_len
from rich.console import Console
from typer.testing import Result

from rnnchat.cli.train import share_cores
from rnnchat.cli.train_view import LiveDisplay, PlainDisplay, TrainingPicture
from rnnchat.model.file import read_model
from rnnchat.model.library import find_model
from rnnchat.plan.options import TrainingOptions
from rnnchat.runs.event import Evaluated, Event, Finished, Noted, Paused, Resumed, Sampled, Stepped, parse_event
from rnnchat.runs.folder import RunFolder, find_run, read_status
from rnnchat.runs.new import make_run

Run = Callable[..., Result]

SMALL = ("--hidden", "12,9", "--embedding", "6", "--batch", "4", "--window", "9", "--threads", "1",
         "--precision", "float32", "--device", "cpu")  # fmt: skip


@pytest.fixture
def text_file(tmp_path: Path) -> Path:
    path = tmp_path / "sea.txt"
    path.write_text("the sea was grey, and the boats lay still.\n" * 60, encoding="utf-8")
    return path


def test_a_text_becomes_a_model(run: Run, text_file: Path) -> None:
    result = run("train", text_file, "--steps", 8, *SMALL)
    assert result.exit_code == 0, result.stderr
    path = find_model("sea")
    assert result.stdout == f"{path}\n"
    assert "rnnchat generate sea" in result.stderr
    config = read_model(path).config
    assert (config.hidden_sizes, config.embedding_size, config.cell) == ((12, 9), 6, "lstm")


def test_plain_lines_tell_what_happens(run: Run, text_file: Path) -> None:
    lines = run("train", text_file, "--steps", 8, *SMALL).stderr
    assert "sea.txt: 2,580 characters" in lines
    assert "Training lstm 12, 9 on chars" in lines
    assert "validation" in lines
    assert "bits/char" in lines
    assert "\x1b" not in lines


def test_every_option_reaches_the_recipe(run: Run, text_file: Path) -> None:
    result = run(
        "train", text_file, "--name", "mine", "--epochs", 0.1, "--level", "word", "--cell", "gru", "--hidden", 10,
        "--layers", 2, "--embedding", 8, "--dropout", 0.25, "--tied", "--max-vocab", 20, "--batch", 3, "--window", 7,
        "--lr", 0.005, "--seed", 5, "--threads", 1, "--precision", "float32", "--device", "cpu",
    )  # fmt: skip
    assert result.exit_code == 0, result.stderr
    recipe = find_run("mine").read_info().get_recipe()
    assert (recipe.level, recipe.cell, recipe.hidden_sizes, recipe.embedding_size) == ("word", "gru", (10, 10), 8)
    assert (recipe.dropout, recipe.tied, recipe.max_vocab) == (0.25, True, 20)
    assert (recipe.batch_size, recipe.window, recipe.learning_rate, recipe.seed) == (3, 7, 0.005, 5)
    assert recipe.epochs == 0.1
    assert read_model(find_model("mine")).config.vocab_size <= 20


def test_every_way_to_learn_reaches_the_recipe(run: Run, text_file: Path) -> None:
    result = run(
        "train", text_file, "--steps", 3, *SMALL, "--optimiser", "rmsprop", "--momentum", 0.5, "--decay", "cosine",
        "--warmup", 2, "--clip", 0.25, "--loss", "mse", "--average", "tail", "--patience", 4, "--residual",
        "--input-dropout", 0.11, "--output-dropout", 0.12, "--variational", "--embedding-dropout", 0.13,
        "--weight-drop", 0.14, "--weight-decay", 0.15, "--ar", 2, "--tar", 1,
    )  # fmt: skip
    assert result.exit_code == 0, result.stderr
    recipe = find_run("sea").read_info().get_recipe()
    assert (recipe.optimiser, recipe.momentum, recipe.decay, recipe.warmup) == ("rmsprop", 0.5, "cosine", 2)
    assert (recipe.clip_norm, recipe.loss, recipe.average, recipe.patience) == (0.25, "mse", "tail", 4)
    assert (recipe.residual, recipe.variational, recipe.embedding_dropout) == (True, True, 0.13)
    assert (recipe.input_dropout, recipe.output_dropout, recipe.weight_drop) == (0.11, 0.12, 0.14)
    assert (recipe.weight_decay, recipe.activation, recipe.temporal) == (0.15, 2, 1)


def test_a_model_learns_from_another_text(run: Run, text_file: Path) -> None:
    run("train", text_file, "--level", "word", "--steps", 3, *SMALL)
    result = run("train", text_file, "--from", "sea", "--name", "more", "--steps", 3, "--batch", 4, "--window", 9)
    assert result.exit_code == 0, result.stderr
    assert "Fine-tuning sea (lstm 12, 9): vocabulary unchanged." in result.stderr
    assert read_model(find_model("more")).tokenizer.level == "word"
    refused = run("train", text_file, "--from", "sea", "--hidden", 8)
    assert (refused.exit_code, "omit --hidden" in refused.stderr) == (2, True)
    assert "omit --level" in run("train", text_file, "--from", "sea", "--level", "char").stderr
    done = run("train", "--resume", "sea")
    assert "train that further with `rnnchat train TEXT --from sea`" in done.stderr


def test_help_shows_options_under_headings(run: Run) -> None:
    lines = run("train", "--help").stdout.splitlines()
    headings = [line for line in lines if line.endswith(":") and not line.startswith(" ")]
    assert headings == [
        "Arguments:", "Text:", "Time:", "Network:", "Learning:", "Regularisation:", "Machine:", "Options:"
    ]  # fmt: skip


def test_json_prints_events_and_nothing_else(run: Run, text_file: Path) -> None:
    result = run("train", text_file, "--steps", 6, "--json", *SMALL)
    events = [parse_event(json.loads(line)) for line in result.stdout.splitlines()]
    assert isinstance(events[-1], Finished)
    assert events == find_run("sea").read_events()[0]
    assert result.stderr == ""


def test_quiet_prints_the_model_alone(run: Run, text_file: Path) -> None:
    result = run("train", text_file, "--steps", 3, "--quiet", *SMALL)
    assert result.stdout == f"{find_model('sea')}\n"
    assert result.stderr == ""


def test_advice_can_be_typed_as_it_stands(run: Run, text_file: Path) -> None:
    result = run("train", text_file, "--name", "my sea", "--steps", 2, *SMALL)
    assert "rnnchat generate 'my sea'" in result.stderr


def test_a_text_of_its_own_can_be_held_out(run: Run, text_file: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.txt"
    other.write_text("the boats lay grey\n", encoding="utf-8")
    assert run("train", text_file, "--validation", other, "--steps", 3, *SMALL).exit_code == 0
    assert "other.txt" in read_model(find_model("sea")).training.split


def test_standard_input_can_be_learnt_from(run: Run) -> None:
    result = run("train", "-", "--steps", 3, *SMALL, input="the sea was grey\n" * 40)
    assert result.exit_code == 0, result.stderr
    assert read_model(find_model("text")).training.corpus == "standard input"


@pytest.mark.parametrize(
    ("arguments", "exit_code", "sentence"),
    [
        ((), 2, "give the texts to train on"),
        (("{text}", "--resume", "sea"), 2, "give the texts to train on"),
        (("{text}", "--minutes", 1, "--steps", 2), 2, "contradict each other"),
        (("{text}", "--hidden", "big"), 2, "hidden-sizes must be a size"),
        (("{text}", "--dropout", 1.5), 2, "dropout must be from 0 to below 1, not 1.5"),
        (("{text}", "--cell", "transformer"), 2, "transformer"),
        (("--resume", "sea", "--cell", "gru", "--minutes", 5), 2, "omit --minutes and --cell"),
        (("{text}", "--minutes", "nan"), 2, "minutes must be a number above 0"),
        (("{text}", "--seed", 2**63), 2, "seed must be from 0 to 9,223,372,036,854,775,807"),
        (("nowhere.txt",), 1, "nowhere.txt"),
        (("--resume", "lake"), 1, "no run named 'lake'"),
        (("{text}", "--name", "../sea"), 1, "is not a valid name"),
    ],
)
def test_a_mistake_is_told_in_one_sentence_and_leaves_nothing(
    arguments: tuple[object, ...], exit_code: int, sentence: str, run: Run, text_file: Path, home: Path
) -> None:
    result = run("train", *(text_file if argument == "{text}" else argument for argument in arguments))
    assert result.exit_code == exit_code
    assert sentence in result.stderr
    assert "Traceback" not in result.stderr
    assert not list(home.glob("runs/[!.]*"))


@pytest.mark.parametrize(
    ("content", "sentence"),
    [(b"", "empty"), (b"sea " * 10, "too short"), (b"\0\1" * 500, "binary")],
    ids=lambda value: str(value[:5]),
)
def test_a_text_that_cannot_be_learnt_from_leaves_no_run(
    content: bytes, sentence: str, run: Run, text_file: Path, home: Path
) -> None:
    text_file.write_bytes(content)
    result = run("train", text_file, *SMALL)
    assert result.exit_code == 1
    assert sentence in result.stderr.splitlines()[-1]
    assert not list(home.glob("runs/[!.]*"))


def test_a_name_that_is_taken_needs_leave(run: Run, text_file: Path) -> None:
    assert run("train", text_file, "--name", "sea", "--steps", 2, *SMALL).exit_code == 0
    result = run("train", text_file, "--name", "sea", "--steps", 3, *SMALL)
    assert result.exit_code == 1
    assert "--replace" in result.stderr
    assert run("train", text_file, "--name", "sea", "--steps", 3, "--replace", *SMALL).exit_code == 0
    assert read_model(find_model("sea")).training.steps == 3


def test_a_replacement_that_cannot_learn_leaves_the_old_run(run: Run, text_file: Path, tmp_path: Path) -> None:
    run("train", text_file, "--name", "sea", "--steps", 2, *SMALL)
    old = find_run("sea").read_info()
    short = tmp_path / "short.txt"
    short.write_text("too short", encoding="utf-8")
    result = run("train", short, "--name", "sea", "--steps", 2, "--replace", *SMALL)
    assert (result.exit_code, "too short" in result.stderr) == (1, True)
    assert find_run("sea").read_info() == old
    assert read_status(find_run("sea")).state == "done"


def test_a_run_that_never_began_is_not_forgotten_by_a_resume(run: Run, text_file: Path) -> None:
    folder = make_run(TrainingOptions(corpus=(str(text_file),), name="sea"))
    text_file.write_text("too short", encoding="utf-8")
    assert run("train", "--resume", "sea").exit_code == 1
    assert "too short" in read_status(folder).message


@pytest.mark.parametrize("stream", ["stdout", "stderr"])
def test_a_reader_that_leaves_does_not_end_the_training(stream: str, text_file: Path) -> None:
    command = [sys.executable, "-m", "rnnchat", "train", str(text_file), "--steps", "40", *SMALL]
    command += ["--json"] if stream == "stdout" else []
    pipes = {stream: subprocess.PIPE, ("stderr" if stream == "stdout" else "stdout"): subprocess.DEVNULL}
    process = subprocess.Popen(command, **pipes)
    reader = getattr(process, stream)
    reader.readline()
    reader.close()
    assert process.wait(timeout=120) == 0
    assert read_status(find_run("sea")).state == "done"


def test_a_run_that_is_done_is_not_resumed(run: Run, text_file: Path) -> None:
    run("train", text_file, "--steps", 2, *SMALL)
    result = run("train", "--resume", "sea")
    assert result.exit_code == 1
    assert "is done" in result.stderr


@pytest.fixture
def endless(text_file: Path) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Start ``rnnchat train`` in a process of its own, for an hour, and wait until it learns."""
    processes: list[subprocess.Popen[str]] = []

    def start(*arguments: str) -> subprocess.Popen[str]:
        command = [
            sys.executable,
            "-m",
            "rnnchat",
            "train",
            *(arguments or (str(text_file), "--minutes", "60", *SMALL)),
        ]
        process = subprocess.Popen([*command, "--json"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        processes.append(process)
        assert process.stdout is not None
        for line in process.stdout:
            if json.loads(line)["kind"] == "stepped":
                break
        return process

    yield start
    for process in processes:
        process.kill()
        process.communicate()


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
def test_ctrl_c_keeps_the_best_and_a_resume_goes_on(endless: Callable[..., subprocess.Popen[str]]) -> None:
    process = endless()
    process.send_signal(signal.SIGINT)
    output, errors = process.communicate(timeout=120)
    finished = parse_event(json.loads(output.splitlines()[-1]))
    assert isinstance(finished, Finished)
    assert finished.reason == "stopped"
    assert (process.returncode, errors) == (130, "")
    assert read_model(find_model("sea")).training.steps <= finished.step

    process = endless("--resume", "sea")
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=120)
    assert process.returncode == 143
    status = read_status(find_run("sea"))
    assert (status.state, status.step > finished.step) == ("stopped", True)


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
@pytest.mark.parametrize(("number", "exit_code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_before_a_run_learns_leaves_nothing_and_says_so(
    number: int, exit_code: int, run: Run, text_file: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: object) -> Iterator[Event]:
        os.kill(os.getpid(), number)
        yield Noted("never told")

    monkeypatch.setattr("rnnchat.training.trainer.train", interrupt)
    result = run("train", text_file, *SMALL)
    assert result.exit_code == exit_code
    assert result.stderr == "Interrupted before the first step: nothing is kept.\n"
    assert not list(home.glob("runs/[!.]*"))


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
def test_ctrl_c_does_not_bring_a_deleted_run_back(run: Run, text_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def lose(folder: RunFolder, *_: object) -> Iterator[Event]:
        yield Resumed(7)
        shutil.rmtree(folder.path)
        os.kill(os.getpid(), signal.SIGINT)
        assert not folder.path.exists()

    monkeypatch.setattr("rnnchat.training.trainer.train", lose)
    assert run("train", text_file, *SMALL).exit_code == 130


@pytest.mark.skipif(not hasattr(os, "getloadavg"), reason="nobody tells how busy the machine is")
@pytest.mark.parametrize(
    ("load", "asked", "policy"), [(0.1, None, None), (1.2, None, "PASSIVE"), (1.2, "ACTIVE", "ACTIVE")]
)
def test_threads_sleep_while_they_wait_only_where_other_programs_run(
    load: float, asked: str | None, policy: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "getloadavg", lambda: (load, 0.0, 0.0))
    monkeypatch.setenv("OMP_WAIT_POLICY", asked or "")
    if asked is None:
        monkeypatch.delenv("OMP_WAIT_POLICY")
    share_cores()
    assert os.environ.get("OMP_WAIT_POLICY") == policy


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
def test_a_run_under_way_is_not_trained_twice(endless: Callable[..., subprocess.Popen[str]], run: Run) -> None:
    endless()
    result = run("train", "--resume", "sea")
    assert result.exit_code == 1
    assert "already active" in result.stderr


EVENTS: list[Event] = [
    Noted("Read the sea."),
    Stepped(7, 30, 4.2, 0.001, 12_000.5, 1.5, 64.5, 0.25),
    Evaluated(7, 2.0, 3.9, 3.9, 7, 4.1),
    Sampled(7, 1.1, 1, "\n", "wild sea"),
    Sampled(7, 0.5, 1, "\n", "tame sea", 1.0, 0.125),
    Sampled(7, 0.7, 1, "\n", "the sea\x1b[2J 海\nwas" + "海洋" * 100, 0.25),
    Paused(7),
    Resumed(5),
    Stepped(6, 30, 4.4, 0.001, 12_000.5, 1.6, 64.4, 0.26),
]


def test_plain_lines_hold_no_control_characters(capsys: pytest.CaptureFixture[str]) -> None:
    with PlainDisplay() as display:
        for event in EVENTS:
            display.show(event)
    lines = capsys.readouterr().err
    assert "\x1b" not in lines
    assert "      | the sea␛[2J 海\n      | was海洋" in lines
    assert " 25%  step 7 of 30" in lines
    assert "      temperature 1.1\n      | wild sea" in lines
    assert "temperature 0.5, 100% verbatim from the first 12.5% of the text\n      | tame sea" in lines
    assert "temperature 0.7, 25% verbatim from the text\n" in lines
    assert "best so far" in lines


def test_notes_stay_above_the_live_picture(text_file: Path) -> None:
    run_folder = make_run(TrainingOptions(corpus=(str(text_file),), name="sea"))
    console = Console(width=80, height=24, force_terminal=True, file=io.StringIO())
    with LiveDisplay(run_folder, console, "ctrl+c stops") as display:
        for event in EVENTS[:6]:
            display.show(event)
    told = console.file.getvalue()
    assert told.count("Read the sea.\n") >= 1
    assert "Read the sea." not in told[told.rindex("bits/char") :]


@pytest.mark.parametrize(("width", "height"), [(120, 40), (80, 24), (40, 12), (30, 7)])
def test_the_live_picture_fits_its_terminal(width: int, height: int, text_file: Path) -> None:
    run_folder = make_run(TrainingOptions(corpus=(str(text_file),), name="sea"))
    picture = TrainingPicture(run_folder, "ctrl+c stops")
    for event in EVENTS:
        # A run that was never prepared has nothing to say of itself.
        if not isinstance(event, Resumed):
            picture.take(event)
    console = Console(width=width, height=height, force_terminal=True, file=io.StringIO())
    lines = ["".join(segment.text for segment in line) for line in console.render_lines(picture)]
    assert len(lines) <= height
    assert all(cell_len(line) <= width for line in lines)
    assert not any("\x1b" in line for line in lines)
    assert "training  4.400" in "\n".join(lines)
    assert ("wild sea" in "\n".join(lines)) == (height >= 40)
