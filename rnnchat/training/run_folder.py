"""The run folder: the interface between a training and whoever watches it.

``` text
runs/NAME/  run.json                 what was asked for, what was chosen, the text, versions
            events.jsonl             every event, appended and flushed; readers follow it
            tokenizer.json           the vocabulary
            ids.bin                  the text to learn from as ids; validation_ids.bin the held-out text
            checkpoint.safetensors   all that is needed to go on
            best.safetensors         the best model so far, a normal model file
            control.json             what a watcher asks for
            heartbeat                signs of life of the training's process
            train.log                what a training in the background says
```
"""

import difflib
import itertools
import json
import re
import shutil
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import BinaryIO

from rnnchat import paths
from rnnchat.errors import TrainingError
from rnnchat.model.library import check_name
from rnnchat.training import heartbeat
from rnnchat.training.event import Event, parse_event
from rnnchat.training.options import TrainingOptions
from rnnchat.training.run_info import Control, Request, RunInfo
from rnnchat.training.run_status import RunStatus as RunStatus
from rnnchat.training.run_status import fold_event

START_S = 60.0
"""For this long a run without an event may still be starting."""


@dataclass(frozen=True)
class RunFolder:
    """One run on disk. Holds nothing but its place: every question reads the folder."""

    path: Path

    @property
    def name(self) -> str:
        """What the person called it; also the name of the model it makes."""
        return self.path.name

    @property
    def events_path(self) -> Path:
        """Every event, one JSON object a line."""
        return self.path / "events.jsonl"

    @property
    def tokenizer_path(self) -> Path:
        """The vocabulary, as `rnnchat.text.tokenizer` writes it."""
        return self.path / "tokenizer.json"

    @property
    def ids_path(self) -> Path:
        """The text to learn from."""
        return self.path / "ids.bin"

    @property
    def validation_ids_path(self) -> Path:
        """The held-out text."""
        return self.path / "validation_ids.bin"

    @property
    def checkpoint_path(self) -> Path:
        """All that is needed to go on."""
        return self.path / "checkpoint.safetensors"

    @property
    def best_path(self) -> Path:
        """The model with the lowest validation loss so far."""
        return self.path / "best.safetensors"

    @property
    def heartbeat_path(self) -> Path:
        """Signs of life."""
        return self.path / "heartbeat"

    @property
    def log_path(self) -> Path:
        """What a training in the background says on its standard output and error."""
        return self.path / "train.log"

    def read_info(self) -> RunInfo:
        """What the run is.

        Raises:
            TrainingError: run.json is gone or damaged.
        """
        path = self.path / "run.json"
        try:
            return RunInfo.from_json(json.loads(path.read_text(encoding="utf-8")))
        except OSError as e:
            raise TrainingError(f"run {self.name!r} cannot be read: {path} is gone; start it anew") from e
        except (ValueError, TypeError, KeyError, AttributeError) as e:
            raise TrainingError(f"{path} is damaged: delete the folder and start the run anew") from e

    def write_info(self, info: RunInfo) -> None:
        """Replace run.json as a whole."""
        paths.write_text_atomically(self.path / "run.json", json.dumps(info.to_json(), ensure_ascii=False, indent=1))

    def append_event(self, event: Event) -> None:
        """Add one line to events.jsonl and hand it to the system.

        A half line that a crash left behind is closed first, so that it spoils only itself.
        """
        with self.events_path.open("ab+") as file:
            if file.tell() and not _ends_line(file):
                file.write(b"\n")
            file.write(json.dumps(event.to_json(), ensure_ascii=False).encode() + b"\n")

    def read_events(self, offset: int = 0) -> tuple[list[Event], int]:
        """The events from byte ``offset`` on, and the offset to go on from; a line half written waits for its end."""
        try:
            with self.events_path.open("rb") as file:
                file.seek(offset)
                content = file.read()
        except OSError:
            return [], offset
        content = content[: content.rfind(b"\n") + 1]
        return [event for line in content.splitlines() if (event := _parse_line(line))], offset + len(content)

    def read_control(self) -> Control:
        """What was asked for last."""
        try:
            return Control(**json.loads((self.path / "control.json").read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError):
            return Control()

    def write_control(self, control: Control) -> None:
        """Ask for something; the training looks several times a second."""
        paths.write_text_atomically(self.path / "control.json", json.dumps(asdict(control)))

    def ask(self, request: Request) -> None:
        """Ask the training to run, pause or stop."""
        self.write_control(replace(self.read_control(), request=request))

    def ask_sample(self) -> None:
        """Ask the training to write a few lines now."""
        control = self.read_control()
        self.write_control(replace(control, samples=control.samples + 1))

    def check_life(self) -> heartbeat.Life:
        """Is the training's process alive, slow or gone?"""
        return heartbeat.check_life(self.heartbeat_path)


def make_run(options: TrainingOptions, default_name: str) -> RunFolder:
    """Make the folder of a new run.

    Args:
        options: what was asked for; without a name the run is called after ``default_name``.
        default_name: the text's name; a number is added where it is taken.

    Raises:
        ModelError: the name cannot be one.
        TrainingError: the name is taken by a run or a model and may not be replaced, or the disk refuses.
    """
    run = RunFolder(paths.runs_dir() / (_choose_name(options, default_name)))
    try:
        if run.path.exists():
            shutil.rmtree(run.path)
        run.path.mkdir(parents=True)
        run.write_info(RunInfo(options=replace(options, name=run.name), started=time.time()))
    except OSError as e:
        raise TrainingError(
            f"cannot write {run.path} ({e.strerror}): make room or set RNNCHAT_HOME to another folder"
        ) from e
    return run


def list_runs() -> list[RunFolder]:
    """All runs on this machine, the newest first."""
    runs = [RunFolder(path.parent) for path in paths.runs_dir().glob("*/run.json")]
    return sorted(runs, key=lambda run: _find_start(run), reverse=True)


def find_run(name: str) -> RunFolder:
    """The run called ``name``.

    Raises:
        TrainingError: there is none.
    """
    run = RunFolder(paths.runs_dir() / name)
    if name and (run.path / "run.json").is_file():
        return run
    near = difflib.get_close_matches(name, [run.name for run in list_runs()], n=3)
    hint = f" (did you mean {' or '.join(near)}?)" if near else ""
    raise TrainingError(f"no run called {name!r} on this machine{hint}: see `rnnchat runs list`")


def read_status(run: RunFolder) -> RunStatus:
    """How ``run`` is doing now."""
    status = RunStatus(run.name, run.path)
    for event in run.read_events()[0]:
        status = fold_event(status, event)
    return judge_life(run, status)


def judge_life(run: RunFolder, status: RunStatus) -> RunStatus:
    """Tell a run that is at work from one whose process is gone without a word, and from one that is only slow."""
    if not status.is_active:
        return status
    life = run.check_life()
    if life == "slow":
        silence = heartbeat.measure_silence(run.heartbeat_path)
        return replace(status, message=f"not heard of for {silence:.0f} s: its process is there, but held up")
    if life == "gone" and not _has_just_been_made(run):
        message = f"its process ended without a word: go on with `rnnchat runs resume {run.name}`"
        return replace(status, state="crashed", message=message)
    return status


def _has_just_been_made(run: RunFolder) -> bool:
    """Is the run so young that its process may still be starting (loading torch takes seconds)?"""
    try:
        return not run.events_path.exists() and time.time() - (run.path / "run.json").stat().st_mtime < START_S
    except OSError:
        return False


def _choose_name(options: TrainingOptions, default_name: str) -> str:
    if options.name is None:
        stem = re.sub(r"[^\w.+-]+", "-", default_name).strip("-.")[:80] or "text"
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


def _is_taken(name: str) -> bool:
    shipped = paths.shipped_models_dir() / f"{name}{paths.MODEL_SUFFIX}"
    return (paths.runs_dir() / name).exists() or _model_path(name).exists() or shipped.exists()


def _model_path(name: str) -> Path:
    return paths.models_dir() / f"{name}{paths.MODEL_SUFFIX}"


def _find_start(run: RunFolder) -> float:
    try:
        return run.read_info().started
    except TrainingError:
        return 0.0


def _ends_line(file: BinaryIO) -> bool:
    file.seek(-1, 2)
    return file.read(1) == b"\n"


def _parse_line(line: bytes) -> Event | None:
    """The event of a line; None for a line that a crash cut short, or of a kind that this version does not know."""
    try:
        return parse_event(json.loads(line))
    except (ValueError, KeyError, TypeError):
        return None
