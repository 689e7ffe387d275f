"""The screen Compare: two to four models side by side, the same prompt and seed for all."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from functools import cached_property
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult, SystemCommand
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.timer import Timer
from textual.widgets import Static

from rnnchat.comparison.comparison import MAX_CONTENDERS, MIN_CONTENDERS
from rnnchat.desk.contest import Contestant, draw_seed, find_lowest, record_comparison
from rnnchat.errors import RnnchatError
from rnnchat.generation.settings import MAX_SEED, Settings
from rnnchat.tui.screens.compare_actions import CompareActions
from rnnchat.tui.widgets.compare_column import CompareColumn
from rnnchat.tui.widgets.compare_grid import CompareGrid
from rnnchat.tui.widgets.field import NumberField, SeedField
from rnnchat.tui.widgets.prompt_box import PromptBox

if TYPE_CHECKING:
    from rnnchat.comparison.store import ComparisonStore

IDLE_S = 300.0
"""After so long without a run the models are closed; the next run opens them again."""
FRAME_S = 0.035
"""How often what was written is drawn; all columns at once, however fast they write."""


class CompareScreen(CompareActions):
    """Columns of models that write at the same time, each in a process of its own while it is needed."""

    MODE: ClassVar[str] = "compare"
    CSS_PATH = "compare.tcss"
    AUTO_FOCUS = "PromptBox"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "stop", "stop", id="compare.stop", tooltip="stop all, keep what they wrote"),
        Binding("escape", "next_prompt", "back", show=False, id="compare.back", tooltip="to the prompt"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._settings = Settings()
        """What they share in this run, its seed among it."""
        self._ran: list[Contestant] = []
        """Who took part in this run."""
        self._saved: str | None = None
        """Id of the run in the database, once it has ended."""
        self._turn = asyncio.Lock()
        """One run ends before the next begins, however fast the keys come."""
        self._frames: Timer
        self._idle: Timer | None = None

    def compose_body(self) -> ComposeResult:
        with Vertical(id="compare"):
            yield PromptBox()
            with Horizontal(id="same"):
                yield SeedField(None, MAX_SEED, id="seed")
                yield NumberField(
                    "Length", 200, 10, 5000, step=50, fine_step=10, show=lambda length: f"{length:.0f}", id="length"
                )
                yield Static(id="hint")
            yield CompareGrid()

    def on_mount(self) -> None:
        self.query_one(PromptBox).placeholder = "A prompt for all of them; enter lets them write"
        self._frames = self.set_interval(FRAME_S, self._draw_frame, pause=True)
        self.app.at_quit.append(self.close_engines)

    def on_screen_resume(self) -> None:
        if not self.contestants:
            self.run_worker(self._begin(), group="first")

    async def _begin(self) -> None:
        """Choose who takes part before anything runs: a person may press Enter before the list of models is read."""
        async with self._turn:
            if not self.contestants:
                await self.choose_first()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer only what is possible now."""
        match action:
            case "add_column":
                return len(self.contestants) < MAX_CONTENDERS
            case "remove_column":
                return len(self.contestants) > MIN_CONTENDERS
            case "run_again" | "run_same":
                return self.prompt is not None
            case "stop":
                return self.is_busy
            case "vote":
                return self._saved is not None
        return True

    # Writing

    @on(PromptBox.Sent)
    def _run_prompt(self, event: PromptBox.Sent) -> None:
        event.stop()
        self.query_one(PromptBox).put(event.text)
        self.run(event.text, self.choose_seed())
        self.query_one(CompareGrid).walk(0)

    def action_run_same(self) -> None:
        """Let them write once more on the prompt in the box."""
        self.run(self.query_one(PromptBox).text, self.choose_seed())

    def action_run_again(self) -> None:
        """Let them write once more with a new seed."""
        seed = draw_seed()
        field = self.query_one(SeedField)
        if field.value is not None:
            field.value = seed
        self.run(self.query_one(PromptBox).text, seed)

    def choose_seed(self) -> int:
        fixed = self.query_one(SeedField).value
        return draw_seed() if fixed is None else int(fixed)

    def run(self, prompt: str, seed: int) -> None:
        """Let all write on ``prompt`` at the same time; what they wrote before goes."""
        self.run_worker(self._run(prompt, seed), group="run")

    async def _run(self, prompt: str, seed: int) -> None:
        async with self._turn:
            await self._stop_all()
            if self._idle is not None:
                self._idle.stop()
            self.prompt, self.better, self._saved = prompt, (), None
            self.query_one(SeedField).last_seed = seed
            self._settings = Settings(length=int(self.query_one("#length", NumberField).value or 200), seed=seed)
            self._ran = list(self.contestants)
            for one in self._ran:
                one.begin(prompt, self._settings, self.app.start_engine)
        self._frames.resume()
        self.refresh_bindings()

    async def _stop_all(self) -> None:
        await asyncio.gather(*(one.stop() for one in self.contestants))

    def action_stop(self) -> None:
        """Stop all and keep what they wrote."""
        self.run_worker(self._stop_all(), group="stop")

    def action_next_prompt(self) -> None:
        """Go to the prompt."""
        self.query_one(PromptBox).focus()

    def action_walk(self, step: int) -> None:
        """Go to the column before or after."""
        self.query_one(CompareGrid).walk(step)

    @on(CompareColumn.Warmed)
    def draw(self) -> None:
        """Show what is new in every column."""
        lowest = find_lowest(self.contestants)
        for column in self.query_one(CompareGrid).columns:
            column.show(column.contestant is lowest, column.contestant in self.better)

    def _draw_frame(self) -> None:
        """Draw; when all have ended, rest and keep what they wrote."""
        self.draw()
        if not self.is_busy:
            self._frames.pause()
            self.refresh_bindings()
            self.run_worker(self._save(), group="save")
            self._idle = self.set_timer(IDLE_S, self._close_if_idle)
            self._close_if_left()

    # What is kept

    async def _save(self) -> None:
        """Keep the run in the database, under the same id however often it is saved."""
        comparison = record_comparison(self._ran, self.prompt or "", self._settings)
        if comparison is None:
            return
        try:
            await asyncio.to_thread(self._store.save, comparison)
        except RnnchatError as error:
            self.app.notify_error(error)
        else:
            self._saved = comparison.id
            self.refresh_bindings()

    @cached_property
    def _store(self) -> ComparisonStore:
        from rnnchat.comparison.store import ComparisonStore

        return ComparisonStore()

    def action_vote(self) -> None:
        """Prefer this column's text; once more makes it a tie."""
        here = self.find_focused()
        if here not in self._ran or self._saved is None:
            return
        is_tie = list(self.better) == [here]
        self.better = self._ran if is_tie else [here]
        self.draw()
        preferred = None if is_tie else self._ran.index(here)
        self.run_worker(self._save_vote(self._saved, preferred), group="save")

    async def _save_vote(self, comparison_id: str, preferred: int | None) -> None:
        try:
            await asyncio.to_thread(self._store.vote, comparison_id, preferred)
        except RnnchatError as error:
            self.app.notify_error(error)

    # The end

    def on_screen_suspend(self) -> None:
        self._close_if_left()

    def _close_if_left(self) -> None:
        """On another screen nobody needs the models, once they have written to the end."""
        if self.app.current_mode != self.MODE and not self.is_busy:
            self.run_worker(self.close_engines())

    def _close_if_idle(self) -> None:
        """Nobody has run anything for long: memory is worth more than the moment it takes to open a model."""
        if not self.is_busy:
            self.run_worker(self.close_engines())

    async def close_engines(self) -> None:
        """End the processes that hold the models; what they wrote stays."""
        await asyncio.gather(*(one.close() for one in self.contestants))

    @classmethod
    def key_groups(cls) -> list[tuple[str, list[BindingType]]]:
        return [("Compare", [*CompareColumn.BINDINGS, *cls.BINDINGS])]

    def commands(self) -> Iterable[SystemCommand]:
        yield SystemCommand("Add a column", "Compare one more model", self.action_add_column)
        yield SystemCommand("New prompt", "Go to the prompt", self.action_next_prompt)
