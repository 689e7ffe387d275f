"""Every optimiser learns, decays matrices alone, and goes on from its own state bit for bit."""

import pytest
import torch

from rnnchat.model.config import ModelConfig
from rnnchat.network.network import Network
from rnnchat.training.loss import measure
from rnnchat.training.muon import OTHERS_DECAY, SCALE, orthogonalise
from rnnchat.training.optimiser import build

RATES = {"muon": 0.02, "adamw": 0.02, "adam": 0.02, "sgd": 1.0, "rmsprop": 0.01}
IDS = torch.tensor([[0, 1, 2, 3, 4, 5, 4, 3, 2, 1] * 4])


def make_network(seed=1):
    torch.manual_seed(seed)
    return Network(ModelConfig(7, "lstm", (12,), 6))


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


def test_muon_turns_singular_values_into_ones_and_keeps_the_directions():
    torch.manual_seed(1)
    for shape in ((8, 8), (8, 5), (5, 8)):
        matrix = torch.randn(2, *shape)
        u, _, v = torch.linalg.svd(matrix, full_matrices=False)
        turned = orthogonalise(matrix)
        inner = u.mT @ turned @ v.mT  # diagonal where the directions are the same
        diagonal = inner.diagonal(dim1=1, dim2=2)
        torch.testing.assert_close(inner, torch.diag_embed(diagonal), atol=1e-4, rtol=0)
        assert ((diagonal > 0.5) & (diagonal < 1.3)).all()


def test_muon_takes_each_gate_by_itself():
    """A gate with a gradient a thousand times as long as another's is changed as much as that."""
    network = make_network()
    matrix = network.layers[0].weight_hh_l0
    before = matrix.detach().clone()
    optimizer = build("muon", network, 0.01)
    learn(network, optimizer, 1)
    for parameter in network.parameters():
        parameter.grad = torch.randn_like(parameter)
    matrix.grad[:12] *= 1000
    before = matrix.detach().clone()
    optimizer.state[matrix]["momentum_buffer"].zero_()
    optimizer.step()
    changes = (matrix.detach() - before).unflatten(0, (4, 12)).norm(dim=(1, 2))
    torch.testing.assert_close(changes, torch.full((4,), 0.01 * SCALE * 12**0.5 * 12**0.5), rtol=0.25, atol=0)


def test_muon_leaves_all_but_the_recurrent_matrices_to_adamw():
    networks = [make_network(), make_network()]
    for network, kind, decay in zip(networks, ("muon", "adamw"), (0.1, 0.1 * OTHERS_DECAY), strict=True):
        learn(network, build(kind, network, 0.01, (0.8, 0.95), decay), 1)
    for (name, ours), theirs in zip(networks[0].named_parameters(), networks[1].parameters(), strict=True):
        assert torch.equal(ours, theirs) == (not name.startswith("layers.0.weight")), name
