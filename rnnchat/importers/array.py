"""An array of a foreign file: its shape is known at once, its numbers are read when they are asked for."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from rnnchat.model.config import MAX_PARAMETERS
from rnnchat.model.container import LARGEST_WEIGHT, is_computable


@dataclass(frozen=True, eq=False)
class Array:
    """A view of numbers that lie one after the other in a file."""

    shape: tuple[int, ...]
    find: Callable[[], memoryview]
    """Gives the bytes that it is a view of."""
    dtype: str
    """As NumPy writes it (``<f4``), or ``bf16``: the upper half of a float32."""
    offset: int = 0
    """Its first number, counted in numbers."""
    strides: tuple[int, ...] | None = None
    """For each axis, in numbers; None for an array in C order."""

    @property
    def size(self) -> int:
        """How many numbers it has."""
        return math.prod(self.shape)

    def read(self) -> np.ndarray:
        """The numbers as float32, in memory of their own.

        Raises:
            ValueError: they are not all in the file, or not all finite.
        """
        is_half = self.dtype == "bf16"
        dtype = np.dtype("<u2" if is_half else self.dtype)
        strides = self.strides or _list_strides(self.shape)
        if self.size > MAX_PARAMETERS:
            raise ValueError("one of its arrays is larger than any network")
        last = sum((size - 1) * step for size, step in zip(self.shape, strides, strict=True)) if self.size else 0
        content = self.find()
        # An axis with the stride 0 would repeat a number for ever.
        if (self.offset + last + 1) * dtype.itemsize > len(content) or self.size * dtype.itemsize > len(content):
            raise ValueError("it ends inside its weights")
        if not self.size:
            return np.zeros(self.shape, np.float32)
        flat = np.frombuffer(content, dtype, len(content) // dtype.itemsize)[self.offset :]
        view = np.lib.stride_tricks.as_strided(
            flat, self.shape, tuple(step * dtype.itemsize for step in strides), writeable=False
        )
        with np.errstate(over="ignore", invalid="ignore"):
            if is_half:
                weight = (view.astype(np.uint32) << 16).view(np.float32)
            else:
                weight = np.array(view, np.float32, order="C")
        if not is_computable(weight):
            raise ValueError(f"its weights hold values that are not finite, or beyond {LARGEST_WEIGHT:g}")
        return weight


def _list_strides(shape: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(math.prod(shape[axis + 1 :]) for axis in range(len(shape)))
