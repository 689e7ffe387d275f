"""Curves drawn with characters that every terminal font has: a line of box drawings for many points, marks for few."""

from collections.abc import Sequence
from typing import NamedTuple

Points = Sequence[tuple[float, float]]
"""(x, y) from left to right."""

MARK = "●"
DOT = "·"
_AXIS_WIDTH = 7
_SPIKE_SHARE = 0.1
"""The share of a run at its start that may lie above the picture."""
_LEAST_STRIDE = 6
"""Columns from one sign of a curve to its next, at least."""


class Cell(NamedTuple):
    """One character of a picture, and which curve it belongs to; None for the axis and for nothing."""

    text: str
    owner: int | None = None


def draw_curve(line: Points, marks: Points, width: int, height: int, most_x: float) -> list[str]:
    """Draw a line and marks above it, on one scale.

    Args:
        line: many points; those that share a column become their mean.
        marks: few points, each drawn as ●.
        width: columns in all, the axis included.
        height: rows for the curve; one more holds its foot.
        most_x: where the right edge is.

    Returns:
        ``height`` + 1 rows: the highest and lowest value at the left, the curve, and the foot of the axis.
    """
    columns = width - _AXIS_WIDTH
    foot = "      └" + "─" * columns
    values = sorted(y for _, y in (*line, *marks))
    if not values:
        return ["      │"] * height + [foot]
    # The first moments of a training are far above everything that follows and would flatten it.
    top, bottom = min(values[-1], 1.5 * values[len(values) // 2]), values[0]

    cells = [[" "] * columns for _ in range(height)]
    _draw_line(cells, [_find_row(y, bottom, top, height) for y in _spread(line, columns, most_x)])
    for x, y in marks:
        cells[_find_row(y, bottom, top, height)][_find_column(x, columns, most_x)] = MARK
    labels = {0: f"{top:.2f} ┤", height - 1: f"{bottom:.2f} ┤"}
    return [f"{labels.get(index, '│'):>7}" + "".join(row) for index, row in enumerate(cells)] + [foot]


def _find_column(x: float, columns: int, most_x: float) -> int:
    return min(columns - 1, int(x / most_x * columns)) if most_x else 0


def _spread(points: Points, columns: int, most_x: float) -> list[float]:
    """The height of the line in each column from the left edge to its last point."""
    sums: dict[int, list[float]] = {}
    for x, y in points:
        sums.setdefault(_find_column(x, columns, most_x), []).append(y)
    known = {column: sum(ys) / len(ys) for column, ys in sums.items()}
    heights: list[float] = []
    for column, y in sorted(known.items()):
        start = heights[-1] if heights else y
        gap = column - len(heights) + 1
        heights += [start + (y - start) * step / gap for step in range(1, gap + 1)]
    return heights


def _draw_line(cells: list[list[str]], rows: list[int]) -> None:
    """Join the row of each column with that of the one before: ``─``, or a bend at both ends of a fall or a rise."""
    before = rows[0] if rows else 0
    for column, row in enumerate(rows):
        for between in range(min(before, row) + 1, max(before, row)):
            cells[between][column] = "│"
        if row == before:
            cells[row][column] = "─"
        else:
            cells[before][column], cells[row][column] = ("╮", "╰") if row > before else ("╯", "╭")
        before = row


def draw_curves(curves: Sequence[tuple[str, Points]], width: int, height: int, most_x: float) -> list[list[Cell]]:
    """Draw several curves on one scale, each of dots with its sign in them, so that they are told apart without colour.

    The signs of different curves stand in different columns: curves that run together show them all.

    Args:
        curves: the sign of each curve, one character, and its points; the first lies above the others.
        width: columns in all, the axis included.
        height: rows for the curves; one more holds their foot.
        most_x: where the right edge is.

    Returns:
        ``height`` + 1 rows: the highest and lowest value at the left, the curves, and the foot of the axis.
    """
    columns = width - _AXIS_WIDTH
    low, high = _find_limits([point for _, points in curves for point in points], most_x)
    picture: dict[tuple[int, int], Cell] = {}
    signs: dict[tuple[int, int], Cell] = {}
    stride = max(_LEAST_STRIDE, 2 * len(curves))
    for index, (sign, points) in reversed([*enumerate(curves)]):
        first = _find_column(points[0][0], columns, most_x) if points else 0
        heights = _spread(points, columns, most_x)
        rows = [_find_row(y, low, high, height) if y <= high else -1 for y in heights]
        before = max(0, rows[0]) if rows else 0
        for column, row in enumerate(rows[first:], first):
            if row < 0:
                continue  # above the picture
            between = range(before + 1, row) if before < row else range(row + 1, before)
            picture |= {(step, column): Cell(DOT, index) for step in (row, *between)}
            before = row
            is_last = column == len(rows) - 1
            if is_last or column % stride == 2 * index % stride:
                signs[row, column] = Cell(sign, index)
    picture |= signs
    labels = {0: f"{high:.2f} ┤", height - 1: f"{low:.2f} ┤"} if high else {}
    drawn = [
        [Cell(f"{labels.get(row, '│'):>{_AXIS_WIDTH}}"), *(picture.get((row, x), Cell(" ")) for x in range(columns))]
        for row in range(height)
    ]
    return [*drawn, [Cell("      └" + "─" * columns)]]


def _find_row(y: float, low: float, high: float, height: int) -> int:
    """The row of a value, from 0 at the top; what is beyond the top is drawn there."""
    return round((high - min(y, high)) / (high - low) * (height - 1)) if high > low else 0


def _find_limits(points: Points, most_x: float) -> tuple[float, float]:
    """The lowest and highest value to show; 0 and 0 for no points.

    Of the first moments, far above everything that follows, only as much is seen as has room.
    """
    values = [y for _, y in points]
    late = [y for x, y in points if x >= most_x * _SPIKE_SHARE]
    return (min(values), max(late or values)) if values else (0.0, 0.0)
