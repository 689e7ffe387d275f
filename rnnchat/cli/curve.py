"""Curves drawn with characters that every terminal font has: a line of box drawings for many points, marks for few."""

from collections.abc import Sequence

Points = Sequence[tuple[float, float]]
"""(x, y) from left to right."""

MARK = "●"
_AXIS_WIDTH = 7


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

    def find_row(y: float) -> int:
        return round((top - min(y, top)) / (top - bottom) * (height - 1)) if top > bottom else 0

    cells = [[" "] * columns for _ in range(height)]
    _draw_line(cells, [find_row(y) for y in _spread(line, columns, most_x)])
    for x, y in marks:
        cells[find_row(y)][_find_column(x, columns, most_x)] = MARK
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
