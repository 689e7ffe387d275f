"""The model that is open now: opens it in a child process, replaces it, notices when it dies.

While another model opens, the old one keeps working; only when the new one is ready does it take over. So the
person never waits, and a model that cannot be opened takes nothing away.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from rnnchat.errors import ModelError, RnnchatError
from rnnchat.model.name import name_model
from rnnchat.text.turn import TurnLayout

if TYPE_CHECKING:
    from rnnchat.engine.client import EngineClient

StartEngine = Callable[[str], Awaitable["EngineClient"]]


@dataclass(frozen=True)
class ModelState:
    """What the header shows of the model."""

    phase: Literal["none", "opening", "ready", "dead"] = "none"
    """``opening`` only while there is no other model to write with."""
    name: str = ""
    """The model that is open, or that was when it died."""
    bits_per_char: float | None = None
    """On its validation text, as its file says."""
    opening: str = ""
    """The model that is being opened now, if any."""
    precision: str = ""
    """How it computes: ``int8`` or ``float32``."""
    turns: TurnLayout | None = None
    """How turns are laid out in the texts that it has learnt; None where they are no conversation."""


class ModelSlot:
    """Holds at most one engine and says what happens to it through ``on_change``.

    Attributes:
        state: What the header shows.
        engine: The engine to write with; None while there is none, or after it has died.
        source: Name or path of the model that was asked for last: what a restart opens.
    """

    def __init__(self, start_engine: StartEngine, on_change: Callable[[ModelState], None], source: str = "") -> None:
        """Make an empty slot.

        Args:
            start_engine: Opens the model with this name or path and gives its engine; raises RnnchatError.
            on_change: Called with every new state.
            source: The model that is opened when one is first needed; "" for the default.
        """
        self.start_engine = start_engine
        self.on_change = on_change
        self.state = ModelState()
        self.engine: EngineClient | None = None
        self.source = source
        self._opening: asyncio.Task[None] | None = None

    async def open(self, source: str) -> None:
        """Open the model called ``source`` (or at that path; "" for the default) and let it take over.

        Of two that are being opened at once the later one wins.

        Raises:
            RnnchatError: it cannot be opened; the model before it stays.
        """
        self.source = source
        if self._opening is not None:
            self._opening.cancel()
        self._opening = opening = asyncio.create_task(self._open(source))
        try:
            await asyncio.wait({opening})
        finally:
            if self._opening is opening:
                self._opening = None
        if not opening.cancelled():
            opening.result()

    async def wait_for_engine(self) -> EngineClient:
        """Give the engine as soon as there is one; open the last model (again) where none is being opened.

        Raises:
            RnnchatError: it cannot be opened.
        """
        while self.engine is None:
            if self._opening is not None:
                await asyncio.shield(self._opening)
            else:
                await self.open(self.source)
        return self.engine

    def bury(self) -> None:
        """Take note that the engine has died: the slot is empty until something is opened."""
        self.engine = None
        self._change(replace(self.state, phase="opening" if self.state.opening else "dead"))

    async def close(self) -> None:
        """End the child process, if there is one, and whatever is being opened."""
        if self._opening is not None:
            self._opening.cancel()
            await asyncio.wait({self._opening})
        engine, self.engine = self.engine, None
        if engine is not None:
            await engine.close()

    async def _open(self, source: str) -> None:
        is_alone = self.engine is None
        self._change(replace(self.state, opening=source, phase="opening" if is_alone else self.state.phase))
        try:
            engine = await self.start_engine(source)
        except RnnchatError:
            state = replace(self.state, opening="", name=self.state.name or source)
            self._change(replace(state, phase="dead" if self.engine is None else "ready"))
            raise
        old, self.engine = self.engine, engine
        info = engine.info
        turns = TurnLayout.from_json(info.turns) if info.turns else None
        self._change(ModelState("ready", info.name, info.bits_per_char, precision=info.precision, turns=turns))
        if old is not None:
            await old.close()

    def _change(self, state: ModelState) -> None:
        self.state = state
        self.on_change(state)


async def start_engine(source: str, precisions: Mapping[str, str]) -> EngineClient:
    """Open the model called ``source``, or at that path, in a child process; "" for the default model.

    Args:
        source: name, path or "".
        precisions: how models with these names are to compute; others as suits them.
    """
    from rnnchat.engine.client import EngineClient

    if not source:
        from rnnchat.model.library import default_model  # with numpy: 150 ms, behind the first frame

        found: str | None = await asyncio.to_thread(default_model)
        source = found or ""
    if not source:
        raise ModelError("no models on this machine yet: train one (F4), or open a model file (F3)")
    return await EngineClient.start(source, precisions.get(name_model(source)))
