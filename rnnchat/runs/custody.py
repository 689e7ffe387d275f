"""Which process has a run: claim it, wait until it is free, delete it."""

import contextlib
import os
import shutil
import time

from rnnchat.errors import TrainingError
from rnnchat.runs import heartbeat
from rnnchat.runs.folder import POLL_S, RunFolder, read_status
from rnnchat.runs.info import Control


def take_over(run: RunFolder) -> None:
    """Claim ``run`` for this process and discard requests to an earlier one.

    A process to which the run was handed over keeps the requests, which may already be for it.

    Raises:
        TrainingError: another process is training it, it is done, or the folder cannot be written.
    """
    life, pulse = run.check_life(), heartbeat.read_pulse(run.heartbeat_path)
    if life != "gone" and pulse is not None and pulse.pid != os.getpid():
        advice = f"watch it with `rnnchat runs watch {run.typed_name}`"
        raise TrainingError(f"run {run.name!r} is already active: {advice}")
    if read_status(run).state == "done":
        raise TrainingError(
            f"run {run.name!r} is done and has become the model {run.name!r}; train that further with "
            f"`rnnchat train TEXT --from {run.typed_name}`"
        )
    if life == "gone":
        try:
            run.write_control(Control())
            heartbeat.write_pulse(run.heartbeat_path, os.getpid())
        except OSError as e:
            raise TrainingError(
                f"cannot write to {run.path} ({e.strerror}): make room or fix that, then resume the run"
            ) from e


def wait_for_exit(run: RunFolder, patience_s: float = 10.0) -> bool:
    """Wait until no other process holds ``run``: one that has said how it ended may still be closing its files.

    Returns:
        Whether it is free; False after ``patience_s``.
    """
    deadline = time.monotonic() + patience_s
    while _is_held(run):
        if time.monotonic() > deadline:
            return False
        time.sleep(POLL_S)
    return True


def remove_run(run: RunFolder) -> None:
    """Delete the folder of a run; a model that it put into the library stays.

    A run that it was meant to replace, but never did, comes back.

    Raises:
        TrainingError: the run is active or its process has not exited yet, or the disk refuses.
    """
    if read_status(run).is_active:
        raise TrainingError(f"run {run.name!r} is active: stop it first with `rnnchat runs stop {run.typed_name}`")
    if _is_held(run):
        raise TrainingError(f"the process of run {run.name!r} is still closing its files: try again in a moment")
    aside = RunFolder(run.choose_aside())
    try:
        aside.path.parent.mkdir(exist_ok=True)
        run.path.rename(aside.path)
        if aside.replaced_path.exists():
            with contextlib.suppress(OSError):  # a full disk must not prevent a removal
                heartbeat.write_pulse(aside.heartbeat_path, os.getpid())  # keep others from restoring it
            aside.replaced_path.rename(run.path)
        shutil.rmtree(aside.path)
    except OSError as e:
        raise TrainingError(f"cannot delete {e.filename} ({e.strerror}): delete it by hand") from e


def _is_held(run: RunFolder) -> bool:
    """Whether another process has the run open."""
    pulse = heartbeat.read_pulse(run.heartbeat_path)
    return pulse is not None and pulse.pid != os.getpid() and run.check_life() != "gone"
