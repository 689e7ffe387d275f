"""Signs of life of a training process, so that a watcher can tell "crashed" from "slow".

The trainer's process touches a small file every second and writes into it who it is. On the same machine a
watcher asks the system whether that process still exists; from another machine, or another container on the same
disk, it judges by the age of the last touch.
"""

import json
import os
import platform
import threading
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import Literal

from rnnchat import paths
from rnnchat.typed_record import check_record, parse_json

INTERVAL_S = 1.0
SILENCE_S = 10.0
"""After this long without a touch a process is slow (if it exists) or lost (if nobody can ask)."""

Life = Literal["alive", "slow", "gone"]


@dataclass(frozen=True)
class Pulse:
    """What the heartbeat file says of the process."""

    host: str
    pid: int
    born: str
    """When the process started, as the system tells it: a process id is used again, this is not."""


class Heartbeat:
    """Touches ``path`` from a thread as long as the block lasts; removes it at a normal end."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._beat, name="heartbeat", daemon=True)

    def __enter__(self) -> "Heartbeat":
        write_pulse(self._path, os.getpid())
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join()
        self._path.unlink(missing_ok=True)

    def _beat(self) -> None:
        while not self._over.wait(INTERVAL_S):
            try:
                os.utime(self._path)
            except OSError:
                # The run folder was deleted: the trainer finds that out where it can say so.
                return


def write_pulse(path: Path, pid: int) -> None:
    """Say that the process ``pid`` of this machine beats at ``path``, or is about to."""
    pulse = Pulse(platform.node(), pid, _read_birth(pid))
    paths.write_text_atomically(path, json.dumps(asdict(pulse)))


def read_pulse(path: Path) -> Pulse | None:
    """Who beats at ``path``; None where nobody does."""
    try:
        return Pulse(**check_record(Pulse, parse_json(paths.read_small(path))))
    except (OSError, ValueError, TypeError):
        return None


def check_life(path: Path) -> Life:
    """Is the process whose heartbeat is at ``path`` alive, slow (it exists but was not heard of lately) or gone?"""
    pulse = read_pulse(path)
    if pulse is None:
        return "gone"
    is_fresh = measure_silence(path) < SILENCE_S
    if pulse.host == platform.node() and os.name == "posix":
        if not _exists(pulse):
            return "gone"
        return "alive" if is_fresh else "slow"
    return "alive" if is_fresh else "gone"


def measure_silence(path: Path) -> float:
    """Seconds since the last touch."""
    try:
        return max(0.0, time.time() - path.stat().st_mtime)
    except OSError:
        return float("inf")


def _exists(pulse: Pulse) -> bool:
    if pulse.pid <= 0:
        return False  # to the system, a group of processes
    try:
        os.kill(pulse.pid, 0)
    except (ProcessLookupError, OverflowError):  # no process has a number that large
        return False
    except PermissionError:
        pass  # somebody else's process, but it is there
    return _read_birth(pulse.pid) == pulse.born


def _read_birth(pid: int) -> str:
    """When a process started, in the system's ticks since it booted; empty where the system does not tell (not Linux).

    A process that ended but was not yet collected by its parent counts as never born.
    """
    try:
        # The name in parentheses may hold anything; the fields after it are numbers and letters.
        status = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
    except OSError:
        return ""
    return "ended" if status[0] in "ZX" else status[19]
