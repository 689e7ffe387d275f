"""How ``rnnchat bench generate`` shows what was measured: the aims, the rates and all other figures."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from rnnchat.cli.bench_generate import Measured
from rnnchat.cli.output import print_table
from rnnchat.cli.stopwatch import Figure, summarise
from rnnchat.text.tokenizer import SYMBOL_NAMES


class Aim(NamedTuple):
    """What a figure of one size should come to."""

    size: str
    figure: str
    value: float
    is_most: bool = False
    """Should the figure be at most this, instead of at least?"""

    def is_met(self, figure: Figure) -> bool:
        """Does the median reach the aim?"""
        return figure.median <= self.value if self.is_most else figure.median >= self.value


AIMS = (
    Aim("2x512", "float32 against the plain torch loop", 25),
    Aim("2x512", "int8 against the plain torch loop", 50),
    Aim("2x512", "int8 against the best torch loop", 5),
    Aim("2x512", "float32, 8 candidates against one", 5),
    Aim("2x512", "int8, 8 candidates against one", 5),
    Aim("2x512", "float32, 64 candidates against one", 20),
    Aim("2x512", "int8, 64 candidates against one", 20),
    Aim("2x1024", "float32, share of the memory limit", 0.6),
    Aim("words", "float32, all samplers against a step", 0.4, is_most=True),
    Aim("words", "int8, all samplers against a step", 0.4, is_most=True),
    Aim("2x512", "float32, file to first character", 0.15, is_most=True),
    Aim("2x512", "int8, file to first character", 0.15, is_most=True),
)


def list_aims(models: Sequence[Measured]) -> list[tuple[Aim, Figure]]:
    """The aims of the sizes that were measured, and what they came to."""
    by_name = {measured.name: measured for measured in models}
    return [(aim, by_name[aim.size].figures[aim.figure]) for aim in AIMS if aim.size in by_name]


def describe_aims(models: Sequence[Measured]) -> list[dict[str, Any]]:
    """The aims as plain JSON values."""
    return [
        {
            "size": aim.size,
            "figure": aim.figure,
            "aim": aim.value,
            "is_most": aim.is_most,
            **figure.to_json(),
            "is_met": aim.is_met(figure),
        }
        for aim, figure in list_aims(models)
    ]


def show_aims(models: Sequence[Measured]) -> None:
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
        for aim, figure in list_aims(models)
    ]
    print_table(("size", "figure", "median", "of all rounds", "aim", "met"), rows, ("median", "of all rounds", "aim"))


def show_rates(models: Sequence[Measured]) -> None:
    """Print how much each way writes."""
    _show_models("symbols a second, all texts together", models, lambda measured: measured.rates, _format_rate)


def show_figures(models: Sequence[Measured]) -> None:
    """Print all figures of all models."""
    _show_models(
        "figure",
        models,
        lambda measured: measured.figures,
        lambda measured, name: format_figure(name, measured.figures[name].median),
    )


def _show_models(
    heading: str,
    models: Sequence[Measured],
    find: Callable[[Measured], dict[str, Any]],
    tell: Callable[[Measured, str], str],
) -> None:
    """A table with a column for each model."""
    names = [f"{measured.name} ({SYMBOL_NAMES[measured.level]}s)" for measured in models]
    rows = [(name, *(tell(measured, name) for measured in models)) for name in find(models[0])]
    print_table((heading, *names), rows, names)


def _format_rate(measured: Measured, name: str) -> str:
    threads = measured.threads[name]
    return f"{summarise(measured.rates[name]).median:,.0f}" + (f" ({threads} threads)" if threads > 1 else "")


def format_figure(name: str, value: float) -> str:
    """A figure in the unit that its name asks for."""
    if "character" in name:
        return f"{1000 * value:.0f} ms"
    if "share" in name or "samplers" in name:
        return f"{100 * value:.0f} %"
    return f"{value:.1f}x"
