"""Notices when a training goes out of bounds: a loss that is no number, or one that lost what had been learnt.

It looks at every 20 steps together, at steps that are multiples of 20, so that it sees the same in a run that was
interrupted as in one that never was. All losses are means per symbol, in the unit of the recipe's loss.
"""

import math
from dataclasses import dataclass, replace

import torch
from torch import Tensor

EVERY_STEPS = 20
PATIENCE = 10
"""So many looks in a row a loss must be out of bounds: 200 steps. A hard passage of the text is shorter."""
MOST_ABOVE_START = 1.2
"""A loss that is so many times the first one."""
MOST_LOST = 0.8
"""So much of what was gained since the start is given up again …"""
LEAST_GAIN = 0.2
"""… once the loss has come down by such a share of the start."""


@dataclass(frozen=True)
class Bounds:
    """What a guard knows, as it stands in a checkpoint."""

    total: float = 0.0
    """Sum of the losses since the last look."""
    steps: int = 0
    """How many those are."""
    start: float | None = None
    """Mean loss of the first steps."""
    lowest: float | None = None
    """Lowest mean so far."""
    bad_looks: int = 0
    """How many looks in a row found a loss out of bounds."""


class Guard:
    """Watches the losses of one training."""

    def __init__(self, bounds: Bounds) -> None:
        self._bounds = bounds
        self._total = torch.tensor(bounds.total)

    def add(self, loss: Tensor, step: int) -> bool:
        """One more step, with its loss () and the number of steps so far. Is the training out of bounds?"""
        if self._total.device != loss.device:
            self._total = self._total.to(loss.device)
        self._total = self._total + loss.float()
        self._bounds = replace(self._bounds, steps=self._bounds.steps + 1)
        return step % EVERY_STEPS == 0 and self._look()

    @property
    def is_well(self) -> bool:
        """Did the last look find the loss where it should be?"""
        return self._bounds.bad_looks == 0

    def tell(self) -> Bounds:
        """What a checkpoint keeps."""
        return replace(self._bounds, total=self._total.item())

    def _look(self) -> bool:
        before = self._bounds
        mean = self._total.item() / before.steps
        self._total = torch.zeros_like(self._total)
        if not math.isfinite(mean):
            self._bounds = replace(before, steps=0, bad_looks=PATIENCE)
            return True
        start = mean if before.start is None else before.start
        lowest = mean if before.lowest is None else min(mean, before.lowest)
        bad_looks = before.bad_looks + 1 if _is_out_of_bounds(mean, start, lowest) else 0
        self._bounds = Bounds(0.0, 0, start, lowest, bad_looks)
        return bad_looks >= PATIENCE


def _is_out_of_bounds(mean: float, start: float, lowest: float) -> bool:
    gain = start - lowest
    has_lost = gain > LEAST_GAIN * start and mean > lowest + MOST_LOST * gain
    return has_lost or mean > MOST_ABOVE_START * start
