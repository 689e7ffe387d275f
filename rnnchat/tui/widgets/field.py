"""Rows of a panel: a label at the left, a value at the right, changed by arrow keys or by typing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from rich.cells import cell_len
from textual import events
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message
from textual.reactive import var
from textual.widget import Widget

from rnnchat.description import parse_number
from rnnchat.errors import UsageError

CARET = "▏"


class Field(Widget, can_focus=True):
    """One labelled value. Subclasses say what a step is and how the value reads."""

    ALLOW_SELECT = False
    DEFAULT_CSS = """
    Field {
        height: 1;
        width: 1fr;
        color: $foreground;
        &:focus { background: $panel; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "move(-1)", "less", show=False, id="field.less"),
        Binding("right", "move(1)", "more", show=False, id="field.more"),
    ]

    def __init__(self, label: str, *, id: str | None = None, classes: str | None = None) -> None:
        """Make a field called ``label``."""
        super().__init__(id=id, classes=classes)
        self.label = label

    def show_value(self) -> str:
        """Give the value in words, unit included."""
        raise NotImplementedError

    def action_move(self, direction: int) -> None:
        """Go one step in ``direction`` (-1 or 1)."""
        raise NotImplementedError

    def render(self) -> Content:
        return self._draw_row(self.content_size.width)

    def _draw_row(self, width: int) -> Content:
        """Draw the label at the left and the value at the right edge of ``width`` columns."""
        value = self.show_value()
        label = Content.styled(self.label, "bold $accent" if self.has_focus else "$quiet")
        gap = " " * max(1, width - cell_len(self.label) - cell_len(value))
        return Content.assemble(label, gap, Content.styled(value, "bold" if self.has_focus else ""))


class CycleField(Field):
    """One of a few words.

    Attributes:
        value: The chosen word. Setting it posts nothing; only what the person does posts ``Changed``.
    """

    value: var[str] = var("", init=False)

    @dataclass
    class Changed(Message):
        """The person chose another word."""

        field: CycleField
        value: str

        @property
        def control(self) -> CycleField:
            """The field in which it was chosen."""
            return self.field

    def __init__(
        self, label: str, options: Sequence[str], value: str, *, id: str | None = None, classes: str | None = None
    ) -> None:
        """Make a field that offers ``options`` and starts at ``value``, one of them."""
        super().__init__(label, id=id, classes=classes)
        self.options = tuple(options)
        self.set_reactive(CycleField.value, value)

    def show_value(self) -> str:
        return f"‹ {self.value} ›" if self.has_focus else self.value

    def watch_value(self) -> None:
        self.refresh()

    def action_move(self, direction: int) -> None:
        place = (self.options.index(self.value) + direction) % len(self.options)
        self.value = self.options[place]
        self.post_message(self.Changed(self, self.value))

    def on_click(self) -> None:
        self.action_move(1)


class NumberField(Field):
    """One number.

    Left and right move by ``step``, with shift by ``fine_step``; home and end go to the ends; typing digits
    replaces the value (Enter takes it, Escape keeps the old one).

    Attributes:
        value: The number now. Setting it posts nothing; only what the person does posts ``Changed``.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("shift+left", "move_finely(-1)", "a little less", show=False, id="field.less-fine"),
        Binding("shift+right", "move_finely(1)", "a little more", show=False, id="field.more-fine"),
        Binding("home", "move_to_end(0)", "lowest", show=False, id="field.lowest"),
        Binding("end", "move_to_end(1)", "highest", show=False, id="field.highest"),
    ]

    value: var[float | None] = var[float | None](0.0, init=False)

    @dataclass
    class Changed(Message):
        """The person chose another number."""

        field: NumberField
        value: float | None

        @property
        def control(self) -> NumberField:
            """The field that was changed."""
            return self.field

    def __init__(
        self,
        label: str,
        value: float | None,
        minimum: float,
        maximum: float,
        *,
        step: float,
        fine_step: float | None = None,
        show: Callable[[float], str] = lambda value: f"{value:.2f}",
        check: Callable[[float], None] | None = None,
        id: str | None = None,
        classes: str | None = None,
    ) -> None:
        """Make a field for a number.

        Args:
            label: What the number is.
            value: Where it starts.
            minimum: As low as arrow keys lead.
            maximum: As high as arrow keys lead.
            step: How far one arrow key moves.
            fine_step: How far shift and an arrow key move; ``None`` for the same as ``step``.
            show: The value in words, unit included.
            check: Raises UsageError for a typed number that cannot be taken; without it, typing is brought between the
                ends.
        """
        super().__init__(label, id=id, classes=classes)
        self.check = check
        self.minimum = minimum
        self.maximum = maximum
        self.step = step
        self.fine_step = fine_step or step
        self.show = show
        self.typed: str | None = None
        self.set_reactive(NumberField.value, value)

    def show_value(self) -> str:
        return self.show_number() if self.typed is None else f"{self.typed}{CARET}"

    def show_number(self) -> str:
        """Give the number in words."""
        return self.show(self.value or 0.0)

    def watch_value(self) -> None:
        self.refresh()

    def choose(self, value: float | None) -> None:
        """Take ``value``, brought between the ends, and say so if it is another one."""
        self._take(None if value is None else round(min(self.maximum, max(self.minimum, value)), 6))

    def _take(self, value: float | None) -> None:
        if value != self.value:
            self.value = value
            self.post_message(self.Changed(self, value))

    def action_move(self, direction: int) -> None:
        self._move(direction, self.step)

    def action_move_finely(self, direction: int) -> None:
        self._move(direction, self.fine_step)

    def _move(self, direction: int, step: float) -> None:
        """Go to the next multiple of ``step`` in ``direction``."""
        self._end_typing()
        place = (self.value or 0.0) / step
        nearest = round(place)
        is_on_grid = abs(place - nearest) < 1e-6
        target = nearest + direction if is_on_grid else int(place) + (direction > 0)
        self.choose(target * step)

    def action_move_to_end(self, end: int) -> None:
        self._end_typing()
        self.choose(self.maximum if end else self.minimum)

    def on_key(self, event: events.Key) -> None:
        character = event.character or ""
        if character.isdecimal() or character in (".", ",") or (character == "-" and self.minimum < 0):
            self.typed = (self.typed or "") + character.replace(",", ".")
        elif self.typed is None:
            return
        elif event.key == "backspace":
            self.typed = self.typed[:-1] or None
        elif event.key == "enter":
            self._take_typed()
        elif event.key == "escape":
            self._end_typing()
        else:
            return
        event.stop()
        event.prevent_default()
        self.refresh()

    def _take_typed(self) -> None:
        """Take the typed number; what is no number leaves the value as it was."""
        typed = self.typed or ""
        self._end_typing()
        try:
            value = parse_number(typed)
        except ValueError:
            self.app.bell()
            return
        if self.check is None:
            self.choose(value)
            return
        try:
            self.check(value)
        except UsageError as error:
            self.app.notify_error(error)  # type: ignore[attr-defined]
        else:
            self._take(value)

    def _end_typing(self) -> None:
        self.typed = None
        self.refresh()

    def on_blur(self) -> None:
        if self.typed is not None:
            self._take_typed()
