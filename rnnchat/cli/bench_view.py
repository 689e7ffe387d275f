"""How ``rnnchat bench`` shows what was measured: the aims, the rates and all other figures."""

from collections.abc import Callable, Sequence
from typing import Any

from rnnchat.bench.aim import Aim, list_aims
from rnnchat.bench.stopwatch import Measured, summarise
from rnnchat.cli.output import print_table


def show_aims(aims: Sequence[Aim], networks: Sequence[Measured]) -> None:
    """Print what was aimed at, and what was reached."""
    rows = [
        (
            aim.size,
            aim.figure,
            format_figure(aim.figure, figure.median),
            f"{format_figure(aim.figure, figure.least)} – {format_figure(aim.figure, figure.most)}",
            f"{'at most ' if aim.is_most else ''}{format_figure(aim.figure, aim.value)}",
            "yes" if aim.is_met(figure) else "no",
        )
        for aim, figure in list_aims(aims, networks)
    ]
    print_table(("size", "figure", "median", "of all rounds", "aim", "met"), rows, ("median", "of all rounds", "aim"))


def show_rates(heading: str, networks: Sequence[Measured]) -> None:
    """Print how much each way brings in a second."""
    _show_columns(heading, networks, lambda measured: measured.rates, _format_rate)


def show_figures(networks: Sequence[Measured]) -> None:
    """Print all figures of all networks."""
    _show_columns(
        "figure",
        networks,
        lambda measured: measured.figures,
        lambda measured, name: format_figure(name, measured.figures[name].median),
    )


def _show_columns(
    heading: str,
    networks: Sequence[Measured],
    find: Callable[[Measured], dict[str, Any]],
    tell: Callable[[Measured, str], str],
) -> None:
    """A table with a column for each network; a dash where a row is none of its."""
    titles = [measured.title for measured in networks]
    names = dict.fromkeys(name for measured in networks for name in find(measured))
    rows = [
        (name, *(tell(measured, name) if name in find(measured) else "–" for measured in networks)) for name in names
    ]
    print_table((heading, *titles), rows, titles)


def _format_rate(measured: Measured, name: str) -> str:
    threads = measured.threads[name]
    return f"{summarise(measured.rates[name]).median:,.0f}" + (f" ({threads} threads)" if threads > 1 else "")


def format_figure(name: str, value: float) -> str:
    """A figure in the unit that its name asks for."""
    if "to first character" in name:
        return f"{1000 * value:.0f} ms"
    if "share" in name or "samplers" in name:
        return f"{100 * value:.0f} %"
    return f"{value:.2f}x" if value < 10 else f"{value:.1f}x"
