"""Intervals on one axis of bits per character, a row for each model."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from rnnchat.desk.visible import make_visible

if TYPE_CHECKING:
    from rnnchat.comparison.verdict import Standing


def draw_intervals(standings: Iterable[Standing], width: int) -> list[str]:
    """One line for each model: its name, its interval on a common axis, its bits per character."""
    known = [(standing, standing.interval) for standing in standings if standing.interval is not None]
    if not known:
        return []
    low, high = min(interval.low for _, interval in known), max(interval.high for _, interval in known)
    scale = (width - 1) / (high - low) if high > low else 0.0
    names = [make_visible(standing.name) for standing, _ in known]
    room = max(map(len, names))
    lines = []
    for name, (standing, interval) in zip(names, known, strict=True):
        begin, middle, end = (
            round((bits - low) * scale) for bits in (interval.low, standing.bits_per_char, interval.high)
        )
        bar = ["─" if begin <= place <= end else " " for place in range(width)]
        bar[begin], bar[end], bar[middle] = "├", "┤", "●"
        lines.append(f"{name:<{room}}  {''.join(bar)}  {standing.bits_per_char:.3f}")
    return lines
