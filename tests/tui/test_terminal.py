"""What comes from the terminal and what goes to it, through a pseudo-terminal or without one."""

import contextlib
import os
import pty
import select
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console
from rich.segment import Segment
from textual import events
from textual.strip import Strip

from rnnchat.stories.store import Store
from rnnchat.tui.terminal import InputParser, guard_terminal

PATIENCE_S = 60.0
HOSTILE = "\x1b[31mred\x1b]0;title\x07 \x9b1m \u202eevil\x7f"


def read_messages(*chunks: str) -> list[str]:
    """What the parser makes of what came from the terminal, pastes in quotes."""
    parser, messages = InputParser(), []
    for chunk in chunks:
        messages += parser.feed(chunk)
    messages += parser.tick()
    return [repr(m.text) if isinstance(m, events.Paste) else m.key for m in messages]


@pytest.mark.parametrize("size", [1, 2, 3, 5, 7, 100])
def test_a_paste_that_holds_escapes_arrives_whole_and_in_order(size: int) -> None:
    typed = "a\x1b[200~one\x1b[31m two\x1b\x1b[200 three\x00\r\x1b[201~b\x1b[Ac"
    chunks = [typed[i : i + size] for i in range(0, len(typed), size)]
    assert read_messages(*chunks) == ["a", repr("one\x1b[31m two\x1b\x1b[200 three\r"), "b", "up", "c"]


def test_a_key_whose_sequence_is_cut_in_two_is_that_key() -> None:
    assert read_messages("\x1b[2", "~x") == ["insert", "x"]


def test_the_last_place_before_the_terminal_lets_no_control_character_through() -> None:
    guard_terminal()
    strip = Strip([Segment("a" + HOSTILE), Segment("é\u3000\xa0")])
    assert strip.render(Console()) == "a[31mred]0;title 1m evilé\u3000\xa0"


class Screen:
    """rnnchat in a pseudo-terminal; what came out of it is in ``seen``."""

    def __init__(self, home: Path, *arguments: str) -> None:
        self.seen = b""
        self.pid, self.file = pty.fork()
        if self.pid == 0:
            os.environ |= {"TERM": "xterm-256color", "RNNCHAT_HOME": str(home), "COLUMNS": "100", "LINES": "30"}
            os.execv(sys.executable, [sys.executable, "-m", "rnnchat", *arguments])

    def press(self, keys: str | bytes) -> None:
        os.write(self.file, keys if isinstance(keys, bytes) else keys.encode())

    def read(self, seconds: float) -> bool:
        """Read what comes within ``seconds``; False at the end."""
        if select.select([self.file], [], [], seconds)[0]:
            try:
                chunk = os.read(self.file, 65536)
            except OSError:
                return False
            self.seen += chunk
            return bool(chunk)
        return True

    def wait_for(self, mark: str | bytes) -> None:
        mark = mark if isinstance(mark, bytes) else mark.encode()
        deadline = time.monotonic() + PATIENCE_S
        while mark not in self.seen:
            assert time.monotonic() < deadline, f"{mark!r} never came: {self.seen[-600:]!r}"
            assert self.read(0.2), f"ended without {mark!r}: {self.seen[-2000:]!r}"

    def close(self) -> None:
        """Close the terminal; once more is no harm."""
        if self.file >= 0:
            os.close(self.file)
            self.file = -1

    def end(self) -> int:
        """Wait for the end of the program; give its exit status."""
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline and self.read(0.2):
            pass
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])


@pytest.fixture
def open_screen(home: Path) -> Iterator[Any]:
    screens = []

    def start(*arguments: str) -> Screen:
        screens.append(Screen(home, *arguments))
        return screens[-1]

    yield start
    for screen in screens:
        with contextlib.suppress(OSError):
            os.kill(screen.pid, signal.SIGKILL)
            os.waitpid(screen.pid, 0)
        screen.close()


READY = "Write"


def wait_for_draft(text: str) -> None:
    """Wait until a story's draft is on the disk."""
    store = Store()
    deadline = time.monotonic() + PATIENCE_S
    while not any(store.load(story.id).draft == text for story in store.list_stories()):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    store.close()


@pytest.mark.parametrize("name", ["SIGTERM", "SIGQUIT", "SIGHUP"])
def test_a_signal_to_end_saves_what_is_typed_and_restores_the_terminal(name: str, open_screen: Any, home: Path) -> None:
    screen, number = open_screen(), getattr(signal, name)
    screen.wait_for(READY)
    screen.press("half a thought")
    screen.wait_for("thought")
    os.kill(screen.pid, number)
    assert screen.end() == 128 + number
    if name != "SIGHUP":  # the terminal is gone then
        assert b"\x1b[?1049l" in screen.seen
    store = Store()
    assert [store.load(story.id).draft for story in store.list_stories()] == ["half a thought"]
    store.close()
    assert not (home / "rnnchat.db-wal").exists()


def test_a_terminal_that_is_closed_ends_the_program_and_keeps_the_text(open_screen: Any) -> None:
    screen = open_screen()
    screen.wait_for(READY)
    screen.press("half a thought")
    screen.wait_for("thought")
    screen.close()
    assert os.waitstatus_to_exitcode(os.waitpid(screen.pid, 0)[1]) == 128 + signal.SIGHUP
    wait_for_draft("half a thought")


def test_a_byte_that_is_no_utf8_is_a_character_and_not_the_end(open_screen: Any) -> None:
    screen = open_screen()
    screen.wait_for(READY)
    screen.press(b"caf\xe9 is read")
    screen.wait_for("read")
    screen.press("\x11")
    assert screen.end() == 0
    wait_for_draft("caf\ufffd is read")
