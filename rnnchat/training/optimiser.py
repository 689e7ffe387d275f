"""The optimisers a network can be trained with, in torch's fastest forms.

Weight decay acts on matrices only: a bias that is pulled to zero helps nobody. In ``adamw`` it is apart from the
gradient (Loshchilov and Hutter 2019); in the others it is the derivative of an L2 penalty, added to the gradient.
"""

from typing import Any, Literal

from torch import nn, optim

Optimiser = Literal["adamw", "adam", "sgd", "rmsprop"]


def build(
    kind: Optimiser,
    network: nn.Module,
    rate: float,
    betas: tuple[float, float] = (0.9, 0.999),
    weight_decay: float = 0.0,
    momentum: float = 0.0,
) -> optim.Optimizer:
    """An optimiser of all parameters of ``network``.

    Args:
        kind: adamw and adam know ``betas``; sgd and rmsprop ``momentum``.
        network: its matrices become the first group, its biases the second.
        rate: the learning rate.
        betas: shares of the running means of gradient and squared gradient that are kept at a step; rmsprop has the
            second one only.
        weight_decay: of the matrices.
        momentum: share of the last change that goes on.
    """
    matrices = [parameter for parameter in network.parameters() if parameter.ndim > 1]
    biases = [parameter for parameter in network.parameters() if parameter.ndim <= 1]
    groups: list[dict[str, Any]] = [
        {"params": matrices, "weight_decay": weight_decay},
        {"params": biases, "weight_decay": 0.0},
    ]
    if kind == "adamw":
        return optim.AdamW(groups, lr=rate, betas=betas, fused=True)
    if kind == "adam":
        return optim.Adam(groups, lr=rate, betas=betas, fused=True)
    if kind == "sgd":
        return optim.SGD(groups, lr=rate, momentum=momentum, fused=True)
    # Torch has no fused form of this one; it takes all tensors at once where that is faster, on a GPU.
    return optim.RMSprop(groups, lr=rate, alpha=betas[1], momentum=momentum)
