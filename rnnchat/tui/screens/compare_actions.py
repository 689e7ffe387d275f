"""Who takes part in a comparison: columns come, go, get another model or another temperature."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from textual.widgets import Static

from rnnchat.desk.contest import LADDER, Contestant
from rnnchat.tui.screens.base import MainScreen
from rnnchat.tui.screens.pick_model import PickModel
from rnnchat.tui.widgets.compare_grid import CompareGrid

if TYPE_CHECKING:
    from rnnchat.model.library import ModelEntry


class CompareActions(MainScreen):
    """Actions on the columns of a ``CompareGrid``.

    Attributes:
        contestants: Who takes part, from left to right.
        better: The one that the person voted for; all of them after a tie.
        prompt: What they write on; None before the first run.
    """

    contestants: list[Contestant]
    better: Sequence[Contestant]
    prompt: str | None

    def __init__(self) -> None:
        super().__init__()
        self.contestants, self.better, self.prompt = [], (), None
        self._turn_to_change = asyncio.Lock()
        """One change of the columns ends before the next begins."""

    @property
    def is_busy(self) -> bool:
        """Does anyone open a model, read or write?"""
        return any(one.is_busy for one in self.contestants)

    def draw(self) -> None:
        """Show what is new in every column."""
        raise NotImplementedError

    def run(self, prompt: str, seed: int) -> None:
        """Let all write on ``prompt``."""
        raise NotImplementedError

    def choose_seed(self) -> int:
        """The seed of the next run."""
        raise NotImplementedError

    async def choose_first(self) -> None:
        """Begin with the model that is open and another one, or with one model at two temperatures."""
        first = await self._find_first()
        if not self.contestants:
            await self._take(first)

    async def _find_first(self) -> list[Contestant]:
        entries = await asyncio.to_thread(_list_readable)
        engine = self.app.slot.engine
        entries.sort(key=lambda entry: engine is not None and str(entry.path) == engine.info.path, reverse=True)
        first = [Contestant(str(entry.path), entry.name) for entry in entries[:2]]
        if len(first) == 1:
            first = [Contestant(first[0].source, first[0].name, temperature) for temperature in (0.5, 1.0)]
        hint = "the same for all" if first else "no model on this machine yet: train one (f4)"
        self.query_one("#hint", Static).update(hint)
        return first

    async def _take(self, contestants: list[Contestant]) -> None:
        """Let these take part from now on; whoever does not any more is closed."""
        gone = [one for one in self.contestants if one not in contestants]
        self.contestants = contestants
        self.better = [one for one in self.better if one in contestants]
        async with self._turn_to_change:
            await self.query_one(CompareGrid).show_contestants(self.contestants)
        self.draw()
        self.refresh_bindings()
        for one in gone:
            await one.close()

    def find_focused(self) -> Contestant | None:
        """Who stands in the column that the keys act on."""
        column = self.query_one(CompareGrid).focused_column
        return column.contestant if column else None

    def action_add_column(self) -> None:
        """Choose one more model."""
        self._pick(lambda entry: [*self.contestants, self._make_distinct(entry)])

    def _make_distinct(self, entry: ModelEntry) -> Contestant:
        """The model at a temperature at which it does not take part yet."""
        taken = {one.temperature for one in self.contestants if one.source == str(entry.path)}
        free = [temperature for temperature in (Contestant.temperature, *LADDER) if temperature not in taken]
        return _make_contestant(entry, free[0])

    def action_change_model(self) -> None:
        """Choose another model for this column."""
        if (here := self.find_focused()) is not None:
            self._pick(
                lambda entry: [
                    _make_contestant(entry, one.temperature) if one is here else one for one in self.contestants
                ]
            )

    def _pick(self, arrange: Callable[[ModelEntry], list[Contestant]]) -> None:
        def take(entry: ModelEntry | None) -> None:
            if entry is not None:
                self.run_worker(self._take_and_focus(arrange(entry)))

        self.app.push_screen(PickModel(), take)

    async def _take_and_focus(self, contestants: list[Contestant]) -> None:
        new = [place for place, one in enumerate(contestants) if one not in self.contestants]
        await self._take(contestants)
        self.query_one(CompareGrid).columns[new[0]].focus()

    def action_remove_column(self) -> None:
        """Take this column away."""
        here = self.find_focused()
        if here is not None and here in self.contestants:
            place = min(self.contestants.index(here), len(self.contestants) - 2)
            self.run_worker(self._remove(here, place))

    async def _remove(self, here: Contestant, place: int) -> None:
        await self._take([one for one in self.contestants if one is not here])
        self.query_one(CompareGrid).columns[place].focus()

    def action_spread(self) -> None:
        """Compare this column's model with itself, from cold to hot."""
        if (here := self.find_focused()) is not None:
            self.run_worker(self._spread(here))

    async def _spread(self, here: Contestant) -> None:
        await self._take([Contestant(here.source, here.name, temperature) for temperature in LADDER])
        self.query_one(CompareGrid).columns[0].focus()
        if self.prompt is not None:
            self.run(self.prompt, self.choose_seed())


def _make_contestant(entry: ModelEntry, temperature: float = 0.8) -> Contestant:
    return Contestant(str(entry.path), entry.name, temperature)


def _list_readable() -> list[ModelEntry]:
    """The models that can be opened, the newest first; runs in a thread."""
    from rnnchat.model.library import list_models

    entries = [entry for entry in list_models() if entry.header is not None]
    return sorted(entries, key=lambda entry: entry.modified, reverse=True)
