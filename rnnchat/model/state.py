"""The state of a network: all that it remembers of the texts it has read.

One type for both implementations: the arrays are NumPy's on ONNX Runtime and tensors in torch. Nothing here asks what
a cell keeps: any number of arrays for each layer, of any shape, as long as the first axis counts the texts.

Letters: B texts side by side, H hidden.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain
from typing import Any, Generic, NamedTuple, TypeVar

A = TypeVar("A")
"""np.ndarray or torch.Tensor."""


class State(NamedTuple, Generic[A]):
    """What a network remembers of B texts: a value, whose arrays are never changed once made."""

    layers: tuple[tuple[A, ...], ...]
    """For each layer the arrays of its cell, each (B, ...), in the order of ``Cell.state_shapes``."""

    @property
    def hidden(self) -> tuple[A, ...]:
        """For each layer what it hands on, (B, H_l): the first of its arrays."""
        return tuple(layer[0] for layer in self.layers)

    @property
    def arrays(self) -> Iterator[A]:
        """All arrays, layer by layer."""
        return chain.from_iterable(self.layers)

    @classmethod
    def pack(cls, arrays: Iterable[A], parts: int) -> "State[A]":
        """The state of these arrays, layer by layer, ``parts`` of them for each."""
        return cls(tuple(zip(*[iter(arrays)] * parts, strict=True)))

    def map(self, function: Callable[[A], A]) -> "State[A]":
        """The state with ``function`` applied to each of its arrays."""
        return State(tuple(tuple(map(function, layer)) for layer in self.layers))

    def rows(self, indices: Sequence[int]) -> "State[A]":
        """The state of these texts, in this order, copied; one that is named twice is there twice."""
        picked: Any = list(indices)
        return self.map(lambda array: array[picked])  # type: ignore[index]

    @staticmethod
    def join(states: "Sequence[State[A]]", concatenate: Callable[[Sequence[A]], A]) -> "State[A]":
        """The texts of all states side by side.

        Args:
            states: at least one, of one network.
            concatenate: ``np.concatenate`` or ``torch.cat``.
        """
        if len(states) == 1:
            return states[0]
        layers = zip(*(state.layers for state in states), strict=True)
        return State(tuple(tuple(map(concatenate, zip(*layer, strict=True))) for layer in layers))
