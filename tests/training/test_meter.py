"""Means of losses, and speeds that leave out what was no training."""

import math

import pytest
import torch

from rnnchat.training.meter import Meter


def test_the_mean_is_over_the_steps_since_the_last_time() -> None:
    meter = Meter()
    for loss in (1.0, 2.0, 6.0):
        meter.add(torch.tensor(loss))
    assert meter.take(2.0) == (pytest.approx(3.0), pytest.approx(1.5))
    meter.add(torch.tensor(5.0))
    assert meter.take(4.0) == (pytest.approx(5.0), pytest.approx(0.5))


def test_time_left_out_does_not_slow_the_speed_and_loses_no_loss() -> None:
    meter = Meter()
    meter.add(torch.tensor(1.0))
    meter.leave_out(10.0)
    meter.add(torch.tensor(3.0))
    assert meter.take(10.5) == (pytest.approx(2.0), pytest.approx(2.0))


def test_no_steps_have_no_mean() -> None:
    assert math.isnan(Meter().take(1.0)[0])
