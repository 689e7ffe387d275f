"""How fast, how far and how long, by steps and by the clock."""

from typing import Any

import pytest

from rnnchat.plan.choice import choose_recipe
from rnnchat.plan.options import TrainingOptions
from rnnchat.training import schedule
from rnnchat.training.schedule import Clock, Schedule


class FakeTime:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def fake_time(monkeypatch: pytest.MonkeyPatch) -> FakeTime:
    fake = FakeTime()
    monkeypatch.setattr(schedule, "time", fake)
    return fake


def plan(clock: Clock, **budget: Any) -> Schedule:
    options = TrainingOptions(corpus=("a",), learning_rate=0.5, warmup=50, batch_size=10, window=20, **budget)
    recipe, _ = choose_recipe(options, 10_000, 10_000)
    return Schedule(recipe, 10_000, clock)


@pytest.mark.parametrize(("decay", "quarter"), [("linear", 0.75), ("cosine", 0.5 + 0.5**1.5)])
def test_the_rate_rises_in_a_line_then_falls_to_zero(decay: str, quarter: float) -> None:
    planned = plan(Clock(), steps=1000, decay=decay)
    rates = [planned.compute_rate(step) for step in range(1001)]
    assert rates[0] == pytest.approx(0.5 / 50, rel=0.01)
    assert max(rates) == pytest.approx(0.5, rel=0.06)
    assert rates[:45] == sorted(rates[:45])
    assert rates[60:] == sorted(rates[60:], reverse=True)
    assert rates[250] == pytest.approx(0.5 * quarter)
    assert rates[500] == pytest.approx(0.25)
    assert rates[1000] == pytest.approx(0.0, abs=1e-12)


def test_epochs_are_steps() -> None:
    assert plan(Clock(), epochs=2.0).total_steps == 2 * 10_000 // (10 * 20)


def test_minutes_follow_the_clock_and_not_the_steps(fake_time: FakeTime) -> None:
    clock = Clock()
    planned = plan(clock, minutes=2.0)
    assert planned.total_steps is None
    fake_time.now += 30.0
    assert planned.measure_progress(999) == pytest.approx(0.25)
    assert planned.estimate_steps(100) == 400
    assert planned.estimate_left_s(100, 3.0) == pytest.approx(90.0)
    fake_time.now += 90.0
    assert planned.measure_progress(1) == 1.0


def test_a_reserve_ends_the_steps_earlier(fake_time: FakeTime) -> None:
    planned = plan(Clock(), minutes=2.0)
    planned.reserve_s = 20.0
    fake_time.now += 100.0
    assert planned.measure_progress(1) == 1.0


def test_pauses_and_interruptions_do_not_count(fake_time: FakeTime) -> None:
    clock = Clock(elapsed_s=7.0)
    fake_time.now += 100.0
    clock.leave_out(60.0)
    assert clock.elapsed_s == pytest.approx(47.0)


def test_the_time_left_for_steps_follows_their_speed() -> None:
    assert plan(Clock(), steps=100).estimate_left_s(40, 20.0) == pytest.approx(3.0)
