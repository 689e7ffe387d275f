"""Why a training failed, in one sentence."""

import contextlib
import errno
import traceback

import torch

from rnnchat.runs.folder import RunFolder


def explain(run: RunFolder, error: Exception) -> str:
    """What went wrong and what to do now; the traceback of a bug in rnnchat goes to the run's log."""
    if not isinstance(error, OSError):
        # torch has a class of its own for a GPU's memory alone.
        is_memory = isinstance(error, MemoryError | torch.OutOfMemoryError) or "allocate memory" in str(error)
        if not is_memory:
            return _log_bug(run, error)
        return "not enough memory for this network: start again with a smaller --hidden, --batch or --window"
    if not run.exists:
        return f"the folder of run {run.name!r} was deleted during training: {run.path} is gone; start it again"
    # A new run without a checkpoint is discarded together with its folder.
    has_begun = run.checkpoint_path.exists() or run.best_path.exists()
    next_step = f"resume with `rnnchat runs resume {run.typed_name}`" if has_begun else "start it again"
    if error.errno == errno.ENOSPC:
        return f"the disk is full: make room, then {next_step}"
    return f"cannot write to {run.path} ({error.strerror or error}): fix that, then {next_step}"


def _log_bug(run: RunFolder, error: Exception) -> str:
    with contextlib.suppress(OSError), run.log_path.open("a", encoding="utf-8") as log:
        traceback.print_exception(error, file=log)
    return (
        f"this is a bug in rnnchat ({type(error).__name__}: {error}); the traceback is in {run.log_path}; "
        f"`rnnchat runs resume {run.typed_name}` continues from the last checkpoint"
    )
