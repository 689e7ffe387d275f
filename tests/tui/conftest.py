"""Fixtures of the screen tests: an application with a scripted engine, driven by keys, without timed waits."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Input, TextArea

from rnnchat.desk import ghost
from rnnchat.tui.app import RnnchatApp
from rnnchat.tui.screens.write import WriteScreen

DEADLINE_S = 20.0


@pytest.fixture(autouse=True)
def _still_cursors(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep cursors from blinking: a blink is a change of the screen that no test means."""
    monkeypatch.setattr(Input, "_toggle_cursor", lambda self: None)
    monkeypatch.setattr(TextArea, "_toggle_cursor_blink_visible", lambda self: None)


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no pause bring ghost text: a busy machine makes pauses that no test means. Tests of it set their own."""
    monkeypatch.setattr(ghost, "PAUSE_S", 1e6)


@pytest.fixture
def wait_for() -> Callable[[Pilot[Any], Callable[[], object]], Awaitable[None]]:
    """Wait for the screen: ``await wait_for(pilot, lambda: ...)``; not coming true in time is a failure."""

    async def wait(pilot: Pilot[Any], is_met: Callable[[], object]) -> None:
        async with asyncio.timeout(DEADLINE_S):
            while not is_met():
                await pilot.pause(0.005)

    return wait


@pytest.fixture
def make_app(scripted_engine: Callable[..., Any]) -> Callable[..., RnnchatApp]:
    """Make an application that opens these engines, one after the other (the last one again and again)."""

    def make(*engines: Any, **options: Any) -> RnnchatApp:
        waiting = list(engines) or [scripted_engine()]

        async def start_engine(source: str) -> Any:
            engine = waiting.pop(0) if len(waiting) > 1 else waiting[0]
            if isinstance(engine, Exception):
                raise engine
            return engine

        return RnnchatApp(start_engine=start_engine, **options)

    return make


@pytest.fixture
def text_of() -> Callable[[RnnchatApp], str]:
    """Give the story that an application shows."""

    def read(app: RnnchatApp) -> str:
        screen = app.screen_stack[0]
        assert isinstance(screen, WriteScreen)
        return screen.writer.story.text()

    return read
