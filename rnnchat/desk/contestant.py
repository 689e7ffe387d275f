"""One participant of a contest: a model at a temperature, in a process of its own, and what it has written so far."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from rnnchat.desk.figures import NOTHING, format_bytes, format_layers, format_parameters, format_speed
from rnnchat.desk.model_slot import StartEngine
from rnnchat.errors import RnnchatError, TextError

if TYPE_CHECKING:
    from rnnchat.comparison.trial import Trial
    from rnnchat.engine.client import EngineClient
    from rnnchat.engine.protocol import ModelInfo
    from rnnchat.generation.settings import Settings

Phase = Literal["idle", "opening", "reading", "writing", "measuring", "done", "stopped", "failed"]
BUSY_PHASES: frozenset[Phase] = frozenset({"opening", "reading", "writing", "measuring"})


@dataclass(eq=False)
class Contestant:
    """One model at one temperature. What happens changes it; a front end looks at it as often as it draws."""

    source: str
    """Name or path of the model."""
    name: str
    temperature: float = 0.8
    phase: Phase = "idle"
    text: str = ""
    problem: str = ""
    unknown: tuple[str, ...] = ()
    """Symbols of the prompt that the model has never seen and skipped."""
    bits_per_char: float | None = None
    """Of the prompt."""
    chars_per_s: float = 0.0
    seed: int | None = None
    info: ModelInfo | None = None
    engine: EngineClient | None = None
    has_read: bool = False
    """Whether ``bits_per_char`` is that of a whole text, not of what it continues."""
    trial_name: str = ""
    """What it is called in verdicts; set by the contest."""
    changes: int = 0
    """Goes up whenever there is something new to show."""
    task: asyncio.Task[None] | None = None

    @property
    def is_busy(self) -> bool:
        """Whether it opens its model, reads or writes."""
        return self.phase in BUSY_PHASES

    def change(self, **values: object) -> None:
        """Set fields, and note that there is something to show."""
        for name, value in values.items():
            setattr(self, name, value)
        self.changes += 1

    # What it does

    def begin(self, prompt: str, settings: Settings, start_engine: StartEngine, trial: Trial | None = None) -> None:
        """Continue ``prompt`` with ``settings`` at its own temperature; what it wrote before is dropped.

        Then it reads the text of ``trial``, if there is one: what the text costs the model is told there.
        """
        self.change(
            phase="opening",
            text="",
            problem="",
            unknown=(),
            bits_per_char=None,
            has_read=False,
            chars_per_s=0.0,
            seed=settings.seed,
        )
        settings = settings.change(temperature=self.temperature)
        self.task = asyncio.create_task(self._run(prompt, settings, start_engine, trial), name=f"compare {self.name}")

    async def _run(self, prompt: str, settings: Settings, start_engine: StartEngine, trial: Trial | None) -> None:
        try:
            engine = await self._open(start_engine)
            self.change(phase="reading")
            with contextlib.suppress(TextError):  # it knows none of the prompt: there is nothing to measure
                if prompt.strip() and trial is None:
                    self.change(bits_per_char=(await engine.score(prompt)).bits_per_char)
            async for chunk in engine.write(prompt, settings):
                self.change(
                    phase="writing",
                    text=self.text + chunk.text,
                    unknown=chunk.unknown or self.unknown,
                    chars_per_s=chunk.chars_per_s,
                    seed=chunk.seed,
                )
            if trial is not None:
                await self._measure(engine, trial)
        except RnnchatError as error:
            self.change(phase="failed", problem=str(error))
        except asyncio.CancelledError:
            self.change(phase="stopped")
            raise
        else:
            self.change(phase="done")

    async def _measure(self, engine: EngineClient, trial: Trial) -> None:
        """Read the text of ``trial``."""
        import numpy as np

        from rnnchat.analysis.overlap import Overlap

        self.change(phase="measuring")
        trial.restart(self.trial_name)
        async for part in engine.measure(trial.text):
            trial.add(self.trial_name, part.cells)
            if part.finished:
                overlap = None
                if part.share is not None:
                    cells = np.zeros(trial.num_cells, bool)
                    cells[list(part.copied)] = True
                    overlap = Overlap(part.share, cells)
                trial.set_overlap(self.trial_name, overlap)
            read = trial.read(self.trial_name)
            if len(read) == trial.num_cells:
                self.change(bits_per_char=float(read.sum()) / trial.chars, has_read=True)
            else:
                self.change()

    async def _open(self, start_engine: StartEngine) -> EngineClient:
        """The engine that is running, or a new one."""
        if self.engine is not None and self.engine.alive:
            return self.engine
        self.engine = await start_engine(self.source)
        self.change(info=self.engine.info)
        return self.engine

    async def stop(self) -> None:
        """Stop writing; what it wrote stays."""
        if self.task is not None:
            self.task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self.task
            self.task = None

    async def close(self) -> None:
        """Stop, and end its process. The next `begin` opens the model again."""
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
