"""The run folder: the interface between a training and its watchers.

``` text
runs/NAME/  run.json                 options, recipe, corpus, versions
            events.jsonl             every event, appended and flushed; watchers tail it
            tokenizer.json           the vocabulary
            ids.bin                  the training text as ids; validation_ids.bin the held-out text
            base.safetensors         the base model, with the vocabulary of this run
            checkpoint.safetensors   everything that a resume needs
            good.safetensors         the last good checkpoint, to return to if the loss diverges
            best.safetensors         the best model so far, a normal model file
            milestones/STEP.safetensors  the network at steps 0, 1, 2, 4, 8 …, float16, a normal model file
            control.json             the requests of watchers
            heartbeat                shows that the training's process is alive
            train.log                output of a background training, and tracebacks of bugs
            replaced/                the run that this one replaces, until its first step
```
"""

import contextlib
import difflib
import json
import shlex
import shutil
import time
import uuid
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from rnnchat import paths
from rnnchat.errors import TrainingError, UsageError
from rnnchat.model.library import list_milestones
from rnnchat.model.name import MILESTONES
from rnnchat.runs import heartbeat, log
from rnnchat.runs.event import Event
from rnnchat.runs.info import Control, Request, RunInfo
from rnnchat.runs.status import RunStatus, fold_event
from rnnchat.typed_record import check_record, parse_json

POLL_S = 0.2
"""Seconds between two looks for new events."""


@dataclass(frozen=True)
class RunFolder:
    """A run on disk. Holds nothing but its path: every question reads the folder."""

    path: Path

    @property
    def name(self) -> str:
        """Its name, which is also that of the model it trains."""
        return self.path.name

    @property
    def typed_name(self) -> str:
        """The name, quoted for a shell."""
        return shlex.quote(self.name)

    @property
    def exists(self) -> bool:
        """Whether the run is on disk."""
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
        """The training text."""
        return self.path / "ids.bin"

    @property
    def validation_ids_path(self) -> Path:
        """The held-out text."""
        return self.path / "validation_ids.bin"

    @property
    def checkpoint_path(self) -> Path:
        """Everything that a resume needs."""
        return self.path / "checkpoint.safetensors"

    @property
    def good_path(self) -> Path:
        """The last good checkpoint; it exists until the run is done."""
        return self.path / "good.safetensors"

    @property
    def base_path(self) -> Path:
        """The base model, its vocabulary extended."""
        return self.path / "base.safetensors"

    @property
    def best_path(self) -> Path:
        """The model with the lowest validation loss so far."""
        return self.path / "best.safetensors"

    def milestone_path(self, step: int) -> Path:
        """The network as it was at a step that is kept."""
        return self.path / MILESTONES / f"{step}{paths.MODEL_SUFFIX}"

    def list_milestones(self) -> list[int]:
        """The steps at which the network was kept, from the first to the last."""
        return list_milestones(self.path)

    @property
    def heartbeat_path(self) -> Path:
        """Touched every second while the training's process is alive."""
        return self.path / "heartbeat"

    @property
    def log_path(self) -> Path:
        """Standard output and error of a background training."""
        return self.path / "train.log"

    @property
    def replaced_path(self) -> Path:
        """The run that this one replaces, until its first step."""
        return self.path / "replaced"

    @property
    def holds_work(self) -> bool:
        """Whether it contains anything worth keeping."""
        if self.checkpoint_path.exists() or self.best_path.exists():
            return True
        return self.replaced_path.exists() and RunFolder(self.replaced_path).holds_work

    def choose_aside(self) -> Path:
        """A path on the same disk outside the list of runs."""
        return self.path.parent / ".aside" / f"{self.name}.{uuid.uuid4().hex}"

    def read_info(self) -> RunInfo:
        """The contents of run.json.

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
        """Append one line to events.jsonl and flush it.

        A partial line left by a crash is ended first, so that only that line is lost.
        """
        log.append_event(self.events_path, event)

    def read_events(self, offset: int = 0) -> tuple[list[Event], int]:
        """The events from byte ``offset`` on, and the offset to continue from; a partial line is left for the next
        call."""
        return log.read_events(self.events_path, offset)

    def read_control(self) -> Control:
        """The latest requests."""
        try:
            return Control(**check_record(Control, parse_json(paths.read_small(self.path / "control.json"))))
        except (OSError, ValueError, TypeError):
            return Control()

    def write_control(self, control: Control) -> None:
        """Replace the requests; the training reads them several times a second."""
        paths.write_text_atomically(self.path / "control.json", json.dumps(asdict(control)))

    def ask(self, request: Request) -> None:
        """Request the training to run, pause or stop."""
        self.write_control(replace(self.read_control(), request=request))

    def ask_sample(self) -> None:
        """Request a sample now."""
        control = self.read_control()
        self.write_control(replace(control, samples=control.samples + 1))

    def check_life(self) -> heartbeat.Life:
        """Whether the training's process is alive, slow or gone."""
        return heartbeat.check_life(self.heartbeat_path)


