"""Settings files of every wrong kind: the program starts, says what it cannot use, and saves what it remembers."""

import dataclasses
import os
from pathlib import Path

import pytest

from rnnchat.tui.settings import ScreenSettings

VALUES = (
    *(
        "3",
        "-1",
        "0.5",
        "nan",
        "true",
        '"text"',
        '""',
        '"\\u001b[31m"',
        "[]",
        "[1, [2]]",
        "{}",
        "{a = 1}",
        "{a = {b = []}}",
    ),
    *("1979-05-27", "07:32:00", "1979-05-27T07:32:00Z", "9" * 400, f'"{"x" * 5000}"', '{theme = "x", writing = 3}'),
)
NAMES = [entry.name for entry in dataclasses.fields(ScreenSettings)]
WRITING = list(ScreenSettings().writing.to_json())


def check(path: Path) -> list[str]:
    """Load, save and load again; give what was said at the first start. The second one has nothing to say of ours."""
    settings, complaints = ScreenSettings.load(path)
    for sentence in complaints:
        assert len(sentence) < 400
    settings.theme, settings.model = "other", "caf\udce9"
    settings.save(path)
    again, complaints_again = ScreenSettings.load(path)
    assert (again.theme, again.model, again.writing) == ("other", "caf?", settings.writing)
    assert (again.keys, again.precision) == (settings.keys, settings.precision)
    assert not any("cannot be read" in sentence for sentence in complaints_again)
    return complaints


@pytest.mark.parametrize("name", [*NAMES, "nonsense"])
def test_a_key_with_any_value_never_stops_the_start(name: str, tmp_path: Path) -> None:
    for number, value in enumerate(VALUES):
        path = tmp_path / f"{number}.toml"
        path.write_text(f'# mine\n{name} = {value}\nstory = "kept"\n' if name != "story" else f"story = {value}\n")
        check(path)
        assert "other" in path.read_text()


@pytest.mark.parametrize("table", ["writing", "keys", "precision"])
def test_an_entry_of_a_table_with_any_value_never_stops_the_start(table: str, tmp_path: Path) -> None:
    names = WRITING if table == "writing" else ["write.send", "shakespeare"]
    for number, value in enumerate(VALUES):
        path = tmp_path / f"{number}.toml"
        path.write_text(f"[{table}]\n" + "".join(f'"{name}" = {value}\n' for name in names))
        check(path)


@pytest.mark.parametrize(
    "content",
    [
        b"theme = ",
        b"\xff\xfe",
        b"\0" * 100,
        b"a = " + b"[" * 20_000,
        b"a = " + b"{b = " * 5_000,
        b"[" * 3_000,
        b"x" * 50_000_000,
        b"[theme]\na = 1\n[model]\nb = 2\n[[story]]\n[panel]\n",
        b"[[writing]]\n[[writing]]\n[[keys]]\n",
        b"writing = 3\nkeys = 3\nprecision = 3\n",
        b"\n".join(b"unknown%d = 1" % number for number in range(2_000)),
    ],
    ids=lambda content: repr(content[:20]),
)
def test_a_broken_file_is_said_in_a_few_sentences_and_replaced(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "settings.toml"
    path.write_bytes(content)
    assert 1 <= len(check(path)) <= 6


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="named pipes of POSIX")
def test_a_pipe_in_the_place_of_the_settings_is_not_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "settings.toml"
    os.mkfifo(path)
    settings, complaints = ScreenSettings.load(path)
    assert settings == ScreenSettings()
    assert ["not an ordinary file" in sentence for sentence in complaints] == [True]
