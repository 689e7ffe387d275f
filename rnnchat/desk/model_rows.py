"""Models as rows of a table: what each column says, how it sorts, which columns fit."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from rnnchat import paths
from rnnchat.desk.figures import NOTHING, format_ago, format_bits, format_bytes, format_parameters

if TYPE_CHECKING:
    from rnnchat.model.library import ModelEntry

BROKEN_MARK, OPEN_MARK = "✗", "●"
CELL_PADDING = 2
"""Blank columns that the table adds to each cell."""


@dataclass(frozen=True)
class Column:
    """One column of the table of models."""

    key: str
    title: str
    width: int
    rank: int
    """The lower, the longer the column stays when the table gets narrow."""
    say: Callable[["ModelEntry"], str]
    sort_by: Callable[["ModelEntry"], tuple[bool, str | float]]
    """Entries without a value come last: the first part says whether it is missing."""
    is_figure: bool = False
    """Whether it is set to the right."""
    is_best_first: bool = False
    """Whether the first sort puts the largest on top."""


def _say_name(entry: "ModelEntry") -> str:
    return entry.name if entry.problem is None else f"{BROKEN_MARK} {entry.name}"


def _say_network(entry: "ModelEntry") -> str:
    return entry.header.config.describe() if entry.header else "cannot be read"


def _level(entry: "ModelEntry") -> str:
    return entry.header.tokenizer.level if entry.header else ""


def _corpus(entry: "ModelEntry") -> str:
    return entry.header.training.corpus if entry.header else ""


def _parameters(entry: "ModelEntry") -> int | None:
    return entry.header.config.parameters if entry.header else None


def _size(entry: "ModelEntry") -> int | None:
    return entry.header.size_bytes if entry.header else None


def _bits(entry: "ModelEntry") -> float | None:
    return entry.header.training.bits_per_char if entry.header else None


def _by_text(read: Callable[["ModelEntry"], str]) -> Callable[["ModelEntry"], tuple[bool, str | float]]:
    return lambda entry: (not read(entry), read(entry).casefold())


def _by_figure(read: Callable[["ModelEntry"], float | None]) -> Callable[["ModelEntry"], tuple[bool, str | float]]:
    def sort_by(entry: "ModelEntry") -> tuple[bool, str | float]:
        value = read(entry)
        return (value is None, 0.0 if value is None else value)

    return sort_by


def _or_nothing(value: int | None, say: Callable[[int], str]) -> str:
    return NOTHING if value is None else say(value)


COLUMNS: tuple[Column, ...] = (
    Column("name", "Name", 16, 0, _say_name, _by_text(lambda entry: entry.name)),
    Column("level", "Level", 5, 2, lambda entry: _level(entry) or NOTHING, _by_text(_level)),
    Column("network", "Network", 16, 3, _say_network, _by_text(lambda entry: _say_network(entry))),
    Column(
        "parameters",
        "Weights",
        7,
        5,
        lambda entry: _or_nothing(_parameters(entry), format_parameters),
        _by_figure(_parameters),
        is_figure=True,
        is_best_first=True,
    ),
    Column(
        "size",
        "File",
        8,
        6,
        lambda entry: _or_nothing(_size(entry), format_bytes),
        _by_figure(_size),
        is_figure=True,
        is_best_first=True,
    ),
    Column("corpus", "Trained on", 18, 7, lambda entry: _corpus(entry) or NOTHING, _by_text(_corpus)),
    Column("bits", "bits/char", 9, 1, lambda entry: format_bits(_bits(entry)), _by_figure(_bits), is_figure=True),
    Column(
        "made",
        "Created",
        11,
        4,
        lambda entry: format_ago(entry.created) if entry.created else NOTHING,
        _by_figure(lambda entry: entry.created or None),
        is_best_first=True,
    ),
)


def fit_columns(width: int) -> list[tuple[Column, int]]:
    """The columns that ``width`` has room for, with their widths; what is left over goes to the texts."""
    chosen: list[Column] = []
    room = width
    for column in sorted(COLUMNS, key=lambda column: column.rank):
        if column.width + CELL_PADDING > room:
            break
        chosen.append(column)
        room -= column.width + CELL_PADDING
    texts = [column for column in chosen if column.key in ("name", "corpus")]
    widths = {column.key: column.width for column in chosen}
    for column in texts:
        widths[column.key] += min(room // len(texts), 14)
    return [(column, widths[column.key]) for column in COLUMNS if column.key in widths]


def sort_entries(entries: Sequence["ModelEntry"], key: str, is_reversed: bool) -> list["ModelEntry"]:
    """Sort by one column; models without a value there come last either way."""
    column = next(column for column in COLUMNS if column.key == key)
    by_name = sorted(entries, key=lambda entry: entry.name.casefold())
    known = [entry for entry in by_name if not column.sort_by(entry)[0]]
    unknown = [entry for entry in by_name if column.sort_by(entry)[0]]
    known.sort(key=column.sort_by, reverse=is_reversed)
    return known + unknown


def filter_entries(entries: Sequence["ModelEntry"], words: str) -> list["ModelEntry"]:
    """Keep the models in which every word of ``words`` occurs somewhere: name, level, network, corpus, title."""
    wanted = words.casefold().split()
    return [entry for entry in entries if all(word in _text_of(entry) for word in wanted)]


def _text_of(entry: "ModelEntry") -> str:
    title = entry.header.card.title if entry.header else ""
    return " ".join((entry.name, _level(entry), _say_network(entry), _corpus(entry), title)).casefold()


def find_precision(entry: "ModelEntry", chosen: Mapping[str, str]) -> str:
    """The precision of a model: as the person has chosen, or as suits it; "" where its file cannot be read."""
    suitable = "" if entry.header is None else "int8" if entry.header.suits_int8 else "float32"
    return suitable and chosen.get(entry.name, suitable)


def fingerprint_models() -> frozenset[tuple[Path, int, int]]:
    """What changes whenever a model file comes, goes or is written anew; reads names and dates only."""
    found = set()
    for folder, pattern in (
        (paths.models_dir(), f"*{paths.MODEL_SUFFIX}"),
        (paths.runs_dir(), f"*/best{paths.MODEL_SUFFIX}"),
        (paths.shipped_models_dir(), f"*{paths.MODEL_SUFFIX}"),
    ):
        for path in folder.glob(pattern):
            try:
                status = path.stat()
            except OSError:
                continue
            found.add((path, status.st_mtime_ns, status.st_size))
    return frozenset(found)
