"""A picture of curves in braille, four dots high and two wide in each cell, with axes. No widgets here.

Drawn by columns of dots, so that its cost is that of its width, whatever number of points a curve has: 3 ms for ten
curves on 150×45 cells, where a general plotting library takes 40.
"""

from collections.abc import Sequence
from itertools import groupby

from rich.text import Text

from rnnchat.desk.axes import Point, trace

Marks = tuple[Sequence[float], Sequence[str]]
"""Places on an axis, and how they read."""

DOTS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))
"""The bit of each dot in a cell of braille, by row and column (Unicode 2800)."""
ROW_DOTS, COLUMN_DOTS = 4, 2
FOOT_ROWS = 2


class Canvas:
    """Curves between ``(0, low)`` and ``(end, high)``; what lies outside is not drawn.

    Attributes:
        columns, rows: cells for the curves, without the axes.
    """

    def __init__(self, width: int, height: int, end: float, limits: tuple[float, float], y_marks: Marks) -> None:
        """Make an empty picture of ``width`` × ``height`` cells, axes included; ``y_marks`` stand at its left."""
        self._margin = max((len(words) for words in y_marks[1]), default=0) + 1
        self.columns, self.rows = max(width - self._margin, 2), max(height - FOOT_ROWS, 2)
        self._end, (self._low, self._high) = end, limits
        self._y_marks = y_marks
        self._bits = [[0] * self.columns for _ in range(self.rows)]
        self._styles = [[""] * self.columns for _ in range(self.rows)]
        self._signs: dict[tuple[int, int], tuple[str, str]] = {}

    def draw_line(self, points: Sequence[Point], style: str) -> None:
        """Join ``points``, which go from left to right; a later line lies above an earlier one."""
        before: int | None = None
        for column, y in trace(points, self._find_dot_column):
            if not self._low <= y <= self._high:
                before = None
                continue
            row = self._find_dot_row(y)
            start = row if before is None or before == row else before + (1 if row > before else -1)
            for each in range(min(start, row), max(start, row) + 1):
                self._bits[each // ROW_DOTS][column // COLUMN_DOTS] |= DOTS[each % ROW_DOTS][column % COLUMN_DOTS]
                self._styles[each // ROW_DOTS][column // COLUMN_DOTS] = style
            before = row

    def put_sign(self, point: Point, sign: str, style: str) -> None:
        """Write one character into the cell of ``point``, above all lines."""
        x, y = point
        if self._low <= y <= self._high and 0 <= x <= self._end:
            cell = self._find_dot_row(y) // ROW_DOTS, self._find_dot_column(x) // COLUMN_DOTS
            self._signs[cell] = (sign, style)

    def build(self, x_marks: Marks, style: str) -> Text:
        """Give the picture with its axes; ``style`` is that of what stands at them."""
        text = Text(no_wrap=True, end="")
        labels = {self._find_dot_row(y) // ROW_DOTS: words for y, words in zip(*self._y_marks, strict=True)}
        for row in range(self.rows):
            words = labels.get(row, "")
            text.append(f"{words:>{self._margin - 1}}{'┤' if words else '│'}", style)
            cells = [self._find_cell(row, column) for column in range(self.columns)]
            for run_style, run in groupby(cells, key=lambda cell: cell[1]):
                text.append("".join(sign for sign, _ in run), run_style)
            text.append("\n")
        for line in self._draw_foot(x_marks):
            text.append(line, style)
        return text

    def _find_dot_column(self, x: float) -> int:
        last = self.columns * COLUMN_DOTS - 1
        return min(last, max(0, round(x / self._end * last)))

    def _find_dot_row(self, y: float) -> int:
        last = self.rows * ROW_DOTS - 1
        return min(last, max(0, round((self._high - y) / (self._high - self._low) * last)))

    def _find_cell(self, row: int, column: int) -> tuple[str, str]:
        if sign := self._signs.get((row, column)):
            return sign
        bits = self._bits[row][column]
        return (chr(0x2800 + bits), self._styles[row][column]) if bits else (" ", "")

    def _draw_foot(self, x_marks: Marks) -> tuple[str, str]:
        """The line below, and what stands under its marks: each below its own, as far as there is room."""
        line, words = ["─"] * self.columns, [" "] * (self._margin + self.columns)
        free = 0
        for x, label in zip(*x_marks, strict=True):
            column = self._find_dot_column(x) // COLUMN_DOTS
            line[column] = "┬"
            start = min(self._margin + column - len(label) // 2, len(words) - len(label))
            if start >= free:
                words[start : start + len(label)] = label
                free = start + len(label) + 1
        return " " * (self._margin - 1) + "└" + "".join(line) + "\n", "".join(words)
