"""How much of a text stands word for word in what the models learnt from, and which cells of it do.

Letters: n characters, C cells.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from rnnchat.analysis.cell import CELL_CHARS
from rnnchat.analysis.copied_text import find_copied
from rnnchat.model.record import TrainingRecord
from rnnchat.model.training_text import find_training_text

MAX_CHARS = 1_000_000
"""Of a longer text only this much is searched for: the search takes 100 bytes of memory a character."""


@dataclass(frozen=True)
class Overlap:
    """What a text shares with one model's training text."""

    share: float
    """Of the text's characters, 0 to 1."""
    cells: np.ndarray
    """(C,) bool: cells of which any character is copied."""


def find_overlap(text: str, record: TrainingRecord) -> Overlap | None:
    """What ``text`` shares with the training text of the model with this record.

    Returns:
        the overlap; None where the training text is not on this machine, so that nothing can be said.
    """
    training = find_training_text(record)
    return None if training is None else measure_overlap(text, training.read_pieces())


def measure_overlap(text: str, pieces: Iterable[str]) -> Overlap:
    """What ``text`` shares with a training text that comes in ``pieces``; of a long text its first `MAX_CHARS`."""
    copied = find_copied(text[:MAX_CHARS], pieces)
    cells = np.zeros(-(-len(text) // CELL_CHARS), bool)
    cells[np.flatnonzero(copied) // CELL_CHARS] = True
    return Overlap(float(copied.mean()) if len(copied) else 0.0, cells)


def join_overlaps(overlaps: Iterable[Overlap | None]) -> np.ndarray | None:
    """The cells (C,) that any training text holds; None where there is none."""
    marked = [overlap.cells for overlap in overlaps if overlap is not None]
    joined: np.ndarray | None = np.any(marked, axis=0) if marked else None
    return joined if joined is not None and joined.any() else None
