"""Tells of the steps of a training: their loss, how fast they were taken, how long the others will take."""

from torch import Tensor

from rnnchat.runs.event import Stepped
from rnnchat.runs.info import RunInfo
from rnnchat.training.judge import check_number
from rnnchat.training.meter import Meter
from rnnchat.training.schedule import Schedule

REPORT_EVERY_S = 0.5
REPORT_AT_LATEST_S = 5.0
"""A long training tells of its steps less often, so that its events stay few, but not less than this."""


class Reporter:
    """Adds up what happened since the last report."""

    def __init__(self, info: RunInfo, schedule: Schedule, step: int) -> None:
        """From ``step`` on."""
        self._info, self._recipe = info, info.get_recipe()
        self._schedule, self._clock = schedule, schedule.clock
        self._first_step, self._first_s = step, self._clock.elapsed_s
        self._meter = Meter(self._first_s)
        self._rate = 0.0

    @property
    def has_news(self) -> bool:
        """Was a step taken since the last report?"""
        return self._meter.steps > 0

    def add(self, loss: Tensor, rate: float) -> None:
        """One more step, with its loss () in nats and its learning rate."""
        self._meter.add(loss)
        self._rate = rate

    def is_due(self) -> bool:
        """Was the last report long ago, and is there something to tell?"""
        elapsed_s = self._clock.elapsed_s
        every_s = min(REPORT_AT_LATEST_S, max(REPORT_EVERY_S, elapsed_s / 1000))
        return self.has_news and elapsed_s - self._meter.started_s >= every_s

    def leave_out(self) -> None:
        """What happened until now was no training: measure the speed from here on."""
        self._meter.leave_out(self._clock.elapsed_s)

    def report(self, step: int) -> Stepped:
        """Tell of the steps since the last report, the newest of which is ``step``.

        Raises:
            DivergenceError: their loss is not a number.
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
