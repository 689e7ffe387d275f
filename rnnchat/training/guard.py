"""Detect divergence: a loss that is not finite, or one that lost what had been learnt.

Steps are judged 20 at a time, at multiples of 20, so that an interrupted run is judged like an uninterrupted one. All
losses are means per symbol, in the unit of the recipe's loss.
"""

import math
from dataclasses import dataclass, replace

import torch
from torch import Tensor

EVERY_STEPS = 20
PATIENCE = 10
"""Checks in a row that must fail: 200 steps. A hard passage of the text is shorter."""
MOST_ABOVE_START = 1.2
"""A loss this many times the first one has diverged, …"""
MOST_LOST = 0.8
"""… as has one that lost this share of what was gained since the start …"""
LEAST_GAIN = 0.2
"""… once the loss has fallen by this share of the start."""


@dataclass(frozen=True)
class GuardState:
    """The state of a guard, as stored in a checkpoint."""

    total: float = 0.0
    """Sum of the losses since the last check."""
    steps: int = 0
    """Steps since the last check."""
    start: float | None = None
    """Mean loss of the first steps."""
    lowest: float | None = None
    """Lowest mean so far."""
    bad_looks: int = 0
    """Failed checks in a row."""


class Guard:
    """Watches the losses of one training."""

    def __init__(self, bounds: GuardState) -> None:
        self._bounds = bounds
        self._total = torch.tensor(bounds.total)

    def add(self, loss: Tensor, step: int) -> bool:
        """Take in the loss () of a step, with the number of steps so far.

        Returns:
            Whether the training has diverged.
        """
        if self._total.device != loss.device:
            self._total = self._total.to(loss.device)
        self._total = self._total + loss.float()
        self._bounds = replace(self._bounds, steps=self._bounds.steps + 1)
        return step % EVERY_STEPS == 0 and self._look()

    @property
    def is_well(self) -> bool:
        """Whether the last check passed."""
        return self._bounds.bad_looks == 0

    def tell(self) -> GuardState:
        """The state that a checkpoint stores."""
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
        self._bounds = GuardState(0.0, 0, start, lowest, bad_looks)
        return bad_looks >= PATIENCE


def _is_out_of_bounds(mean: float, start: float, lowest: float) -> bool:
    gain = start - lowest
    has_lost = gain > LEAST_GAIN * start and mean > lowest + MOST_LOST * gain
    return has_lost or mean > MOST_ABOVE_START * start
