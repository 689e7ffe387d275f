"""Progress, time left and learning rate of a training."""

import math
import time

from rnnchat.plan.recipe import Recipe


class Clock:
    """Seconds of training: stands still during pauses and between processes."""

    def __init__(self, elapsed_s: float = 0.0) -> None:
        self._before_s = elapsed_s
        self._started = time.monotonic()

    @property
    def elapsed_s(self) -> float:
        """Seconds of training so far."""
        return self._before_s + time.monotonic() - self._started

    def leave_out(self, seconds: float) -> None:
        """Exclude seconds during which the training was paused."""
        self._before_s -= seconds


class Schedule:
    """Follows the steps if the budget is in steps or epochs, the clock if it is in minutes."""

    def __init__(self, recipe: Recipe, tokens: int, clock: Clock) -> None:
        self._recipe = recipe
        self.clock = clock
        self.budget_s = (recipe.minutes or 0.0) * 60
        """0 where the budget is not a time."""
        self.total_steps = recipe.count_steps(tokens)
        """None where the budget is a time."""
        self._most_steps: float | None = None
        if recipe.max_epochs is not None:
            self._most_steps = max(1.0, recipe.max_epochs * tokens / (recipe.batch_size * recipe.window))
        self.reserve_s = 0.0
        """Seconds at the end of a time budget that are reserved for the last evaluation."""

    def measure_progress(self, step: int) -> float:
        """From 0 to 1; at 1 the budget is used up."""
        if self.total_steps is not None:
            return min(1.0, step / self.total_steps)
        in_time = min(1.0, self.clock.elapsed_s / max(1e-9, self.budget_s - self.reserve_s))
        return in_time if self._most_steps is None else max(in_time, min(1.0, step / self._most_steps))

    def estimate_steps(self, step: int) -> int:
        """Steps of the whole training."""
        if self.total_steps is not None:
            return self.total_steps
        progress = self.measure_progress(step)
        return max(step, round(step / progress)) if progress else step

    def estimate_left_s(self, step: int, steps_per_s: float) -> float:
        """Seconds until the budget is used up."""
        if self.total_steps is not None:
            return (self.total_steps - step) / steps_per_s if steps_per_s else 0.0
        left_s = max(0.0, self.budget_s - self.reserve_s - self.clock.elapsed_s)
        if self._most_steps is None or not steps_per_s:
            return left_s
        return min(left_s, max(0.0, self._most_steps - step) / steps_per_s)

    def compute_rate(self, step: int) -> float:
        """The learning rate of the next step: linear warm-up, then linear or cosine decay to zero."""
        progress = self.measure_progress(step)
        warmup = min(1.0, (step + 1) / self._recipe.warmup) if self._recipe.warmup else 1.0
        left = 1 - progress if self._recipe.decay == "linear" else 0.5 * (1 + math.cos(math.pi * progress))
        return self._recipe.learning_rate * warmup * left
