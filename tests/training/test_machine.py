"""What is measured of a machine before a training is chosen."""

import pytest
import torch

from rnnchat.errors import TrainingError
from rnnchat.plan.options import TrainingOptions
from rnnchat.training import machine
from rnnchat.training.machine import measure_speed

OPTIONS = TrainingOptions(corpus=("a",), threads=1)


def test_the_speed_of_a_machine_is_that_of_its_faster_precision(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "_can_bfloat16", lambda _: True)
    seconds = {False: 2.0, True: 0.5}
    monkeypatch.setattr(machine, "_measure", lambda recipe, vocab_size, is_bfloat16: seconds[is_bfloat16])
    fast = measure_speed(OPTIONS)
    seconds[True] = 4.0
    assert measure_speed(OPTIONS) == pytest.approx(fast / 4)
    assert measure_speed(TrainingOptions(corpus=("a",), threads=1, precision="float32")) == pytest.approx(fast / 4)


def test_a_device_that_is_not_there_is_told_before_anything_is_measured() -> None:
    if torch.backends.mps.is_available():
        pytest.skip("an Apple GPU")
    with pytest.raises(TrainingError, match="torch finds no Apple GPU"):
        measure_speed(TrainingOptions(corpus=("a",), device="mps"))
