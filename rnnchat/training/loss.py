"""The loss that a training minimises.

Letters: B streams, T window, V vocabulary, F features that the output layer reads, N positions (B·T).

``cross-entropy``  -log p of the symbol that came, in nats: what bits per character and perplexity are made of.
``mse``            the squared error of all probabilities against the one-hot target, (p_v - y_v)² summed over V: the
                   score of Brier (1950). It is taken of the softmax, as where Keras ends in a softmax layer and is
                   given ``mse``, and not of the raw outputs: its minimum is then the true distribution of the text, so
                   the network writes, and has bits per character, like any other. Keras takes the mean over V, which
                   makes every gradient V times smaller.
"""

from typing import Any, Literal

import torch
from torch import Tensor
from torch.nn import functional

from rnnchat.training.window import NOT_SCORED

Loss = Literal["cross-entropy", "mse"]
Reduction = Literal["mean", "sum"]

LARGE_VOCABULARY = 2048
"""From this size a CPU computes output layer and cross-entropy together (docs/recipe.md has the measurement)."""
BLOCK = 256
"""Positions in a block: enough for a matrix product at full speed, few enough for their V logits to stay in cache."""


def measure(logits: Tensor, targets: Tensor, kind: Loss = "cross-entropy", reduction: Reduction = "mean") -> Tensor:
    """The loss of logits (B, T, V) against targets (B, T), in float32; positions of ``NOT_SCORED`` do not count."""
    scores, goals = logits.flatten(0, -2).float(), targets.flatten()  # (N, V), (N,)
    if kind == "cross-entropy":
        return functional.cross_entropy(scores, goals, ignore_index=NOT_SCORED, reduction=reduction)
    # Σ (p_v - y_v)² = Σ p_v² - 2 p_target + 1: no one-hot target of the size of the vocabulary is made.
    probabilities = scores.softmax(dim=1)
    chosen = probabilities.gather(1, goals.clamp(min=0).unsqueeze(1)).squeeze(1)
    is_scored = goals != NOT_SCORED
    total = ((probabilities.square().sum(dim=1) - 2 * chosen + 1) * is_scored).sum()
    return total / is_scored.sum() if reduction == "mean" else total


def measure_output(
    features: Tensor, weight: Tensor, bias: Tensor, targets: Tensor, kind: Loss = "cross-entropy"
) -> tuple[Tensor, Tensor]:
    """The mean loss of an output layer, to be called inside the training's autocast.

    Equal to `measure` of ``features @ weight.T + bias``. A large vocabulary's logits are never kept on a CPU.

    Args:
        features: what the output layer reads (B, T, F).
        weight: (V, F)
        bias: (V,)
        targets: (B, T)
        kind: the loss to minimise.

    Returns:
        The loss (), with its gradient, and the cross-entropy () in nats, without one.
    """
    if kind == "cross-entropy" and features.is_cpu and len(weight) >= LARGE_VOCABULARY:
        is_low = torch.is_autocast_enabled("cpu")
        dtype = torch.get_autocast_dtype("cpu") if is_low else features.dtype
        rows = features.flatten(0, -2)  # (N, F)
        with torch.autocast("cpu", enabled=False):
            nats: Tensor = _OutputCrossEntropy.apply(rows, weight, bias, targets.flatten(), dtype)  # type: ignore[no-untyped-call]
        return nats, nats.detach()
    logits = functional.linear(features, weight, bias)  # (B, T, V)
    loss = measure(logits, targets, kind)
    return loss, loss.detach() if kind == "cross-entropy" else measure(logits.detach(), targets)


class _OutputCrossEntropy(torch.autograd.Function):
    """The mean cross-entropy of an output layer, a block of positions at a time.

    Torch's own passes several times over logits, probabilities and gradients of N·V numbers each, which fit into no
    cache. Here each block's loss and gradients are finished before the next block is computed, so that the backward
    pass has nothing left to do but to scale them.
    """

    @staticmethod
    def forward(
        ctx: Any, features: Tensor, weight: Tensor, bias: Tensor, targets: Tensor, dtype: torch.dtype
    ) -> Tensor:
        """Args: features (N, F), weight (V, F), bias (V,), targets (N,), and the precision of the products."""
        x, w, b = features.to(dtype), weight.to(dtype), bias.to(dtype)
        x_gradient, w_gradient, b_gradient = torch.empty_like(x), torch.zeros_like(weight), torch.zeros_like(bias)
        total = torch.zeros(())
        is_scored = (targets != NOT_SCORED).unsqueeze(1)  # (N, 1)
        goals = targets.clamp(min=0).unsqueeze(1)  # (N, 1)
        scale = 1 / int(is_scored.sum())
        # Memory of this size is expensive to ask for: one block's serves all.
        logit_memory, memory = x.new_empty(BLOCK, len(w)), weight.new_empty(BLOCK, len(w))
        for begin in range(0, len(targets), BLOCK):
            block = slice(begin, begin + BLOCK)
            count = len(targets[block])  # N', fewer in the last block
            logits = torch.addmm(b, x[block], w.T, out=logit_memory[:count])  # (N', V)
            probabilities = torch.softmax(logits, 1, dtype=torch.float32, out=memory[:count])
            # log Z from the likeliest symbol, whose probability cannot be rounded to 0.
            peak, place = logits.max(dim=1, keepdim=True)
            log_z = peak.float() - probabilities.gather(1, place).log()
            total += ((log_z - logits.gather(1, goals[block])) * is_scored[block]).sum()
            # The derivative is p - y.
            probabilities.scatter_add_(1, goals[block], probabilities.new_tensor(-1).expand_as(peak))
            errors = logits.copy_(probabilities.mul_(is_scored[block] * scale))
            torch.mm(errors, w, out=x_gradient[block])
            w_gradient += errors.T @ x[block]
            b_gradient += errors.sum(0, dtype=torch.float32)
        ctx.save_for_backward(x_gradient.to(features.dtype), w_gradient, b_gradient)
        return total * scale

    @staticmethod
    def backward(ctx: Any, *outer: Tensor) -> tuple[Tensor | None, ...]:
        gradients = ctx.saved_tensors
        return (*(gradient if outer[0] == 1 else gradient * outer[0] for gradient in gradients), None, None)
