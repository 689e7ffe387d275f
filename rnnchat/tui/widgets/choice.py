"""One of a few words: arrow keys or a click. The chosen one is marked, not only coloured."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from rich.cells import cell_len
from textual import events
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message
from textual.reactive import var
from textual.widget import Widget

CHOSEN, OTHER = "●", "○"
LABEL_WIDTH = 11
GAP = 1


class Choice(Widget, can_focus=True):
    """A labelled row of words of which one is chosen; the row wraps where it is too narrow.

    Attributes:
        value: The chosen word. Setting it posts nothing; only what the person does posts ``Changed``.
    """

    ALLOW_SELECT = False
    DEFAULT_CSS = """
    Choice { height: auto; width: 1fr; color: $foreground; &:focus { background: $panel; } }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "move(-1)", "previous", show=False, id="choice.previous"),
        Binding("right", "move(1)", "next", show=False, id="choice.next"),
    ]

    value: var[str] = var("", init=False)

    @dataclass
    class Changed(Message):
        """The person chose another word."""

        choice: Choice
        value: str

        @property
        def control(self) -> Choice:
            """The row in which it was chosen."""
            return self.choice

    def __init__(self, label: str, options: Sequence[str], value: str, *, id: str | None = None) -> None:
        """Make a row that offers ``options`` and starts at ``value``, one of them."""
        super().__init__(id=id)
        self.label = label
        self.options = tuple(options)
        self.set_reactive(Choice.value, value)

    # Drawing

    def _places(self, width: int) -> list[tuple[int, int]]:
        """Column and row of each option in ``width`` columns."""
        places = []
        x, y = LABEL_WIDTH, 0
        for option in self.options:
            needed = cell_len(option) + 2
            if x + needed > width and x > LABEL_WIDTH:
                x, y = LABEL_WIDTH, y + 1
            places.append((x, y))
            x += needed + GAP
        return places

    def get_content_height(self, container, viewport, width: int) -> int:  # type: ignore[no-untyped-def]
        return self._places(width)[-1][1] + 1

    def render(self) -> Content:
        parts: list[Content | tuple[str, str]] = []
        at_x, at_y = cell_len(self.label), 0
        parts.append((self.label, "bold $accent" if self.has_focus else "$quiet"))
        for option, (x, y) in zip(self.options, self._places(self.content_size.width), strict=True):
            if y > at_y:
                parts.append(("\n", ""))
                at_x, at_y = 0, y
            is_chosen = option == self.value
            parts.append((" " * (x - at_x), ""))
            parts.append((CHOSEN if is_chosen else OTHER, "$accent" if is_chosen else "$quiet"))
            parts.append((f" {option}", ("bold" if self.has_focus else "") if is_chosen else "$quiet"))
            at_x = x + 2 + cell_len(option)
        return Content.assemble(*parts)

    def watch_value(self) -> None:
        self.refresh()

    # What the person does

    def choose(self, value: str) -> None:
        """Take ``value`` and say so if it is another one."""
        if value != self.value:
            self.value = value
            self.post_message(self.Changed(self, value))

    def action_move(self, direction: int) -> None:
        place = self.options.index(self.value) + direction
        self.choose(self.options[min(max(place, 0), len(self.options) - 1)])

    def on_click(self, event: events.Click) -> None:
        self.focus()
        for option, (x, y) in zip(self.options, self._places(self.content_size.width), strict=True):
            if event.y == y and x <= event.x < x + 2 + cell_len(option):
                self.choose(option)
