"""Averages of the weights against the formula, and as values that survive a checkpoint bit for bit."""

import pytest
import torch

from rnnchat.model.cell import OFFERED_CELLS
from rnnchat.model.config import ModelConfig
from rnnchat.network.network import Network, name_parameters
from rnnchat.training.averaging import Average, has_stalled


def make_network(cell="lstm", seed=1, tied=True):
    torch.manual_seed(seed)
    return Network(ModelConfig(7, cell, (5, 4), 3, tied=tied))


@torch.no_grad()
def wander(network, average, steps, seed):
    """Change the weights at random, step by step; give what they were after each."""
    random = torch.Generator().manual_seed(seed)
    history = []
    for _ in range(steps):
        for parameter in network.parameters():
            parameter.add_(torch.randn(parameter.shape, generator=random))
        average.update(network)
        history.append(copy_weights(network))
    return history


def copy_weights(network):
    return {name: parameter.detach().clone() for name, parameter in name_parameters(network).items()}


def read_average(network, average):
    with average.swap(network):
        return copy_weights(network)


def assert_same(first, second):
    assert first.keys() == second.keys()
    assert all(torch.equal(first[name], second[name]) for name in first)


@pytest.mark.parametrize("cell", OFFERED_CELLS)
@pytest.mark.parametrize("share", [0.1, 0.5, 1.0])
def test_an_exponential_average_weighs_each_step_as_the_formula_says(cell, share):
    network = make_network(cell)
    average = Average(network, "ema", share)
    history = wander(network, average, 40, seed=2)
    rates = [1 / (1 + share * n) for n in range(len(history))]
    for name, value in read_average(network, average).items():
        expected = torch.zeros_like(value, dtype=torch.float64)
        for step, weights in enumerate(history):
            weight = rates[step]
            for rate in rates[step + 1 :]:
                weight *= 1 - rate
            expected += weight * weights[name].double()
        torch.testing.assert_close(value.double(), expected, atol=1e-4, rtol=1e-4)


def test_the_horizon_grows_with_the_training():
    """The first half of a training weighs as little after 400 steps as after 100: it is forgotten at any length."""
    for steps in (100, 400):
        network = make_network()
        average = Average(network, "ema", 0.1)
        with torch.no_grad():
            for step in range(steps):
                for parameter in network.parameters():
                    parameter.fill_(1.0 if step < steps // 2 else 0.0)
                average.update(network)
        first_half = read_average(network, average)["layers.0.weight_hh"][0, 0].item()
        assert 0 < first_half < 0.01


def test_a_tail_is_the_plain_mean_since_it_was_begun():
    network = make_network()
    average = Average(network, "tail")
    wander(network, average, 5, seed=2)
    assert average.count == 0
    average.begin()
    history = wander(network, average, 9, seed=3)
    assert average.count == 9
    for name, value in read_average(network, average).items():
        torch.testing.assert_close(value, torch.stack([weights[name] for weights in history]).mean(dim=0))


def test_before_it_is_begun_a_tail_is_the_network_itself():
    network = make_network()
    average = Average(network, "tail")
    wander(network, average, 3, seed=2)
    assert_same(read_average(network, average), copy_weights(network))


def test_swapping_gives_the_weights_back_bit_for_bit_even_after_an_error():
    network = make_network()
    average = Average(network, "ema")
    wander(network, average, 6, seed=2)
    before, mean = copy_weights(network), read_average(network, average)
    seen = []

    def fail():
        seen.append(copy_weights(network))
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError), average.swap(network):
        fail()
    assert_same(seen[0], mean)
    assert_same(copy_weights(network), before)
    assert_same(read_average(network, average), mean)


def test_a_network_with_its_average_computes_with_it():
    network = make_network().eval()
    average = Average(network, "ema")
    wander(network, average, 6, seed=2)
    other = make_network().eval()
    ids = torch.tensor([[1, 2, 3]])
    with average.swap(network), torch.no_grad():
        other.load_state_dict(network.state_dict())
        assert torch.equal(network(ids)[0], other(ids)[0])


@pytest.mark.parametrize("kind", ["ema", "tail"])
def test_going_on_from_a_saved_average_equals_never_having_stopped(kind):
    network = make_network()
    average = Average(network, kind)
    average.begin()
    wander(network, average, 7, seed=2)
    resumed = Average(make_network(seed=3), kind)
    resumed.load({name: tensor.clone() for name, tensor in average.to_tensors().items()})
    weights = copy_weights(network)
    wander(network, average, 5, seed=4)
    other = make_network(seed=3)
    with torch.no_grad():
        for name, parameter in name_parameters(other).items():
            parameter.copy_(weights[name])
    wander(other, resumed, 5, seed=4)
    assert_same(resumed.to_tensors(), average.to_tensors())


def test_it_keeps_one_copy_of_the_weights_under_the_names_of_the_model_file():
    network = make_network(tied=False)
    tensors = Average(network, "ema").to_tensors()
    shapes = network.config.weight_shapes()
    assert {name: tuple(tensor.shape) for name, tensor in tensors.items() if name in shapes} == shapes
    assert sum(tensor.numel() for tensor in tensors.values()) <= network.config.parameters + 2


def test_a_training_has_stalled_when_it_was_better_before_the_last_few_looks():
    better = [3.0, 2.5, 2.2, 2.0]
    assert not has_stalled(better, patience=2)
    assert not has_stalled([*better, 2.1, 2.1], patience=2)  # 2.0 is among the last few
    assert has_stalled([*better, 2.1, 2.1, 2.05], patience=2)
    assert not has_stalled([*better, 2.1, 2.1, 1.9], patience=2)
    assert not has_stalled([2.0, 2.1, 2.2], patience=2)  # too early to tell
    assert not has_stalled([])
