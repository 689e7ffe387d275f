"""What figures should come to, and whether they do."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from rnnchat.bench.stopwatch import Figure, Measured


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


def list_aims(aims: Sequence[Aim], networks: Sequence[Measured]) -> list[tuple[Aim, Figure]]:
    """Those of ``aims`` whose sizes were measured, and what they came to."""
    by_name = {measured.name: measured for measured in networks}
    return [(aim, by_name[aim.size].figures[aim.figure]) for aim in aims if aim.size in by_name]


def describe_aims(aims: Sequence[Aim], networks: Sequence[Measured]) -> list[dict[str, Any]]:
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
        for aim, figure in list_aims(aims, networks)
    ]
