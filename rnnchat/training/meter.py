"""Means of a loss over some steps, without making a GPU wait for each."""

import math

from torch import Tensor


class Meter:
    """Adds up losses (and, for speeds, seconds) until somebody takes the mean."""

    def __init__(self, elapsed_s: float = 0.0) -> None:
        self.steps = 0
        """Steps since the mean was taken last."""
        self.started_s = elapsed_s
        """When the steps that count for the speed began."""
        self._timed_steps = 0
        self._total: Tensor | None = None

    def add(self, loss: Tensor) -> None:
        """One more step, with its loss () in nats."""
        self._total = loss if self._total is None else self._total + loss
        self.steps += 1
        self._timed_steps += 1

    def take(self, elapsed_s: float) -> tuple[float, float]:
        """The mean loss of the steps since the last time (not a number if there were none), and steps per second."""
        mean = self._total.item() / self.steps if self._total is not None else math.nan
        speed = self._timed_steps / max(1e-9, elapsed_s - self.started_s)
        self.steps, self._total = 0, None
        self.leave_out(elapsed_s)
        return mean, speed

    def leave_out(self, elapsed_s: float) -> None:
        """What happened until now was no training: measure the speed from here on."""
        self.started_s = elapsed_s
        self._timed_steps = 0
