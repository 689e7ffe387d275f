"""Several models, one prompt: who takes part, and what each has written so far. No widgets here.

Each contestant has an engine of its own, a child process, so that all write at the same time. What happens changes
the contestant; a screen looks at it as often as it draws.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from rnnchat.comparison.comparison import Column, Comparison, Contender
from rnnchat.desk.figures import NOTHING, format_bytes, format_layers, format_parameters, format_speed
from rnnchat.desk.model_slot import StartEngine
from rnnchat.errors import RnnchatError, TextError

if TYPE_CHECKING:
    from rnnchat.engine.client import EngineClient
    from rnnchat.engine.protocol import ModelInfo
    from rnnchat.generation.settings import Settings

Phase = Literal["idle", "opening", "reading", "writing", "done", "stopped", "failed"]
BUSY_PHASES: frozenset[Phase] = frozenset({"opening", "reading", "writing"})
LADDER = (0.4, 0.7, 1.0, 1.3)
"""Temperatures at which one model is compared with itself."""
MAX_SEED = 99_999
"""Drawn seeds are short enough to be read out."""


@dataclass(eq=False)
class Contestant:
    """One model at one temperature."""

    source: str
    """Name or path of the model."""
    name: str
    temperature: float = 0.8
    phase: Phase = "idle"
    text: str = ""
    problem: str = ""
    unknown: tuple[str, ...] = ()
    """Symbols of the prompt that the model does not know and did not read."""
    bits_per_char: float | None = None
    """Of the prompt."""
    chars_per_s: float = 0.0
    seed: int | None = None
    info: ModelInfo | None = None
    engine: EngineClient | None = None
    changes: int = 0
    """Goes up whenever there is something new to show."""
    task: asyncio.Task[None] | None = None

    @property
    def is_busy(self) -> bool:
        """Does it open its model, read or write?"""
        return self.phase in BUSY_PHASES

    def change(self, **values: object) -> None:
        """Set fields, and say that there is something to show."""
        for name, value in values.items():
            setattr(self, name, value)
        self.changes += 1

    # What it does

    def begin(self, prompt: str, settings: Settings, start_engine: StartEngine) -> None:
        """Go on from ``prompt`` with ``settings`` at its own temperature; what it wrote before goes."""
        self.change(
            phase="opening", text="", problem="", unknown=(), bits_per_char=None, chars_per_s=0.0, seed=settings.seed
        )
        settings = settings.change(temperature=self.temperature)
        self.task = asyncio.create_task(self._run(prompt, settings, start_engine), name=f"compare {self.name}")

    async def _run(self, prompt: str, settings: Settings, start_engine: StartEngine) -> None:
        try:
            engine = await self._open(start_engine)
            self.change(phase="reading")
            with contextlib.suppress(TextError):  # it knows none of the prompt: there is nothing to measure
                if prompt.strip():
                    self.change(bits_per_char=(await engine.score(prompt)).bits_per_char)
            async for chunk in engine.write(prompt, settings):
                self.change(
                    phase="writing",
                    text=self.text + chunk.text,
                    unknown=chunk.unknown or self.unknown,
                    chars_per_s=chunk.chars_per_s,
                    seed=chunk.seed,
                )
        except RnnchatError as error:
            self.change(phase="failed", problem=str(error))
        except asyncio.CancelledError:
            self.change(phase="stopped")
            raise
        else:
            self.change(phase="done")

    async def _open(self, start_engine: StartEngine) -> EngineClient:
        """The engine that is there, or a new one."""
        if self.engine is not None and self.engine.alive:
            return self.engine
        self.engine = await start_engine(self.source)
        self.change(info=self.engine.info)
        return self.engine

    async def stop(self) -> None:
        """End what it does; what it wrote stays."""
        if self.task is not None:
            self.task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self.task
            self.task = None

    async def close(self) -> None:
        """Stop, and end its process. It may begin again: then the model is opened anew."""
        await self.stop()
        engine, self.engine = self.engine, None
        if engine is not None:
            await engine.close()

    # What it says of itself

    @property
    def network(self) -> str:
        """``lstm 2×512``; empty before the model was opened."""
        return format_layers(self.info.cell, self.info.hidden_sizes) if self.info else ""

    @property
    def weight(self) -> str:
        """Parameters and size of the file: ``3.4 M   6.9 MB``."""
        if self.info is None:
            return ""
        return f"{format_parameters(self.info.parameters)}   {format_bytes(self.info.size_bytes)}"

    @property
    def speed(self) -> str:
        """``9,412 chars/s``."""
        return format_speed(self.chars_per_s) if self.chars_per_s else f"{NOTHING} chars/s"

    @property
    def seed_words(self) -> str:
        """``seed 7``; empty before the first run."""
        return "" if self.seed is None else f"seed {self.seed}"


def draw_seed() -> int:
    """A new seed, the same for all."""
    return random.randint(1, MAX_SEED)


def find_lowest(contestants: Sequence[Contestant]) -> Contestant | None:
    """The one that the prompt surprises least; None while there are not two to compare, or they are even."""
    scored = [one for one in contestants if one.bits_per_char is not None]
    if len(scored) < 2:
        return None
    best = min(scored, key=lambda one: one.bits_per_char or 0.0)
    is_shared = any(one is not best and one.bits_per_char == best.bits_per_char for one in scored)
    return None if is_shared else best


def record_comparison(contestants: Sequence[Contestant], prompt: str, settings: Settings) -> Comparison | None:
    """What is kept of a run; None where nobody wrote anything."""
    if not any(one.text for one in contestants):
        return None
    columns = tuple(
        Column(
            Contender(one.name, {"temperature": one.temperature}),
            one.text,
            one.bits_per_char,
            one.chars_per_s or None,
            one.info.size_bytes if one.info else None,
        )
        for one in contestants
    )
    return Comparison(prompt, settings.seed or 0, settings.to_json(), columns)


def count_columns(contestants: int, width: int, least_width: int) -> int:
    """How many columns stand side by side: as many as fit, evenly filled where they do not all fit."""
    fitting = max(min(contestants, width // least_width), 1)
    rows = -(-contestants // fitting)
    return -(-contestants // rows)
