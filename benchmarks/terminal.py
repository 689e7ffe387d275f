"""A program in a pseudo-terminal, as the benchmarks see it: keys in, bytes out. Needs Linux or macOS."""

import fcntl
import os
import pty
import select
import signal
import struct
import sys
import termios
import time

PATIENCE_S = 60


class Terminal:
    """``rnnchat`` with ``arguments`` in a pseudo-terminal of 120×36; a context manager that ends it."""

    def __init__(self, *arguments: str) -> None:
        self._pid, self._file = pty.fork()
        if self._pid == 0:
            os.environ["TERM"] = "xterm-256color"
            fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", 36, 120, 0, 0))
            os.execv(sys.executable, [sys.executable, "-m", "rnnchat", *arguments])

    def __enter__(self) -> "Terminal":
        return self

    def __exit__(self, *_: object) -> None:
        os.kill(self._pid, signal.SIGKILL)
        os.waitpid(self._pid, 0)
        os.close(self._file)

    @property
    def pid(self) -> int:
        """The process of the program."""
        return self._pid

    def press(self, keys: str) -> None:
        """Send keys as a keyboard would."""
        os.write(self._file, keys.encode())

    def read_until(self, mark: str) -> float:
        """Read until ``mark`` comes by; give the seconds that took."""
        started_s = time.perf_counter()
        seen = b""
        while mark.encode() not in seen:
            left_s = PATIENCE_S - (time.perf_counter() - started_s)
            if not select.select([self._file], [], [], max(0.0, left_s))[0]:
                sys.exit(f"{mark!r} never came; the terminal shows {seen[-500:]!r}")
            seen += os.read(self._file, 65536)
        return time.perf_counter() - started_s

    def record(self, seconds: float, after: str) -> list[tuple[float, bytes]]:
        """What came until ``after`` and for ``seconds`` behind it, each piece with the moment at which it came."""
        chunks: list[tuple[float, bytes]] = []
        seen, end_s = b"", time.perf_counter() + PATIENCE_S
        is_begun = False
        while (left_s := end_s - time.perf_counter()) > 0:
            if select.select([self._file], [], [], left_s)[0]:
                chunks.append((time.perf_counter(), os.read(self._file, 65536)))
                seen = (seen + chunks[-1][1])[-65536:]
                if not is_begun and after.encode() in seen:
                    is_begun, end_s = True, time.perf_counter() + seconds
        if not is_begun:
            sys.exit(f"{after!r} never came; the terminal shows {seen[-500:]!r}")
        return chunks

    def read_for(self, seconds: float) -> None:
        """Read and forget what comes within ``seconds``."""
        end_s = time.perf_counter() + seconds
        while (left_s := end_s - time.perf_counter()) > 0:
            if select.select([self._file], [], [], left_s)[0]:
                os.read(self._file, 65536)
