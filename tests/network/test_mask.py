"""Masks for dropout: how many numbers they leave out, and that sums keep their size."""

import pytest
import torch

from rnnchat.network.mask import draw_mask

SHARES = (0.001, 0.1, 0.3, 0.5, 0.9, 0.999)


@pytest.mark.parametrize("share", SHARES)
def test_the_share_of_numbers_left_out_is_that_asked_for(share: float) -> None:
    torch.manual_seed(1)
    count = 400_000
    mask = draw_mask(torch.zeros(1), (count,), share)
    left_out = (mask == 0).double().mean().item()
    assert abs(left_out - share) < 5 * (share * (1 - share) / count) ** 0.5


@pytest.mark.parametrize("share", SHARES)
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_what_stays_is_as_much_greater_as_less_of_it_stays(share: float, dtype: torch.dtype) -> None:
    torch.manual_seed(2)
    mask = draw_mask(torch.zeros(1, dtype=dtype), (100_000,), share)
    assert mask.dtype == dtype
    stays = mask[mask != 0].double()
    assert len(stays.unique()) == 1
    assert stays[0].item() == pytest.approx(1 / (1 - share), rel=2**-8 if dtype == torch.bfloat16 else 1e-6)


@pytest.mark.parametrize("shape", [(1,), (3,), (5, 7), (2, 1, 9), (4, 3, 8)])
def test_every_shape_has_its_mask(shape: tuple[int, ...]) -> None:
    assert draw_mask(torch.zeros(1), shape, 0.5).shape == shape


def test_neighbours_are_left_out_independently() -> None:
    """Four numbers come out of one draw."""
    torch.manual_seed(3)
    left_out = draw_mask(torch.zeros(1), (200_000, 4), 0.5) == 0
    for one in range(4):
        for other in range(one):
            both = (left_out[:, one] & left_out[:, other]).double().mean().item()
            assert abs(both - 0.25) < 0.005


def test_torchs_random_state_decides_and_goes_on() -> None:
    torch.manual_seed(4)
    first, second = (draw_mask(torch.zeros(1), (1_000,), 0.4) for _ in range(2))
    torch.manual_seed(4)
    assert torch.equal(draw_mask(torch.zeros(1), (1_000,), 0.4), first)
    assert not torch.equal(first, second)


def test_an_error_reaches_what_stayed_and_nothing_else() -> None:
    torch.manual_seed(5)
    x = torch.rand(50, requires_grad=True)
    mask = draw_mask(x, x.shape, 0.5)
    (x * mask).sum().backward()
    assert torch.equal(x.grad, mask)
