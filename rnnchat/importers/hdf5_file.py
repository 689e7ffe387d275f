"""HDF5 as far as Keras uses it: groups with attributes, and arrays in one piece.

Read by pyfive, which is Python throughout: libhdf5 (h5py) loops for ever, or worse, on files damaged on purpose.
Nothing is allocated for an array before the file was found to hold it.
"""

import math
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from typing import Any

import numpy as np

from rnnchat.importers.array import Array

MAGIC = b"\x89HDF\r\n\x1a\n"
MAX_OBJECTS = 2_000
MAX_DEPTH = 10


class Hdf5File:
    """An HDF5 file in memory.

    Raises:
        ValueError: it is damaged.
    """

    def __init__(self, content: bytes) -> None:
        self._size_bytes = len(content)
        self.arrays: dict[str, Array] = {}
        """Every array by its path."""
        self._attributes: dict[str, Any] = {}
        with _refusing_damage():
            import pyfive  # 0.2 s

            root = pyfive.File(BytesIO(content))
            self._collect("", root, pyfive.Dataset, 0)

    def text(self, path: str, name: str) -> str:
        """An attribute that is a text; empty if there is none."""
        value = self._find(path, name)
        return value.decode("utf-8", "replace") if isinstance(value, bytes) else value if isinstance(value, str) else ""

    def texts(self, path: str, name: str) -> list[str]:
        """An attribute that is a list of texts; empty if there is none."""
        value = self._find(path, name)
        values = value.tolist() if isinstance(value, np.ndarray) else []
        values = values if isinstance(values, list) else [values]
        return [v.decode("utf-8", "replace") if isinstance(v, bytes) else str(v) for v in values]

    def _find(self, path: str, name: str) -> Any:
        group = self._attributes.get(path, {})
        with _refusing_damage():
            return group.get(name)

    def _collect(self, path: str, group: Any, dataset: type, depth: int) -> None:
        self._attributes[path] = group.attrs
        for name in group:
            if len(self._attributes) + len(self.arrays) > MAX_OBJECTS or depth > MAX_DEPTH:
                raise ValueError("it holds more groups than any model needs")
            item = group[name]
            inner = f"{path}/{name}".lstrip("/")
            if isinstance(item, dataset):
                self._add_array(inner, item)
            else:
                self._collect(inner, item, dataset, depth + 1)

    def _add_array(self, path: str, item: Any) -> None:
        shape, dtype = tuple(int(size) for size in item.shape), np.dtype(item.dtype)
        if dtype.kind not in "fiu":
            return
        if math.prod(shape) * dtype.itemsize > self._size_bytes:
            raise ValueError("one of its arrays is larger than the file")

        def find() -> memoryview:
            with _refusing_damage():
                return np.ascontiguousarray(item[()]).reshape(-1).view(np.uint8).data

        self.arrays[path] = Array(shape, find, dtype.str)


@contextmanager
def _refusing_damage() -> Iterator[None]:
    """Whatever pyfive stumbles over is a ValueError: it asserts, indexes and unpacks without looking."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except MemoryError as e:
        raise ValueError("it is a damaged HDF5 file") from e
    except ValueError:
        raise
    except Exception as e:
        raise ValueError("it is a damaged HDF5 file") from e
