"""Weight averaging along a training; the average is often better than the last weights.

The average a follows the weights w of each step: a += (w - a) · rate.

``ema``   rate = 1 / (1 + share · n) at the n-th step after the first: an exponential average whose horizon is a share
          of the steps so far, so that it needs no tuning to their number (Shamir and Zhang 2013: polynomial decay).
``tail``  rate = 1 / (1 + n) from the step at which it is begun: the plain mean of the weights since then (Polyak and
          Juditsky 1992). Begun when the validation loss has stopped falling, this is NT-ASGD (Merity et al. 2018);
          before, the average is the network itself.

It costs the memory of one more copy of the weights, float32.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Literal

import torch
from torch import Tensor

from rnnchat.network.network import Network, name_parameters

Averaging = Literal["ema", "tail"]
SHARE = 0.1
PATIENCE = 5
_COUNT = "count"


class Average:
    """An average of a network's weights.

    Args:
        network: the network in training; only `swap` changes its weights.
        kind: see above.
        share: ``ema``: the horizon as a share of the steps so far.
    """

    def __init__(self, network: Network, kind: Averaging, share: float = SHARE) -> None:
        self._share = share if kind == "ema" else 1.0
        self._has_begun = kind == "ema"
        self._count = 0
        self._average = [parameter.detach().clone() for parameter in network.parameters()]
        self._names = _list_names(network)

    @property
    def count(self) -> int:
        """Steps in the average; with 0 the average is the network itself."""
        return self._count

    def begin(self) -> None:
        """Start averaging with the next step: for ``tail``; ``ema`` averages from the start."""
        self._has_begun = True

    @torch.no_grad()
    def update(self, network: Network) -> None:
        """Add the weights after a step to the average."""
        if not self._has_begun:
            return
        rate = 1 / (1 + self._share * self._count)
        torch._foreach_lerp_(self._average, list(network.parameters()), rate)
        self._count += 1

    @contextmanager
    def swap(self, network: Network) -> Iterator[None]:
        """Exchange the network's weights for the average for the duration of the block; they come back bit for bit."""
        if self._count:
            self._exchange(network)
        try:
            yield
        finally:
            if self._count:
                self._exchange(network)

    def to_tensors(self) -> dict[str, Tensor]:
        """The tensors that a checkpoint stores; weights under their names in the model file."""
        tensors = dict(zip(self._names, self._average, strict=True))
        return {_COUNT: torch.tensor([self._count, self._has_begun]), **tensors}

    @torch.no_grad()
    def load(self, tensors: Mapping[str, Tensor]) -> None:
        """Restore what `to_tensors` returned.

        Raises:
            KeyError, RuntimeError: it belongs to another network.
        """
        for name, average in zip(self._names, self._average, strict=True):
            average.copy_(tensors[name])
        count, has_begun = tensors[_COUNT].tolist()
        self._count, self._has_begun = count, bool(has_begun)

    @torch.no_grad()
    def _exchange(self, network: Network) -> None:
        """One tensor after the other, so that no second copy of all is needed."""
        for parameter, average in zip(network.parameters(), self._average, strict=True):
            kept = parameter.clone()
            parameter.copy_(average)
            average.copy_(kept)


def has_stalled(losses: Sequence[float], patience: int = PATIENCE) -> bool:
    """Whether to begin a ``tail`` average: the trigger of NT-ASGD (Merity et al. 2018, algorithm 1).

    Args:
        losses: validation losses, the latest last.
        patience: how many evaluations before the latest are left out; any lower loss before those triggers.
    """
    return len(losses) > patience + 1 and losses[-1] > min(losses[: -patience - 1])


def _list_names(network: Network) -> list[str]:
    """The model file's names of the network's parameters, in the network's order."""
    names = {id(parameter): name for name, parameter in name_parameters(network).items()}
    return [names[id(parameter)] for parameter in network.parameters()]
