"""The library: all models on this machine, found by name.

A name is looked up among the person's own models first, then the runs (the best model so far of a training with
that name), then the models that come with rnnchat; anything that looks like a path is taken as one.
"""

import dataclasses
import difflib
import os
import shutil
import unicodedata
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from rnnchat import paths
from rnnchat.errors import ModelError
from rnnchat.model.file import ModelHeader, read_header, read_model, write_model
from rnnchat.model.name import MILESTONES, RUN_MODEL_FILE, check_name, name_model

DEFAULT_MODEL = "english"


@dataclass(frozen=True)
class ModelEntry:
    """One model of the library, as a list shows it."""

    name: str
    path: Path
    header: ModelHeader | None
    """None where the file cannot be read."""
    problem: str | None
    """Why the file cannot be read, in one sentence."""
    is_shipped: bool
    """Did it come with rnnchat?"""
    is_run: bool
    """Is it the best model so far of a training whose model is not in the library?"""
    modified: float
    """When the file was written, seconds since 1970."""

    @property
    def created(self) -> float:
        """When its training ended, seconds since 1970; where its record does not say, when the file was written."""
        try:
            return datetime.fromisoformat(self.header.training.trained_at).timestamp() if self.header else self.modified
        except (ValueError, OverflowError, OSError):
            return self.modified


def list_models() -> list[ModelEntry]:
    """All models on this machine by name: own ones, those of runs, those that came with rnnchat.

    A file or folder that cannot be read is listed with its problem, never left out. Of two models with one name only
    the one that ``find_model`` gives is listed.
    """
    entries: dict[str, ModelEntry] = {}
    for folder, find_paths in (
        (paths.models_dir(), _own_paths),
        (paths.runs_dir(), _run_paths),
        (paths.shipped_models_dir(), _shipped_paths),
    ):
        origin = {"is_run": find_paths is _run_paths, "is_shipped": find_paths is _shipped_paths}
        try:
            for path in find_paths():
                entries.setdefault(name_model(path), _read_entry(name_model(path), path, **origin))
        except ModelError as e:
            entries[str(folder)] = ModelEntry(str(folder), folder, None, str(e), modified=0.0, **origin)
    return sorted(entries.values(), key=lambda entry: entry.name.casefold())


def find_model(name: str) -> Path:
    """The file of the model called ``name``, or at the path ``name``; ``RUN@STEP`` names a milestone of a run.

    Raises:
        ModelError: there is none; near names are suggested.
    """
    if name.endswith(paths.MODEL_SUFFIX) or "/" in name or "\\" in name:
        path = paths.expand(name)
        if path.is_file():
            return path
        raise ModelError(f"no model file at {name}: see `rnnchat models list` for those on this machine")
    name = unicodedata.normalize("NFC", name)
    if "@" in name:
        return _find_milestone(*name.rsplit("@", 1))
    for path in (
        paths.models_dir() / f"{name}{paths.MODEL_SUFFIX}",
        paths.runs_dir() / name / RUN_MODEL_FILE,
        paths.shipped_models_dir() / f"{name}{paths.MODEL_SUFFIX}",
    ):
        if path.is_file():
            return path
    raise ModelError(f"no model called {name!r} on this machine{_suggest(name)}: see `rnnchat models list`")


def list_milestones(run: Path) -> list[int]:
    """The steps at which the network of the run in this folder was kept, from the first to the last."""
    return sorted(int(path.stem) for path in _model_files(run / MILESTONES) if path.stem.isdecimal())


def _find_milestone(run: str, step: str) -> Path:
    folder = paths.runs_dir() / run
    path = folder / MILESTONES / f"{step}{paths.MODEL_SUFFIX}"
    if run and step.isdecimal() and path.is_file():
        return path
    steps = list_milestones(folder) if run else []
    if not steps:
        raise ModelError(f"no run called {run!r} keeps networks of earlier steps: see `rnnchat runs list`")
    raise ModelError(f"run {run!r} keeps no network of step {step}: choose one of {', '.join(map(str, steps))}")


def default_model() -> str | None:
    """The model to open when none is named; None on a machine without any."""
    names = [path.stem for path in (*_shipped_paths(), *_own_paths())]
    return DEFAULT_MODEL if DEFAULT_MODEL in names else next(iter(names), None)


