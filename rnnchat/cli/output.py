"""How commands show results: JSON, tables, sizes and dates, and text that cannot upset a terminal.

rich is loaded only for tables.
"""

import json
import sys
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any

import typer

_CONTROL_PICTURES = {
    **{code: 0x2400 + code for code in range(32) if chr(code) not in "\n\t"},
    0x7F: 0x2421,
    **dict.fromkeys(range(0x80, 0xA0), 0xFFFD),
}


def print_json(record: dict[str, Any]) -> None:
    """Print ``record`` as one JSON object on one line of stdout."""
    is_unicode = (sys.stdout.encoding or "").lower().startswith("utf")
    typer.echo(json.dumps(record, ensure_ascii=not is_unicode))


def print_table(columns: Sequence[str], rows: Iterable[Sequence[str]], right: Collection[str] = ()) -> None:
    """Print an aligned table: cells fold on a narrow terminal, and stay on one line where output is piped.

    Control characters are shown as pictures, as `print_fields` does.

    Args:
        columns: the headings.
        rows: one string for each column.
        right: the columns whose cells are aligned to the right.
    """
    from rich.console import Console  # rich.table and what it needs: 0.05 s
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for column in columns:
        table.add_column(column, justify="right" if column in right else "left", overflow="fold")
    for row in rows:
        table.add_row(*(Text(picture_controls(cell)) for cell in row))
    Console(file=sys.stdout, width=None if sys.stdout.isatty() else 1000).print(table)


def print_fields(fields: Iterable[tuple[str, str]]) -> None:
    """Print names and values, one pair a line, values aligned; pairs without a value are left out.

    Control characters are shown as pictures: a model file from anywhere must not command a terminal.
    """
    present = [(name, picture_controls(value)) for name, value in fields if value]
    width = max(len(name) for name, _ in present)
    for name, value in present:
        typer.echo(f"{name:<{width}}  {value}")


def show_safely(text: str) -> str:
    """Give ``text`` as it may be written to stdout: on a terminal, control characters become pictures of them.

    A model of bytes can write an escape sequence; a terminal would obey it.
    """
    return picture_controls(text) if sys.stdout.isatty() else text


def picture_controls(text: str) -> str:
    """Give ``text`` with pictures in the place of its control characters; line ends and tabs stay."""
    return text.translate(_CONTROL_PICTURES)


def format_size(num_bytes: int) -> str:
    """Say a size in the unit a person would choose: ``842 kB``, ``3.1 MB``."""
    if num_bytes < 1_000_000:
        return f"{num_bytes / 1000:.0f} kB"
    if num_bytes < 1_000_000_000:
        return f"{num_bytes / 1_000_000:.1f} MB"
    return f"{num_bytes / 1_000_000_000:.1f} GB"


def format_duration(seconds: float) -> str:
    """Say how long: ``1:07``, ``2:13:05``."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def format_date(seconds: float) -> str:
    """Say a moment (seconds since 1970) as a local date."""
    return f"{datetime.fromtimestamp(seconds):%Y-%m-%d %H:%M}"


def format_bits(bits_per_char: float | None) -> str:
    """Say bits per character with three decimals, or a dash where they are not known."""
    return "–" if bits_per_char is None else f"{bits_per_char:.3f}"
