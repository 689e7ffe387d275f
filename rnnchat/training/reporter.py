"""Reports on the steps of a training: loss, speed and time left."""

from torch import Tensor

from rnnchat.runs.event import Stepped
from rnnchat.runs.info import RunInfo
from rnnchat.training.judge import check_number
from rnnchat.training.meter import Meter
from rnnchat.training.schedule import Schedule

REPORT_EVERY_S = 0.5
REPORT_AT_LATEST_S = 5.0
"""A long training reports less often, so that its events stay few, but at least this often."""


class Reporter:
    """Accumulates what happened since the last report."""

    def __init__(self, info: RunInfo, schedule: Schedule, step: int) -> None:
        """Start at ``step``."""
        self._info, self._recipe = info, info.get_recipe()
        self._schedule, self._clock = schedule, schedule.clock
        self._first_step, self._first_s = step, self._clock.elapsed_s
        self._meter = Meter(self._first_s)
        self._rate = 0.0

    @property
    def has_news(self) -> bool:
        """Whether a step was taken since the last report."""
        return self._meter.steps > 0

    def add(self, loss: Tensor, rate: float) -> None:
        """Take in a step: its loss () in nats and its learning rate."""
        self._meter.add(loss)
        self._rate = rate

    def is_due(self) -> bool:
        """Whether there is something to report and the last report was long enough ago."""
        elapsed_s = self._clock.elapsed_s
        every_s = min(REPORT_AT_LATEST_S, max(REPORT_EVERY_S, elapsed_s / 1000))
        return self.has_news and elapsed_s - self._meter.started_s >= every_s

    def leave_out(self) -> None:
        """Exclude the time until now from the speed: it was not spent on steps."""
        self._meter.leave_out(self._clock.elapsed_s)

    def report(self, step: int) -> Stepped:
        """Report on the steps since the last report, up to ``step``.

        Raises:
            DivergenceError: their loss is not finite.
        """
        elapsed_s, recipe = self._clock.elapsed_s, self._recipe
        loss, steps_per_s = self._meter.take(elapsed_s)
        check_number(loss, step)
        overall = (step - self._first_step) / max(1e-9, elapsed_s - self._first_s)
        return Stepped(
            step=step,
            total_steps=self._schedule.estimate_steps(step),
            loss_bits_per_char=self._info.to_bits(loss),
            learning_rate=self._rate,
            chars_per_s=steps_per_s * recipe.batch_size * recipe.window * self._info.chars_per_token,
            elapsed_s=elapsed_s,
            left_s=self._schedule.estimate_left_s(step, overall),
            progress=self._schedule.measure_progress(step),
        )
