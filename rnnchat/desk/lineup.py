"""The lineup of a contest: which models take part, and at which temperature."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rnnchat.desk.contestant import Contestant

if TYPE_CHECKING:
    from rnnchat.comparison.comparison import Column
    from rnnchat.model.library import ModelEntry

MAX_COMPARED_SYMBOLS = 2000


def make_contestant(entry: ModelEntry, temperature: float = Contestant.temperature) -> Contestant:
    """The model of ``entry`` at a temperature."""
    return Contestant(str(entry.path), entry.name, temperature)


def list_readable() -> list[ModelEntry]:
    """The models that can be opened, the newest first; for a thread, since it reads files."""
    from rnnchat.model.library import list_models

    entries = [entry for entry in list_models() if entry.header is not None]
    return sorted(entries, key=lambda entry: entry.modified, reverse=True)


def find_pair(entries: Sequence[ModelEntry]) -> list[ModelEntry]:
    """The first model, and of the others the first that knows the most of its symbols: two that can be compared."""
    if len(entries) < 2 or (header := entries[0].header) is None:
        return list(entries[:2])
    known = header.tokenizer.decode(range(header.tokenizer.vocab_size))[:MAX_COMPARED_SYMBOLS]

    def count_unknown(entry: ModelEntry) -> int:
        return len(entry.header.tokenizer.find_unknown(known)) if entry.header else len(known)

    return [entries[0], min(entries[1:], key=count_unknown)]


def recall(column: Column, path: str, seed: int) -> Contestant:
    """One who took part in an earlier run, as it was at its end."""
    temperature = float(column.contender.changes.get("temperature", Contestant.temperature))
    return Contestant(
        path,
        column.contender.model,
        temperature,
        "done",
        column.text,
        bits_per_char=column.bits_per_char,
        chars_per_s=column.chars_per_s or 0.0,
        seed=seed,
    )
