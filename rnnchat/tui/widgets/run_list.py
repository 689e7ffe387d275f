"""All trainings, newest first, one line each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from rich.cells import set_cell_size
from textual import events
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from rnnchat.tui.widgets.curve import find_hue

if TYPE_CHECKING:
    from rnnchat.desk.run_views import RunView

SUMMARY_WIDTH = 17
QUALITY_WIDTH = 5
MARK_STYLES = {"●": "$accent", "✓": "$success", "✗": "$error", "‖": "$warning", "■": "$quiet", "○": "$quiet"}

RUN_KEYS: list[BindingType] = [
    Binding("p", "screen.pause_run", "pause", id="train.pause", tooltip="pause; its progress is saved"),
    Binding("p", "screen.resume_run", "resume", id="train.go-on", tooltip="resume"),
    Binding("s", "screen.stop_run", "stop and keep", id="train.stop", tooltip="stop and keep the best model"),
    Binding("t", "screen.talk", "write with it", id="train.talk", tooltip="write with the best model so far"),
    Binding("w", "screen.ask_sample", "sample now", show=False, id="train.sample", tooltip="write a sample now"),
    Binding("delete", "screen.remove_run", "remove", id="train.remove", tooltip="delete the run"),
    Binding("n", "screen.new_run", "new", id="train.new", tooltip="new training"),
]
"""What can be done with a run, in the list and in its details. The screen does it."""

COMPARE_KEYS: list[BindingType] = [
    Binding("c", "screen.compare", "compare", id="train.compare", tooltip="compare runs on the same texts"),
    Binding("o", "screen.change_axis", "axis", id="train.axis", tooltip="plot over time, characters or steps"),
]
"""What can be done with several runs."""
UNMARKED = "·"


class RunList(OptionList):
    """The runs; the cursor stays on its run while others come and go. What the keys do is up to the screen."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "select", "details", id="train.details", tooltip="show its loss and its samples"),
        *RUN_KEYS,
        Binding("space", "mark", "mark", id="train.mark", tooltip="mark for comparison"),
        *COMPARE_KEYS,
    ]

    @dataclass
    class Marked(Message):
        """The person wants to mark a run, or to take its mark away."""

        name: str

    @dataclass
    class Pointed(Message):
        """The cursor is on another run, or on none."""

        name: str | None

    @dataclass
    class Resized(Message):
        """The columns have moved; ``heading`` stands above them now."""

        heading: str

    def __init__(self, *, id: str | None = None) -> None:
        """Make an empty list."""
        super().__init__(id=id, markup=False, compact=True)
        self.runs: Sequence[RunView] = ()
        self.letters: Mapping[str, str] = {}

    @property
    def pointed(self) -> str | None:
        """Name of the run under the cursor."""
        return None if self.highlighted is None else self.runs[self.highlighted].name

    def show_runs(self, runs: Sequence[RunView]) -> None:
        """Show ``runs``; only lines that say something else are drawn anew."""
        before, pointed = self.runs, self.pointed
        self.runs = runs
        if [run.name for run in before] != [run.name for run in runs]:
            with self.prevent(OptionList.OptionHighlighted):
                self.set_options(Option(self._describe(run)) for run in runs)
            self.point_at(pointed)
            return
        for index, run in enumerate(runs):
            if run != before[index]:
                self.replace_option_prompt_at_index(index, self._describe(run))

    def show_letters(self, letters: Mapping[str, str]) -> None:
        """Show which runs are marked: the letter of each, by its name."""
        before, self.letters = self.letters, dict(letters)
        for index, run in enumerate(self.runs):
            if before.get(run.name) != self.letters.get(run.name):
                self.replace_option_prompt_at_index(index, self._describe(run))

    def action_mark(self) -> None:
        if self.pointed is not None:
            self.post_message(self.Marked(self.pointed))

    def on_click(self, event: events.Click) -> None:
        """A click on the sign before a run marks it; anywhere else it opens the details."""
        index = event.style.meta.get("option")
        if event.x <= 1 and index is not None:
            event.prevent_default()
            self.highlighted = index
            self.action_mark()

    def point_at(self, name: str | None) -> None:
        """Put the cursor on the run called ``name``, or on the first one."""
        places = [index for index, run in enumerate(self.runs) if run.name == name]
        self.highlighted = places[0] if places else (0 if self.runs else None)
        self.post_message(self.Pointed(self.pointed))

    @property
    def heading(self) -> str:
        """What stands above the columns."""
        return f"{'Runs':<{self._name_width + 1}}bits/char"

    @property
    def _name_width(self) -> int:
        return max(self.scrollable_content_region.width - SUMMARY_WIDTH - QUALITY_WIDTH - 8, 8)

    def _describe(self, run: RunView) -> Content:
        """One line: letter, mark, name, bits per character, where it stands."""
        letter = self.letters.get(run.name)
        hue = find_hue(ord(letter) - ord("a"), self.app.current_theme.dark) if letter else "$quiet"
        return Content.assemble(
            (letter or UNMARKED, f"bold {hue}" if letter else "$quiet"),
            " ",
            (run.mark, MARK_STYLES[run.mark]),
            f" {set_cell_size(run.name, self._name_width)} ",
            f"{run.quality:>{QUALITY_WIDTH}}  ",
            (run.summary, "" if run.is_active else "$quiet"),
        )

    def on_resize(self, event: events.Resize) -> None:
        self.post_message(self.Resized(self.heading))
        for index, run in enumerate(self.runs):
            self.replace_option_prompt_at_index(index, self._describe(run))

    def on_option_list_option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        event.stop()
        self.post_message(self.Pointed(self.pointed))
