import errno
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


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (PermissionError(errno.EACCES, "Permission denied", "/x/y"), "/x/y cannot be used (Permission denied): change"),
        (OSError(errno.ENOSPC, "No space left on device"), "the output cannot be used (No space left on device): make"),
    ],
)
def test_what_the_system_refuses_is_one_sentence_too(
    run: Run, monkeypatch: pytest.MonkeyPatch, error: OSError, sentence: str
) -> None:
    def fail() -> None:
        raise error

    monkeypatch.setattr("rnnchat.cli.locate.paths.data_dir", fail)
    result = run("locate")
    assert result.exit_code == 1
    assert result.stderr.startswith(f"rnnchat: {sentence}")
    assert result.stderr.count("\n") == 1


@pytest.mark.parametrize(
    "arguments", [("models", "show", "x" * 300), ("corpus", "show", "x" * 300), ("runs", "show", "x" * 300)]
)
def test_a_name_too_long_for_a_file_is_one_sentence(run: Run, arguments: tuple[str, ...]) -> None:
    result = run(*arguments)
    assert result.exit_code == 1
    assert result.stderr.count("\n") == 1


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no full device here")
@pytest.mark.parametrize("arguments", [("corpus", "list"), ("--help",)])
def test_a_full_disk_under_the_output_is_one_sentence(arguments: tuple[str, ...]) -> None:
    with open("/dev/full", "w") as full:
        result = subprocess.run([sys.executable, "-m", "rnnchat", *arguments], stdout=full, stderr=subprocess.PIPE)
    assert result.returncode == 1
    assert result.stderr.startswith(b"rnnchat: the output cannot be used (No space left on device)")
    assert result.stderr.count(b"\n") == 1


@pytest.mark.skipif(sys.platform == "win32", reason="a shell of POSIX")
@pytest.mark.parametrize("closed", ["<&-", ">&-", "<&- >&- 2>&-"])
def test_closed_streams_do_not_matter(closed: str) -> None:
    command = f'"{sys.executable}" -m rnnchat locate {closed}'
    result = subprocess.run(command, shell=True, capture_output=True, text=True)
    assert (result.returncode, result.stderr) == (0, "")


def test_a_home_folder_of_nobody_is_wrong_usage(run: Run) -> None:
    for arguments in (("models", "show", "~nobody-here/x"), ("corpus", "show", "~nobody-here/x")):
        result = run(*arguments)
        assert result.exit_code == 2
        assert "~nobody-here/x begins with no home folder" in result.stderr


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
