"""Muon: gradient steps of equal length in every direction, for the matrices of recurrent layers.

The running mean of a matrix's gradients, U S Vᵀ, is replaced by about U Vᵀ: what the network learns often and what it
learns seldom move the weights alike (Jordan et al. 2024, "Muon: An optimizer for hidden layers in neural networks").
The gates of a layer are stacked in its matrices but are maps of their own, so each is taken by itself. All other
parameters (embedding, output, biases) are AdamW's.

Letters: G gates, H hidden size, I input size of a layer.
"""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, optim

MOMENTUM = 0.9
SCALE = 0.4
"""A step changes the root mean square of a square matrix by so much of the rate."""
OTHERS_DECAY = 0.01
"""The decay of embedding and output as a share of that of the recurrent matrices, whose steps are much longer: these
would grow without bounds, and decayed as much, embedding and output would be held back (1.40 against 1.48 nats)."""
_ITERATIONS = 5
_QUINTIC = (3.4445, -4.7750, 2.0315)
"""Brings singular values from (0, 1] to about 1 in few iterations; Jordan et al. chose them."""


class Muon(optim.Optimizer):
    """Muon for some matrices, AdamW for all else.

    Args:
        recurrent: matrices of recurrent layers with the number of gates of each, (G*H, I) and (G*H, H).
        others: AdamW's groups.
        rate: learning rate of both.
        betas: AdamW's.
        weight_decay: of the recurrent matrices, apart from the gradient.
        dtype: to compute in; bfloat16 is precise enough (Jordan et al.), where a machine is fast with it.
    """

    def __init__(
        self,
        recurrent: Mapping[Tensor, int],
        others: list[dict[str, Any]],
        rate: float,
        betas: tuple[float, float],
        weight_decay: float,
        dtype: torch.dtype,
    ) -> None:
        self._gates = list(recurrent.values())
        self._dtype = dtype
        groups = [{"params": list(recurrent), "weight_decay": weight_decay}, *others]
        super().__init__(groups, {"lr": rate})
        self._adamw = optim.AdamW(self.param_groups[1:], lr=rate, betas=betas, fused=True)

    @torch.no_grad()
    def step(self, closure: None = None) -> None:  # type: ignore[override]
        """Change all parameters by their gradients."""
        # Shared, so that whoever sets a rate or reads or loads what is remembered has one place to look.
        self._adamw.param_groups, self._adamw.state = self.param_groups[1:], self.state
        self._adamw.step()
        group = self.param_groups[0]
        for matrix, gates in zip(group["params"], self._gates, strict=True):
            if matrix.grad is None:
                continue
            state = self.state[matrix]
            if not state:
                state["momentum_buffer"] = torch.zeros_like(matrix)
            mean = state["momentum_buffer"].lerp_(matrix.grad, 1 - MOMENTUM)
            # Nesterov's look ahead: the mean as it would be after the same gradient once more.
            ahead = matrix.grad.lerp(mean, MOMENTUM).unflatten(0, (gates, -1))  # (G, H, I)
            direction = orthogonalise(ahead.to(self._dtype)).flatten(0, 1)  # (G*H, I)
            length = SCALE * max(ahead.shape[1:]) ** 0.5
            matrix.mul_(1 - group["lr"] * group["weight_decay"])
            matrix.add_(direction, alpha=-group["lr"] * length)


def orthogonalise(matrices: Tensor) -> Tensor:
    """The nearest matrices whose singular values are all about 1 (0.7 to 1.2), by Newton-Schulz iterations.

    Args:
        matrices: (G, M, N), in the precision to compute in.
    """
    x: Tensor = matrices / (matrices.norm(dim=(-2, -1), keepdim=True) + 1e-7)
    is_tall = x.shape[-2] > x.shape[-1]
    if is_tall:  # the smaller square is the cheaper one
        x = x.mT
    a, b, c = _QUINTIC
    for _ in range(_ITERATIONS):
        square = x @ x.mT
        x = a * x + (b * square + c * square @ square) @ x
    return x.mT if is_tall else x
