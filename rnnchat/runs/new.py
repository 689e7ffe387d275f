"""Create runs: choose the name, make the folder."""

import contextlib
import glob
import importlib.util
import itertools
import os
import re
import shutil
import time
import unicodedata
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

from rnnchat import paths
from rnnchat.errors import NameTakenError, TrainingError
from rnnchat.model.name import check_name, may_stand_in_name
from rnnchat.plan.extension import take_level
from rnnchat.plan.options import TrainingOptions
from rnnchat.runs import heartbeat
from rnnchat.runs.folder import RunFolder, bring_back, list_runs, read_status
from rnnchat.runs.info import RunInfo
from rnnchat.text.catalogue import CATALOGUE
from rnnchat.text.corpus import STANDARD_INPUT
from rnnchat.text.web import is_url

NEEDS_TORCH = (
    "this needs torch, which is not installed: run `pip install torch` "
    "(pytorch.org shows the command for the much smaller build without a GPU)"
)


def check_torch() -> None:
    """Refuse to train where nothing can.

    Raises:
        TrainingError: torch is not installed.
    """
    if importlib.util.find_spec("torch") is None:
        raise TrainingError(NEEDS_TORCH)


def make_run(options: TrainingOptions) -> RunFolder:
    """Create the folder of a new run, which this process is about to train or to hand over.

    A run that it replaces is kept inside the new folder until the first step of the new one.

    Args:
        options: without a name the run is named after its first text, with a number if that is taken.

    Raises:
        ModelError: the name is invalid; or the base model is missing or damaged.
        NameTakenError: a run or a model of that name exists, without ``replace``.
        TrainingError: the folder cannot be written.
    """
    check_torch()
    options = _settle(options)
    bring_back()
    while True:
        run = RunFolder(paths.runs_dir() / _choose_name(options))
        try:
            if _place(run, RunInfo(options=replace(options, name=run.name), started=time.time())):
                return run
        except OSError as e:
            raise TrainingError(
                f"cannot write {run.path} ({e.strerror}): make room or set RNNCHAT_HOME to another folder"
            ) from e


def find_begun(options: TrainingOptions) -> RunFolder | None:
    """The newest unfinished run with exactly these options."""
    wanted = _settle(options)
    for run in list_runs():
        with contextlib.suppress(TrainingError):
            begun = run.read_info().options
            if options.name in (None, begun.name) and begun == replace(wanted, name=begun.name):
                return run if read_status(run).state != "done" else None
    return None


def _settle(options: TrainingOptions) -> TrainingOptions:
    """The options with absolute paths of texts and base model."""
    options = replace(options, corpus=_locate(options.corpus), validation=_locate(options.validation))
    return take_level(options)


def _place(run: RunFolder, info: RunInfo) -> bool:
    """Create the folder aside and move it into place; False if another process took the name meanwhile."""
    draft = RunFolder(run.choose_aside())
    try:
        paths.make_folder(draft.path)
        draft.write_info(info)
        heartbeat.write_pulse(draft.heartbeat_path, os.getpid())
    except OSError:
        shutil.rmtree(draft.path, ignore_errors=True)
        raise
    if run.path.exists() and not read_status(run).is_active and (info.options.replace or not run.holds_work):
        run.path.rename(draft.replaced_path)
    try:
        draft.path.rename(run.path)
    except OSError:
        is_taken = run.path.exists()
        if draft.replaced_path.exists() and not is_taken:
            draft.replaced_path.rename(run.path)
        if not draft.replaced_path.exists():  # a run set aside must not be deleted
            shutil.rmtree(draft.path)
        if not is_taken:
            raise
        return False
    return True


def _locate(sources: Iterable[str]) -> tuple[str, ...]:
    """The sources with absolute paths."""
    fixed = {STANDARD_INPUT, *CATALOGUE}
    return tuple(
        source if source in fixed or is_url(source) else os.path.abspath(paths.expand(source)) for source in sources
    )


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
            raise NameTakenError(f"run {name!r} is active: stop it first or choose another --name")
        if run.holds_work and not options.replace:
            raise NameTakenError(f"a run named {name!r} already exists: choose another --name, or use --replace")
    if _model_path(name).exists() and not options.replace:
        raise NameTakenError(f"a model named {name!r} already exists: choose another --name, or use --replace")
    return name


def _name_after(source: str) -> str:
    """The name of a file without suffixes, or of the folder of a pattern."""
    path = Path(urlsplit(source).path.rstrip("/") or "web") if is_url(source) else paths.expand(source).absolute()
    while glob.has_magic(path.name):
        path = path.parent
    stem = Path(path.stem).stem if path.suffix in (".gz", ".bz2", ".xz") else path.stem
    stem = unicodedata.normalize("NFC", stem)
    kept = "".join(char if may_stand_in_name(char) and char != " " else "-" for char in stem)
    name = re.sub("-+", "-", kept).strip("-.")[:80]
    return name if name[:1].isalnum() or name[:1] == "_" else f"text{name}"


def _is_taken(name: str) -> bool:
    shipped = paths.shipped_models_dir() / f"{name}{paths.MODEL_SUFFIX}"
    return (paths.runs_dir() / name).exists() or _model_path(name).exists() or shipped.exists()


def _model_path(name: str) -> Path:
    return paths.models_dir() / f"{name}{paths.MODEL_SUFFIX}"
