"""What ``rnnchat compare`` does with a text: models read it side by side, and a verdict grows while they do."""

import sys
from collections.abc import Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any

import typer

from rnnchat.analysis.overlap import find_overlap
from rnnchat.comparison.trial import Trial
from rnnchat.comparison.verdict import Verdict
from rnnchat.desk.visible import make_visible
from rnnchat.errors import UsageError

if TYPE_CHECKING:
    from rnnchat.cli.compare import Opened

MAX_CHARS = 20_000_000
"""A longer text is refused: it is held in memory while it is compared on."""


def read_text(files: list[str], encoding: str | None = None) -> str:
    """The texts as one.

    Raises:
        TextError: one of them cannot be found or read.
        UsageError: they are too long.
    """
    from rnnchat.text.corpus import Corpus

    parts: list[str] = []
    chars = 0
    for piece in Corpus(files, encoding).read_pieces():
        parts.append(piece)
        chars += len(piece)
        if chars > MAX_CHARS:
            raise UsageError(f"a text to compare on may have {MAX_CHARS:,} characters at most; choose a part of it")
    return "".join(parts)


def try_text(text: str, opened: Mapping[str, "Opened"], is_quiet: bool) -> Trial:
    """Let models read a text at the same time; on a terminal, stderr shows the verdict so far.

    Raises:
        ModelError: a network's numbers overflow.
    """
    trial = Trial(text, list(opened))
    news: SimpleQueue[str] = SimpleQueue()
    with ThreadPoolExecutor(len(opened)) as pool:
        readings = [pool.submit(_read, trial, name, one, news) for name, one in opened.items()]
        left = len(readings)
        while left:
            left -= news.get() == ""
            if not is_quiet and sys.stderr.isatty():
                _show_progress(trial)
        _raise_problems(readings)
    for name, one in opened.items():
        trial.set_overlap(name, find_overlap(text, one.model.model.training))
    return trial


def verdict_to_json(trial: Trial, verdict: Verdict, without: Verdict | None) -> dict[str, Any]:
    """A verdict for JSON, its sentences included."""
    sentence, overlap = trial.describe()
    return {
        "sentence": sentence,
        "overlap": overlap,
        **_to_json(verdict),
        "without_overlap": without and _to_json(without),
    }


def _to_json(verdict: Verdict) -> dict[str, Any]:
    difference = verdict.difference
    return {
        "outcome": verdict.outcome,
        "difference": difference and {"bits_per_char": difference.value, "interval": list(difference.interval)},
        "chars": verdict.chars,
        "blocks": verdict.blocks,
        "more_chars": verdict.more_chars,
        "models": [
            {
                "model": standing.name,
                "bits_per_char": standing.bits_per_char,
                "interval": standing.interval and list(standing.interval),
            }
            for standing in verdict.standings
        ],
    }


def _read(trial: Trial, name: str, one: "Opened", news: "SimpleQueue[str]") -> None:
    try:
        for cells in one.model.score_cells(trial.text, one.is_exact):
            trial.add(name, cells)
            news.put(name)
    finally:
        news.put("")


def _show_progress(trial: Trial) -> None:
    if all(len(trial.read(name)) for name in trial.names):
        typer.echo(f"\r\x1b[K{make_visible(trial.describe()[0])[:150]}", nl=False, err=True)
    if trial.is_complete:
        typer.echo("\r\x1b[K", nl=False, err=True)


def _raise_problems(readings: Iterable["Future[None]"]) -> None:
    for reading in readings:
        reading.result()
