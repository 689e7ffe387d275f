"""Characters as numbers."""

import numpy as np

CODE_POINTS = 0x110000
"""How many code points Unicode has room for."""


def to_code_points(text: str) -> np.ndarray:
    """(N,) uint32, one for each character of ``text``."""
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.dtype("<u4"))
