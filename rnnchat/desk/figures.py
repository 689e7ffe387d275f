"""Figures as people read them, on the screen and in the output of commands: each with its unit."""

import time
from collections.abc import Sequence

NOTHING = "–"
"""Stands where a figure is not known."""

BLOCKS = "▁▂▃▄▅▆▇█"


def format_parameters(parameters: int) -> str:
    """A number of weights: ``3.4 M``, ``720 k``, ``86``."""
    if parameters >= 1_000_000:
        return f"{parameters / 1e6:.1f} M"
    return f"{parameters / 1e3:.0f} k" if parameters >= 1000 else str(parameters)


def format_bytes(size_bytes: int) -> str:
    """A size: ``1.4 GB``, ``6.9 MB``, ``310 kB``, ``86 bytes``."""
    if size_bytes >= 1_000_000_000:
        return f"{size_bytes / 1e9:,.1f} GB"
    if size_bytes >= 1_000_000:
        return f"{size_bytes / 1e6:.1f} MB"
    return f"{size_bytes / 1e3:.0f} kB" if size_bytes >= 1000 else f"{size_bytes} bytes"


def format_bits(bits_per_char: float | None, decimals: int = 2) -> str:
    """Bits per character without the unit: ``1.62``; a dash where they are unknown."""
    return NOTHING if bits_per_char is None else f"{bits_per_char:.{decimals}f}"


def format_duration(seconds: float) -> str:
    """A duration: ``1:07``, ``2:13:05``."""
    minutes, rest = divmod(round(max(seconds, 0.0)), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def format_speed(chars_per_s: float) -> str:
    """A speed: ``9,412 chars/s``."""
    return f"{chars_per_s:,.0f} chars/s"


def format_ago(moment: float, now: float | None = None) -> str:
    """A moment as seen from ``now`` (both in seconds since 1970): ``just now``, ``3 h ago``, ``12 Mar 2026``."""
    elapsed_s = (time.time() if now is None else now) - moment
    if elapsed_s < 60:
        return "just now"
    for unit_s, singular, plural, limit in (
        (60, "min", "min", 60),
        (3600, "h", "h", 24),
        (86400, "day", "days", 14),
    ):
        count = int(elapsed_s // unit_s)
        if count < limit:
            return f"{count} {singular if count == 1 else plural} ago"
    local = time.localtime(moment)
    return f"{local.tm_mday} {time.strftime('%b %Y', local)}"


def format_date(moment: float) -> str:
    """A moment, in seconds since 1970, as a local date and time: ``2026-03-12 14:05``."""
    return time.strftime("%Y-%m-%d %H:%M", time.localtime(moment))


def format_layers(cell: str, hidden_sizes: Sequence[int]) -> str:
    """The shape of a network: ``lstm 2×512``, ``gru 128, 64``."""
    if len(set(hidden_sizes)) == 1:
        return f"{cell} {len(hidden_sizes)}×{hidden_sizes[0]}"
    return f"{cell} {', '.join(str(size) for size in hidden_sizes)}"


def count_things(count: int, singular: str, plural: str | None = None) -> str:
    """A count with its noun: ``1 file``, ``12 files``."""
    return f"{count:,} {singular if count == 1 else plural or singular + 's'}"


def draw_sparkline(values: Sequence[float], width: int) -> str:
    """A curve as one row of blocks, at most ``width`` wide: ``█▆▄▃▂▂▁▁``."""
    if not values or width < 1:
        return ""
    if len(values) > width:
        values = [values[round(index * (len(values) - 1) / max(width - 1, 1))] for index in range(width)]
    low, high = min(values), max(values)
    scale = (len(BLOCKS) - 1) / (high - low) if high > low else 0.0
    return "".join(BLOCKS[round((value - low) * scale)] for value in values)
