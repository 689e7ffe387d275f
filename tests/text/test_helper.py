"""Helpers answer in order, and none stays behind."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from itertools import count
from pathlib import Path

import pytest

from rnnchat.text import helper
from rnnchat.text.helper import map_pieces
from rnnchat.text.tokenizer import _start_counting

on_linux = pytest.mark.skipif(sys.platform != "linux", reason="children are looked up in /proc")


@pytest.fixture(autouse=True)
def little_text(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let helpers help with few pieces."""
    monkeypatch.setattr(helper, "LEAST_PIECES", 1)


def find_children() -> list[int]:
    return [int(child) for child in Path("/proc/self/task", str(os.getpid()), "children").read_text().split()]


@pytest.mark.parametrize("pieces", [0, 1, 2, 3, 10])
def test_answers_come_in_the_order_of_the_pieces(pieces: int):
    texts = ["ab " * number for number in range(pieces)]
    alone = [found for _, found in map_pieces(_start_counting, "bpe", texts)]
    assert [found["ab"] + found[" ab"] for found in alone] == list(range(pieces))
    assert [found for _, found in map_pieces(_start_counting, "bpe", iter(texts), 3)] == alone


@on_linux
def test_no_helper_is_left_when_the_rest_is_not_wanted():
    answers = map_pieces(_start_counting, "word", (str(number) for number in count()), 2)
    next(answers)
    assert len(find_children()) == 2
    answers.close()
    assert find_children() == []


@on_linux
def test_the_work_of_a_helper_that_was_killed_is_done_without_it():
    texts = [f"{number} " for number in range(12)]
    answers = map_pieces(_start_counting, "word", texts, 2)
    found = [next(answers)]
    os.kill(find_children()[0], signal.SIGKILL)
    found += answers
    assert [units for _, units in found] == [units for _, units in map_pieces(_start_counting, "word", texts)]


LEFT_ALONE = """
import sys
from itertools import repeat
from rnnchat.text import helper
from rnnchat.text.tokenizer import _start_counting

for _ in helper.map_pieces(_start_counting, "word", repeat("a b c"), 2):
    print(*open("/proc/self/task/%d/children" % __import__("os").getpid()).read().split(), flush=True)
"""


@on_linux
def test_helpers_end_with_whoever_started_them(wait_until: Callable[..., None]):
    killed = subprocess.Popen([sys.executable, "-c", LEFT_ALONE], stdout=subprocess.PIPE, text=True)
    assert killed.stdout is not None
    children = killed.stdout.readline().split()
    killed.kill()
    killed.communicate()
    assert len(children) == 2
    for child in children:
        wait_until(lambda child=child: not Path("/proc", child).exists())


def test_helpers_do_not_load_torch():
    code = "import sys, rnnchat.text.helper, rnnchat.text.tokenizer, rnnchat.text.ids; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
