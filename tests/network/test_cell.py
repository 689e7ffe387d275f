"""The fused torch modules compute the equations that the cells write out."""

import pytest
import torch

from rnnchat.model.cell import CELLS, OFFERED_CELLS
from rnnchat.network.cell import TORCH_CELLS, Weights

B, T, D, H = 3, 7, 5, 4


@pytest.mark.parametrize("cell", OFFERED_CELLS)
def test_a_fused_module_equals_the_equations_step_by_step(cell: str) -> None:
    torch.manual_seed(1)
    module = TORCH_CELLS[cell].build_module(D, H)
    weights = TORCH_CELLS[cell].weights(module)
    x = torch.randn(B, T, D)
    start = tuple(torch.randn(B, H) for _ in range(2 if cell == "lstm" else 1))

    state, outputs = start, []
    for t in range(T):
        state = TORCH_CELLS[cell].step(x[:, t], state, weights)
        outputs.append(state[0])
    given = tuple(part.unsqueeze(0) for part in start)
    fused, final = module(x, given if cell == "lstm" else given[0])

    torch.testing.assert_close(fused, torch.stack(outputs, dim=1))
    for ours, theirs in zip(state, final if cell == "lstm" else (final,), strict=True):
        torch.testing.assert_close(ours, theirs.squeeze(0))


def test_an_lstm_follows_its_equations_element_by_element() -> None:
    torch.manual_seed(2)
    weights = _random_weights("lstm")
    x, h, c = torch.randn(B, D), torch.randn(B, H), torch.randn(B, H)
    pre = [_pre_activation(weights, gate, x, h) for gate in range(4)]
    i, f, g, o = pre[0].sigmoid(), pre[1].sigmoid(), pre[2].tanh(), pre[3].sigmoid()
    next_c = f * c + i * g

    hidden, cell = TORCH_CELLS["lstm"].step(x, (h, c), weights)

    torch.testing.assert_close(cell, next_c)
    torch.testing.assert_close(hidden, o * next_c.tanh())


def test_a_gru_resets_the_past_after_the_recurrent_product() -> None:
    torch.manual_seed(3)
    weights = _random_weights("gru")
    x, h = torch.randn(B, D), torch.randn(B, H)
    r, z = (_pre_activation(weights, gate, x, h).sigmoid() for gate in range(2))
    rows = slice(2 * H, 3 * H)
    past = h @ weights["weight_hh"][rows].T + weights["bias_hh"][rows]
    n = (x @ weights["weight_ih"][rows].T + weights["bias_ih"][rows] + r * past).tanh()

    (hidden,) = TORCH_CELLS["gru"].step(x, (h,), weights)

    torch.testing.assert_close(hidden, (1 - z) * n + z * h)


@pytest.mark.parametrize(("cell", "activate"), [("rnn-tanh", torch.tanh), ("rnn-relu", torch.relu)])
def test_a_simple_cell_activates_one_sum(cell: str, activate) -> None:
    torch.manual_seed(4)
    weights = _random_weights(cell)
    x, h = torch.randn(B, D), torch.randn(B, H)

    (hidden,) = TORCH_CELLS[cell].step(x, (h,), weights)

    torch.testing.assert_close(hidden, activate(_pre_activation(weights, 0, x, h)))


def _random_weights(cell: str) -> Weights:
    return {name: torch.randn(shape) for name, shape in CELLS[cell].weight_shapes(D, H).items()}


def _pre_activation(weights: Weights, gate: int, x: torch.Tensor, h: torch.Tensor) -> torch.Tensor:
    """What goes into the activation of one gate, its rows cut out of the stack."""
    rows = slice(gate * H, (gate + 1) * H)
    return (
        x @ weights["weight_ih"][rows].T
        + weights["bias_ih"][rows]
        + h @ weights["weight_hh"][rows].T
        + weights["bias_hh"][rows]
    )
