"""A slider for one number: arrow keys, mouse, or simply typing the number."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

from rich.cells import cell_len
from textual import events
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message
from textual.reactive import var
from textual.widget import Widget

KNOB, LINE = "●", "─"
LABEL_WIDTH = 11


class Slider(Widget, can_focus=True):
    """One labelled number between two ends.

    Left and right move by ``step``, with shift by ``fine_step``; home and end go to the ends; typing digits
    replaces the value (Enter takes it, Escape keeps the old one); a click or a drag puts the knob there. The
    value stays at its place, right-aligned, whatever its width.

    Attributes:
        value: The number now. Setting it posts nothing; only what the person does posts ``Changed``.
    """

    ALLOW_SELECT = False
    DEFAULT_CSS = """
    Slider {
        height: 2;
        width: 1fr;
        color: $foreground;
        &.-inline { height: 1; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "move(-1)", "less", show=False, id="slider.less"),
        Binding("right", "move(1)", "more", show=False, id="slider.more"),
        Binding("shift+left", "move_finely(-1)", "a little less", show=False, id="slider.less-fine"),
        Binding("shift+right", "move_finely(1)", "a little more", show=False, id="slider.more-fine"),
        Binding("home", "move_to_end(0)", "lowest", show=False, id="slider.lowest"),
        Binding("end", "move_to_end(1)", "highest", show=False, id="slider.highest"),
    ]

    value: var[float] = var(0.0, init=False)

    @dataclass
    class Changed(Message):
        """The person chose another value."""

        slider: Slider
        value: float

        @property
        def control(self) -> Slider:
            """The slider that was moved."""
            return self.slider

    def __init__(
        self,
        label: str,
        value: float,
        minimum: float,
        maximum: float,
        *,
        step: float,
        fine_step: float | None = None,
        show: Callable[[float], str] = lambda value: f"{value:.2f}",
        is_inline: bool = False,
        id: str | None = None,
        classes: str | None = None,
    ) -> None:
        """Make a slider.

        Args:
            label: What the number is.
            value: Where it starts.
            minimum: The left end.
            maximum: The right end.
            step: How far one arrow key moves.
            fine_step: How far shift and an arrow key move; ``None`` for the same as ``step``.
            show: The value in words, unit included.
            is_inline: Whether label, line and value share one row.
        """
        super().__init__(id=id, classes=classes)
        self.label = label
        self.minimum = minimum
        self.maximum = maximum
        self.step = step
        self.fine_step = fine_step or step
        self.show = show
        self.is_inline = is_inline
        self.typed: str | None = None
        self.set_class(is_inline, "-inline")
        self.set_reactive(Slider.value, value)

    # Drawing

    def render(self) -> Content:
        width = self.content_size.width
        label_style = "$accent" if self.has_focus else "$quiet"
        shown = f"{self.typed}▏" if self.typed is not None else self.show(self.value)
        label = Content.styled(self.label, label_style)
        number = Content.styled(shown, "bold" if self.has_focus else "")
        if self.is_inline:
            left, line_width = self._line_place(width)
            before = label.pad_right(max(1, left - cell_len(self.label)))
            line = self._draw_line(line_width)
            return Content.assemble(before, line, "  ", number)
        gap = " " * max(1, width - cell_len(self.label) - cell_len(shown))
        return Content.assemble(label, gap, number, "\n", self._draw_line(width))

    def _draw_line(self, width: int) -> Content:
        """The line with its knob; where there is no room for it, nothing."""
        if width < 3:
            return Content("")
        share = (self.value - self.minimum) / (self.maximum - self.minimum)
        at = round(min(1.0, max(0.0, share)) * (width - 1))
        return Content.assemble((LINE * at, "$accent 60%"), (KNOB, "$accent"), (LINE * (width - 1 - at), "$rule"))

    def _line_place(self, width: int) -> tuple[int, int]:
        """Column where the line starts, and its width."""
        if not self.is_inline:
            return 0, width
        left = max(LABEL_WIDTH, cell_len(self.label) + 1)
        widest = max(cell_len(self.show(end)) for end in (self.minimum, self.maximum))
        return left, max(0, width - left - widest - 2)

    def watch_value(self) -> None:
        self.refresh()

    # What the person does

    def choose(self, value: float) -> None:
        """Take ``value``, brought between the ends, and say so if it is another one."""
        value = round(min(self.maximum, max(self.minimum, value)), 6)
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
        place = (self.value - self.minimum) / step
        nearest = round(place)
        on_grid = abs(place - nearest) < 1e-6
        target = nearest + direction if on_grid else int(place) + (direction > 0)
        self.choose(self.minimum + target * step)

    def action_move_to_end(self, end: int) -> None:
        self._end_typing()
        self.choose(self.maximum if end else self.minimum)

    def on_key(self, event: events.Key) -> None:
        character = event.character or ""
        if character.isdigit() or character in (".", ","):
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
        typed = self.typed
        self._end_typing()
        try:
            self.choose(float(typed or ""))
        except ValueError:
            self.app.bell()

    def _end_typing(self) -> None:
        self.typed = None
        self.refresh()

    def on_blur(self) -> None:
        if self.typed is not None:
            self._take_typed()

    def on_mouse_down(self, event: events.MouseDown) -> None:
        self.focus()
        if event.y == self.content_size.height - 1:
            self.capture_mouse()
            self._put_knob(event.x)

    def on_mouse_move(self, event: events.MouseMove) -> None:
        if self.app.mouse_captured is self:
            self._put_knob(event.x)

    def on_mouse_up(self) -> None:
        self.release_mouse()

    def _put_knob(self, x: int) -> None:
        """Put the knob at column ``x``, on the nearest fine step."""
        self._end_typing()
        left, width = self._line_place(self.content_size.width)
        if width < 3:
            return
        share = (x - left) / (width - 1)
        steps = round(share * (self.maximum - self.minimum) / self.step)
        self.choose(self.minimum + steps * self.step)
