"""Noticing that a text repeats itself: the same stretch again and again."""

from typing import NamedTuple

LEAST_REPEATS = 3
MAX_PERIOD = 400
"""Longer stretches that come back are refrains, not loops."""
PROBE = 8
"""So many symbols at the end are looked for first."""
ATTEMPTS = 8


class Loop(NamedTuple):
    """The end of a text that is one stretch over and over."""

    period: int
    """Symbols of the stretch."""
    repeats: int
    """How often it stands there in full, at least ``LEAST_REPEATS``."""


def find_loop(symbols: str, least_length: int) -> Loop | None:
    """The shortest loop that a text ends in.

    Args:
        symbols: the text, or its last ``MAX_PERIOD * LEAST_REPEATS`` symbols, one character for each id.
        least_length: symbols that all repeats together have at least; fewer are how people write.
    """
    probe = symbols[-PROBE:]
    end = len(symbols)
    if len(probe) < PROBE or end < least_length:
        return None
    begin = end - PROBE
    place = begin
    for _ in range(ATTEMPTS):
        # Where a text has a period, its end stands one period earlier as well.
        place = symbols.rfind(probe, max(0, begin - MAX_PERIOD), place + PROBE - 1)
        if place < 0:
            return None
        period = begin - place
        needed = max(LEAST_REPEATS * period, least_length)
        if needed <= end and symbols[-needed:-period] == symbols[period - needed :]:
            return Loop(period, _count_repeats(symbols, period))
    return None


def _count_repeats(symbols: str, period: int) -> int:
    stretch = symbols[-period:]
    repeats = 1
    while symbols.endswith(stretch, 0, len(symbols) - repeats * period):
        repeats += 1
    return repeats
