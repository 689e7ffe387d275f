"""What the steps of `rnnchat.generation.sampling` know of B texts.

Letters: B batch, V vocabulary, N marked places of (B, V).
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from rnnchat.generation.penalty import NO_USE, Use


class Marks(NamedTuple):
    """Places in an array (B, V), and a number for each."""

    rows: np.ndarray
    """(N,) integers from 0 to B-1."""
    ids: np.ndarray
    """(N,) integers from 0 to V-1."""
    nats: np.ndarray
    """(N,) float32."""


_NOTHING = np.zeros(0, np.int64)
NO_MARKS = Marks(_NOTHING, _NOTHING, np.zeros(0, np.float32))


@dataclass(frozen=True)
class Past:
    """What the steps know of B texts besides the model's distribution."""

    find_use: Callable[[], Use] = lambda: NO_USE
    """Looks for ``use``, once a step asks for it."""
    banned: Marks = NO_MARKS
    biased: Marks = NO_MARKS
    loops: Marks = NO_MARKS
    """The symbols that would continue a loop."""
    unknown: np.ndarray | None = None
    """(B, V) float32: -inf for the symbols that would make an unknown word, 0 for the rest."""

    @cached_property
    def use(self) -> Use:
        """What was used recently."""
        return self.find_use()
