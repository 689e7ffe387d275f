"""Paths that are no ordinary files: pipes, which are read once, and devices, sockets and the system's own files."""

import contextlib
import os
import select
import stat
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from rnnchat.text.encoding import UnreadableText, refuse_reading

WAIT_S = 10.0
"""How long a pipe may stay without anyone who writes to it."""
_SYSTEM = ("/proc", "/sys", "/dev")
_KINDS = {
    stat.S_IFCHR: "is a device, not a text",
    stat.S_IFBLK: "is a device, not a text",
    stat.S_IFSOCK: "is a socket, not a text",
}


def is_pipe(path: Path) -> bool:
    """Whether it is a named pipe, or one like ``<(command)`` of a shell."""
    return path.is_fifo()


def is_system(*parts: str) -> bool:
    """Whether a path leads into the folders in which a system shows itself as files that never end or block."""
    path = os.path.realpath(os.path.join(*parts))
    # A descriptor of this process is whatever it was opened as.
    return path.startswith(tuple(f"{folder}/" for folder in _SYSTEM)) or path in _SYSTEM


def check_kind(path: Path) -> None:
    """Refuse what cannot be read as often as needed.

    Raises:
        UnreadableText: it is a device, a socket, or a file of the system itself.
    """
    try:
        kind = stat.S_IFMT(path.stat().st_mode)
    except OSError as e:
        raise refuse_reading(str(path), e) from e
    reason = _KINDS.get(kind) or ("belongs to the system and is no text" if is_system(str(path)) else "")
    if reason:
        raise UnreadableText(str(path), reason, "copy what it holds to a file and name that")


@contextlib.contextmanager
def open_pipe(path: Path, name: str) -> Iterator[IO[bytes]]:
    """Open a pipe, but wait for its other end only so long.

    Raises:
        UnreadableText: nobody writes to it.
    """
    if os.name != "posix":
        with path.open("rb") as stream:
            yield stream
        return
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    except OSError as e:
        raise refuse_reading(name, e) from e
    with os.fdopen(descriptor, "rb") as stream:
        _wait_for_writer(descriptor, name)
        os.set_blocking(descriptor, True)
        yield stream


def _wait_for_writer(descriptor: int, name: str) -> None:
    """Return when there is something to read; a pipe whose writer has gone again has nothing left to wait for."""
    end = time.monotonic() + WAIT_S
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    while (left := end - time.monotonic()) > 0:
        events = dict(poll.poll(1_000 * left)).get(descriptor, 0)
        if events & select.POLLIN:
            return
        if events:  # hung up: a writer was there and wrote nothing
            time.sleep(0.01)
    reason = f"is a pipe that nothing was written to in {WAIT_S:g} s"
    raise UnreadableText(name, reason, "start the program that writes to it, or name a file")
