"""How ``rnnchat runs compare`` shows several runs: one picture, their figures, and what their recipes differ in."""

import sys
import textwrap
from collections.abc import Iterator, Sequence
from typing import Any

import typer
from rich.console import Console
from rich.text import Text

from rnnchat.cli.curve import draw_curves
from rnnchat.cli.output import print_table
from rnnchat.desk.figures import format_bits, format_duration
from rnnchat.desk.visible import picture_controls
from rnnchat.runs.comparison import (
    Axis,
    ComparedRun,
    Difference,
    RunComparison,
    name_field,
    say_equal,
    say_unfair,
    say_value,
)

_STYLES = ("cyan", "yellow", "green", "magenta", "blue", "red")
_WIDEST, _WIDE, _NARROWEST = 100, 80, 24
_HIGHEST, _LOWEST = 16, 6
_ROWS_BESIDE = 12
"""What a terminal should have room for besides the picture."""
_GAP = 2
_NAMES = {"time": "of training", "chars": "characters read", "steps": "steps"}


def print_comparison(comparison: RunComparison, over: Axis) -> None:
    """Print the picture, the figures, the differences, and what is the same in all."""
    console = Console(file=sys.stdout)
    width = max(_NARROWEST, min(_WIDEST, console.width)) if sys.stdout.isatty() else _WIDEST
    height = max(_LOWEST, min(_HIGHEST, console.height - _ROWS_BESIDE)) if sys.stdout.isatty() else _HIGHEST
    if any(run.evaluations for run in comparison.runs):
        console.print(_draw_picture(comparison, over, width, height), soft_wrap=True)
    _print_figures(comparison.runs, width)
    if comparison.differences:
        typer.echo()
    for part in _split_columns(comparison, width):
        letters = [comparison.runs[index].letter for index in part]
        rows = [
            (name_field(each.field), *(say_value(each.values[index]) for index in part))
            for each in comparison.differences
        ]
        print_table(("recipe", *letters), rows)
    if len(comparison.runs) > 1 and not comparison.differences:
        typer.echo("\nThe recipes are the same.")
    for sentence in (say_equal(comparison), say_unfair(comparison)):
        if sentence:
            typer.echo("\n" + textwrap.fill(picture_controls(sentence), width))


def describe_comparison(comparison: RunComparison) -> dict[str, Any]:
    """The comparison as plain JSON values."""
    return {
        "is_fair": comparison.is_fair,
        "runs": [_describe_run(run) for run in comparison.runs],
        "differences": {difference.field: list(difference.values) for difference in comparison.differences},
        "equal": comparison.equal,
    }


def _describe_run(run: ComparedRun) -> dict[str, Any]:
    status = run.status
    return {
        "name": run.name,
        "letter": run.letter,
        "state": status.state,
        "best_bits_per_char": run.best,
        "best_step": status.best_step,
        "last_bits_per_char": run.last,
        "steps": status.step,
        "elapsed_s": status.elapsed_s,
        "chars_read": run.chars_read,
        "chars_per_s": run.chars_per_s,
        "parameters": run.info.parameters,
        "held_out": run.info.split,
        "curve": [{**point._asdict(), "chars": point.step * run.chars_per_step} for point in run.evaluations],
    }


def _draw_picture(comparison: RunComparison, over: Axis, width: int, height: int) -> Text:
    end = comparison.find_end(over)
    curves = [(run.letter, run.trace(over)) for run in comparison.runs]
    text = Text("validation loss, bits per character\n", style="dim")
    for row in draw_curves(curves, width, height, end):
        for cell in row:
            text.append(cell.text, "not dim" if cell.owner is None else f"not dim {_find_style(cell.owner)}")
        text.append("\n")
    last = format_duration(end) if over == "time" else f"{end:,.0f}"
    text.append(f"       0{f'{last} {_NAMES[over]}':>{max(1, width - 8)}}\n")
    return text


def _find_style(place: int) -> str:
    return _STYLES[place % len(_STYLES)]


def _print_figures(runs: Sequence[ComparedRun], width: int) -> None:
    """One line for each run; a narrow terminal does without what the recipes tell anyway."""
    columns = ("", "run", "state", "best", "last", "chars/s", "time", "characters", "weights")
    shown = columns if width >= _WIDE else columns[: columns.index("characters")]
    print_table(shown, [_list_figures(run)[: len(shown)] for run in runs], right=columns[3:])


def _list_figures(run: ComparedRun) -> tuple[str, ...]:
    return (
        run.letter,
        run.name,
        run.status.state,
        format_bits(run.best, 3),
        format_bits(run.last, 3),
        f"{run.chars_per_s:,.0f}",
        format_duration(run.status.elapsed_s),
        f"{run.chars_read / 1e6:.1f} M",
        f"{run.info.parameters / 1e6:.1f} M",
    )


def _split_columns(comparison: RunComparison, width: int) -> Iterator[list[int]]:
    """Which runs stand in one table of differences: as many as the width has room for, at least one."""
    if not comparison.differences:
        return
    head = max(len(name_field(difference.field)) for difference in comparison.differences)
    part: list[int] = []
    used = head
    for index in range(len(comparison.runs)):
        needed = _GAP + _find_width(comparison.differences, index)
        if part and used + needed > width:
            yield part
            part, used = [], head
        part.append(index)
        used += needed
    yield part


def _find_width(differences: Sequence[Difference], index: int) -> int:
    return max(len(say_value(difference.values[index])) for difference in differences)
