"""The columns of a comparison side by side, in as many rows as the width asks for."""

from __future__ import annotations

from collections.abc import Sequence

from textual import events
from textual.containers import VerticalScroll

from rnnchat.desk.contest import count_columns
from rnnchat.desk.contestant import Contestant
from rnnchat.tui.widgets.compare_column import CompareColumn

LEAST_WIDTH, LEAST_HEIGHT = 38, 8
LOW_HEIGHT = 14
"""A column that is not higher saves rows for its text."""


class CompareGrid(VerticalScroll, can_focus=False):
    """Holds one column for each contestant; they flow into rows, and scroll where those do not fit."""

    DEFAULT_CSS = """
    CompareGrid {
        layout: grid;
        grid-size: 2;
        grid-gutter: 1 1;
        height: 1fr;
        scrollbar-size-vertical: 1;
    }
    """

    @property
    def columns(self) -> list[CompareColumn]:
        """The columns from left to right, row by row."""
        return [child for child in self.children if isinstance(child, CompareColumn)]

    @property
    def focused_column(self) -> CompareColumn | None:
        """The column that the keys act on."""
        return next((column for column in self.columns if column.has_focus), None)

    async def show_contestants(self, contestants: Sequence[Contestant]) -> None:
        """Have one column for each of ``contestants``, in their order; columns that stay keep their focus."""
        here = {column.contestant: column for column in self.columns}
        async with self.batch():
            await self.remove_children([column for one, column in here.items() if one not in contestants])
            for place, one in enumerate(contestants):
                if one not in here:
                    await self.mount(CompareColumn(one), before=place if place < len(self.children) else None)
        self._flow()

    def walk(self, step: int) -> None:
        """Put the focus on the column before or after."""
        columns = self.columns
        focused = self.focused_column
        place = columns.index(focused) + step if focused else 0
        if columns:
            columns[min(max(place, 0), len(columns) - 1)].focus()

    def on_resize(self, event: events.Resize) -> None:
        self._flow()

    def _flow(self) -> None:
        """Share the room among the columns."""
        count = max(len(self.columns), 1)
        side_by_side = count_columns(count, self.size.width, LEAST_WIDTH)
        rows = -(-count // side_by_side)
        fits = (self.size.height - (rows - 1)) // rows >= LEAST_HEIGHT
        self.styles.grid_size_columns = side_by_side
        self.styles.grid_rows = "1fr" if fits else str(LEAST_HEIGHT)
        for column in self.columns:
            column.is_low = self.size.height // rows < LOW_HEIGHT
