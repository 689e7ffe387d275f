"""A new run: its name, and the folder in which it begins."""

import glob
import itertools
import os
import re
import shutil
import time
from dataclasses import replace
from pathlib import Path

from rnnchat import paths
from rnnchat.errors import TrainingError
from rnnchat.model.library import check_name
from rnnchat.training import heartbeat
from rnnchat.training.options import TrainingOptions
from rnnchat.training.run_folder import RunFolder, read_status
from rnnchat.training.run_info import RunInfo


def make_run(options: TrainingOptions) -> RunFolder:
    """Make the folder of a new run, which this process is about to train or to hand on.

    Args:
        options: what was asked for. Without a name the run is called after its first text, with a number where
            that is taken.

    Raises:
        ModelError: the name cannot be one.
        TrainingError: the name is taken by a run or a model and may not be replaced, or the disk refuses.
    """
    run = RunFolder(paths.runs_dir() / _choose_name(options))
    try:
        if run.path.exists():
            shutil.rmtree(run.path)
        run.path.mkdir(parents=True)
        run.write_info(RunInfo(options=replace(options, name=run.name), started=time.time()))
        heartbeat.write_pulse(run.heartbeat_path, os.getpid())
    except OSError as e:
        raise TrainingError(
            f"cannot write {run.path} ({e.strerror}): make room or set RNNCHAT_HOME to another folder"
        ) from e
    return run


def _choose_name(options: TrainingOptions) -> str:
    if options.name is None:
        stem = _name_after(options.corpus[0])
        names = (stem if number == 1 else f"{stem}-{number}" for number in itertools.count(1))
        return next(name for name in names if not _is_taken(name))
    name = check_name(options.name)
    run = RunFolder(paths.runs_dir() / name)
    if run.path.exists():
        status = read_status(run)
        if status.is_active:
            raise TrainingError(f"run {name!r} is under way: stop it first, or give this one another --name")
        # A run that never took a step is nothing that a person could miss.
        if run.checkpoint_path.exists() and not options.replace:
            raise TrainingError(f"there is a run called {name!r} already: give another --name, or --replace it")
    if _model_path(name).exists() and not options.replace:
        raise TrainingError(f"there is a model called {name!r} already: give another --name, or --replace it")
    return name


def _name_after(source: str) -> str:
    """The name of a file without its endings, or of the folder that a pattern looks in."""
    path = paths.expand(source).absolute()
    while glob.has_magic(path.name):
        path = path.parent
    stem = Path(path.stem).stem if path.suffix in (".gz", ".bz2", ".xz") else path.stem
    return re.sub(r"[^\w.+-]+", "-", stem).strip("-.")[:80] or "text"


def _is_taken(name: str) -> bool:
    shipped = paths.shipped_models_dir() / f"{name}{paths.MODEL_SUFFIX}"
    return (paths.runs_dir() / name).exists() or _model_path(name).exists() or shipped.exists()


def _model_path(name: str) -> Path:
    return paths.models_dir() / f"{name}{paths.MODEL_SUFFIX}"
