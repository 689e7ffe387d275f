"""The files of Lua's Torch7 (``.t7``), binary and ASCII: tables, numbers, texts, tensors; nothing of Lua is run.

An object begins with the number of its type. Tables and objects of classes carry a number of their own, and stand in
the file once; whoever refers to them again gives that number. Functions are passed over.
"""

from collections.abc import Generator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from rnnchat.importers.array import Array

_NIL, _NUMBER, _STRING, _TABLE, _TORCH, _BOOLEAN, _FUNCTION, _OLD_RECURSIVE, _RECURSIVE = range(9)
_DTYPES = {
    "Float": "<f4", "Double": "<f8", "Cuda": "<f4", "CudaDouble": "<f8", "CudaHalf": "<f2", "Half": "<f2",
    "Long": "<i8", "CudaLong": "<i8", "Int": "<i4", "CudaInt": "<i4", "Short": "<i2", "Char": "<i1", "Byte": "<u1",
}  # fmt: skip
_BASE_OBJECTS = 2**16

Value = Any
_Reading = Generator["_Reading", Value, Value]


@dataclass(eq=False)
class LuaObject:
    """An object of a class of Torch7."""

    cls: str
    fields: dict[Any, Value] = field(default_factory=dict)


def is_lua_file(content: bytes) -> bool:
    """Whether a file begins with a table or an object, the first of its kind."""
    is_binary = content[:4] in (b"\3\0\0\0", b"\4\0\0\0") and content[4:8] == b"\1\0\0\0"
    return is_binary or content[:4] in (b"3\n1\n", b"4\n1\n")


def read_lua_file(content: bytes) -> Value:
    """The value in a file: dict, LuaObject, Array, bytes, float, bool or None.

    Raises:
        ValueError: it is damaged, or larger than any model needs.
    """
    numbers = _AsciiNumbers(content) if content[1:2] == b"\n" else _BinaryNumbers(content)
    reader = _Reader(numbers, len(content))
    try:
        return _run(reader.read_object())
    except (KeyError, IndexError, TypeError, AttributeError, OverflowError, RecursionError) as e:
        raise ValueError("it is a damaged file of Torch7") from e


def _run(reading: _Reading) -> Value:
    """Follow readings that wait for further readings; graphs of modules are nested deeper than Python's stack."""
    waiting: list[_Reading] = [reading]
    value: Value = None
    while waiting:
        try:
            waiting.append(waiting[-1].send(value))
            value = None
        except StopIteration as e:
            waiting.pop()
            value = e.value
    return value


class _BinaryNumbers:
    """Numbers and texts as bytes, little-endian."""

    def __init__(self, content: bytes) -> None:
        self._content, self._place = memoryview(content), 0

    def take(self, size: int) -> memoryview:
        end = self._place + size
        if not self._place <= end <= len(self._content):
            raise ValueError("it ends before its last object")
        part = self._content[self._place : end]
        self._place = end
        return part

    def read_int(self) -> int:
        return int.from_bytes(self.take(4), "little", signed=True)

    def read_long(self) -> int:
        return int.from_bytes(self.take(8), "little", signed=True)

    def read_double(self) -> float:
        return float(np.frombuffer(self.take(8), "<f8")[0])

    def read_text(self) -> bytes:
        return bytes(self.take(self.read_int()))

    def read_numbers(self, count: int, dtype: str) -> memoryview:
        return self.take(count * np.dtype(dtype).itemsize)


