"""Screens with everything made up: models, runs, engines that follow a script."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import pytest
from textual.pilot import Pilot

from rnnchat import paths
from rnnchat.model.file import write_model
from rnnchat.model.name import name_model
from rnnchat.model.record import ModelCard, TrainingRecord
from rnnchat.plan.choice import choose_recipe
from rnnchat.plan.options import TrainingOptions
from rnnchat.runs.event import Evaluated, Event, Sampled, Started, Stepped
from rnnchat.runs.folder import RunFolder
from rnnchat.runs.new import make_run
from rnnchat.tui.app import RnnchatApp

Until = Callable[[Callable[[], object]], Awaitable[None]]


@pytest.fixture
def until() -> Until:
    """Wait until something is so: ``await until(lambda: table.row_count == 3)``; twenty seconds are a failure."""

    async def wait(is_met: Callable[[], object]) -> None:
        deadline_s = time.monotonic() + 20
        while not is_met():
            assert time.monotonic() < deadline_s, "waited twenty seconds in vain"
            await asyncio.sleep(0.01)

    return wait


@pytest.fixture(autouse=True)
def quick_watches(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look at the disk more often than a person needs."""
    monkeypatch.setattr("rnnchat.tui.app.WATCH_S", 0.05)
    monkeypatch.setattr("rnnchat.tui.run_watcher.PERIOD_S", 0.05)
    monkeypatch.setattr("rnnchat.tui.widgets.run_form.TYPING_PAUSE_S", 0.01)


@pytest.fixture
def save_model(make_model) -> Callable[..., Path]:
    """Put a small model into the library: ``save_model("mine", bits_per_char=1.6)``."""

    def save(
        name: str, bits_per_char: float | None = 2.0, title: str = "", folder: Path | None = None, **shape
    ) -> Path:
        training = TrainingRecord(corpus="letters", chars=1000, bits_per_char=bits_per_char)
        model = replace(make_model(**shape), training=training, card=ModelCard(title=title))
        path = (folder or paths.models_dir()) / f"{name}{paths.MODEL_SUFFIX}"
        path.parent.mkdir(parents=True, exist_ok=True)
        write_model(model, path)
        return path

    return save


@pytest.fixture
def begin_run() -> Callable[..., RunFolder]:
    """Make a run folder as a training leaves it after a few steps; it lives as long as this process."""

    def begin(name: str, *events: Event, is_alive: bool = True) -> RunFolder:
        options = TrainingOptions(("letters",), name=name, minutes=5)
        run = make_run(options)
        recipe, _ = choose_recipe(options, 10_000, 10_000)
        run.write_info(replace(run.read_info(), recipe=recipe, parameters=4321, vocab_size=30))
        told: tuple[Event, ...] = events or (
            Started(name, 4321, 9000, 9000, 30, None),
            Stepped(100, 1000, 2.5, 0.004, 48_100, 30.0, 270.0, 0.1),
            Evaluated(100, 30.0, 2.4, 2.4, 100, 2.5),
            Sampled(100, 0.7, 1, "Dear ", "Anna, the snow"),
        )
        for event in told:
            run.append_event(event)
        if not is_alive:
            run.heartbeat_path.unlink()
        return run

    return begin


@pytest.fixture
def open_app(scripted_engine) -> Callable[..., contextlib.AbstractAsyncContextManager[Pilot[None]]]:
    """Run the application without a terminal: ``async with open_app("f4") as pilot``.

    Args of the function: the key of the screen, the size, and a function that gives the engine of a model.
    """

    @contextlib.asynccontextmanager
    async def run(
        key: str, size: tuple[int, int] = (120, 32), engine_of: Callable[[str], object] | None = None
    ) -> AsyncIterator[Pilot[None]]:
        async def start_engine(source: str) -> object:
            return (engine_of or (lambda source: scripted_engine(name=name_model(source))))(source)

        app = RnnchatApp(start_engine=start_engine)
        async with app.run_test(size=size) as pilot:
            await pilot.press(key)
            await pilot.pause()
            yield pilot

    return run
