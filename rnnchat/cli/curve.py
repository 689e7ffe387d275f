"""Curves drawn with characters: braille dots for many points, marks for few."""

from collections.abc import Sequence

Points = Sequence[tuple[float, float]]
"""(x, y) from left to right."""

_DOTS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))
"""The bit of each dot of a braille cell, by row and column."""
_AXIS_WIDTH = 7
MARK = "●"


def draw_curve(line: Points, marks: Points, width: int, height: int, most_x: float) -> list[str]:
    """Draw a line of dots and marks above it, on one scale.

    Args:
        line: many points, drawn as dots.
        marks: few points, each drawn as ●.
        width: columns in all, the axis included.
        height: rows for the curve; one more holds its foot.
        most_x: where the right edge is.

    Returns:
        ``height`` + 1 rows: the highest and lowest value at the left, the curve, and the foot of the axis.
    """
    values = sorted(y for _, y in (*line, *marks))
    if not values:
        return [" " * width] * (height + 1)
    # The first moments of a training are far above everything that follows and would flatten it.
    top = min(values[-1], 1.5 * values[len(values) // 2])
    bottom = values[0]
    columns = width - _AXIS_WIDTH
    cells = [[0x2800] * columns for _ in range(height)]
    for x, y in line:
        column, row = _place(x, y, most_x, (bottom, top), (2 * columns, 4 * height))
        cells[row // 4][column // 2] |= _DOTS[row % 4][column % 2]
    rows = [[chr(code) if code != 0x2800 else " " for code in row] for row in cells]
    for x, y in marks:
        column, row = _place(x, y, most_x, (bottom, top), (columns, height))
        rows[row][column] = MARK
    labels = {0: f"{top:.2f}", height - 1: f"{bottom:.2f}"}
    drawn = [f"{labels.get(index, ''):>5} ┤" + "".join(row) for index, row in enumerate(rows)]
    return [*drawn, "      └" + "─" * columns]


def _place(x: float, y: float, most_x: float, span: tuple[float, float], room: tuple[int, int]) -> tuple[int, int]:
    """Column and row of a point in a room of so many columns and rows; what is above the span is put at its top."""
    bottom, top = span
    columns, rows = room
    across = min(1.0, x / most_x) if most_x else 0.0
    down = (top - min(y, top)) / (top - bottom) if top > bottom else 0.0
    return round(across * (columns - 1)), round(down * (rows - 1))
