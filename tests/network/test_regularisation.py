"""What is dropped while a network learns, against the same written out by hand with the same random state."""

import math

import pytest
import torch
from torch import nn
from torch.nn import functional

from rnnchat.errors import UsageError
from rnnchat.model.cell import OFFERED_CELLS
from rnnchat.model.config import ModelConfig
from rnnchat.network.cell import TORCH_CELLS
from rnnchat.network.mask import drop_out
from rnnchat.network.network import Network
from rnnchat.network.regularisation import Regularisation

V, E, B, T = 11, 6, 4, 9
HIDDEN = (8, 5)
IDS = torch.randint(V, (B, T), generator=torch.Generator().manual_seed(6))
EVERYTHING = Regularisation(
    dropout=0.3, variational=True, input_dropout=0.2, output_dropout=0.4, embedding_dropout=0.2, weight_drop=0.3,
    activation=2.0, temporal=1.0,
)  # fmt: skip


def build(cell: str = "lstm", hidden_sizes: tuple[int, ...] = HIDDEN, **options) -> Network:
    torch.manual_seed(5)
    return Network(ModelConfig(V, cell, hidden_sizes, **{"embedding_size": E, **options})).train()


def drop(x: torch.Tensor, share: float) -> torch.Tensor:
    return drop_out(x, share) if share else x


def read(network: Network, regularisation: Regularisation | None, seed: int = 7) -> torch.Tensor:
    torch.manual_seed(seed)
    return network(IDS, None, regularisation)[0]


@pytest.mark.parametrize("cell", OFFERED_CELLS)
def test_a_network_that_drops_nothing_is_the_plain_network_and_draws_nothing(cell):
    network = build(cell)
    torch.manual_seed(1)
    before = torch.get_rng_state()
    logits, _ = network(IDS, None, Regularisation(variational=True))
    assert torch.equal(torch.get_rng_state(), before)
    assert torch.equal(logits, network.eval()(IDS)[0])
    assert network.penalty is None


@pytest.mark.parametrize("cell", OFFERED_CELLS)
def test_outside_training_nothing_is_dropped_and_nothing_penalised(cell):
    network = build(cell).eval()
    assert torch.equal(read(network, EVERYTHING), network(IDS)[0])
    assert network.penalty is None


def test_the_plain_dropout_of_a_network_acts_on_input_between_layers_and_output():
    network = build(dropout=0.4)
    assert torch.equal(read(network, None), read(network, Regularisation(0.4)))
    torch.manual_seed(7)
    x = drop(network.embedding(IDS), 0.4)
    for layer in network.layers:
        x = drop(layer(x)[0], 0.4)
    torch.testing.assert_close(read(network, None), network.output(x))


def test_each_place_has_a_share_of_its_own():
    network = build()
    for place, regularisation in enumerate(
        (Regularisation(input_dropout=0.4), Regularisation(0.4, input_dropout=0, output_dropout=0),
         Regularisation(output_dropout=0.4))
    ):  # fmt: skip
        torch.manual_seed(7)
        x = drop(network.embedding(IDS), 0.4 if place == 0 else 0)
        x = drop(network.layers[0](x)[0], 0.4 if place == 1 else 0)
        x = drop(network.layers[1](x)[0], 0.4 if place == 2 else 0)
        torch.testing.assert_close(read(network, regularisation), network.output(x))


def test_a_variational_mask_is_the_same_at_all_times_and_another_in_each_stream():
    x = torch.rand(B, T, 300) + 0.5
    for drop in (
        Regularisation(0.3, variational=True).drop_between,
        Regularisation(input_dropout=0.3, variational=True).drop_input,
        Regularisation(output_dropout=0.3, variational=True).drop_output,
    ):
        mask = drop(x) / x
        torch.testing.assert_close(mask, mask[:, :1].expand_as(mask))
        assert len({tuple(row) for row in (mask[:, 0] == 0).tolist()}) == B
        torch.testing.assert_close(mask, (mask > 0) / 0.7)
    plain = Regularisation(0.3).drop_between(x) == 0
    assert not torch.equal(plain, plain[:, :1].expand_as(plain))


