"""The pieces of a text worked on by all cores: helper processes that read pieces and answer, in their order.

Helpers are plain children with a pipe each way. They load nothing of whoever started them, and end when their pipe
does: none stays behind, whatever ends the process that started them.
"""

import contextlib
import os
import pickle
import signal
import subprocess
import sys
from collections.abc import Callable, Generator, Iterable
from itertools import chain, islice
from typing import Any, TypeVar

from rnnchat.child import python_command

LEAST_PIECES = 4
"""A text of fewer pieces is done before a helper has started."""
MOST_HELPERS = 8
"""One process reads, decodes and writes for all: it cannot keep more of them busy."""

Argument = TypeVar("Argument")
Result = TypeVar("Result")


def map_pieces(
    start: Callable[[Argument], Callable[[str], Result]], argument: Argument, pieces: Iterable[str], processes: int = 1
) -> Generator[Result, None, None]:
    """What ``start(argument)`` gives for each piece of a text, in order.

    Whoever does not read to the end closes the iterator: that ends the helpers.

    Args:
        start: a function of a module, which gives the function that is applied to pieces.
        argument: what it needs; it goes through a pipe, like pieces and results.
        pieces: a text.
        processes: 1 does everything in this process; more are so many helpers.
    """
    pieces = iter(pieces)
    first = list(islice(pieces, LEAST_PIECES))
    pieces = chain(first, pieces)
    if processes < 2 or len(first) < LEAST_PIECES:
        yield from map(start(argument), pieces)
        return
    with contextlib.ExitStack() as stack:
        helpers = [stack.enter_context(_Helper(start, argument)) for _ in range(min(processes, MOST_HELPERS))]
        number = 0
        for number, piece in enumerate(pieces):
            helper = helpers[number % len(helpers)]
            if number >= len(helpers):
                yield helper.receive()
            helper.send(piece)
        for later in range(number + 1, number + 1 + len(helpers)):
            if helpers[later % len(helpers)].piece is not None:
                yield helpers[later % len(helpers)].receive()


class _Helper:
    """One helper process, or what does its work if it was killed."""

    def __init__(self, start: Callable[[Any], Callable[[str], Any]], argument: object) -> None:
        self.piece: str | None = None
        """What it works on."""
        self._setup = (start, argument)
        self._instead: Callable[[str], Any] | None = None
        self._child = subprocess.Popen(
            python_command("rnnchat.text.helper"), stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        self._write(self._setup)

    def __enter__(self) -> "_Helper":
        return self

    def __exit__(self, *_: object) -> None:
        self._child.kill()
        with contextlib.suppress(OSError):
            self._child.communicate()

    def send(self, piece: str) -> None:
        """Give it a piece to work on; it has none."""
        self.piece = piece
        self._write(piece)

    def receive(self) -> Any:
        """Wait for what it makes of its piece."""
        assert self.piece is not None
        assert self._child.stdout is not None
        piece, self.piece = self.piece, None
        try:
            return pickle.load(self._child.stdout)
        except (EOFError, OSError, pickle.UnpicklingError):
            # Killed, for want of memory perhaps: its work is done here, slower.
            if self._instead is None:
                start, argument = self._setup
                self._instead = start(argument)
            return self._instead(piece)

    def _write(self, message: object) -> None:
        assert self._child.stdin is not None
        # A helper that is gone is noticed when its answer is waited for.
        with contextlib.suppress(OSError):
            pickle.dump(message, self._child.stdin, pickle.HIGHEST_PROTOCOL)
            self._child.stdin.flush()


def _serve() -> None:
    """Answer until there is nothing more to read."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is meant for whoever started this
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    questions = sys.stdin.buffer
    with contextlib.suppress(EOFError, OSError):
        start, argument = pickle.load(questions)
        work = start(argument)
        while True:
            pickle.dump(work(pickle.load(questions)), answers, pickle.HIGHEST_PROTOCOL)
            answers.flush()


if __name__ == "__main__":
    _serve()
