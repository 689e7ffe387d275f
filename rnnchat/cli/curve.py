"""Curves drawn with characters that every terminal font has: a line of box drawings, marks, or dots with letters."""

from collections.abc import Sequence
from typing import NamedTuple

from rnnchat.desk.axes import Point, find_limits, place_signs, trace

MARK = "●"
DOT = "·"
_AXIS_WIDTH = 7


class Cell(NamedTuple):
    """One character of a picture, and which curve it belongs to; None for the axis and for blanks."""

    text: str
    owner: int | None = None


class _Frame:
    """A picture of ``width`` columns, axis included, and ``height`` rows, with room for ``curves``."""

    def __init__(self, curves: Sequence[Sequence[Point]], width: int, height: int, max_x: float) -> None:
        self.columns, self.height, self._max_x = width - _AXIS_WIDTH, height, max_x
        self.low, self.high = find_limits(curves, max_x)
        self._is_empty = not any(curves)

    def find_column(self, x: float) -> int:
        return min(self.columns - 1, int(x / self._max_x * self.columns)) if self._max_x else 0

    def find_row(self, y: float) -> int:
        """The row of a value, from 0 at the top; values above the picture stand in its top row."""
        return round((self.high - min(y, self.high)) / (self.high - self.low) * (self.height - 1))

    def label(self, row: int) -> str:
        """The left end of a row: the limits of the axis beside the first and the last."""
        limits = {} if self._is_empty else {0: f"{self.high:.2f} ┤", self.height - 1: f"{self.low:.2f} ┤"}
        return f"{limits.get(row, '│'):>{_AXIS_WIDTH}}"

    def draw_foot(self) -> str:
        return "      └" + "─" * self.columns


def draw_curve(line: Sequence[Point], marks: Sequence[Point], width: int, height: int, max_x: float) -> list[str]:
    """Draw a line and marks above it, on one scale.

    Args:
        line: Many points; those that share a column are averaged.
        marks: Few points, each drawn as ●.
        width: Columns in all, axis included.
        height: Rows for the curve; one more holds its foot.
        max_x: Where the right edge is.

    Returns:
        ``height`` + 1 rows: the limits of the axis at the left, the curve, and the foot of the axis.
    """
    frame = _Frame((line, marks), width, height, max_x)
    cells = [[" "] * frame.columns for _ in range(height)]
    _draw_line(cells, [(column, frame.find_row(y)) for column, y in trace(line, frame.find_column)])
    for x, y in marks:
        cells[frame.find_row(y)][frame.find_column(x)] = MARK
    return [*(frame.label(row) + "".join(line) for row, line in enumerate(cells)), frame.draw_foot()]


def _draw_line(cells: list[list[str]], places: Sequence[tuple[int, int]]) -> None:
    """Join each (column, row) with the one before: ``─``, or a bend at both ends of a fall or a rise."""
    before = places[0][1] if places else 0
    for column, row in places:
        for between in range(min(before, row) + 1, max(before, row)):
            cells[between][column] = "│"
        if row == before:
            cells[row][column] = "─"
        else:
            cells[before][column], cells[row][column] = ("╮", "╰") if row > before else ("╯", "╭")
        before = row


def draw_curves(
    curves: Sequence[tuple[str, Sequence[Point]]], width: int, height: int, max_x: float
) -> list[list[Cell]]:
    """Draw several curves on one scale, each of dots with its sign in them, so that no colour is needed to tell them.

    Args:
        curves: The sign of each curve, one character, and its points; the first lies above the others.
        width: Columns in all, axis included.
        height: Rows for the curves; one more holds their foot.
        max_x: Where the right edge is.

    Returns:
        ``height`` + 1 rows: the limits of the axis at the left, the curves, and the foot of the axis.
    """
    frame = _Frame([points for _, points in curves], width, height, max_x)
    picture: dict[tuple[int, int], Cell] = {}
    signs: dict[tuple[int, int], Cell] = {}
    for index, (sign, points) in reversed([*enumerate(curves)]):
        inside = [(column, frame.find_row(y)) for column, y in trace(points, frame.find_column) if y <= frame.high]
        before = inside[0][1] if inside else 0
        for column, row in inside:
            between = range(before + 1, row) if before < row else range(row + 1, before)
            picture |= {(step, column): Cell(DOT, index) for step in (row, *between)}
            before = row
        for x, y in place_signs(points, index, len(curves), max_x, frame.columns):
            if y <= frame.high:
                signs[frame.find_row(y), frame.find_column(x)] = Cell(sign, index)
    picture |= signs
    drawn = [
        [Cell(frame.label(row)), *(picture.get((row, x), Cell(" ")) for x in range(frame.columns))]
        for row in range(height)
    ]
    return [*drawn, [Cell(frame.draw_foot())]]
