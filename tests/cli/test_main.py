import os
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import Result

from rnnchat import __version__
from rnnchat.cli import command
from rnnchat.cli.command import COMMANDS
from rnnchat.errors import RnnchatError, UsageError

Run = Callable[..., Result]


def start(*arguments: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    """Run ``rnnchat`` as a process without a terminal."""
    return subprocess.run(
        [sys.executable, "-m", "rnnchat", *arguments],
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        env=os.environ | environment,
    )


def test_help_names_every_command(run: Run) -> None:
    result = run("--help")
    assert result.exit_code == 0
    for name, summary in COMMANDS.items():
        assert f"  {name}" in result.stdout
        assert summary in result.stdout


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_and_every_option_has_help(name: str) -> None:
    missing = []
    pending = [(name, command._load_command(name))]
    while pending:
        path, found = pending.pop()
        pending += [(f"{path} {child}", grandchild) for child, grandchild in getattr(found, "commands", {}).items()]
        missing += [] if found.help else [path]
        missing += [f"{path} {parameter.name}" for parameter in found.params if not parameter.help]
    assert missing == []


def test_the_version_is_that_of_the_package(run: Run) -> None:
    assert run("--version").stdout == f"rnnchat {__version__}\n"
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())["project"]
    assert project["version"] == __version__


def test_a_mistyped_command_is_wrong_usage_and_the_right_one_is_suggested(run: Run) -> None:
    result = run("generat")
    assert result.exit_code == 2
    assert "Did you mean 'generate'" in result.stderr


@pytest.mark.parametrize(("error", "status"), [(RnnchatError("it broke"), 1), (UsageError("it cannot be"), 2)])
def test_an_error_is_one_sentence_on_stderr(
    run: Run, monkeypatch: pytest.MonkeyPatch, error: RnnchatError, status: int
) -> None:
    def fail() -> None:
        raise error

    monkeypatch.setattr("rnnchat.cli.locate.paths.data_dir", fail)
    result = run("locate")
    assert (result.exit_code, result.stdout, result.stderr) == (status, "", f"rnnchat: {error}\n")


def test_a_bug_is_not_hidden(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> None:
        raise RuntimeError("a bug")

    monkeypatch.setattr("rnnchat.cli.locate.paths.data_dir", fail)
    assert isinstance(run("locate").exception, RuntimeError)


@pytest.mark.parametrize("arguments", [(), ("--story", "a tale")])
def test_the_screen_without_a_terminal_is_one_sentence(arguments: tuple[str, ...]) -> None:
    result = start(*arguments)
    assert result.returncode == 2
    assert result.stdout == ""
    assert result.stderr.startswith("rnnchat: the screen needs a terminal")
    assert result.stderr.count("\n") == 1


def test_a_shell_that_asks_for_completions_gets_them() -> None:
    result = start(_RNNCHAT_COMPLETE="complete_bash", COMP_WORDS="rnnchat ge", COMP_CWORD="1")
    assert result.stdout.split() == ["generate"]


def test_a_symbol_that_the_output_cannot_hold_does_not_stop_a_command(tiny_model: Path) -> None:
    result = start("generate", str(tiny_model), "-p", "Füße", "--length", "5", PYTHONIOENCODING="ascii")
    assert result.returncode == 0
    assert result.stdout.startswith("F??e")


def test_locate_follows_the_home_variable(run: Run, home: Path) -> None:
    result = run("locate")
    assert str(home / "models") in result.stdout
    assert str(home / "rnnchat.db") in result.stdout
