"""The named settings in a row."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from rich.cells import cell_len
from textual import events
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message

from rnnchat.generation.settings import PRESETS, Settings
from rnnchat.tui.widgets.field import Field


class PresetRow(Field):
    """The named settings in a row; the one that the panel agrees with is marked."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "move(1)", "next preset", show=False, id="presets.next"),
    ]

    @dataclass
    class Chosen(Message):
        """The person chose the preset ``name``."""

        name: str

    def __init__(self) -> None:
        """Make a row that offers all presets."""
        super().__init__("")
        self.current: str | None = None

    def show_preset(self, settings: Settings) -> None:
        """Mark the preset that ``settings`` agree with, if any does."""
        matching = [name for name, changes in PRESETS.items() if settings.change(**changes) == settings]
        self.current = matching[0] if matching else None
        self.refresh()

    def _places(self) -> list[tuple[str, int]]:
        """Give each name and the column where it begins: spread evenly over the row."""
        names = list(PRESETS)
        free = self.content_size.width - sum(cell_len(name) for name in names)
        gap = max(1, free // max(1, len(names) - 1))
        places, x = [], 0
        for name in names:
            places.append((name, x))
            x += cell_len(name) + gap
        return places

    def render(self) -> Content:
        parts: list[tuple[str, str]] = []
        at = 0
        for name, x in self._places():
            style = "bold $accent underline" if name == self.current else "$accent"
            parts += [(" " * (x - at), ""), (name, style)]
            at = x + cell_len(name)
        return Content.assemble(*parts)

    def action_move(self, direction: int) -> None:
        names = list(PRESETS)
        if self.current is None:
            place = 0 if direction > 0 else len(names) - 1
        else:
            place = (names.index(self.current) + direction) % len(names)
        self.post_message(self.Chosen(names[place]))

    def on_click(self, event: events.Click) -> None:
        for name, x in self._places():
            if x <= event.x < x + cell_len(name):
                self.post_message(self.Chosen(name))