def test_a_share_is_left_out_and_what_stays_is_as_large_in_the_mean():
    x = torch.ones(50, 2, 400)
    for is_variational in (False, True):
        torch.manual_seed(3)
        dropped = Regularisation(0.25, is_variational).drop_between(x)
        assert (dropped == 0).float().mean().item() == pytest.approx(0.25, abs=0.02)
        assert dropped.mean().item() == pytest.approx(1, abs=0.03)


@pytest.mark.parametrize("embedding_size", [E, 0])
def test_embedding_dropout_drops_a_symbol_wherever_it_stands(embedding_size):
    network = build(embedding_size=embedding_size)
    x = network._embed(IDS)
    torch.manual_seed(8)
    dropped = Regularisation(embedding_dropout=0.4).drop_symbols(x, IDS, V)
    for symbol in range(V):
        places = torch.eq(IDS, symbol)
        if places.any():
            kept = dropped[places]
            assert torch.equal(kept, torch.zeros_like(kept)) or torch.allclose(kept, x[places] / 0.6)
    is_dropped = (dropped == 0).all(dim=-1)
    assert 0 < is_dropped.sum() < B * T


@pytest.mark.parametrize("cell", OFFERED_CELLS)
def test_weight_drop_is_a_loop_over_the_steps_with_one_masked_matrix(cell):
    """In the values and in the gradients of all weights."""
    network = build(cell)
    logits = read(network, Regularisation(weight_drop=0.4))
    logits.square().mean().backward()
    gradients = {name: parameter.grad.clone() for name, parameter in network.named_parameters()}
    network.zero_grad()

    torch.manual_seed(7)
    masked = [drop(network.layer_weights(layer)["weight_hh"], 0.4) for layer in range(2)]
    share = (masked[0] == 0).float().mean().item()
    assert 0.2 < share < 0.6
    x = network.embedding(IDS)
    for layer, matrix in enumerate(masked):
        weights = {**network.layer_weights(layer), "weight_hh": matrix}
        state = tuple(torch.zeros(B, HIDDEN[layer]) for _ in range(2 if cell == "lstm" else 1))
        outputs = []
        for t in range(T):
            state = TORCH_CELLS[cell].step(x[:, t], state, weights)
            outputs.append(state[0])
        x = torch.stack(outputs, dim=1)
    expected = network.output(x)
    torch.testing.assert_close(logits, expected)
    expected.square().mean().backward()
    for name, parameter in network.named_parameters():
        torch.testing.assert_close(gradients[name], parameter.grad)


@pytest.mark.parametrize("cell", OFFERED_CELLS)
def test_weight_drop_leaves_the_weights_as_they_are_and_carries_the_state_on(cell):
    network = build(cell)
    before = {name: parameter.clone() for name, parameter in network.named_parameters()}
    _, state = network(IDS, None, Regularisation(weight_drop=0.4))
    assert all(torch.equal(parameter, before[name]) for name, parameter in network.named_parameters())
    torch.manual_seed(7)
    carried, after = network(IDS, state, Regularisation(weight_drop=0.4))
    assert [part.shape for part in after.hidden] == [(B, size) for size in HIDDEN]
    assert not torch.equal(carried, read(network, Regularisation(weight_drop=0.4)))


def test_penalties_are_those_of_the_paper():
    """AR: mean square of the dropped outputs; TAR: mean squared change of the outputs that are not dropped."""
    network = build()
    read(network, Regularisation(0.3, activation=2.0, temporal=0.5))
    torch.manual_seed(7)
    x = drop(network.embedding(IDS), 0.3)
    x = drop(network.layers[0](x)[0], 0.3)
    hidden = network.layers[1](x)[0]
    dropped = drop(hidden, 0.3)
    change = hidden[:, 1:] - hidden[:, :-1]
    torch.testing.assert_close(network.penalty, 2.0 * (dropped**2).mean() + 0.5 * (change**2).mean())


