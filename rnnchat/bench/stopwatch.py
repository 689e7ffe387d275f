"""Measuring ways of doing the same thing, in turns, so that whatever disturbs the machine meets all of them."""

import statistics
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple


class Way(NamedTuple):
    """A way of doing something again and again."""

    name: str
    run: Callable[[], object]
    amount: float = 1
    """What a call brings: symbols, bytes."""
    threads: int = 1
    """Processor threads that it takes."""
    prepare: Callable[[], object] = lambda: None
    """Called once before the way is measured for a while."""


class Figure(NamedTuple):
    """What was measured in several rounds."""

    median: float
    least: float
    most: float

    def to_json(self) -> dict[str, float]:
        """The figure as plain JSON values of four significant digits."""
        return {name: float(f"{value:.4g}") for name, value in self._asdict().items()}


@dataclass(kw_only=True)
class Measured:
    """All that was measured of one network."""

    name: str
    rates: dict[str, list[float]] = field(default_factory=dict)
    """What each way brings in a second, for each round."""
    threads: dict[str, int] = field(default_factory=dict)
    """What each way took."""
    figures: dict[str, Figure] = field(default_factory=dict)
    """Ratios and shares as numbers, times in seconds."""

    @property
    def title(self) -> str:
        """What its column is called."""
        return self.name

    def to_json(self) -> dict[str, Any]:
        """All of it as plain JSON values."""
        raise NotImplementedError

    def describe_ways(self, unit: str) -> dict[str, Any]:
        """Rates, under the name of their unit, and threads of all ways as plain JSON values."""
        return {
            name: {
                unit: summarise(rates).to_json(),
                "rounds": [round(rate, 1) for rate in rates],
                "threads": self.threads[name],
            }
            for name, rates in self.rates.items()
        }

    def describe_figures(self) -> dict[str, Any]:
        """All figures as plain JSON values."""
        return {name: figure.to_json() for name, figure in self.figures.items()}

    def measure(self, ways: Sequence[Way], seconds: float, rounds: int) -> None:
        """Fill in rates and threads: see `measure_rates`. Each way is run once before it counts."""
        for way in ways:
            way.prepare()
            way.run()
            self.threads[way.name] = way.threads
        self.rates = measure_rates(ways, seconds, rounds)


def summarise(values: Sequence[float]) -> Figure:
    """The median of all rounds, and how far they lie apart."""
    return Figure(statistics.median(values), min(values), max(values))


def compare(values: Sequence[float], others: Sequence[float]) -> Figure:
    """How many times as much, each round by itself: what drifts from round to round cancels out."""
    return summarise([value / other for value, other in zip(values, others, strict=True)])


def measure_rates(ways: Iterable[Way], seconds: float, rounds: int) -> dict[str, list[float]]:
    """What each way brings in a second, in each round.

    Args:
        ways: measured one after the other in each round.
        seconds: for each way in each round; a call that takes longer is measured once.
        rounds: how many.
    """
    ways = list(ways)
    rates: dict[str, list[float]] = {way.name: [] for way in ways}
    for _ in range(rounds):
        for way in ways:
            way.prepare()
            rates[way.name].append(way.amount * count_calls(way.run, seconds))
    return rates


def count_calls(run: Callable[[], object], seconds: float) -> float:
    """Calls of ``run`` per second, over about ``seconds`` and at least one call."""
    count, elapsed_s, started_s = 0, 0.0, time.perf_counter()
    while elapsed_s < seconds:
        run()
        count += 1
        elapsed_s = time.perf_counter() - started_s
    return count / elapsed_s


def time_call(run: Callable[[], object]) -> float:
    """Seconds of one call."""
    started_s = time.perf_counter()
    run()
    return time.perf_counter() - started_s


def list_thread_counts(cores: int) -> list[int]:
    """Numbers of threads worth trying: 1, 2, 4, … and all cores."""
    return sorted({cores, *(1 << power for power in range(cores.bit_length()) if 1 << power <= cores)})
