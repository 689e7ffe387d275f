"""What ended a training early, in a sentence."""

import contextlib
import errno
import traceback

import torch

from rnnchat.runs.folder import RunFolder


def explain(run: RunFolder, error: Exception) -> str:
    """What the machine refused and what to do now; an error that is ours goes into the log, and is named."""
    if not isinstance(error, OSError):
        # torch has a class of its own for a GPU's memory alone.
        is_memory = isinstance(error, MemoryError | torch.OutOfMemoryError) or "allocate memory" in str(error)
        if not is_memory:
            return _log_mistake(run, error)
        return "there is not enough memory for this network: start anew with a smaller --hidden, --batch or --window"
    if not run.exists:
        return f"the folder of run {run.name!r} was deleted while it trained: {run.path} is gone, start it anew"
    # A new run that has nothing to go on from is given up, and its folder with it.
    has_begun = run.checkpoint_path.exists() or run.best_path.exists()
    next_step = f"go on with `rnnchat runs resume {run.typed_name}`" if has_begun else "start it anew"
    if error.errno == errno.ENOSPC:
        return f"the disk is full: make room, then {next_step}"
    return f"cannot write to {run.path} ({error.strerror or error}): mend that, then {next_step}"


def _log_mistake(run: RunFolder, error: Exception) -> str:
    with contextlib.suppress(OSError), run.log_path.open("a", encoding="utf-8") as log:
        traceback.print_exception(error, file=log)
    return (
        f"rnnchat made a mistake ({type(error).__name__}: {error}): {run.log_path} tells where; "
        f"`rnnchat runs resume {run.typed_name}` goes on from the last checkpoint"
    )
