"""A contest: several models continue one prompt with one seed, at the same time, and the person may vote.

Each contestant has an engine of its own, a child process, so that none waits for another.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from rnnchat.comparison.comparison import Column, Comparison, Contender
from rnnchat.desk.contestant import Contestant
from rnnchat.desk.model_slot import StartEngine
from rnnchat.generation.settings import Settings

if TYPE_CHECKING:
    from rnnchat.comparison.store import ComparisonStore
    from rnnchat.model.library import ModelEntry

LADDER = (0.4, 0.7, 1.0, 1.3)
"""Temperatures at which one model is compared with itself."""
MAX_SEED = 99_999
"""Drawn seeds are short enough to be read out."""


class Contest:
    """Who takes part, what they continue, and which one the person prefers.

    Attributes:
        contestants: From left to right.
        prompt: What they continue; None before the first run.
        better: The one that the person voted for; all of them after a tie.
        saved: Id of the run in the database; None until it has ended.
    """

    def __init__(self, start_engine: StartEngine) -> None:
        """Compare nobody yet; ``start_engine`` opens a model by name or path."""
        self.contestants: list[Contestant] = []
        self.prompt: str | None = None
        self.better: Sequence[Contestant] = ()
        self.saved: str | None = None
        self._start_engine = start_engine
        self._settings = Settings()
        self._ran: list[Contestant] = []
        """Who took part in the run that ended last."""
        self._turn = asyncio.Lock()
        """One run ends before the next begins, however fast the keys come."""

    @property
    def is_busy(self) -> bool:
        """Whether anyone opens a model, reads or writes."""
        return any(one.is_busy for one in self.contestants)

    # Who takes part

    async def choose_first(self, open_path: str) -> None:
        """Begin with the open model and another one, or with one model at two temperatures.

        Args:
            open_path: The file of the model that is open; "" for none.
        """
        async with self._turn:  # a prompt may be sent before the models are listed
            if self.contestants:
                return
            entries = await asyncio.to_thread(list_readable)
            entries.sort(key=lambda entry: str(entry.path) == open_path, reverse=True)
            if len(entries) == 1:
                self.contestants = [make_contestant(entries[0], temperature) for temperature in (0.5, 1.0)]
            else:
                self.contestants = [make_contestant(entry) for entry in entries[:2]]

    async def change(self, contestants: list[Contestant]) -> None:
        """Let these take part from now on, and close the models of all others."""
        gone = [one for one in self.contestants if one not in contestants]
        self.contestants = contestants
        self.better = [one for one in self.better if one in contestants]
        await asyncio.gather(*(one.close() for one in gone))

    def make_distinct(self, entry: ModelEntry) -> Contestant:
        """The model at a temperature at which it does not take part yet."""
        taken = {one.temperature for one in self.contestants if one.source == str(entry.path)}
        free = [temperature for temperature in (Contestant.temperature, *LADDER) if temperature not in taken]
        return make_contestant(entry, free[0])

    # Writing

    async def run(self, prompt: str, length: int, seed: int) -> None:
        """Let all continue ``prompt`` at the same time, by ``length`` characters; what they wrote before is dropped."""
        async with self._turn:
            await self.stop()
            self.prompt, self.better, self.saved = prompt, (), None
            self._settings = Settings(length=length, seed=seed)
            self._ran = list(self.contestants)
            for one in self._ran:
                one.begin(prompt, self._settings, self._start_engine)

    async def stop(self) -> None:
        """Stop all and keep what they wrote."""
        await asyncio.gather(*(one.stop() for one in self.contestants))

    async def close(self) -> None:
        """End the processes that hold the models; what they wrote stays."""
        await asyncio.gather(*(one.close() for one in self.contestants))

    # What is kept

    async def save(self) -> None:
        """Keep the run that has ended in the database.

        Raises:
            StoryError: The database cannot be used.
        """
        comparison = record_comparison(self._ran, self.prompt or "", self._settings)
        if comparison is not None:
            await asyncio.to_thread(lambda: self._store.save(comparison))
            self.saved = comparison.id

    async def vote(self, one: Contestant) -> None:
        """Prefer ``one``; a second vote for the same one makes it a tie.

        Raises:
            StoryError: The database cannot be used.
        """
        if one not in self._ran or self.saved is None:
            return
        is_tie, saved = list(self.better) == [one], self.saved
        self.better = self._ran if is_tie else [one]
        preferred = None if is_tie else self._ran.index(one)
        await asyncio.to_thread(lambda: self._store.vote(saved, preferred))

    @cached_property
    def _store(self) -> ComparisonStore:
        from rnnchat.comparison.store import ComparisonStore

        return ComparisonStore()


def draw_seed() -> int:
    """A new seed, the same for all."""
    return random.randint(1, MAX_SEED)


def make_contestant(entry: ModelEntry, temperature: float = Contestant.temperature) -> Contestant:
    """The model of ``entry`` at a temperature."""
    return Contestant(str(entry.path), entry.name, temperature)


def list_readable() -> list[ModelEntry]:
    """The models that can be opened, the newest first; for a thread, since it reads files."""
    from rnnchat.model.library import list_models

    entries = [entry for entry in list_models() if entry.header is not None]
    return sorted(entries, key=lambda entry: entry.modified, reverse=True)


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
