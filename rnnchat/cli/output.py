"""How commands print results: JSON, tables, and text that cannot command a terminal.

rich is loaded only for tables.
"""

import json
import sys
from collections.abc import Collection, Iterable, Sequence
from typing import Any

import typer

from rnnchat.desk.visible import CONTROLS, picture_controls


def print_json(record: dict[str, Any]) -> None:
    """Print ``record`` as one JSON object on one line of stdout."""
    is_unicode = (sys.stdout.encoding or "").lower().startswith("utf")
    line = json.dumps(record, ensure_ascii=not is_unicode)
    # JSON itself escapes only the first 32 control characters.
    typer.echo(
        "".join(f"\\u{ord(c):04x}" if ord(c) in CONTROLS else c for c in line) if not line.isprintable() else line
    )


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
        table.add_column(
            Text(picture_controls(column)), justify="right" if column in right else "left", overflow="fold"
        )
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
