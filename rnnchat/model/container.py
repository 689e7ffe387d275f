"""Reading the container of a model file: tensors behind a header of JSON, the format of safetensors, without trust.

    8 bytes      length of the header, little-endian
    header       {"__metadata__": {KEY: TEXT}, NAME: {"dtype", "shape", "data_offsets": [begin, end]}, …}
    data         the tensors, each of its bytes in exactly one of them

The library safetensors writes the files; they are read here because it maps a file into memory, where one that is cut
short meanwhile ends the program, and because it believes a header of 100 MB. Here a file is read piece by piece into
the arrays that are kept, nothing is allocated before the file was found to hold it, and every number is looked at.

A tensor takes four bytes a number and one block beside: as much as the file for float32, twice as much for float16.
"""

import json
import math
import os
import re
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

MAX_HEADER_BYTES = 16 * 2**20
"""Room for a vocabulary of a million words."""
MAX_BRACKETS = 2**16
"""A header has two for each tensor and a few hundred more; an empty list takes thirty times its room in the file."""
MAX_NUMBER = 2**63
"""No number of a header is as large: neither sizes nor counts nor the seconds of a training."""
LARGEST_WEIGHT = 1e15
"""65,536 products of two such numbers add up to 7e34, which float32 holds; a network that has learnt has none."""
BLOCK_BYTES = 2**18

_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")
_DTYPES: dict[str, np.dtype[Any]] = {"F32": np.dtype("<f4"), "F16": np.dtype("<f2"), "U8": np.dtype("u1")}


@dataclass(frozen=True)
class TensorInfo:
    """Where a tensor is, and what."""

    dtype: str
    """F32, F16, or one that `Container.read` does not read."""
    shape: tuple[int, ...]
    begin: int
    """Its first byte, counted from the beginning of the data."""
    end: int


class Container:
    """The container in an open file. Everything that is wrong with it is a ValueError that says what.

    Args:
        file: open for reading bytes, at its beginning; stays so while tensors are read.

    Raises:
        ValueError: it is no container, or damaged.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        status = os.fstat(file.fileno())
        self.size_bytes = status.st_size
        """The whole file's size."""
        header_size = int.from_bytes(file.read(8), "little")
        self._data_begin = 8 + header_size
        if self.size_bytes < 8 or self._data_begin > self.size_bytes:
            raise ValueError("it ends inside its header")
        if header_size > MAX_HEADER_BYTES:
            raise ValueError(f"its header claims {header_size:,} bytes, more than any model needs")
        try:
            text = file.read(header_size).decode()
        except UnicodeDecodeError as e:
            raise ValueError("its header is not text") from e
        header = parse_json(text)
        if not isinstance(header, dict):
            raise ValueError("its header is not a table")
        metadata = header.pop("__metadata__", {})
        if not isinstance(metadata, dict) or not all(isinstance(text, str) for text in metadata.values()):
            raise ValueError("its metadata is not a table of texts")
        self.metadata: dict[str, str] = metadata
        self.tensors = {name: _read_info(name, entry) for name, entry in header.items()}
        self._check_places()

    def read(self, name: str) -> np.ndarray:
        """A tensor as float32, in the shape that the header gives it.

        Raises:
            ValueError: the file ends inside it, or it holds NaN, infinity or what is as good as infinite.
        """
        info = self.tensors[name]
        dtype = _DTYPES[info.dtype]
        weight = np.empty(info.shape, np.float32)
        flat = weight.reshape(-1)
        self._file.seek(self._data_begin + info.begin)
        block_size = BLOCK_BYTES // dtype.itemsize
        for begin in range(0, len(flat), block_size):
            part = flat[begin : begin + block_size]
            block = self._file.read(len(part) * dtype.itemsize)
            if len(block) < len(part) * dtype.itemsize:
                raise ValueError("it became shorter while it was read")
            part[:] = np.frombuffer(block, dtype)
            if not is_computable(part):
                raise ValueError(f"{name} holds values that are not finite, or beyond {LARGEST_WEIGHT:g}")
        return weight

    def read_bytes(self, name: str) -> bytes:
        """A tensor of bytes as it stands in the file.

        Raises:
            ValueError: the file ends inside it.
        """
        info = self.tensors[name]
        self._file.seek(self._data_begin + info.begin)
        data = self._file.read(info.end - info.begin)
        if len(data) < info.end - info.begin:
            raise ValueError("it became shorter while it was read")
        return data

    def _check_places(self) -> None:
        """Tensors follow each other without gap or overlap from the first byte of the data to the last."""
        position = 0
        for name, info in sorted(self.tensors.items(), key=lambda item: (item[1].begin, item[1].end)):
            if info.begin != position:
                raise ValueError(f"{name} begins at byte {info.begin:,} of the data instead of {position:,}")
            position = info.end
            if info.dtype in _DTYPES and info.end - info.begin != math.prod(info.shape) * _DTYPES[info.dtype].itemsize:
                raise ValueError(f"{name} has {info.end - info.begin:,} bytes, which do not make up {info.shape}")
        data_size = self.size_bytes - self._data_begin
        if position != data_size:
            raise ValueError(f"its data has {data_size:,} bytes, its header says {position:,}")


