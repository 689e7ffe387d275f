"""A loss that goes out of bounds is noticed; one that is only hard for a while is not."""

import dataclasses
import json

import pytest
import torch

from rnnchat.training.guard import EVERY_STEPS, PATIENCE, Guard, GuardState


def watch(guard: Guard, losses: list[float], first: int = 0) -> int | None:
    """Give a guard the losses of so many looks each; the step at which it gave the alarm."""
    for look, loss in enumerate(losses):
        for step in range(first + look * EVERY_STEPS, first + (look + 1) * EVERY_STEPS):
            if guard.add(torch.tensor(loss), step + 1):
                return step + 1
    return None


LEARNING = [4.0, 3.0, 2.5, 2.0, 1.8]


def test_a_loss_that_falls_and_sways_is_well() -> None:
    guard = Guard(GuardState())
    assert watch(guard, [*LEARNING, 2.4, 1.7, 1.9, 1.6] * 4) is None
    assert guard.is_well


@pytest.mark.parametrize("lost", [float("nan"), float("inf")])
def test_a_loss_that_is_no_number_is_noticed_at_the_next_look(lost: float) -> None:
    assert watch(Guard(GuardState()), [*LEARNING, lost]) == 6 * EVERY_STEPS


@pytest.mark.parametrize("level", [3.8, 4.5, 80.0])
def test_a_loss_that_stays_where_it_began_is_noticed_after_a_while(level: float) -> None:
    guard = Guard(GuardState())
    assert watch(guard, [*LEARNING, level, level]) is None
    assert not guard.is_well
    assert watch(guard, [level] * PATIENCE, first=7 * EVERY_STEPS) == (5 + PATIENCE) * EVERY_STEPS


def test_a_hard_passage_is_forgiven() -> None:
    assert watch(Guard(GuardState()), [*LEARNING, *[4.0] * (PATIENCE - 1), 2.0, *[4.0] * (PATIENCE - 1), 2.0]) is None


def test_a_network_that_has_learnt_nothing_yet_has_nothing_to_lose() -> None:
    assert watch(Guard(GuardState()), [4.0, 3.9, *[4.1] * 3 * PATIENCE]) is None


@pytest.mark.parametrize("cut", [0, 1, 5, 19])
def test_a_guard_goes_on_from_what_it_told(cut: int) -> None:
    losses = (4 + torch.rand(5 * EVERY_STEPS, generator=torch.Generator().manual_seed(1))).tolist()
    whole, first = Guard(GuardState()), Guard(GuardState())
    for step, loss in enumerate(losses, 1):
        whole.add(torch.tensor(loss), step)
    for step, loss in enumerate(losses[: 40 + cut], 1):
        first.add(torch.tensor(loss), step)
    second = Guard(GuardState(**json.loads(json.dumps(dataclasses.asdict(first.tell())))))
    for step, loss in enumerate(losses[40 + cut :], 41 + cut):
        second.add(torch.tensor(loss), step)
    assert second.tell() == whole.tell()
