"""One column of a comparison: a model, what it writes, and its figures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.reactive import reactive
from textual.widgets import Static

from rnnchat.desk.contestant import Contestant
from rnnchat.desk.figures import format_bits
from rnnchat.desk.prose import name_symbols

WAITING = {"measuring": "reading the text …", "opening": "opening the model …", "reading": "reading …"}


class CompareColumn(Vertical, can_focus=True):
    """Shows a contestant. What the keys do is up to the screen."""

    DEFAULT_CSS = """
    CompareColumn {
        height: 1fr;
        padding: 0 1;
        border-left: solid $rule;
        &:focus { border-left: outer $accent; }
        .line { height: 1; }
        .name { width: 1fr; text-style: bold; text-wrap: nowrap; text-overflow: ellipsis; }
        .temperature { width: auto; color: $quiet; }
        &:focus .name { color: $accent; }
        VerticalScroll { height: 1fr; margin: 1 0; scrollbar-size-vertical: 1; }
        .text { height: auto; width: 1fr; }
        .figures { height: auto; color: $quiet; text-wrap: nowrap; text-overflow: ellipsis; }
        &.-low VerticalScroll { margin: 0; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("v", "screen.vote", "better", id="compare.vote", tooltip="vote for this one; twice: a tie"),
        Binding("r", "screen.run_again", "new seed", id="compare.again", tooltip="run again with a new seed"),
        Binding("a", "screen.add_column", "add", id="compare.add", tooltip="add a model"),
        Binding("d", "screen.remove_column", "remove", id="compare.drop", tooltip="remove this column"),
        Binding("m", "screen.change_model", "model", id="compare.model", tooltip="change the model of this column"),
        Binding(
            "t",
            "screen.spread",
            "temperatures",
            id="compare.temperatures",
            tooltip="add columns with other temperatures",
        ),
        Binding("plus,equals_sign", "warm(0.1)", "warmer", show=False, id="compare.warmer", tooltip="hotter"),
        Binding("minus", "warm(-0.1)", "colder", show=False, id="compare.colder", tooltip="colder"),
        Binding("n", "screen.next_prompt", "text", id="compare.prompt", tooltip="go to the text"),
        Binding("enter", "screen.run_same", "run", show=False, id="compare.run", tooltip="run all models again"),
        Binding("left", "screen.walk(-1)", "column before", show=False, id="compare.left"),
        Binding("right", "screen.walk(1)", "column after", show=False, id="compare.right"),
        Binding("up", "scroll_text(-1)", "scroll", show=False, id="compare.up"),
        Binding("down", "scroll_text(1)", "scroll", show=False, id="compare.down"),
    ]

    @dataclass
    class Warmed(Message):
        """The person chose another temperature for one column."""

        column: CompareColumn

    is_low: reactive[bool] = reactive(False)
    """Whether there is so little height that every row counts."""

    def __init__(self, contestant: Contestant) -> None:
        """Make the column of ``contestant``."""
        super().__init__()
        self.contestant = contestant
        self._shown: tuple[object, ...] = ()
        self._is_better = False

    def compose(self) -> ComposeResult:
        with Horizontal(classes="line"):
            yield Static(classes="name", markup=False)
            yield Static(classes="temperature", markup=False)
        with VerticalScroll(can_focus=False):
            yield Static(classes="text", markup=False)
        yield Static(classes="figures", markup=False)

    def show(self, is_better: bool) -> None:
        """Draw what is new; ``is_better`` where the person voted for it."""
        if not (self.query(".text") and self.query(".figures")):  # not composed yet
            self.call_after_refresh(self.show, is_better)
            return
        one = self.contestant
        shown = (one.changes, is_better, self.is_low)
        if shown == self._shown:
            return
        self._shown, self._is_better = shown, is_better
        self.query_one(".name", Static).update(f"★ {one.name}" if is_better else one.name)
        self.query_one(".temperature", Static).update(f"T {one.temperature:.2f}")
        self._show_text(describe_text(one))
        self.query_one(".figures", Static).update(describe_figures(one, self.is_low))

    def _show_text(self, text: Content) -> None:
        """Show ``text``; its end stays in sight unless one has scrolled up."""
        scroll = self.query_one(VerticalScroll)
        follows = scroll.scroll_offset.y >= scroll.max_scroll_y - 1
        self.query_one(".text", Static).update(text)
        if follows:
            self.call_after_refresh(scroll.scroll_end, animate=False)

    def watch_is_low(self) -> None:
        self.set_class(self.is_low, "-low")
        if self.is_mounted and self._shown:
            self.show(self._is_better)

    def action_warm(self, step: float) -> None:
        """Change the temperature, for the next run."""
        temperature = round(min(max(self.contestant.temperature + step, 0.0), 2.0), 2)
        self.contestant.change(temperature=temperature)
        self.post_message(self.Warmed(self))

    def action_scroll_text(self, direction: int) -> None:
        """Show an earlier or a later part of the text."""
        self.query_one(VerticalScroll).scroll_relative(y=direction, animate=False)

    def on_click(self, event: events.Click) -> None:
        self.focus()


def describe_text(one: Contestant) -> Content:
    """What it wrote, or why it did not."""
    if one.phase == "failed":
        return Content.assemble(
            one.text, "\n" if one.text else "", (f"✗ {one.problem}\nenter starts it again", "$error")
        )
    if not one.text and one.phase in WAITING:
        return Content.styled(WAITING[one.phase], "$quiet")
    return Content(one.text.lstrip())


def describe_figures(one: Contestant, is_low: bool) -> Content:
    """The text's bits per character, then speed, seed and size, on two or three lines."""
    first = Content(f"{'text' if one.has_read else 'prompt'} {format_bits(one.bits_per_char)} bits/char")
    if one.unknown:
        first = Content.assemble(first, f"; has never seen {name_symbols(one.unknown)}")
    if is_low:
        return Content("\n").join([first, Content(f"{one.speed}   {one.weight}")])
    rest = (f"{one.speed}   {one.seed_words}", f"{one.network}   {one.weight}")
    return Content("\n").join([first, *map(Content, rest)])
