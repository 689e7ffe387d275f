"""How wrong a network's predictions are: what a training makes smaller.

Letters: B streams, T window, V vocabulary.

``cross-entropy``  -log p of the symbol that came, in nats: what bits per character and perplexity are made of.
``mse``            the squared error of all probabilities against the one-hot target, (p_v - y_v)² summed over V: the
                   score of Brier (1950). It is taken of the softmax, as where Keras ends in a softmax layer and is
                   given ``mse``, and not of the outputs as they are: what is best for the text is then again its true
                   distribution, so that the network writes, and has bits per character, like any other. Keras takes
                   the mean over V, a V-th of this, which makes every gradient V times smaller.
"""

from typing import Any, Literal

import torch
from torch import Tensor
from torch.nn import functional

from rnnchat.training.window import NOT_SCORED

Loss = Literal["cross-entropy", "mse"]
Reduction = Literal["mean", "sum"]

LARGE_VOCABULARY = 8192
"""From this size on a CPU takes the cross-entropy in blocks: measured, 1.3 times as fast at 10,000 and 4 at 30,000."""
BLOCK = 2**18
"""Numbers in a block: few enough to stay in a processor's cache."""


def measure(logits: Tensor, targets: Tensor, kind: Loss = "cross-entropy", reduction: Reduction = "mean") -> Tensor:
    """The loss of logits (B, T, V) against targets (B, T), in float32; positions of ``NOT_SCORED`` do not count."""
    if kind == "cross-entropy" and logits.shape[-1] >= LARGE_VOCABULARY and logits.is_cpu and logits.requires_grad:
        weight = 1 / int((targets != NOT_SCORED).sum()) if reduction == "mean" else 1.0
        nats: Tensor = _BlockedCrossEntropy.apply(logits.flatten(0, -2), targets.flatten(), weight)  # type: ignore[no-untyped-call]
        return nats
    scores, goals = logits.flatten(0, -2).float(), targets.flatten()  # (B*T, V), (B*T,)
    if kind == "cross-entropy":
        return functional.cross_entropy(scores, goals, ignore_index=NOT_SCORED, reduction=reduction)
    # Σ (p_v - y_v)² = Σ p_v² - 2 p_target + 1: no one-hot target of the size of the vocabulary is made.
    probabilities = scores.softmax(dim=1)
    chosen = probabilities.gather(1, goals.clamp(min=0).unsqueeze(1)).squeeze(1)
    is_scored = goals != NOT_SCORED
    total = ((probabilities.square().sum(dim=1) - 2 * chosen + 1) * is_scored).sum()
    return total / is_scored.sum() if reduction == "mean" else total


class _BlockedCrossEntropy(torch.autograd.Function):
    """The sum of cross-entropies of logits (N, V) against targets (N,), times a weight, a few rows at a time.

    Torch's own goes several times through numbers that are as many as the logits and do not fit into the cache. Here a
    block's loss and gradient are finished before the next block is touched, and no float32 copy of all is made.
    """

    @staticmethod
    def forward(ctx: Any, logits: Tensor, targets: Tensor, weight: float) -> Tensor:
        total = torch.zeros(())
        gradient = torch.empty_like(logits)
        rows = max(1, BLOCK // logits.shape[1])
        for begin in range(0, len(targets), rows):
            block = slice(begin, begin + rows)
            is_scored = targets[block] != NOT_SCORED
            goals = targets[block].clamp(min=0).unsqueeze(1)  # (N', 1)
            log_probs = logits[block].float().log_softmax(dim=1)  # (N', V)
            total -= (log_probs.gather(1, goals).squeeze(1) * is_scored).sum()
            # The derivative is p - y.
            errors = log_probs.exp_().scatter_add_(1, goals, log_probs.new_full((1, 1), -1).expand_as(goals))
            gradient[block] = errors.mul_(is_scored.unsqueeze(1) * weight)
        ctx.save_for_backward(gradient)
        return total * weight

    @staticmethod
    def backward(ctx: Any, *outer: Tensor) -> tuple[Tensor, None, None]:
        (gradient,) = ctx.saved_tensors
        return (gradient if outer[0] == 1 else gradient * outer[0]), None, None
