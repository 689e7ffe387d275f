"""Background trainings: a separate process that outlives the one that started it. Loads no torch.

The run folder is created here, so that a wrong name or a missing text is reported at once; the child does the rest and
reports through the folder.
"""

import os
import subprocess
import threading
from dataclasses import replace

from rnnchat.child import python_command
from rnnchat.errors import TrainingError
from rnnchat.plan.options import TrainingOptions
from rnnchat.runs.custody import take_over
from rnnchat.runs.event import Reopened
from rnnchat.runs.folder import RunFolder, find_run, read_status
from rnnchat.runs.heartbeat import write_pulse
from rnnchat.runs.new import check_torch, make_run
from rnnchat.text.corpus import Corpus


def start_training(options: TrainingOptions) -> RunFolder:
    """Create a run and train it in the background, at low priority.

    Raises:
        TextError: a text cannot be found.
        UsageError: an option is out of range.
        TrainingError, ModelError: the name is taken or invalid, or the process does not start.
    """
    Corpus(options.corpus, options.encoding)
    if options.validation:
        Corpus(options.validation, options.encoding)
    run = make_run(replace(options, beside_tui=True))
    _start_child(run)
    return run


def resume_training(name: str) -> RunFolder:
    """Resume an interrupted run in the background, from its last checkpoint.

    Raises:
        TrainingError: there is no such run, it is active or done, or the process does not start.
    """
    check_torch()
    run = find_run(name)
    take_over(run)
    # Until the child reports the step that it resumes from, watchers see a run that is starting.
    run.append_event(Reopened(read_status(run).step))
    _start_child(run)
    return run


def _start_child(run: RunFolder) -> None:
    command = python_command("rnnchat", "train", "--resume", run.name, "--quiet", "--beside-tui")
    try:
        with run.log_path.open("ab") as log:
            child = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )  # fmt: skip
        if os.name == "posix":
            write_pulse(run.heartbeat_path, child.pid)
        else:  # the id may be that of a launcher: the child writes its own
            run.heartbeat_path.unlink(missing_ok=True)
    except OSError as e:
        run.heartbeat_path.unlink(missing_ok=True)
        raise TrainingError(f"the training of {run.name!r} cannot start ({e.strerror}): see {run.path}") from e
    # Waited for, so that it does not remain as a zombie that looks alive.
    threading.Thread(target=child.wait, name=f"wait for {run.name}", daemon=True).start()
