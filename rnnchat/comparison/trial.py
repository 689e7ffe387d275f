"""A text put before several models: what each has read of it so far, and what that says.

Letters: C cells.
"""

from collections.abc import Iterable, Sequence
from functools import cached_property

import numpy as np

from rnnchat.analysis.cell import CELL_CHARS
from rnnchat.analysis.overlap import Overlap, join_overlaps
from rnnchat.comparison.sentence import describe_overlap, describe_verdict
from rnnchat.comparison.verdict import Verdict, cut_blocks, judge


class Trial:
    """Collects what models read of one text, in any order, and judges it.

    Args:
        text: the text, not empty.
        names: the models, each once.
    """

    def __init__(self, text: str, names: Sequence[str]) -> None:
        self.text = text
        self.names = list(names)
        self._cells: dict[str, list[np.ndarray]] = {name: [] for name in names}
        self._overlaps: dict[str, Overlap | None] = {}

    @property
    def chars(self) -> int:
        """Of the whole text."""
        return len(self.text)

    @cached_property
    def num_cells(self) -> int:
        """Cells of the whole text."""
        return -(-self.chars // CELL_CHARS)

    def add(self, name: str, cells: np.ndarray | Sequence[float]) -> None:
        """Take the bits of the next cells that a model has read."""
        self._cells[name].append(np.asarray(cells, float))

    def adopt(self, before: "Trial") -> None:
        """Take over what an earlier trial on the same text has found of the same models."""
        for name in self.names:
            if name in before._cells:
                self._cells[name] = before._cells[name]  # shared: a model that still reads goes on adding
        self._overlaps = before._overlaps

    def restart(self, name: str) -> None:
        """Forget what a model has read: it begins again."""
        self._cells[name].clear()
        self._overlaps.pop(name, None)

    def set_overlap(self, name: str, overlap: Overlap | None) -> None:
        """Take note of what the text shares with a model's training text; None where that is not on this machine."""
        self._overlaps[name] = overlap

    def read(self, name: str) -> np.ndarray:
        """The bits of the cells (C,) that a model has read."""
        return np.concatenate([*self._cells[name], np.array([])])

    def is_read_by(self, name: str) -> bool:
        """Whether a model has read the whole text."""
        return len(self.read(name)) >= self.num_cells

    @property
    def is_complete(self) -> bool:
        """Whether all models have read the whole text."""
        return all(map(self.is_read_by, self.names))

    def judge(self, names: Iterable[str] | None = None) -> Verdict:
        """The verdict on at least two models, all by default, on what all of them have read."""
        return judge({name: self.read(name) for name in names or self.names}, self.chars)

    def judge_without_overlap(self, names: Iterable[str] | None = None) -> Verdict | None:
        """The verdict without the cells that stand in a training text of any of the models; None if none does."""
        names = list(names or self.names)
        left_out = join_overlaps(self._overlaps.get(name) for name in names)
        return left_out if left_out is None else judge({n: self.read(n) for n in names}, self.chars, left_out)

    def describe(self, names: Iterable[str] | None = None) -> tuple[str, str]:
        """The verdict, and what is to be said about overlap, in words; the second may be empty."""
        names = list(names or self.names)
        verdict = self.judge(names)
        overlaps = {name: self._overlaps[name] for name in names if name in self._overlaps}
        is_complete = all(map(self.is_read_by, names))
        sentence = describe_verdict(verdict, None if is_complete else self.chars)
        return sentence, describe_overlap(overlaps, verdict, self.judge_without_overlap(names))

    def measure_curve(self, name: str) -> np.ndarray:
        """Bits per character of each block of what a model has read, (K,)."""
        bits = self.read(name)
        if not len(bits):
            return bits
        sizes = np.full(len(bits), float(CELL_CHARS))
        if len(bits) == self.num_cells:
            sizes[-1] = self.chars - (self.num_cells - 1) * CELL_CHARS
        edges = cut_blocks(sizes)
        curve: np.ndarray = np.add.reduceat(bits, edges) / np.add.reduceat(sizes, edges)
        return curve