def open_file(path: Path) -> BinaryIO:
    """Open a file for reading bytes.

    Raises:
        OSError: there is none, it cannot be read, or is a folder.
        ValueError: it is a pipe or a device, which may be without an end.
    """
    mode = path.stat().st_mode
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(str(path))
    if not stat.S_ISREG(mode):
        raise ValueError("it is a pipe or a device")
    return path.open("rb")


def is_computable(weight: np.ndarray) -> bool:
    """Are all numbers finite, and small enough that a sum of products of two of them is so too?"""
    # NaN passes through min and max, and is not above or below anything.
    return float(weight.min()) >= -LARGEST_WEIGHT and float(weight.max()) <= LARGEST_WEIGHT


def parse_json(source: str) -> Any:
    """Parse JSON whose depth, lists and numbers are bounded; a name stands once in its table.

    Raises:
        ValueError: it is not JSON, or not of that kind.
    """
    if source.count("[") + source.count("{") > MAX_BRACKETS:
        raise ValueError("its header holds more lists than any model needs")
    try:
        value = json.loads(
            source,
            object_pairs_hook=_make_table,
            parse_int=_parse_whole,
            parse_float=_parse_float,
            parse_constant=_parse_float,
        )
    except RecursionError as e:
        raise ValueError("its header is nested too deeply") from e
    except json.JSONDecodeError as e:
        raise ValueError(f"its header is not JSON ({e})") from e
    if _SURROGATE.search(source):  # half a character, or one that is written as two halves
        try:
            json.dumps(value, ensure_ascii=False).encode()
        except UnicodeEncodeError as e:
            raise ValueError("its header holds half a character") from e
    return value


def _make_table(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    table = dict(pairs)
    if len(table) != len(pairs):
        raise ValueError("a name stands twice in its header")
    return table


def _parse_whole(text: str) -> int:
    if len(text) > 20 or abs(int(text)) >= MAX_NUMBER:
        raise ValueError(f"its header holds the number {text[:20]}…, larger than any in a model")
    return int(text)


def _parse_float(text: str) -> float:
    value = float(text)
    if not abs(value) < MAX_NUMBER:  # NaN is not either
        raise ValueError(f"its header holds the number {text[:20]}, which no model has")
    return value


def _read_info(name: str, entry: Any) -> TensorInfo:
    match entry:
        case {"dtype": str(dtype), "shape": [*shape], "data_offsets": [begin, end], **rest} if not rest:
            if all(type(number) is int and number >= 0 for number in (*shape, begin, end)) and begin <= end:
                return TensorInfo(dtype, tuple(shape), begin, end)
    raise ValueError(f"its header does not say where {name[:80]!r} is")
