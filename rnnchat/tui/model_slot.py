"""The model that is open now: opens it in a child process, replaces it, notices when it dies. No widgets.

While another model opens, the old one goes on working; only when the new one is ready does it take over. So the
person never waits, and a model that cannot be opened takes nothing away.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from rnnchat.errors import RnnchatError

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


class ModelSlot:
    """Holds at most one engine and says what happens to it through ``on_change``."""

    def __init__(self, start_engine: StartEngine, on_change: Callable[[ModelState], None]) -> None:
        """Make an empty slot.

        Args:
            start_engine: Opens the model with this name or path and gives its engine; raises RnnchatError.
            on_change: Is told every new state.
        """
        self.start_engine = start_engine
        self.on_change = on_change
        self.state = ModelState()
        self.engine: EngineClient | None = None
        self.source = ""
        """Name or path of the model that was asked for last: what a restart opens."""
        self._attempt = 0

    async def open(self, source: str) -> None:
        """Open the model called ``source`` (or at that path) and let it take over.

        Of two that are being opened at once the later one wins.

        Raises:
            RnnchatError: it cannot be opened; the model before it stays.
        """
        self._attempt += 1
        attempt = self._attempt
        self.source = source
        is_alone = self.engine is None
        self._change(opening=source, phase="opening" if is_alone else self.state.phase)
        try:
            engine = await self.start_engine(source)
        except RnnchatError:
            if attempt == self._attempt:
                self._change(opening="", phase="dead" if is_alone else self.state.phase)
            raise
        if attempt != self._attempt:
            await engine.close()
            return
        old, self.engine = self.engine, engine
        self.state = ModelState("ready", engine.info.name, engine.info.bits_per_char)
        self.on_change(self.state)
        if old is not None:
            await old.close()

    def bury(self) -> None:
        """Take note that the engine has died: the slot is empty until something is opened."""
        self.engine = None
        self._change(phase="dead")

    async def close(self) -> None:
        """End the child process, if there is one, and whatever is being opened."""
        self._attempt += 1
        engine, self.engine = self.engine, None
        if engine is not None:
            await engine.close()

    def _change(self, **changes: object) -> None:
        self.state = replace(self.state, **changes)  # type: ignore[arg-type]
        self.on_change(self.state)
