"""Losses against their formulas written out, in value and gradient."""

import pytest
import torch
from torch.nn import functional

from rnnchat.training import loss
from rnnchat.training.loss import measure, measure_output
from rnnchat.training.window import NOT_SCORED

B, T, V, F = 3, 7, 13, 6
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
def test_value_and_gradient_are_those_of_the_formula(kind, reduction, not_scored):
    logits, targets = draw(not_scored=not_scored)
    value = measure(logits, targets, kind, reduction)
    (gradient,) = torch.autograd.grad(2 * value, logits)
    expected = getattr(write_out(logits, targets, kind), reduction)()
    torch.testing.assert_close(value, expected)
    (expected_gradient,) = torch.autograd.grad(2 * expected, logits)
    torch.testing.assert_close(gradient, expected_gradient)


def draw_output(features_dtype=torch.float32, not_scored=()):
    """Features, the weight and bias of an output layer, and targets."""
    random = torch.Generator().manual_seed(5)
    features = torch.randn(B, T, F, generator=random).to(features_dtype).requires_grad_()
    weight, bias = (torch.randn(*shape, generator=random).requires_grad_() for shape in ((V, F), (V,)))
    return features, weight, bias, draw(not_scored=not_scored)[1]


@pytest.fixture
def blocks(monkeypatch):
    """Every vocabulary is large, and 21 positions are five blocks and a rest."""
    monkeypatch.setattr(loss, "LARGE_VOCABULARY", 1)
    monkeypatch.setattr(loss, "BLOCK", 4)


@pytest.mark.parametrize("not_scored", [(), ((0, 0), (2, 5))], ids=["all scored", "some not scored"])
def test_an_output_layer_of_a_large_vocabulary_has_the_loss_and_gradients_of_torch(not_scored, blocks):
    features, weight, bias, targets = draw_output(not_scored=not_scored)
    value, nats = measure_output(features, weight, bias, targets)
    gradients = torch.autograd.grad(2 * value, (features, weight, bias))
    logits = functional.linear(features, weight, bias).flatten(0, 1)
    expected = functional.cross_entropy(logits, targets.flatten(), ignore_index=NOT_SCORED)
    torch.testing.assert_close(value, expected)
    torch.testing.assert_close(gradients, torch.autograd.grad(2 * expected, (features, weight, bias)))
    assert not nats.requires_grad
    assert nats == value


@pytest.mark.parametrize("features_dtype", [torch.float32, torch.bfloat16])
def test_in_bfloat16_it_is_as_close_to_float32_as_torch_is(features_dtype, blocks, monkeypatch):
    features, weight, bias, targets = draw_output(features_dtype)
    exact_features = features.detach().float().requires_grad_()
    exact, _ = measure_output(exact_features, weight, bias, targets)
    exact_gradients = torch.autograd.grad(exact, (exact_features, weight, bias))

    def measure_errors():
        with torch.autocast("cpu", torch.bfloat16):
            value, _ = measure_output(features, weight, bias, targets)
        gradients = torch.autograd.grad(value, (features, weight, bias))
        assert value.dtype == torch.float32
        assert [gradient.dtype for gradient in gradients] == [features_dtype, torch.float32, torch.float32]
        pairs = zip((value, *gradients), (exact, *exact_gradients), strict=True)
        return [(got.float() - right).norm() / right.norm() for got, right in pairs]

    in_blocks = measure_errors()
    monkeypatch.setattr(loss, "LARGE_VOCABULARY", V + 1)
    for error, error_of_torch in zip(in_blocks, measure_errors(), strict=True):
        assert error < 2 * error_of_torch + 1e-3


@pytest.mark.parametrize("is_blocked", [False, True])
def test_squared_errors_never_take_the_shortcut(is_blocked, monkeypatch):
    monkeypatch.setattr(loss, "LARGE_VOCABULARY", 1 if is_blocked else V + 1)
    features, weight, bias, targets = draw_output()
    value, nats = measure_output(features, weight, bias, targets, "mse")
    logits = functional.linear(features, weight, bias)
    assert value == measure(logits, targets, "mse")
    assert nats == measure(logits, targets)


@pytest.mark.parametrize("large", [1, 2], ids=["in blocks", "at once"])
def test_cross_entropy_does_not_overflow_where_a_prediction_is_certain_and_wrong(large, monkeypatch):
    monkeypatch.setattr(loss, "LARGE_VOCABULARY", large * V)
    weight, bias = torch.zeros(V, F, requires_grad=True), torch.zeros(V)
    bias[0] = 500
    value, _ = measure_output(torch.zeros(1, 1, F), weight, bias.requires_grad_(), torch.tensor([[1]]))
    assert value.item() == pytest.approx(500)


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
