"""The mean loss of some steps, without synchronising with a GPU at each."""

import math

from torch import Tensor


class Meter:
    """Accumulates losses, and time for the speed, until the mean is taken."""

    def __init__(self, elapsed_s: float = 0.0) -> None:
        self.steps = 0
        """Steps since the mean was last taken."""
        self.started_s = elapsed_s
        """Start of the steps that count for the speed, in seconds of training."""
        self._timed_steps = 0
        self._total: Tensor | None = None

    def add(self, loss: Tensor) -> None:
        """Take in the loss () of a step, in nats."""
        self._total = loss if self._total is None else self._total + loss
        self.steps += 1
        self._timed_steps += 1

    def take(self, elapsed_s: float) -> tuple[float, float]:
        """The mean loss of the steps since the last call (NaN if there were none), and steps per second."""
        mean = self._total.item() / self.steps if self._total is not None else math.nan
        speed = self._timed_steps / max(1e-9, elapsed_s - self.started_s)
        self.steps, self._total = 0, None
        self.leave_out(elapsed_s)
        return mean, speed

    def leave_out(self, elapsed_s: float) -> None:
        """Exclude the time until now from the speed: it was not spent on steps."""
        self.started_s = elapsed_s
        self._timed_steps = 0
