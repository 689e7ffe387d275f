"""The text that a model learnt from, where it is still on this machine.

A model file says what its texts were called, and their SHA-256. They are looked for among the fetched texts of the
catalogue, and where the runs on this machine have read theirs. What is found is the very text, or none.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rnnchat import paths
from rnnchat.model.record import TrainingRecord
from rnnchat.text.catalogue import CATALOGUE, find_corpus_path
from rnnchat.text.corpus import Corpus
from rnnchat.text.file import TextFile


@dataclass(frozen=True)
class TrainingText:
    """What a model learnt from."""

    name: str
    """As a person would name it."""
    files: tuple[Path, ...]
    chars: int | None
    """So much of the text was learnt from, the rest was held out; None for all of it."""

    def read_pieces(self) -> Iterator[str]:
        """The text in pieces, without what was held out; each call begins anew.

        Raises:
            TextError: a file has gone meanwhile.
        """
        left = self.chars
        for piece in Corpus([str(path) for path in self.files]).read_pieces():
            yield piece if left is None else piece[:left]
            if left is not None and (left := left - len(piece)) <= 0:
                return


def find_training_text(record: TrainingRecord) -> TrainingText | None:
    """The text that the model with this record learnt from; None where not all of it is on this machine."""
    wanted = set(record.sha256)
    found: dict[str, Path] = {}
    for path, digests in _list_places(wanted):
        if not digests <= found.keys() and (digest := _hash(path)) in wanted:
            found.setdefault(digest, path.absolute())
    if not wanted or wanted > found.keys():
        return None
    return TrainingText(record.corpus, tuple(found[digest] for digest in record.sha256), _count_learnt(record))


def _list_places(wanted: set[str]) -> Iterator[tuple[Path, set[str]]]:
    """Files that may be among those wanted, and as which of them."""
    for name in CATALOGUE:
        if path := find_corpus_path(name):
            yield path, wanted
    for download in sorted(paths.downloads_dir().glob("*")):
        yield download, wanted
    for run in sorted(paths.runs_dir().glob("*/run.json")):
        for file in _list_files(run):
            if isinstance(file, dict) and file.get("sha256") in wanted:
                yield Path(str(file.get("path"))), {file["sha256"]}


def _list_files(run: Path) -> list[Any]:
    """The files that a run has read; none where its record cannot be understood."""
    try:
        files = json.loads(run.read_text(encoding="utf-8"))["corpus"]["files"]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return []
    return files if isinstance(files, list) else []


def _hash(path: Path) -> str:
    """The SHA-256 of a file; "" where there is none."""
    try:
        return TextFile(path).hash() if path.is_file() else ""
    except (OSError, ValueError):
        return ""


def _count_learnt(record: TrainingRecord) -> int | None:
    """How many characters at the beginning of the texts were learnt from; None if another text was held out."""
    fraction = record.recipe.get("validation_fraction")
    if not record.split.startswith("the last ") or not isinstance(fraction, float):
        return None
    return int(record.chars * (1 - fraction))
