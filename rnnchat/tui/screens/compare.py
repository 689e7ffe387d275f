"""The screen Compare: which of several models fits a text better, and two to six of them side by side on it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterable
from typing import TYPE_CHECKING, Any, ClassVar

from textual import on
from textual.app import ComposeResult, SystemCommand
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.timer import Timer
from textual.widgets import Static

from rnnchat.comparison.comparison import MAX_CONTENDERS, MIN_CONTENDERS
from rnnchat.desk.contest import Contest, draw_seed
from rnnchat.desk.contestant import Contestant
from rnnchat.desk.lineup import make_contestant
from rnnchat.errors import RnnchatError
from rnnchat.generation.settings import MAX_SEED
from rnnchat.tui.screens.base import MainScreen
from rnnchat.tui.screens.pick_model import PickModel
from rnnchat.tui.widgets.compare_column import CompareColumn
from rnnchat.tui.widgets.compare_grid import CompareGrid
from rnnchat.tui.widgets.compared_text import ComparedText
from rnnchat.tui.widgets.field import NumberField
from rnnchat.tui.widgets.prompt_box import PromptBox
from rnnchat.tui.widgets.seed_field import SeedField
from rnnchat.tui.widgets.verdict_panel import VerdictPanel

if TYPE_CHECKING:
    from rnnchat.model.library import ModelEntry

IDLE_S = 300.0
"""Seconds without a run after which the models are closed; the next run opens them again."""
FRAME_S = 0.035
"""Seconds between two drawings of what was written; all columns at once, however fast they write."""


class CompareScreen(MainScreen):
    """Columns of models that write at the same time, each in a process of its own while it is needed."""

    MODE: ClassVar[str] = "compare"
    CSS_PATH = "compare.tcss"
    AUTO_FOCUS = "PromptBox"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "stop", "stop", id="compare.stop", tooltip="stop all and keep what they wrote"),
        Binding("ctrl+o", "open_text", "file", id="compare.file", tooltip="compare on a file"),
        Binding(
            "ctrl+z", "undo", "undo", show=False, id="compare.undo", tooltip="take back the last change of columns"
        ),
        Binding("escape", "next_prompt", "back", show=False, id="compare.back", tooltip="back to the text"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self.contest = Contest(lambda source: self.app.start_engine(source))
        self._turn_to_change = asyncio.Lock()
        """One change of the columns ends before the next begins."""
        self._frames: Timer
        self._idle: Timer | None = None

    def compose_body(self) -> ComposeResult:
        with Vertical(id="compare"):
            yield ComparedText()
            with Horizontal(id="same"):
                yield SeedField(None, MAX_SEED, id="seed")
                yield NumberField(
                    "Length", 200, 10, 5000, step=50, fine_step=10, show=lambda length: f"{length:.0f}", id="length"
                )
                yield Static(id="hint")
            yield VerdictPanel(self.contest)
            yield CompareGrid()

    def on_mount(self) -> None:
        self._frames = self.set_interval(FRAME_S, self._draw_frame, pause=True)
        self.app.at_quit.append(self.contest.close)

    def on_screen_resume(self) -> None:
        if not self.contest.contestants:
            self.run_worker(self._begin(), group="first")

    async def _begin(self) -> None:
        engine = self.app.slot.engine
        await self.contest.choose_first(engine.info.path if engine is not None else "")
        hint = "the same for all" if self.contest.contestants else "no models yet: train one (f4)"
        self.query_one("#hint", Static).update(hint)
        if self.contest.prompt and not self.query_one(PromptBox).text:
            self.query_one(PromptBox).put(self.contest.prompt)
        await self._show_contestants()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer only what is possible now."""
        contest = self.contest
        match action:
            case "add_column":
                return len(contest.contestants) < MAX_CONTENDERS
            case "remove_column":
                return len(contest.contestants) > MIN_CONTENDERS
            case "run_again" | "run_same":
                return contest.prompt is not None
            case "undo":
                return contest.can_undo
            case "stop":
                return contest.is_busy
            case "vote":
                return contest.saved is not None
        return True

    # Writing

    @on(PromptBox.Sent)
    def _run_prompt(self, event: PromptBox.Sent) -> None:
        event.stop()
        box = self.query_one(ComparedText)
        if event.text:
            box.file_text = None
            box.put(event.text)
        self.run(event.text or box.file_text or "", self._choose_seed())
        self.query_one(CompareGrid).walk(0)

    def action_run_same(self) -> None:
        """Run all models once more on the same text; in a column that failed, start its model again."""
        here = self._find_focused()
        if here is not None and here.phase == "failed":
            self.contest.restart(here)
            self._frames.resume()
        else:
            self.run(self.query_one(ComparedText).whole, self._choose_seed())

    def action_open_text(self) -> None:
        """Choose a file to compare on."""
        self.query_one(ComparedText).choose_file()

    @on(ComparedText.FileRead)
    def _run_file(self, event: ComparedText.FileRead) -> None:
        self.run(event.text, self._choose_seed())

    def action_run_again(self) -> None:
        """Run all models once more with a new seed."""
        seed = draw_seed()
        field = self.query_one(SeedField)
        if field.value is not None:
            field.value = seed
        self.run(self.query_one(ComparedText).whole, seed)

    def _choose_seed(self) -> int:
        fixed = self.query_one(SeedField).value
        return draw_seed() if fixed is None else int(fixed)

    def run(self, prompt: str, seed: int) -> None:
        """Let all continue ``prompt`` at the same time; what they wrote before is dropped."""
        self.run_worker(self._run(prompt, seed), group="run")

    async def _run(self, prompt: str, seed: int) -> None:
        if self._idle is not None:
            self._idle.stop()
        self.query_one(SeedField).last_seed = seed
        await self.contest.run(prompt, int(self.query_one("#length", NumberField).value or 200), seed)
        self._frames.resume()
        self.refresh_bindings()

    def action_stop(self) -> None:
        """Stop all and keep what they wrote."""
        self.run_worker(self.contest.stop(), group="stop")

    def action_next_prompt(self) -> None:
        """Go to the text to continue."""
        self.query_one(PromptBox).focus()

    def action_walk(self, step: int) -> None:
        """Go to the column before or after."""
        self.query_one(CompareGrid).walk(step)

    @on(CompareColumn.Warmed)
    def draw(self) -> None:
        """Show what is new in every column."""
        self.query_one(VerdictPanel).show()
        for column in self.query_one(CompareGrid).columns:
            column.show(column.contestant in self.contest.better)

    def _draw_frame(self) -> None:
        """Draw; when all have ended, rest and keep what they wrote."""
        self.draw()
        if not self.contest.is_busy:
            self._frames.pause()
            self.refresh_bindings()
            self.run_worker(self._keep(self.contest.save()), group="save")
            self._idle = self.set_timer(IDLE_S, self._close_if_idle)
            self._close_if_left()

    def action_vote(self) -> None:
        """Vote for this column's text; a second vote makes it a tie."""
        if (here := self._find_focused()) is not None:
            self.run_worker(self._keep(self.contest.vote(here)), group="save")

    async def _keep(self, change: Coroutine[Any, Any, None]) -> None:
        """Change what is kept in the database, and show it."""
        try:
            await change
        except RnnchatError as error:
            self.app.notify_error(error)
        self.draw()
        self.refresh_bindings()

    # Columns

    async def _show_contestants(self) -> None:
        async with self._turn_to_change:
            await self.query_one(CompareGrid).show_contestants(self.contest.contestants)
        self.draw()
        self.refresh_bindings()

    def _find_focused(self) -> Contestant | None:
        """Who stands in the column that the keys act on."""
        column = self.query_one(CompareGrid).focused_column
        return column.contestant if column else None

    async def _change(self, contestants: list[Contestant], place: int) -> None:
        """Let these take part from now on, and go to the one at ``place``."""
        closing = asyncio.create_task(self.contest.change(contestants))
        await asyncio.sleep(0)
        await self._show_contestants()
        self.query_one(CompareGrid).columns[place].focus()
        await closing
        await self.contest.run_new()
        self._frames.resume()

    def action_undo(self) -> None:
        """Take back the last change of the columns."""
        self.run_worker(self._undo(), group="undo")

    async def _undo(self) -> None:
        await self.contest.undo()
        await self._show_contestants()
        self._frames.resume()

    def action_add_column(self) -> None:
        """Choose another model for a new column."""
        self._pick(lambda entry: [*self.contest.contestants, self.contest.make_distinct(entry)])

    def action_change_model(self) -> None:
        """Choose another model for this column."""
        if (here := self._find_focused()) is not None:
            self._pick(
                lambda entry: [
                    make_contestant(entry, one.temperature) if one is here else one for one in self.contest.contestants
                ]
            )

    def _pick(self, arrange: Callable[[ModelEntry], list[Contestant]]) -> None:
        def take(entry: ModelEntry | None) -> None:
            if entry is not None:
                contestants = arrange(entry)
                new = [place for place, one in enumerate(contestants) if one not in self.contest.contestants]
                self.run_worker(self._change(contestants, new[0]))

        self.app.push_screen(PickModel(), take)

    def action_remove_column(self) -> None:
        """Remove this column."""
        here, all_here = self._find_focused(), self.contest.contestants
        if here is not None and here in all_here:
            place = min(all_here.index(here), len(all_here) - 2)
            self.run_worker(self._change([one for one in all_here if one is not here], place))

    def action_spread(self) -> None:
        """Add columns with this column's model at other temperatures."""
        if (here := self._find_focused()) is not None:
            contestants = self.contest.spread(here)
            if len(contestants) > len(self.contest.contestants):
                self.run_worker(self._change(contestants, contestants.index(here)))

    # The end

    def on_screen_suspend(self) -> None:
        self._close_if_left()

    def _close_if_left(self) -> None:
        """On another screen nobody needs the models, once they have written to the end."""
        if self.app.current_mode != self.MODE:
            self._close_if_idle()

    def _close_if_idle(self) -> None:
        """Nobody has run anything for long: memory is worth more than the moment it takes to open a model."""
        if not self.contest.is_busy:
            self.run_worker(self.contest.close())

    @classmethod
    def key_groups(cls) -> list[tuple[str, list[BindingType]]]:
        return [("Compare", [*CompareColumn.BINDINGS, *cls.BINDINGS])]

    def commands(self) -> Iterable[SystemCommand]:
        yield SystemCommand("Add a column", "Compare another model", self.action_add_column)
        yield SystemCommand("Compare on a file", "Choose a text and see which model fits it", self.action_open_text)
        yield SystemCommand("New text", "Go to the text to continue", self.action_next_prompt)
