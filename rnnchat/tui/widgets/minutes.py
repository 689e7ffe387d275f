"""How long to train: from half a minute to a day on one line, round values by arrow key, any by typing."""

from __future__ import annotations

import math

from textual.content import Content

from rnnchat.tui.widgets.slider import KNOB, LINE, Slider

STOPS = (0.5, 1, 2, 3, 5, 10, 15, 20, 30, 45, 60, 90, 120, 180, 240, 480, 720, 1440)


def show_minutes(minutes: float) -> str:
    """Say a time budget: ``30 s``, ``5 min``, ``2 h``."""
    if minutes < 1:
        return f"{minutes * 60:.0f} s"
    return f"{minutes:g} min" if minutes < 120 else f"{minutes / 60:.3g} h"


class MinutesSlider(Slider):
    """A slider whose line is logarithmic: from 1 to 2 minutes is as far as from 1 to 2 hours."""

    def __init__(self, minutes: float, *, id: str | None = None) -> None:
        """Make the slider at ``minutes``."""
        super().__init__("Minutes", minutes, STOPS[0], STOPS[-1], step=1, show=show_minutes, is_inline=True, id=id)

    @property
    def minutes(self) -> float:
        """How long to train."""
        return self.value or self.minimum

    def _draw_line(self, width: int) -> Content:
        if width < 3:
            return Content("")
        share = math.log(self.minutes / self.minimum) / math.log(self.maximum / self.minimum)
        at = round(share * (width - 1))
        return Content.assemble((LINE * at, "$accent 60%"), (KNOB, "$accent"), (LINE * (width - 1 - at), "$rule"))

    def _place_line(self, width: int) -> tuple[int, int]:
        left, line_width = super()._place_line(width)
        return left, line_width - 2  # "8.25 h" is wider than either end

    def _move(self, direction: int, step: float) -> None:
        self._end_typing()
        stops = [stop for stop in STOPS if (stop - self.minutes) * direction > 0]
        if stops:
            self.choose(min(stops) if direction > 0 else max(stops))

    def _put_knob(self, x: int) -> None:
        self._end_typing()
        left, width = self._place_line(self.content_size.width)
        if width < 3:
            return
        minutes = self.minimum * (self.maximum / self.minimum) ** ((x - left) / (width - 1))
        self.choose(min(STOPS, key=lambda stop: abs(math.log(stop / minutes))))
