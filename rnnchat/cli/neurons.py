"""``rnnchat models neurons``: single units of a model, and what they react to."""

import sys
from collections.abc import Iterable, Iterator
from itertools import accumulate
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from rnnchat.cli.opening import open_model
from rnnchat.cli.option import TextEncoding
from rnnchat.cli.output import print_json, print_table
from rnnchat.desk.visible import picture_controls
from rnnchat.errors import UsageError

if TYPE_CHECKING:
    import numpy as np
    from rich.console import Console

    from rnnchat.analysis.neuron import Finding, Search
    from rnnchat.runtime.predictor import Predictor
    from rnnchat.text.tokenizer import Tokenizer

Activity = Iterable[tuple[str, float]]
"""What each symbol adds to a text, and a unit after it."""
Line = list[tuple[str, float]]

WIDTH = 76
"""Cells of a line of text."""
RED, BLUE = (255, 80, 80), (90, 130, 255)
LEGEND = "Below the text: 1 to 9 for 0.1 to 0.9 and above, a to i for -0.1 to -0.9 and below, · between."


def neurons(
    model: Annotated[str, typer.Argument(metavar="MODEL", help="Name of a model or a run, or a file.")],
    file: Annotated[str, typer.Argument(help="A text: a file, a folder, a name of the catalogue; - is stdin.")],
    unit: Annotated[
        str | None, typer.Option(metavar="LAYER:N", help="Show one unit over the whole text; both count from 0.")
    ] = None,
    top: Annotated[int, typer.Option(metavar="N", min=0, help="Show the top N units on an excerpt.")] = 3,
    precision: Annotated[
        Literal["int8", "float32"] | None, typer.Option(help="Fast, or exact; by default what suits the model.")
    ] = None,
    encoding: TextEncoding = None,
    is_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Find units that react to something in a text: quotation marks, the place in the line, capitals and more.

    Each unit is correlated with each feature of the text. The best one is chosen on the first half; "confirmed" is
    its correlation on the second. Layers and units count from 0.
    """
    wanted = None if unit is None else parse_unit(unit)
    from rnnchat.analysis.neuron import ROWS, find_neurons, trace_unit  # ONNX Runtime: 0.2 s
    from rnnchat.text.corpus import Corpus

    corpus = Corpus([file], encoding)
    opened = open_model(model, precision, ROWS)
    runtime, tokenizer = opened.network.predictor, opened.tokenizer
    if wanted:
        _show_unit(model, wanted, trace_unit(runtime, tokenizer, corpus.read_pieces(), *wanted), is_json)
        return
    search = find_neurons(runtime, tokenizer, corpus.read_pieces, report=_report)
    excerpts = [list(_trace_excerpt(runtime, tokenizer, finding)) for finding in search.findings[:top]]
    if is_json:
        print_json({"model": model, **_to_json(search, excerpts)})
        return
    _print_findings(search)
    for finding, excerpt in zip(search.findings, excerpts, strict=False):
        typer.echo(f"\n{finding.feature}: layer {finding.layer}, unit {finding.unit}")
        print_activity(excerpt)
    if excerpts:
        _print_legend()


def parse_unit(unit: str) -> tuple[int, int]:
    """Layer and number of ``LAYER:N``.

    Raises:
        UsageError: it is written in another way.
    """
    layer, _, number = unit.partition(":")
    if not (layer.isdecimal() and number.isdecimal() and len(unit) < 20):
        raise UsageError(f"--unit must be a layer and a unit with a colon between them, such as 0:12, not {unit!r}")
    return int(layer), int(number)


def print_activity(activity: Activity) -> None:
    """Print a text with a unit's activity: in colours from red (-1) over white (0) to blue (1).

    Where there are no colours each line has a second one below it, as `LEGEND` tells.
    """
    from rich.console import Console  # 0.05 s
    from rich.text import Text

    console = Console(file=sys.stdout, highlight=False)
    for line in lay_out(activity):
        if _has_colours(console):
            console.print(Text.assemble(*((glyph, f"black on {_choose_colour(value)}") for glyph, value in line)))
        else:
            typer.echo("".join(glyph for glyph, _ in line).rstrip())
            typer.echo("".join(_mark(glyph, value) for glyph, value in line))


def lay_out(activity: Activity) -> Iterator[Line]:
    """Cut a text with its activity into lines of `WIDTH` cells, each as characters with the unit's value.

    A line's end is shown, because the unit has a value there.
    """
    from rich.cells import cell_len

    line: Line = []
    width = 0
    for text, value in activity:
        for character in text:
            glyph = {"\n": "↵", "\t": "⇥"}.get(character) or picture_controls(character)
            if width + cell_len(glyph) > WIDTH:
                yield line
                line, width = [], 0
            line.append((glyph, value))
            width += cell_len(glyph)
            if character == "\n":
                yield line
                line, width = [], 0
    if line:
        yield line


def _has_colours(console: "Console") -> bool:
    return bool(console.color_system) and not console.no_color


def _print_legend() -> None:
    from rich.console import Console

    if not _has_colours(Console(file=sys.stdout)):
        typer.echo(f"\n{LEGEND}")


def _choose_colour(value: float) -> str:
    """White for 0, blue for 1 and above, red for -1 and below."""
    share, full = min(abs(value), 1), BLUE if value > 0 else RED
    return "#" + "".join(f"{round(255 + share * (part - 255)):02x}" for part in full)


def _mark(glyph: str, value: float) -> str:
    """One cell for each cell of a character: a digit, a letter for what is below 0, or a dot."""
    from rich.cells import cell_len

    tenths = min(int(abs(value) * 10), 9)
    mark = "·" if not tenths else str(tenths) if value > 0 else "abcdefghi"[tenths - 1]
    return mark.ljust(cell_len(glyph))[: cell_len(glyph)]


def _show_unit(
    model: str, unit: tuple[int, int], blocks: "Iterable[tuple[tuple[str, ...], np.ndarray]]", is_json: bool
) -> None:
    activity = ((text, value) for texts, values in blocks for text, value in zip(texts, values.tolist(), strict=True))
    if is_json:
        texts, values = [*zip(*activity, strict=True)] or [(), ()]
        print_json({"model": model, "layer": unit[0], "unit": unit[1], "symbols": texts, "activity": values})
    else:
        print_activity(activity)
        _print_legend()


def _trace_excerpt(runtime: "Predictor", tokenizer: "Tokenizer", finding: "Finding") -> Activity:
    """A finding's unit over its excerpt, which the model reads behind its context."""
    from rnnchat.analysis.neuron import trace_unit

    text = finding.context + finding.excerpt
    blocks = list(trace_unit(runtime, tokenizer, [text], finding.layer, finding.unit))
    texts = [text for texts, _ in blocks for text in texts]
    values = [value for _, values in blocks for value in values.tolist()]
    for end, text, value in zip(accumulate(map(len, texts)), texts, values, strict=True):
        if end > len(finding.context):
            yield text, value


def _report(done: int, chars: int) -> None:
    """Say on a terminal's stderr how much is read."""
    if sys.stderr.isatty():
        end = "\r\x1b[K" if done == chars else ""
        typer.echo(f"\r{done:,} of {chars:,} characters read {end}", nl=False, err=True)


def _print_findings(search: "Search") -> None:
    columns = ("feature", "layer", "unit", "correlation", "confirmed", "there in")
    rows = [
        (found.feature, str(found.layer), str(found.unit), f"{found.correlation:+.3f}", f"{found.confirmed:+.3f}",
         f"{found.share:.1%}") for found in search.findings
    ]  # fmt: skip
    print_table(columns, rows, right=columns[1:])
    typer.echo(f"\n{search.num_symbols:,} symbols read; chosen on the first half, confirmed on the second.")
    if search.skipped:
        typer.echo(f"Hardly in this text: {', '.join(search.skipped)}.")


def _to_json(search: "Search", excerpts: list[list[tuple[str, float]]]) -> dict[str, Any]:
    found = [
        {
            "feature": finding.feature,
            "layer": finding.layer,
            "unit": finding.unit,
            "correlation": finding.correlation,
            "confirmed": finding.confirmed,
            "share": finding.share,
        }
        for finding in search.findings
    ]
    for record, excerpt in zip(found, excerpts, strict=False):
        record["excerpt"] = {"symbols": [text for text, _ in excerpt], "activity": [value for _, value in excerpt]}
    return {"symbols": search.num_symbols, "features": found, "skipped": list(search.skipped)}
