"""The geometry of learning curves: the limits and marks of their axes, and which column shows which value."""

import bisect
import math
from collections.abc import Callable, Sequence

from rnnchat.desk.figures import format_duration

Point = tuple[float, float]
SPIKE_SHARE = 0.08
"""The share of the run at its start whose loss may lie above the picture: a fresh network knows nothing."""
SIGN_STRIDE = 16
"""Columns from one sign of a curve to its next, at least."""
STEPS_S = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 28800, 86400, 172800, 604800)


def find_limits(curves: Sequence[Sequence[Point]], end_s: float) -> tuple[float, float]:
    """Lowest and highest value to show, on quarters, so that the picture stays put while a curve grows."""
    points = [point for curve in curves for point in curve]
    late = [value for elapsed_s, value in points if elapsed_s >= end_s * SPIKE_SHARE]
    values = late or [value for _, value in points]
    if not values:
        return 0.0, 4.0
    low = math.floor(min(values) * 4 - 0.2) / 4
    high = math.ceil(max(values) * 4 + 0.2) / 4
    return max(low, 0.0), max(high, low + 0.5)


def trace(points: Sequence[Point], find_column: Callable[[float], int]) -> list[tuple[int, float]]:
    """(column, height) of a curve in each column from its first point to its last.

    Points in one column are averaged, and gaps between columns are bridged by a straight line.
    """
    known: dict[int, list[float]] = {}
    for x, y in points:
        known.setdefault(find_column(x), []).append(y)
    heights: list[tuple[int, float]] = []
    for column, values in sorted(known.items()):
        y = sum(values) / len(values)
        if heights:
            start, height = heights[-1]
            slope = (y - height) / (column - start)
            heights += [(each, height + slope * (each - start)) for each in range(start + 1, column)]
        heights.append((column, y))
    return heights


def mark_times(end_s: float, count: int) -> tuple[list[float], list[str]]:
    """At most about ``count`` round moments from 0 to ``end_s``, and how they read."""
    step = next((step for step in STEPS_S if end_s / step <= count), STEPS_S[-1])
    marks = [float(step * index) for index in range(int(end_s // step) + 1)]
    return marks, [format_duration(mark) if mark else "0" for mark in marks]


def mark_counts(end: float, count: int) -> tuple[list[float], list[str]]:
    """At most about ``count`` round numbers from 0 to ``end``, and how they read: ``250 k``, ``1.5 M``."""
    rough = end / max(count, 1)
    power = 10.0 ** math.floor(math.log10(max(rough, 1.0)))
    step = next(step for step in (power, 2 * power, 5 * power, 10 * power) if step >= rough or step == 10 * power)
    marks = [step * index for index in range(int(end // step) + 1)]
    return marks, [_say_count(mark) for mark in marks]


def place_signs(curve: Sequence[Point], place: int, count: int, end: float, columns: int) -> list[Point]:
    """Where the sign of a curve stands in it, so that those of curves that run together stand side by side.

    Args:
        curve: from left to right.
        place: which of the curves it is, from 0.
        count: how many there are.
        end: the right edge of the picture.
        columns: its width.
    """
    if not curve or end <= 0:
        return []
    stride = max(SIGN_STRIDE, 3 * count)
    wanted = (end * column / columns for column in range(3 * place % stride, columns, stride))
    inside = [x for x in wanted if curve[0][0] <= x < curve[-1][0]]
    return [*((x, _interpolate(curve, x)) for x in inside), curve[-1]]


def _interpolate(curve: Sequence[Point], x: float) -> float:
    """The height of a curve at ``x``, which lies between its ends."""
    right = max(1, bisect.bisect_right(curve, x, key=lambda point: point[0]))
    (x0, y0), (x1, y1) = curve[right - 1], curve[right]
    return y0 + (y1 - y0) * (x - x0) / (x1 - x0) if x1 > x0 else y1


def _say_count(number: float) -> str:
    if number >= 1e6:
        return f"{number / 1e6:g} M"
    return f"{number / 1e3:g} k" if number >= 1000 else f"{number:g}"


def mark_values(low: float, high: float, count: int) -> tuple[list[float], list[str]]:
    """At most about ``count`` round values from ``low`` to ``high``, and how they read."""
    step = next((step for step in (0.25, 0.5, 1.0, 2.0, 5.0, 10.0) if (high - low) / step <= count), 20.0)
    first = math.ceil(low / step)
    marks = [step * index for index in range(first, int(high / step) + 1)]
    return marks, [f"{mark:.2f}" if step < 0.5 else f"{mark:.1f}" for mark in marks]
