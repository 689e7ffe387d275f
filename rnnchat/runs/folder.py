"""The run folder: the interface between a training and whoever watches it.

``` text
runs/NAME/  run.json                 what was asked for, what was chosen, the text, versions
            events.jsonl             every event, appended and flushed; readers follow it
            tokenizer.json           the vocabulary
            ids.bin                  the text to learn from as ids; validation_ids.bin the held-out text
            base.safetensors         the model that it goes on from, with the vocabulary of this run
            checkpoint.safetensors   all that is needed to go on
            good.safetensors         the checkpoint to go back to when the loss goes out of bounds
            best.safetensors         the best model so far, a normal model file
            control.json             what a watcher asks for
            heartbeat                signs of life of the training's process
            train.log                what a training in the background says, and what went wrong in rnnchat itself
            replaced/                the run whose name this one takes, until this one begins to learn
```
"""

import contextlib
import difflib
import json
import os
import shlex
import shutil
import time
import uuid
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import BinaryIO

from rnnchat import paths
from rnnchat.errors import TrainingError, UsageError
from rnnchat.runs import heartbeat
from rnnchat.runs.event import Event, parse_event
from rnnchat.runs.info import Control, Request, RunInfo
from rnnchat.runs.status import RunStatus, fold_event
from rnnchat.typed_record import check_record, parse_json

POLL_S = 0.2
"""How often a watcher looks for new events."""


@dataclass(frozen=True)
class RunFolder:
    """One run on disk. Holds nothing but its place: every question reads the folder."""

    path: Path

    @property
    def name(self) -> str:
        """What the person called it; also the name of the model it makes."""
        return self.path.name

    @property
    def typed_name(self) -> str:
        """The name as it is typed in a shell."""
        return shlex.quote(self.name)

    @property
    def exists(self) -> bool:
        """Is the run on the disk?"""
        return (self.path / "run.json").is_file()

    @property
    def events_path(self) -> Path:
        """Every event, one JSON object a line."""
        return self.path / "events.jsonl"

    @property
    def tokenizer_path(self) -> Path:
        """The vocabulary, as `rnnchat.text.tokenizer` writes it."""
        return self.path / "tokenizer.json"

    @property
    def words_path(self) -> Path:
        """The words of the text, packed, where symbols are smaller than words."""
        return self.path / "words.txt"

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
    def good_path(self) -> Path:
        """The last checkpoint at which all was well; there while the run is not done."""
        return self.path / "good.safetensors"

    @property
    def base_path(self) -> Path:
        """The model that the run goes on from, its vocabulary extended."""
        return self.path / "base.safetensors"

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

    @property
    def replaced_path(self) -> Path:
        """The run whose name this one takes, until this one begins to learn."""
        return self.path / "replaced"

    @property
    def holds_work(self) -> bool:
        """Is there anything in it that a person could miss?"""
        if self.checkpoint_path.exists() or self.best_path.exists():
            return True
        return self.replaced_path.exists() and RunFolder(self.replaced_path).holds_work

    def choose_aside(self) -> Path:
        """A place on the same disk where nobody looks for runs."""
        return self.path.parent / ".aside" / f"{self.name}.{uuid.uuid4().hex}"

    def read_info(self) -> RunInfo:
        """What the run is.

        Raises:
            TrainingError: run.json is gone or damaged.
        """
        path = self.path / "run.json"
        try:
            return RunInfo.from_json(parse_json(paths.read_small(path)))
        except OSError as e:
            raise TrainingError(f"cannot read {path} ({e.strerror}): start the run again") from e
        except UsageError as e:
            raise TrainingError(f"{path} cannot be used: {e}") from e
        except (ValueError, TypeError, KeyError, AttributeError) as e:
            raise TrainingError(f"{path} is damaged ({e}): delete the folder and start the run again") from e

    def write_info(self, info: RunInfo) -> None:
        """Replace run.json as a whole."""
        paths.write_text_atomically(self.path / "run.json", json.dumps(info.to_json(), indent=1))

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
            with paths.open_regular(self.events_path) as file:
                file.seek(offset)
                content = file.read()
        except OSError:
            return [], offset
        content = content[: content.rfind(b"\n") + 1]
        return [event for line in content.splitlines() if (event := _parse_line(line))], offset + len(content)

    def read_control(self) -> Control:
        """What was asked for last."""
        try:
            return Control(**check_record(Control, parse_json(paths.read_small(self.path / "control.json"))))
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