def list_runs() -> list[RunFolder]:
    """All runs on this machine, the newest first."""
    bring_back()
    runs = [RunFolder(path.parent) for path in paths.runs_dir().glob("*/run.json")]
    return sorted(runs, key=lambda run: _find_start(run), reverse=True)


def bring_back() -> None:
    """Restore runs set aside for replacements whose process was killed before these had their place."""
    for replaced in paths.runs_dir().glob(".aside/*/replaced"):
        aside = RunFolder(replaced.parent)
        run = RunFolder(paths.runs_dir() / aside.name.rpartition(".")[0])
        with contextlib.suppress(OSError):  # another process may bring it back at the same time
            if aside.check_life() == "gone" and not run.path.exists():
                replaced.rename(run.path)
                shutil.rmtree(aside.path)


def find_run(name: str) -> RunFolder:
    """The run named ``name``.

    Raises:
        TrainingError: there is none.
    """
    bring_back()
    run = RunFolder(paths.runs_dir() / name)
    if name and run.exists:
        return run
    near = difflib.get_close_matches(name, [run.name for run in list_runs()], n=3)
    hint = f" (did you mean {' or '.join(near)}?)" if near else ""
    raise TrainingError(f"no run named {name!r} on this machine{hint}: see `rnnchat runs list`")


def read_status(run: RunFolder) -> RunStatus:
    """The current status of ``run``."""
    status = RunStatus(run.name, run.path)
    for event in run.read_events()[0]:
        status = fold_event(status, event)
    return judge_life(run, status)


def follow_events(run: RunFolder) -> Iterator[Event]:
    """Yield every event of ``run`` from the first on, as they come, until it has ended or its process is gone."""
    status, offset = RunStatus(run.name, run.path), 0
    while True:
        # Checked before reading: once a process is gone, everything that it wrote is there.
        is_over = not judge_life(run, status).is_active
        events, offset = run.read_events(offset)
        for event in events:
            status = fold_event(status, event)
            yield event
        if is_over and not events:
            return
        time.sleep(POLL_S)


def judge_life(run: RunFolder, status: RunStatus) -> RunStatus:
    """Correct the status of a run whose process has crashed or stalled."""
    if not status.is_active:
        return status
    life = run.check_life()
    if life == "slow":
        silence = heartbeat.measure_silence(run.heartbeat_path)
        return replace(status, message=f"no sign of life for {silence:.0f} s; the process is stalled")
    if life == "gone":
        message = f"the process ended unexpectedly: resume with `rnnchat runs resume {run.typed_name}`"
        if run.log_path.exists() and run.log_path.stat().st_size:
            message += f"; its last output is in {run.log_path}"
        return replace(status, state="crashed", message=message)
    return status


def _find_start(run: RunFolder) -> float:
    try:
        return run.read_info().started
    except TrainingError:
        return 0.0
