import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import Result

from rnnchat.generation.generator import Generator
from rnnchat.generation.settings import Settings
from rnnchat.model.library import import_model

Run = Callable[..., Result]


def write_here(model: Path, prompt: str, settings: Settings) -> str:
    generator = Generator.open(model)
    generator.seek(prompt)
    return "".join(piece.text for piece in generator.write(settings))


def test_prompt_and_continuation_are_all_of_stdout(run: Run, tiny_model: Path) -> None:
    result = run("generate", tiny_model, "-p", "abc", "--length", 60, "--seed", 5)
    assert result.exit_code == 0
    assert result.stdout.rstrip("\n") == ("abc" + write_here(tiny_model, "abc", Settings(length=60, seed=5))).rstrip(
        "\n"
    )
    assert result.stderr.startswith("seed 5 · 60 characters · ")


def test_every_option_reaches_the_settings(run: Run, tiny_model: Path) -> None:
    settings = Settings(
        temperature=1.5, length=25, until="line", top_k=6, top_p=0.9, min_p=0.01, repetition_penalty=1.3, seed=9,
        stop=("zz", "yy"),
    )  # fmt: skip
    result = run(
        *("generate", tiny_model, "-p", "abc", "--json", "--temperature", 1.5, "--length", 25, "--until", "line"),
        *("--top-k", 6, "--top-p", 0.9, "--min-p", 0.01, "--repetition-penalty", 1.3, "--seed", 9),
        *("--stop", "zz", "--stop", "yy"),
    )
    record = json.loads(result.stdout)
    assert Settings.from_json(record["settings"]) == settings
    assert record["text"] == write_here(tiny_model, "abc", settings)
    assert record["chars"] == len(record["text"])
    assert result.stderr == ""


def test_until_without_a_length_takes_the_next_end(run: Run, tiny_model: Path) -> None:
    result = run("generate", tiny_model, "--until", "line", "--seed", 1, "--json")
    record = json.loads(result.stdout)
    assert record["reason"] == "line"
    assert record["text"].index("\n") == len(record["text"]) - 1


def test_a_drawn_seed_is_told_and_gives_the_same_text_again(run: Run, tiny_model: Path) -> None:
    first = run("generate", tiny_model, "-p", "abc")
    seed = first.stderr.split()[1]
    assert run("generate", tiny_model, "-p", "abc", "--seed", seed).stdout == first.stdout


def test_the_prompt_comes_from_stdin_with_a_dash(run: Run, tiny_model: Path) -> None:
    typed = run("generate", tiny_model, "-p", "abc\nd", "--seed", 3)
    assert run("generate", tiny_model, "-p", "-", "--seed", 3, input="abc\nd\n").stdout == typed.stdout


def test_what_the_model_does_not_know_stays_in_the_text_and_is_told(run: Run, tiny_model: Path) -> None:
    result = run("generate", tiny_model, "-p", "aßb!", "--seed", 3)
    assert result.stdout.startswith("aßb!")
    assert "'ß' '!'" in result.stderr


@pytest.mark.parametrize(
    "option", [("--temperature", 3), ("--top-p", 0), ("--length", -1), ("--until", "word"), ("--precision", "int3")]
)
def test_an_option_out_of_range_is_wrong_usage(run: Run, tiny_model: Path, option: tuple[object, ...]) -> None:
    result = run("generate", tiny_model, *option)
    assert result.exit_code == 2
    assert str(option[0]).strip("-") in result.stderr


def test_a_model_that_is_not_there_is_one_sentence_with_near_names(run: Run, tiny_model: Path) -> None:
    import_model(tiny_model, "sonnets")
    result = run("generate", "sonets")
    assert result.exit_code == 1
    assert "did you mean sonnets" in result.stderr


def test_a_machine_without_models_is_one_sentence(run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("rnnchat.paths.shipped_models_dir", lambda: tmp_path / "none")
    result = run("generate")
    assert result.exit_code == 1
    assert "rnnchat train" in result.stderr


def start_long(model: Path) -> "subprocess.Popen[bytes]":
    """A process that writes for hours."""
    arguments = ("generate", str(model), "-p", "abc", "--length", "10000000")
    return subprocess.Popen(
        [sys.executable, "-m", "rnnchat", *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )


def test_text_streams_and_control_c_ends_it_quietly(tiny_model: Path) -> None:
    with start_long(tiny_model) as process:
        assert process.stdout is not None
        assert os.read(process.stdout.fileno(), 3) == b"abc"
        process.send_signal(signal.SIGINT)
        _, messages = process.communicate(timeout=60)
    assert process.returncode == 130
    assert messages.startswith(b"seed ")
    assert messages.count(b"\n") == 1


def test_a_reader_that_goes_away_ends_it_quietly(tiny_model: Path) -> None:
    with start_long(tiny_model) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert os.read(process.stdout.fileno(), 3) == b"abc"
        process.stdout.close()
        assert process.stderr.read() == b""
