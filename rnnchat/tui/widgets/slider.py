"""A slider for one number: arrow keys, mouse, or simply typing the number."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from rich.cells import cell_len
from textual import events
from textual.content import Content

from rnnchat.tui.widgets.field import NumberField

KNOB, LINE = "●", "─"
LABEL_WIDTH = 11


class Slider(NumberField):
    """A number between two ends, with a line that shows how far it is from either.

    Keys and typing as in every ``NumberField``; besides, a click or a drag on the line puts the knob there.
    """

    DEFAULT_CSS = """
    Slider {
        height: 2;
        &.-inline { height: 1; }
    }
    """

    @dataclass
    class Changed(NumberField.Changed):
        """The person moved the slider."""

        @property
        def slider(self) -> Slider:
            """The slider that was moved."""
            assert isinstance(self.field, Slider)
            return self.field

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
        check: Callable[[float], None] | None = None,
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
            step: How far one arrow key moves, and how fine the mouse is.
            fine_step: How far shift and an arrow key move; ``None`` for the same as ``step``.
            show: The value in words, unit included.
            check: As in ``NumberField``.
            is_inline: Whether label, line and value share one row.
        """
        super().__init__(
            label, value, minimum, maximum,
            step=step, fine_step=fine_step, show=show, check=check, id=id, classes=classes,
        )  # fmt: skip
        self.is_inline = is_inline
        self.set_class(is_inline, "-inline")

    def render(self) -> Content:
        width = self.content_size.width
        if not self.is_inline:
            return Content.assemble(self._draw_row(width), "\n", self._draw_line(width))
        left, line_width = self._place_line(width)
        label = Content.styled(self.label.ljust(left), "bold $accent" if self.has_focus else "$quiet")
        value = Content.styled(self.show_value(), "bold" if self.has_focus else "")
        return Content.assemble(label, self._draw_line(line_width), "  ", value)

    def _draw_line(self, width: int) -> Content:
        """Draw the line with its knob; where there is no room for it, nothing."""
        if width < 3:
            return Content("")
        share = ((self.value or 0.0) - self.minimum) / (self.maximum - self.minimum)
        at = round(min(1.0, max(0.0, share)) * (width - 1))
        return Content.assemble((LINE * at, "$accent 60%"), (KNOB, "$accent"), (LINE * (width - 1 - at), "$rule"))

    def _place_line(self, width: int) -> tuple[int, int]:
        """Give the column where the line starts, and its width."""
        if not self.is_inline:
            return 0, width
        left = max(LABEL_WIDTH, cell_len(self.label) + 1)
        widest = max(cell_len(self.show(end)) for end in (self.minimum, self.maximum))
        return left, max(0, width - left - widest - 2)

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
        """Put the knob at column ``x``, on the nearest step."""
        self._end_typing()
        left, width = self._place_line(self.content_size.width)
        if width < 3:
            return
        share = (x - left) / (width - 1)
        steps = round(share * (self.maximum - self.minimum) / self.step)
        self.choose(self.minimum + steps * self.step)
