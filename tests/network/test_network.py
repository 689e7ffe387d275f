"""The network as a function: the same however a text is cut, stream by stream, and through the model file's names."""

import itertools

import numpy as np
import pytest
import torch
from torch.nn import functional

from rnnchat.model.cell import OFFERED_CELLS
from rnnchat.model.config import ModelConfig
from rnnchat.model.state import State
from rnnchat.network.network import (
    Network,
    export_weights,
    load_weights,
    name_parameters,
)

V, E, B, T = 11, 6, 3, 9
HIDDEN = (8, 5)

SHAPES = {
    "embedding": {"embedding_size": E},
    "one-hot": {"embedding_size": 0},
    "tied with a projection": {"embedding_size": E, "tied": True},
    "tied": {"embedding_size": HIDDEN[-1], "tied": True},
    "residual": {"embedding_size": HIDDEN[0], "residual": True},
    "residual one-hot": {"embedding_size": 0, "hidden_sizes": (HIDDEN[0], HIDDEN[0]), "residual": True},
}


def build(cell: str = "lstm", shape: str = "embedding", dropout: float = 0.0) -> Network:
    torch.manual_seed(5)
    network = Network(ModelConfig(V, cell, **{"hidden_sizes": HIDDEN, "dropout": dropout, **SHAPES[shape]}))
    return network.eval()


def draw_ids(streams: int = B, steps: int = T) -> torch.Tensor:
    return torch.randint(V, (streams, steps), generator=torch.Generator().manual_seed(6))


def assert_states_close(first: State, second: State) -> None:
    for ours, theirs in zip(first.arrays, second.arrays, strict=True):
        torch.testing.assert_close(ours, theirs)


every_network = pytest.mark.parametrize(("cell", "shape"), list(itertools.product(OFFERED_CELLS, SHAPES)))


@every_network
@torch.no_grad()
def test_stepping_equals_one_pass(cell: str, shape: str) -> None:
    network, ids = build(cell, shape), draw_ids()
    whole, final = network(ids)
    state, steps = network.initial_state(B), []
    for t in range(T):
        logits, state = network.step(ids[:, t], state)
        steps.append(logits)
    torch.testing.assert_close(torch.stack(steps, dim=1), whole)
    assert_states_close(state, final)


@every_network
@torch.no_grad()
def test_any_split_point_equals_no_split(cell: str, shape: str) -> None:
    network, ids = build(cell, shape), draw_ids()
    whole, final = network(ids)
    for cut in range(1, T):
        first, between = network(ids[:, :cut])
        second, end = network(ids[:, cut:], between)
        torch.testing.assert_close(torch.cat((first, second), dim=1), whole)
        assert_states_close(end, final)


@pytest.mark.parametrize("cell", OFFERED_CELLS)
@torch.no_grad()
def test_streams_do_not_leak_into_each_other(cell: str) -> None:
    network, ids = build(cell), draw_ids()
    together, _ = network(ids)
    for row in range(B):
        alone, _ = network(ids[row : row + 1])
        torch.testing.assert_close(alone, together[row : row + 1])


@torch.no_grad()
def test_a_state_given_back_is_not_changed() -> None:
    network, ids = build(), draw_ids()
    _, state = network(ids)
    kept = state.map(torch.clone)
    network(ids, state)
    network.step(ids[:, 0], state)
    assert_states_close(state, kept)


@pytest.mark.parametrize("cell", OFFERED_CELLS)
def test_only_an_lstm_has_a_cell_state(cell: str) -> None:
    state = build(cell).initial_state(B)
    assert [part.shape for part in state.hidden] == [(B, size) for size in HIDDEN]
    assert {len(parts) for parts in state.layers} == {2 if cell == "lstm" else 1}


@every_network
def test_weights_have_the_names_and_shapes_of_the_model_file(cell: str, shape: str) -> None:
    network = build(cell, shape)
    weights = export_weights(network)
    assert {name: array.shape for name, array in weights.items()} == network.config.weight_shapes()
    assert {array.dtype for array in weights.values()} == {np.dtype(np.float32)}
    assert sum(array.size for array in weights.values()) == sum(p.numel() for p in network.parameters())


@every_network
@torch.no_grad()
def test_a_network_with_loaded_weights_is_the_same_function(cell: str, shape: str) -> None:
    network, ids = build(cell, shape), draw_ids()
    torch.manual_seed(7)
    other = Network(network.config).eval()
    assert not torch.equal(other(ids)[0], network(ids)[0])
    load_weights(other, export_weights(network))
    torch.testing.assert_close(other(ids)[0], network(ids)[0], rtol=0, atol=0)


def test_float16_weights_are_loaded_as_float32() -> None:
    network = build()
    load_weights(network, {name: array.astype(np.float16) for name, array in export_weights(network).items()})
    assert {parameter.dtype for parameter in network.parameters()} == {torch.float32}


def test_one_hot_input_is_an_embedding_of_the_first_layers_columns() -> None:
    network, ids = build("gru", "one-hot"), draw_ids()
    _, state = network(ids[:, :1])
    weights = network.layer_weights(0)
    x = functional.one_hot(ids[:, 0], V).float()
    assert weights["weight_ih"].shape == (3 * HIDDEN[0], V)
    expected = (x @ weights["weight_ih"].T)[0]
    torch.testing.assert_close(expected, weights["weight_ih"][:, ids[0, 0]])
    assert state.hidden[0].shape == (B, HIDDEN[0])


def test_a_tied_output_learns_through_the_embedding() -> None:
    network = build(shape="tied with a projection").train()
    logits, _ = network(draw_ids())
    logits[..., 3].sum().backward()
    gradient = network.embedding.weight.grad
    assert gradient is not None
    assert gradient[3].abs().sum() > 0
    assert "output.weight" not in name_parameters(network)


def test_dropout_acts_only_while_training() -> None:
    network, ids = build(dropout=0.5), draw_ids()
    with torch.no_grad():
        torch.testing.assert_close(network(ids)[0], network(ids)[0], rtol=0, atol=0)
        network.train()
        assert not torch.equal(network(ids)[0], network(ids)[0])


def test_learning_works_for_every_cell() -> None:
    """A network can learn a short cycle by heart, so gradients reach every part of it."""
    ids = torch.tensor([[0, 1, 2, 3, 4, 5, 4, 3, 2, 1] * 4])
    for cell in OFFERED_CELLS:
        network = build(cell).train()
        optimizer = torch.optim.AdamW(network.parameters(), lr=0.05)
        for _ in range(150):
            logits, _ = network(ids[:, :-1])
            loss = functional.cross_entropy(logits.flatten(0, 1), ids[:, 1:].flatten())
            optimizer.zero_grad()
            loss.backward()
            assert all(parameter.grad is not None for parameter in network.parameters())
            optimizer.step()
        assert loss.item() < 0.3, cell