def test_one_symbol_alone_has_no_change_to_penalise():
    network = build()
    network(IDS[:, :1], None, Regularisation(temporal=1.0))
    assert network.penalty == 0


def test_a_penalty_is_gone_when_the_next_window_has_none():
    network = build()
    read(network, EVERYTHING)
    assert network.penalty is not None
    read(network, None)
    assert network.penalty is None


@pytest.mark.parametrize("cell", OFFERED_CELLS)
def test_the_same_random_state_gives_the_same_to_the_last_bit(cell):
    network = build(cell)
    assert torch.equal(read(network, EVERYTHING), read(network, EVERYTHING))
    assert not torch.equal(read(network, EVERYTHING), read(network, EVERYTHING, seed=8))


@pytest.mark.parametrize("cell", OFFERED_CELLS)
def test_a_residual_network_adds_each_layers_input_to_its_output(cell):
    network = build(cell, (6, 6, 5, 5), residual=True).eval()
    x = network.embedding(IDS)
    for index, layer in enumerate(network.layers):
        assert isinstance(layer, nn.RNNBase)
        hidden, _ = layer(x)
        x = hidden if index == 2 else hidden + x
    torch.testing.assert_close(network(IDS)[0], network.output(x))


@pytest.mark.parametrize("cell", OFFERED_CELLS)
def test_learning_works_with_everything_on(cell):
    torch.manual_seed(2)
    network = build(cell, (16, 16), residual=True, embedding_size=16)
    ids = torch.tensor([[0, 1, 2, 3, 4, 5, 4, 3, 2, 1] * 4])
    optimizer = torch.optim.AdamW(network.parameters(), lr=0.02)
    light = Regularisation(
        0.05, True, embedding_dropout=0.02, weight_drop=0.05, activation=0.01, temporal=0.01
    )  # fmt: skip
    for _ in range(150):
        logits, _ = network(ids[:, :-1], None, light)
        loss = functional.cross_entropy(logits.flatten(0, 1), ids[:, 1:].flatten()) + network.penalty
        optimizer.zero_grad()
        loss.backward()
        assert all(parameter.grad is not None for parameter in network.parameters())
        optimizer.step()
    network.eval()
    logits, _ = network(ids[:, :-1])
    assert functional.cross_entropy(logits.flatten(0, 1), ids[:, 1:].flatten()) < 0.45


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"dropout": 1.0}, "dropout must be from 0 to below 1, not 1.0"),
        ({"weight_drop": -0.1}, "weight drop must be from 0 to below 1, not -0.1"),
        ({"input_dropout": 2}, "input dropout must be from 0 to below 1, not 2"),
        ({"embedding_dropout": math.nan}, "embedding dropout must be from 0 to below 1, not nan"),
        ({"activation": -1}, "activation penalty"),
        ({"temporal": math.inf}, "temporal penalty"),
    ],
)
def test_shares_that_cannot_be_are_refused_in_a_sentence(values, message):
    with pytest.raises(UsageError, match=message):
        Regularisation(**values)


@pytest.mark.parametrize("cell", OFFERED_CELLS)
def test_everything_works_in_bfloat16_and_its_penalty_is_float32(cell):
    network = build(cell)
    exact, penalty = read(network, EVERYTHING), network.penalty
    with torch.autocast("cpu", torch.bfloat16):
        rounded = read(network, EVERYTHING)
    assert network.penalty.dtype == torch.float32
    torch.testing.assert_close(network.penalty, penalty, rtol=0.05, atol=0)
    torch.testing.assert_close(rounded.float(), exact, rtol=0, atol=0.05)
    (rounded.float().square().mean() + network.penalty).backward()
    assert all(parameter.grad.dtype == torch.float32 for parameter in network.parameters())
