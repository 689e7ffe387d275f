"""Muon: steps of equal length in every direction, for the matrices of recurrent layers.

The momentum of a matrix, U S Vᵀ, is replaced by approximately U Vᵀ, so that frequent and rare directions move the
weights alike (Jordan et al. 2024, "Muon: An optimizer for hidden layers in neural networks"). The gates of a layer are
stacked in its matrices but are separate maps, so each is orthogonalised by itself. AdamW updates all other parameters
(embedding, output, biases).

Letters: G gates, H hidden size, I input size of a layer.
"""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, optim

MOMENTUM = 0.9
SCALE = 0.4
"""The root mean square of a square matrix's update, relative to the learning rate."""
OTHERS_DECAY = 0.01
"""The weight decay of embedding and output relative to that of the recurrent matrices, whose steps are much longer and
which would otherwise grow without bound; with the same decay, embedding and output learn less (1.48 against 1.40
nats)."""
_ITERATIONS = 5
_QUINTIC = (3.4445, -4.7750, 2.0315)
"""Brings singular values from (0, 1] to about 1 in few iterations (coefficients of Jordan et al.)."""


class Muon(optim.Optimizer):
    """Muon for some matrices, AdamW for everything else.

    Args:
        recurrent: matrices of recurrent layers, (G*H, I) and (G*H, H), with the number of gates of each.
        others: AdamW's groups.
        rate: learning rate of both.
        betas: AdamW's.
        weight_decay: of the recurrent matrices, decoupled from the gradient.
        dtype: precision of the orthogonalisation; bfloat16 is enough (Jordan et al.).
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
        """Update all parameters from their gradients."""
        # Shared, so that learning rates and optimiser state have one place.
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
            # Nesterov momentum: the mean as it would be after the same gradient again.
            ahead = matrix.grad.lerp(mean, MOMENTUM).unflatten(0, (gates, -1))  # (G, H, I)
            direction = orthogonalise(ahead.to(self._dtype)).flatten(0, 1)  # (G*H, I)
            length = SCALE * max(ahead.shape[1:]) ** 0.5
            matrix.mul_(1 - group["lr"] * group["weight_decay"])
            matrix.add_(direction, alpha=-group["lr"] * length)


def orthogonalise(matrices: Tensor) -> Tensor:
    """The nearest matrices with all singular values about 1 (0.7 to 1.2), by Newton-Schulz iterations.

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