def import_model(source: Path, name: str | None = None, replace: bool = False) -> Path:
    """Check the whole model file ``source``, weights too, and copy it into the library; give its new path.

    Raises:
        ModelError: the file is no sound model, the name cannot be one, or it is taken and ``replace`` is False.
    """
    read_model(source)
    destination = find_place(name or name_model(source), replace)
    _copy(source, destination)
    return destination


def find_place(name: str, replace: bool = False) -> Path:
    """Where a new model called ``name`` goes in the library.

    Raises:
        ModelError: the name cannot be one, or it is taken and ``replace`` is False.
    """
    destination = paths.models_dir() / f"{check_name(name)}{paths.MODEL_SUFFIX}"
    if destination.exists() and not replace:
        raise ModelError(f"a model named {name!r} already exists: choose another name with --name, or use --replace")
    return destination


def export_model(name: str, destination: Path, replace: bool = False, with_text: bool = True) -> Path:
    """Copy the model called ``name`` to a file or into a folder; give the path of the copy.

    Args:
        name: of a model or a run.
        destination: a file or a folder.
        replace: whether a file there may be replaced.
        with_text: whether the copy also holds the text that the model remembers word for word.

    Raises:
        ModelError: there is no such model, or the file is there already and ``replace`` is False.
    """
    source = find_model(name)
    header = read_header(source)
    if destination.is_dir():
        destination = destination / (name_model(source) + paths.MODEL_SUFFIX)
    if destination.exists() and not replace:
        raise ModelError(f"{destination} is there already: choose another name or allow replacing it")
    if header.text_bytes and not with_text:
        dtype: Any = header.dtype
        write_model(dataclasses.replace(read_model(source), text=""), destination, dtype)
    else:
        _copy(source, destination)
    return destination


def remove_model(name: str) -> Path:
    """Delete the person's own model called ``name``; give the path that is gone.

    Raises:
        ModelError: there is none, it came with rnnchat, or it belongs to a run.
    """
    path = find_model(name)
    if path.parent == paths.shipped_models_dir():
        raise ModelError(f"{name!r} came with rnnchat and stays: only your own models can be removed")
    if path.parent.parent == paths.runs_dir():
        run = name_model(path)
        raise ModelError(f"{name!r} belongs to a training: remove the run with `rnnchat runs remove {run}`")
    if path.parent != paths.models_dir():
        raise ModelError(f"{path} is not in the library: delete the file yourself if you mean it")
    path.unlink()
    return path


def is_run_model(name: str) -> bool:
    """Whether a training of this name keeps a model of its own, listed where no model in the library has the name."""
    return (paths.runs_dir() / name / RUN_MODEL_FILE).is_file()


def _own_paths() -> list[Path]:
    return _model_files(paths.models_dir())


def _run_paths() -> list[Path]:
    return [path for run in _list_folder(paths.runs_dir()) if os.path.isfile(path := run / RUN_MODEL_FILE)]


def _shipped_paths() -> list[Path]:
    return _model_files(paths.shipped_models_dir())


def _model_files(folder: Path) -> list[Path]:
    return [path for path in _list_folder(folder) if path.suffix == paths.MODEL_SUFFIX and path.name[0] != "."]


def _list_folder(folder: Path) -> list[Path]:
    """What is in a folder, by name; nothing in one that is not there. What cannot be looked into is told."""
    try:
        return sorted(folder.iterdir())
    except FileNotFoundError:
        return []
    except OSError as e:
        raise ModelError(f"{folder} cannot be read ({e.strerror}): change its permissions") from e


def _read_entry(name: str, path: Path, is_shipped: bool = False, is_run: bool = False) -> ModelEntry:
    header, problem, modified = None, None, 0.0
    try:
        header = read_header(path)
        modified = path.stat().st_mtime
    except ModelError as e:
        problem = str(e)
    except OSError as e:
        problem = f"{path} cannot be read ({e.strerror}): check the file"
    return ModelEntry(name, path, header, problem, is_shipped, is_run, modified)


def _suggest(name: str) -> str:
    names = {path.stem for path in (*_own_paths(), *_shipped_paths())} | {path.parent.name for path in _run_paths()}
    near = difflib.get_close_matches(name, sorted(names), n=3)
    return f" (did you mean {' or '.join(near)}?)" if near else ""


def _copy(source: Path, destination: Path) -> None:
    try:
        with paths.replace_atomically(destination) as temporary:
            shutil.copyfile(source, temporary)
    except OSError as e:
        raise ModelError(f"cannot write {destination} ({e.strerror}): choose another place or make room") from e
