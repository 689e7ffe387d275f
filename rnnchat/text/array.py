"""Ids as an array."""

from collections.abc import Iterable
from typing import cast

import numpy as np


def to_array(ids: Iterable[int]) -> np.ndarray:
    """(N,) integers, from whatever holds them."""
    if isinstance(ids, np.ndarray):
        return cast(np.ndarray, ids)
    return np.fromiter(ids, np.int64)
