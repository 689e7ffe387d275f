"""The row of a panel for the seed: a number, or a new one each time."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.reactive import var

from rnnchat.tui.widgets.field import NumberField


class SeedField(NumberField):
    """The seed: a number, or a new one each time.

    Attributes:
        last_seed: The seed that was used last, which the right arrow fixes.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("backspace,delete", "forget", "new each time", show=False, id="seed.new"),
    ]

    last_seed: var[int | None] = var[int | None](None, init=False)

    def __init__(
        self,
        value: int | None,
        maximum: int,
        check: Callable[[float], None] | None = None,
        *,
        id: str | None = None,
        classes: str | None = None,
    ) -> None:
        """Make the field; ``None`` draws a new seed each time."""
        super().__init__("Seed", value, 0, maximum, step=1, show=str, check=check, id=id, classes=classes)

    def show_number(self) -> str:
        if self.value is not None:
            return super().show_number()
        return "new each time" if self.last_seed is None else f"new each time  ({self.last_seed})"

    def watch_last_seed(self) -> None:
        self.refresh()

    def action_move(self, direction: int) -> None:
        if self.value is None:
            self.choose(self.last_seed if direction > 0 else None)
        else:
            super().action_move(direction)

    def choose(self, value: float | None) -> None:
        super().choose(None if value is None else int(value))

    def action_forget(self) -> None:
        """Draw a new seed each time."""
        self._end_typing()
        self.choose(None)
