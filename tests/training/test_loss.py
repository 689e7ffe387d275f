"""Losses against their formulas written out, in value and gradient."""

import pytest
import torch
from torch.nn import functional

from rnnchat.training import loss
from rnnchat.training.loss import measure
from rnnchat.training.window import NOT_SCORED

B, T, V = 3, 7, 13
KINDS = ("cross-entropy", "mse")


def draw(dtype=torch.float32, not_scored=()):
    random = torch.Generator().manual_seed(4)
    logits = (3 * torch.randn(B, T, V, generator=random)).to(dtype).requires_grad_()
    targets = torch.randint(V, (B, T), generator=random)
    for place in not_scored:
        targets[place] = NOT_SCORED
    return logits, targets


def write_out(logits, targets, kind):
    """One position after the other."""
    losses = []
    for scores, target in zip(logits.float().reshape(-1, V), targets.flatten(), strict=True):
        if target == NOT_SCORED:
            continue
        p = scores.exp() / scores.exp().sum()
        one_hot = torch.eye(V)[target]
        losses.append(((p - one_hot) ** 2).sum() if kind == "mse" else -p[target].log())
    return torch.stack(losses)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("reduction", ["mean", "sum"])
@pytest.mark.parametrize("not_scored", [(), ((0, 0), (2, 5))], ids=["all scored", "some not scored"])
@pytest.mark.parametrize("is_blocked", [False, True])
def test_value_and_gradient_are_those_of_the_formula(kind, reduction, not_scored, is_blocked, monkeypatch):
    if is_blocked:
        monkeypatch.setattr(loss, "LARGE_VOCABULARY", 1)
        monkeypatch.setattr(loss, "BLOCK", 4 * V)  # 21 positions: five blocks and a rest
    logits, targets = draw(not_scored=not_scored)
    value = measure(logits, targets, kind, reduction)
    (gradient,) = torch.autograd.grad(2 * value, logits)
    expected = getattr(write_out(logits, targets, kind), reduction)()
    torch.testing.assert_close(value, expected)
    (expected_gradient,) = torch.autograd.grad(2 * expected, logits)
    torch.testing.assert_close(gradient, expected_gradient)


def test_a_large_vocabulary_in_bfloat16_has_the_gradient_of_a_small_one(monkeypatch):
    logits, targets = draw(torch.bfloat16)
    (expected,) = torch.autograd.grad(measure(logits, targets), logits)
    monkeypatch.setattr(loss, "LARGE_VOCABULARY", V)
    value = measure(logits, targets)
    (gradient,) = torch.autograd.grad(value, logits)
    assert gradient.dtype == torch.bfloat16
    assert value.dtype == torch.float32
    torch.testing.assert_close(gradient, expected)


def test_cross_entropy_does_not_overflow_where_a_prediction_is_certain_and_wrong(monkeypatch):
    logits = torch.zeros(1, 1, V)
    logits[..., 0] = 500
    for large in (V + 1, 1):
        monkeypatch.setattr(loss, "LARGE_VOCABULARY", large)
        assert measure(logits.requires_grad_(), torch.tensor([[1]])).item() == pytest.approx(500)


@pytest.mark.parametrize("kind", KINDS)
def test_what_both_losses_ask_for_is_the_true_distribution(kind):
    """A predictor without context that is best for a text has its frequencies, whichever loss it was given."""
    targets = torch.tensor([[0] * 5 + [1] * 3 + [2] * 2])
    logits = torch.zeros(3, requires_grad=True)
    optimizer = torch.optim.Adam([logits], lr=0.05)
    for _ in range(400):
        optimizer.zero_grad()
        measure(logits.expand(1, 10, 3), targets, kind).backward()
        optimizer.step()
    torch.testing.assert_close(logits.detach().softmax(0), torch.tensor([0.5, 0.3, 0.2]), atol=0.01, rtol=0)


def test_squared_errors_lie_between_0_and_2():
    _, targets = draw()
    right = 1000 * functional.one_hot(targets, V).float()
    wrong = 1000 * functional.one_hot((targets + 1) % V, V).float()
    assert measure(right, targets, "mse") == 0
    assert measure(wrong, targets, "mse") == 2
