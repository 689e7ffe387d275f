"""The heartbeat of a training process, by which a watcher distinguishes a crash from a stall.

The training's process writes its identity into a small file and touches it every second. On the same machine a watcher
asks the system whether that process still exists; from another machine or container it goes by the age of the last
touch.
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
"""After this long without a touch a process is slow (if it exists) or gone (if that is unknown)."""

Life = Literal["alive", "slow", "gone"]


@dataclass(frozen=True)
class Pulse:
    """The identity of the process, as the heartbeat file holds it."""

    host: str
    pid: int
    born: str
    """When the process started, by the system's clock: unlike a process id, this is not reused."""


class Heartbeat:
    """Touches ``path`` from a thread for the duration of the block; removes it at its end."""

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
                # The run folder was deleted: the trainer notices that where it can report it.
                return


def write_pulse(path: Path, pid: int) -> None:
    """Write that the process ``pid`` of this machine owns the heartbeat at ``path``."""
    pulse = Pulse(platform.node(), pid, _read_birth(pid))
    paths.write_text_atomically(path, json.dumps(asdict(pulse)))


def read_pulse(path: Path) -> Pulse | None:
    """The owner of the heartbeat at ``path``; None if there is none."""
    try:
        return Pulse(**check_record(Pulse, parse_json(paths.read_small(path))))
    except (OSError, ValueError, TypeError):
        return None


def check_life(path: Path) -> Life:
    """Whether the process whose heartbeat is at ``path`` is alive, slow (it exists but is silent) or gone."""
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
        pass  # another user's process, but it exists
    return _read_birth(pulse.pid) == pulse.born


def _read_birth(pid: int) -> str:
    """When a process started, in clock ticks since boot; empty where the system does not tell (not Linux).

    A zombie, which has exited but was not yet waited for, counts as ended.
    """
    try:
        # The name in parentheses may hold anything; the fields after it are numbers and letters.
        status = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
    except OSError:
        return ""
    return "ended" if status[0] in "ZX" else status[19]
