"""The optimisers, in torch's fastest implementations.

Weight decay applies to matrices only, not to biases. It is decoupled from the gradient in ``adamw`` (Loshchilov and
Hutter 2019) and ``muon``; in the others it is an L2 penalty, added to the gradient.
"""

from typing import Any, Literal

import torch
from torch import Tensor, optim

from rnnchat.network.network import Network
from rnnchat.training.muon import OTHERS_DECAY, Muon

Optimiser = Literal["muon", "adamw", "adam", "sgd", "rmsprop"]


def build(
    kind: Optimiser,
    network: Network,
    rate: float,
    betas: tuple[float, float] = (0.9, 0.999),
    weight_decay: float = 0.0,
    momentum: float = 0.0,
    dtype: torch.dtype = torch.float32,
) -> optim.Optimizer:
    """An optimiser of all parameters of ``network``.

    Args:
        kind: muon, adamw and adam take ``betas``; sgd and rmsprop take ``momentum``.
        network: its matrices become the first group, its biases the second; with muon those of the recurrent layers a
            group before these.
        rate: the learning rate.
        betas: decay rates of the running means of gradient and squared gradient; rmsprop has the second only.
        weight_decay: of the matrices; with muon, of the recurrent ones, and a hundredth of it of the others.
        momentum: of sgd and rmsprop.
        dtype: precision of muon's orthogonalisation.
    """
    recurrent = _list_recurrent(network) if kind == "muon" else {}
    matrices = [parameter for parameter in network.parameters() if parameter.ndim > 1 and parameter not in recurrent]
    biases = [parameter for parameter in network.parameters() if parameter.ndim <= 1]
    groups: list[dict[str, Any]] = [
        {"params": matrices, "weight_decay": weight_decay * (OTHERS_DECAY if recurrent else 1)},
        {"params": biases, "weight_decay": 0.0},
    ]
    if kind == "muon":
        return Muon(recurrent, groups, rate, betas, weight_decay, dtype)
    if kind == "adamw":
        return optim.AdamW(groups, lr=rate, betas=betas, fused=True)
    if kind == "adam":
        return optim.Adam(groups, lr=rate, betas=betas, fused=True)
    if kind == "sgd":
        return optim.SGD(groups, lr=rate, momentum=momentum, fused=True)
    # Torch has no fused form of this one; it takes all tensors at once where that is faster, on a GPU.
    return optim.RMSprop(groups, lr=rate, alpha=betas[1], momentum=momentum)


def _list_recurrent(network: Network) -> dict[Tensor, int]:
    """The matrices of the recurrent layers, each with the number of gates stacked in it."""
    return {
        parameter: parameter.shape[0] // hidden_size
        for layer, hidden_size in zip(network.layers, network.config.hidden_sizes, strict=True)
        for parameter in layer.parameters()
        if parameter.ndim > 1
    }