class _AsciiNumbers:
    """Numbers and texts as they are printed, between blanks and line ends."""

    def __init__(self, content: bytes) -> None:
        self._content, self._place = content, 0

    def _word(self) -> bytes:
        while self._content[self._place] in b" \n":
            self._place += 1
        begin = self._place
        while self._place < len(self._content) and self._content[self._place] not in b" \n":
            self._place += 1
        self._place += 1
        return self._content[begin : min(self._place - 1, begin + 40)]

    def read_int(self) -> int:
        return int(self._word())

    read_long = read_int

    def read_double(self) -> float:
        return float(self._word())

    def read_text(self) -> bytes:
        size = self.read_int()
        if not 0 <= size <= len(self._content) - self._place:
            raise ValueError("it ends before its last object")
        begin, self._place = self._place, self._place + size + 1
        return self._content[begin : begin + size]

    def read_numbers(self, count: int, dtype: str) -> memoryview:
        if not 0 <= count <= len(self._content) - self._place:
            raise ValueError("it ends before its last object")
        numbers = np.fromiter((float(self._word()) for _ in range(count)), np.float64, count)
        with np.errstate(over="ignore", invalid="ignore"):
            return numbers.astype(dtype).data.cast("B")


class _Reader:
    """Reads objects one after the other."""

    def __init__(self, numbers: _BinaryNumbers | _AsciiNumbers, size_bytes: int) -> None:
        self._numbers = numbers
        self._known: dict[int, Value] = {}
        self._left = _BASE_OBJECTS + size_bytes // 16

    def read_object(self) -> _Reading:
        """The next object of any type."""
        self._left -= 1
        if self._left < 0:
            raise ValueError("it holds more objects than any model needs")
        numbers = self._numbers
        kind = numbers.read_int()
        if kind == _NIL:
            return None
        if kind == _NUMBER:
            return numbers.read_double()
        if kind == _STRING:
            return numbers.read_text()
        if kind == _BOOLEAN:
            return numbers.read_int() == 1
        if kind == _FUNCTION:
            numbers.read_text()
            return (yield self.read_object()) and None
        if kind not in (_TABLE, _TORCH, _OLD_RECURSIVE, _RECURSIVE):
            raise ValueError(f"it has an object of the unknown type {kind}")
        index = numbers.read_int()
        if index in self._known:
            return self._known[index]
        self._left -= 8
        if kind == _TABLE:
            table: dict[Any, Value] = {}
            self._known[index] = table
            yield self._fill(table)
            return table
        if kind == _TORCH:
            return (yield self._read_instance(index))
        self._known[index] = None
        numbers.read_text()
        yield self.read_object()
        return None

    def _fill(self, table: dict[Any, Value]) -> _Reading:
        for _ in range(self._numbers.read_int()):
            key = yield self.read_object()
            value = yield self.read_object()
            if isinstance(key, float | bytes | bool):
                table[int(key) if isinstance(key, float) and key.is_integer() else key] = value
        return None

    def _read_instance(self, index: int) -> _Reading:
        name = self._numbers.read_text()
        if name.startswith(b"V "):
            name = self._numbers.read_text()
        cls = name[:100].decode("latin-1")
        kind = cls.removeprefix("torch.")
        if kind.endswith("Tensor") and kind.removesuffix("Tensor") in _DTYPES:
            array = yield self._read_tensor()
            self._known[index] = array
            return array
        if kind.endswith("Storage") and (dtype := _DTYPES.get(kind.removesuffix("Storage"))):
            storage = (dtype, self._numbers.read_numbers(self._numbers.read_long(), dtype))
            self._known[index] = storage
            return storage
        instance = LuaObject(cls)
        self._known[index] = instance
        fields = yield self.read_object()
        if isinstance(fields, dict):
            instance.fields = fields
        return instance

    def _read_tensor(self) -> _Reading:
        count = self._numbers.read_int()
        if not 0 <= count <= 8:
            raise ValueError("one of its tensors is damaged")
        shape = tuple(self._numbers.read_long() for _ in range(count))
        strides = tuple(self._numbers.read_long() for _ in range(count))
        offset = self._numbers.read_long() - 1
        storage = yield self.read_object()
        if storage is None:
            return None
        dtype, content = storage
        if not all(0 <= number < 2**40 for number in (*shape, *strides, offset)):
            raise ValueError("one of its tensors is damaged")
        return Array(shape, lambda: content, dtype, offset, strides)