def list_runs() -> list[RunFolder]:
    """All runs on this machine, the newest first."""
    bring_back()
    runs = [RunFolder(path.parent) for path in paths.runs_dir().glob("*/run.json")]
    return sorted(runs, key=lambda run: _find_start(run), reverse=True)


def bring_back() -> None:
    """Put runs in their places that were put aside for others, by processes that were killed before these had them."""
    for replaced in paths.runs_dir().glob(".aside/*/replaced"):
        aside = RunFolder(replaced.parent)
        run = RunFolder(paths.runs_dir() / aside.name.rpartition(".")[0])
        with contextlib.suppress(OSError):  # another process may bring it back at the same time
            if aside.check_life() == "gone" and not run.path.exists():
                replaced.rename(run.path)
                shutil.rmtree(aside.path)


def find_run(name: str) -> RunFolder:
    """The run called ``name``.

    Raises:
        TrainingError: there is none.
    """
    bring_back()
    run = RunFolder(paths.runs_dir() / name)
    if name and run.exists:
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


def follow_events(run: RunFolder) -> Iterator[Event]:
    """Every event of ``run`` from the first on, as they come, until it ended or its process is gone."""
    status, offset = RunStatus(run.name, run.path), 0
    while True:
        # Judged before reading: what a process wrote last is there when it is seen to be gone.
        is_over = not judge_life(run, status).is_active
        events, offset = run.read_events(offset)
        for event in events:
            status = fold_event(status, event)
            yield event
        if is_over and not events:
            return
        time.sleep(POLL_S)


def judge_life(run: RunFolder, status: RunStatus) -> RunStatus:
    """Tell a run that is at work from one whose process is gone without a word, and from one that is only slow."""
    if not status.is_active:
        return status
    life = run.check_life()
    if life == "slow":
        silence = heartbeat.measure_silence(run.heartbeat_path)
        return replace(status, message=f"not heard of for {silence:.0f} s: its process is there, but held up")
    if life == "gone":
        message = f"its process ended without a word: go on with `rnnchat runs resume {run.typed_name}`"
        if run.log_path.exists() and run.log_path.stat().st_size:
            message += f"; what it said last is in {run.log_path}"
        return replace(status, state="crashed", message=message)
    return status


def take_over(run: RunFolder) -> None:
    """Make ``run`` the business of this process: what was asked of an earlier one no longer counts.

    A process to which the run was handed over takes nothing back: it may have been asked for something already.

    Raises:
        TrainingError: another process trains it, it has used up its budget, or the disk refuses.
    """
    life, pulse = run.check_life(), heartbeat.read_pulse(run.heartbeat_path)
    if life != "gone" and pulse is not None and pulse.pid != os.getpid():
        advice = f"watch it with `rnnchat runs watch {run.typed_name}`"
        raise TrainingError(f"run {run.name!r} is under way already: {advice}")
    if read_status(run).state == "done":
        raise TrainingError(
            f"run {run.name!r} is done: its model is called {run.name!r}; to teach it more, "
            f"`rnnchat train TEXT --from {run.typed_name}`"
        )
    if life == "gone":
        try:
            run.write_control(Control())
            heartbeat.write_pulse(run.heartbeat_path, os.getpid())
        except OSError as e:
            raise TrainingError(
                f"cannot write to {run.path} ({e.strerror}): make room or mend that, then resume it"
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
            with contextlib.suppress(OSError):  # a full disk is no reason to keep a run
                heartbeat.write_pulse(aside.heartbeat_path, os.getpid())  # nobody else is to bring it back
            aside.replaced_path.rename(run.path)
        shutil.rmtree(aside.path)
    except OSError as e:
        raise TrainingError(f"cannot delete {e.filename} ({e.strerror}): delete it yourself") from e


def _is_held(run: RunFolder) -> bool:
    """Whether another process has the run open."""
    pulse = heartbeat.read_pulse(run.heartbeat_path)
    return pulse is not None and pulse.pid != os.getpid() and run.check_life() != "gone"


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
        return parse_event(parse_json(line))
    except (ValueError, KeyError, TypeError):
        return None
