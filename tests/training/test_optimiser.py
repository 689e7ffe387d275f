"""Every optimiser learns, decays matrices alone, and goes on from its own state bit for bit."""

import pytest
import torch

from rnnchat.model.config import ModelConfig
from rnnchat.network.language_model import LanguageModel
from rnnchat.training.loss import measure
from rnnchat.training.optimiser import build

RATES = {"adamw": 0.02, "adam": 0.02, "sgd": 1.0, "rmsprop": 0.01}
IDS = torch.tensor([[0, 1, 2, 3, 4, 5, 4, 3, 2, 1] * 4])


def make_network(seed=1):
    torch.manual_seed(seed)
    return LanguageModel(ModelConfig(7, "lstm", (12,), 6))


def learn(network, optimizer, steps, kind="cross-entropy"):
    for _ in range(steps):
        logits, _ = network(IDS[:, :-1])
        loss = measure(logits, IDS[:, 1:], kind)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return loss.item()


@pytest.mark.parametrize("loss", ["cross-entropy", "mse"])
@pytest.mark.parametrize("kind", RATES)
def test_a_network_learns_a_cycle_by_heart(kind, loss):
    network = make_network()
    optimizer = build(kind, network, RATES[kind] * (10 if (kind, loss) == ("sgd", "mse") else 1), momentum=0.5)
    first = learn(network, optimizer, 1, loss)
    assert learn(network, optimizer, 150, loss) < first / 4


@pytest.mark.parametrize("kind", RATES)
def test_decay_acts_on_matrices_only(kind):
    network = make_network()
    before = {name: parameter.detach().clone() for name, parameter in network.named_parameters()}
    optimizer = build(kind, network, 0.01, weight_decay=0.1)
    for parameter in network.parameters():
        parameter.grad = torch.zeros_like(parameter)
    optimizer.step()
    for name, parameter in network.named_parameters():
        change = (parameter - before[name]).abs().sum()
        assert (change > 0) == (parameter.ndim > 1), name
        if kind in ("adamw", "sgd") and parameter.ndim > 1:
            torch.testing.assert_close(parameter, before[name] * (1 - 0.01 * 0.1))


def test_adam_without_decay_is_adamw_without_decay():
    networks = [make_network(), make_network()]
    for network, kind in zip(networks, ("adam", "adamw"), strict=True):
        learn(network, build(kind, network, 0.01, (0.8, 0.95)), 5)
    for first, second in zip(*(network.parameters() for network in networks), strict=True):
        assert torch.equal(first, second)


@pytest.mark.parametrize("kind", ["sgd", "rmsprop"])
def test_a_step_is_that_of_the_formula(kind):
    """Two steps with momentum, the mean of squares of rmsprop starting at 0."""
    network = make_network()
    parameter = network.layers[0].weight_hh_l0
    expected, velocity, squares = parameter.detach().clone(), torch.zeros_like(parameter), torch.zeros_like(parameter)
    optimizer = build(kind, network, 0.1, (0.5, 0.9), momentum=0.8)
    for _ in range(2):
        learn(network, optimizer, 1)
        gradient = parameter.grad
        squares = 0.9 * squares + 0.1 * gradient**2
        step = gradient if kind == "sgd" else gradient / (squares.sqrt() + 1e-8)
        velocity = 0.8 * velocity + step
        expected = expected - 0.1 * velocity
        torch.testing.assert_close(parameter.detach(), expected)


@pytest.mark.parametrize("kind", RATES)
def test_going_on_from_a_saved_state_equals_never_having_stopped(kind):
    whole = make_network()
    learn(whole, build(kind, whole, RATES[kind], momentum=0.5, weight_decay=0.01), 6)
    first = make_network()
    optimizer = build(kind, first, RATES[kind], momentum=0.5, weight_decay=0.01)
    learn(first, optimizer, 3)
    second = make_network(seed=2)
    second.load_state_dict(first.state_dict())
    resumed = build(kind, second, RATES[kind], momentum=0.5, weight_decay=0.01)
    resumed.load_state_dict(optimizer.state_dict())
    learn(second, resumed, 3)
    assert all(map(torch.equal, second.parameters(), whole.parameters()))
