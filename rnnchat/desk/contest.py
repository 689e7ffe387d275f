"""A contest: several models continue one prompt with one seed, at the same time, and the person may vote.

Each contestant has an engine of its own, a child process, so that none waits for another.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from rnnchat.comparison.comparison import MAX_CONTENDERS, Column, Comparison, Contender
from rnnchat.desk.contestant import Contestant
from rnnchat.desk.lineup import find_pair, list_readable, make_contestant, recall
from rnnchat.desk.model_slot import StartEngine
from rnnchat.desk.trial import make_trial
from rnnchat.errors import ModelError, StoryError, TextError
from rnnchat.generation.settings import Settings

if TYPE_CHECKING:
    from rnnchat.comparison.store import ComparisonStore
    from rnnchat.comparison.trial import Trial
    from rnnchat.model.library import ModelEntry

LADDER = (0.4, 0.7, 1.0, 1.3)
"""Temperatures at which one model is compared with itself."""
PROMPT_CHARS = 500
"""Of a longer text this much of its end is continued."""
MAX_CHARS = 5_000_000
"""A longer text is refused: it is kept in memory while it is compared on."""
MOST_UNDONE = 50
MAX_SEED = 99_999
"""Drawn seeds are short enough to be read out."""


class Contest:
    """Who takes part, what they continue, and which one the person prefers.

    Attributes:
        contestants: From left to right.
        text: What they are compared on; its end is what they continue.
        trial: What each has read of the text; None where it is too short for a verdict, or before the first run.
        prompt: What they continue; None before the first run.
        better: The one that the person voted for; all of them after a tie.
        saved: Id of the run in the database; None until it has ended.
    """

    def __init__(self, start_engine: StartEngine) -> None:
        """Compare nobody yet; ``start_engine`` opens a model by name or path."""
        self.contestants: list[Contestant] = []
        self.text = ""
        self.trial: Trial | None = None
        self._earlier: list[list[Contestant]] = []
        """Who took part before each change."""
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
            if await asyncio.to_thread(self._restore):
                return
            entries = await asyncio.to_thread(list_readable)
            entries.sort(key=lambda entry: str(entry.path) == open_path, reverse=True)
            if len(entries) == 1:
                self.contestants = [make_contestant(entries[0], temperature) for temperature in (0.5, 1.0)]
            else:
                self.contestants = [make_contestant(entry) for entry in find_pair(entries)]

    def _restore(self) -> bool:
        """Take up the last run that was kept, if two of its models are still here; for a thread.

        A database that cannot be used is told when something is to be kept in it.
        """
        from rnnchat.model.library import find_model

        with contextlib.suppress(StoryError):
            for kept in self._store.list_comparisons(1):
                contestants = []
                for column in kept.columns:
                    with contextlib.suppress(ModelError):
                        contestants.append(recall(column, str(find_model(column.contender.model)), kept.seed))
                if len(contestants) < 2 or len(contestants) < len(kept.columns):
                    return False
                self.contestants, self.text, self.prompt = contestants, kept.prompt, kept.prompt
                self._ran, self.saved = list(contestants), kept.id
                self._settings = Settings.from_json(dict(kept.settings))
                return True
        return False

    async def change(self, contestants: list[Contestant]) -> None:
        """Let these take part from now on, and close the models of all others."""
        self._earlier = [*self._earlier, list(self.contestants)][-MOST_UNDONE:]
        await self._replace(contestants)

    @property
    def can_undo(self) -> bool:
        """Whether a change of the columns can be taken back."""
        return bool(self._earlier)

    async def undo(self) -> None:
        """Take back the last change of the columns; what those that come back had written is there."""
        if self._earlier:
            await self._replace(self._earlier.pop())

    async def _replace(self, contestants: list[Contestant]) -> None:
        gone = [one for one in self.contestants if one not in contestants]
        self.contestants = contestants
        self.better = [one for one in self.better if one in contestants]
        await asyncio.gather(*(one.close() for one in gone))

    def make_distinct(self, entry: ModelEntry) -> Contestant:
        """The model at a temperature at which it does not take part yet."""
        taken = {one.temperature for one in self.contestants if one.source == str(entry.path)}
        free = [temperature for temperature in (Contestant.temperature, *LADDER) if temperature not in taken]
        return make_contestant(entry, free[0])

    def spread(self, here: Contestant) -> list[Contestant]:
        """All that take part, and beside ``here`` its model at other temperatures, as many as there is room for."""
        taken = {one.temperature for one in self.contestants if one.source == here.source}
        free = [temperature for temperature in LADDER if temperature not in taken]
        added = [Contestant(here.source, here.name, each) for each in free[: MAX_CONTENDERS - len(self.contestants)]]
        place = self.contestants.index(here) + 1
        return [*self.contestants[:place], *added, *self.contestants[place:]]

    # Writing

    async def run(self, text: str, length: int, seed: int) -> None:
        """Let all continue ``text`` at the same time, by ``length`` characters; what they wrote before is dropped.

        A long text is continued from its last `PROMPT_CHARS` characters and read as a whole, for a verdict.
        """
        async with self._turn:
            await self.stop()
            self.text, self.prompt, self.better, self.saved = text, find_end(text), (), None
            self._settings = Settings(length=length, seed=seed)
            self._ran = list(self.contestants)
            self.trial = await asyncio.to_thread(make_trial, text, self._ran)
            self._begin(self._ran)

    async def run_new(self) -> None:
        """Let those that joined since the last run do what the others have done."""
        async with self._turn:
            if self.prompt is None:
                return
            new = [one for one in self.contestants if one.phase == "idle"]
            self._ran = list(self.contestants)
            if self.trial is not None:
                self.trial = await asyncio.to_thread(make_trial, self.text, self.contestants, self.trial)
            self._begin(new)

    def restart(self, one: Contestant) -> None:
        """Let one that failed begin again."""
        if self.prompt is not None and one.phase == "failed":
            self._begin([one])

    def _begin(self, contestants: Sequence[Contestant]) -> None:
        """Let these write; of several columns of one model the first reads the text for all."""
        readers = {one.trial_name: one for one in reversed(self.contestants)}
        for one in contestants:
            trial = self.trial if readers.get(one.trial_name) is one else None
            one.begin(self.prompt or "", self._settings, self._start_engine, trial)

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


def find_end(text: str) -> str:
    """What of a text is continued: all of a short one, of a longer one about the last `PROMPT_CHARS`."""
    if len(text) <= PROMPT_CHARS:
        return text
    end = text[-PROMPT_CHARS:]
    cut = end.find("\n") + 1 or end.find(" ") + 1
    return end[cut:] if 0 < cut < PROMPT_CHARS // 2 else end


def draw_seed() -> int:
    """A new seed, the same for all."""
    return random.randint(1, MAX_SEED)


def read_text(path: Path) -> str:
    """The text of a file to compare on; for a thread.

    Raises:
        TextError: The file cannot be read, holds no text, or is too long.
    """
    from rnnchat.text.corpus import Corpus

    parts: list[str] = []
    for piece in Corpus([str(path.absolute())]).read_pieces():
        parts.append(piece)
        if sum(map(len, parts)) > MAX_CHARS:
            raise TextError(f"{path.name} is too long to compare on: choose one of at most {MAX_CHARS:,} characters")
    return "".join(parts)


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
