"""The files of ``torch.save``, in their three layouts, without torch: values in which every tensor is an `Array`.

    zip      NAME/data.pkl and NAME/data/0, 1, …: a pickle and each storage's bytes (torch 1.6 and later)
    magic    five pickles, the fourth the value and the fifth the storages' keys, then for each its length and bytes
             (torch 0.1.10 to 1.5)
    tar      members ``sys_info``, ``storages``, ``tensors``, ``pickle`` (before that)

See `rnnchat.importers.pickle_data` for why nothing in a pickle is run.
"""

import struct
import tarfile
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any

import numpy as np

from rnnchat.importers.array import Array
from rnnchat.importers.pickle_data import Name, read_pickle
from rnnchat.importers.zip_file import Archive

MAGIC = b"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19."
"""The first pickle of the layout ``magic``: the number 0x1950a86a20f9469cfc6c."""

DTYPES: dict[str, str] = {
    "Float": "<f4", "Double": "<f8", "Half": "<f2", "BFloat16": "bf16", "Long": "<i8", "Int": "<i4", "Short": "<i2",
    "Char": "<i1", "Byte": "<u1", "Bool": "<u1",
}  # fmt: skip
"""Types of numbers by the name of torch's class of storages, without its ``Storage``."""
_NAMED_DTYPES = {"float32": "Float", "float64": "Double", "float16": "Half", "bfloat16": "BFloat16"}


@dataclass(eq=False)
class _Storage:
    """The numbers that tensors are views of."""

    dtype: str
    content: memoryview = field(default_factory=lambda: memoryview(b""))


def read_torch_file(content: bytes) -> Any:
    """The value that was saved.

    Raises:
        ValueError: it is damaged, or no file of torch.
    """
    if content.startswith(b"PK"):
        return _read_zip(content)
    return _read_magic(content) if content.startswith(MAGIC) else _read_tar(content)


def _read_zip(content: bytes) -> Any:
    archive = Archive(content)
    names = {name.partition("/")[2]: name for name in archive.names}
    if "byteorder" in names and archive.read(names["byteorder"]) != b"little":
        raise ValueError("its numbers are big-endian, which no processor of today writes")
    storages: dict[str, _Storage] = {}

    def load(reference: Any) -> _Storage:
        dtype, key = _read_reference(reference)
        if key not in storages:
            storages[key] = _Storage(dtype, memoryview(archive.read(names.get(f"data/{key}", f"data/{key}"))))
        return storages[key]

    pickle = archive.read(names.get("data.pkl", "data.pkl"))
    return read_pickle(BytesIO(pickle), len(content), load, _build)


def _read_magic(content: bytes) -> Any:
    stream = BytesIO(content)
    storages: dict[str, _Storage] = {}

    def load(reference: Any) -> Any:
        if isinstance(reference, tuple) and reference[:1] == ("module",):
            return reference[1]  # a class, with its source
        dtype, key = _read_reference(reference)
        return storages.setdefault(key, _Storage(dtype))

    for _ in ("magic", "version", "machine"):
        read_pickle(stream, len(content))
    value = read_pickle(stream, len(content), load, _build)
    for key in read_pickle(stream, len(content)):
        storage = storages.setdefault(str(key), _Storage("Byte"))
        storage.content = _read_storage(memoryview(content), stream, storage.dtype)
    return value


def _read_storage(content: memoryview, stream: BytesIO, dtype: str) -> memoryview:
    """The numbers behind their count, where ``stream`` stands."""
    (count,) = _unpack("<q", stream)
    size = 2 if dtype == "BFloat16" else np.dtype(DTYPES[dtype]).itemsize
    begin, end = stream.tell(), stream.tell() + count * size
    if not begin <= end <= len(content):
        raise ValueError("it ends inside its weights")
    stream.seek(end)
    return content[begin:end]


def _unpack(layout: str, stream: BytesIO) -> tuple[int, ...]:
    """The whole numbers that stand in a stream.

    Raises:
        ValueError: it ends before them.
    """
    content = stream.read(struct.calcsize(layout))
    if len(content) < struct.calcsize(layout):
        raise ValueError("it ends inside its weights")
    return struct.unpack(layout, content)


def _read_tar(content: bytes) -> Any:
    members: dict[str, bytes] = {}
    try:
        with tarfile.open(fileobj=BytesIO(content), mode="r:") as archive:
            for member in archive:
                is_plain = member.isreg() and not member.issparse() and member.size <= len(content)
                if is_plain and (file := archive.extractfile(member)):
                    members[member.name.removeprefix("./")[:80]] = file.read()
    except (tarfile.TarError, OSError, EOFError) as e:
        raise ValueError("it is a damaged tar archive") from e
    size = len(content)
    storages: dict[str, _Storage] = {}
    stream = BytesIO(members["storages"])
    for _ in range(_read_count(stream, size)):
        key, _, kind = read_pickle(stream, size)
        dtype = str(kind.name).removesuffix("Storage")
        storages[str(key)] = _Storage(dtype, _read_storage(memoryview(members["storages"]), stream, dtype))
    stream = BytesIO(members["tensors"])
    tensors: dict[str, Array] = {}
    for _ in range(_read_count(stream, size)):
        key, storage_key, _ = read_pickle(stream, size)
        (dimensions, _) = _unpack("<ii", stream)
        if not 0 <= dimensions <= 8:
            raise ValueError("one of its tensors is damaged")
        numbers = _unpack(f"<{2 * dimensions + 1}q", stream)
        shape, strides, offset = numbers[:dimensions], numbers[dimensions:-1], numbers[-1]
        tensors[str(key)] = _view(storages[str(storage_key)], offset, shape, strides)
    return read_pickle(BytesIO(members["pickle"]), size, lambda key: _find_object(key, tensors), _build)


def _find_object(reference: Any, tensors: dict[str, Array]) -> Any:
    """What a persistent id of the layout ``tar`` stands for: a class with its source, a tensor, or a storage."""
    if isinstance(reference, tuple):
        return reference[1]
    return tensors.get(str(reference))


def _read_count(stream: BytesIO, file_bytes: int) -> int:
    count = read_pickle(stream, file_bytes)
    if type(count) is not int or not 0 <= count <= file_bytes:
        raise ValueError("it is damaged")
    return count


def _read_reference(reference: Any) -> tuple[str, str]:
    """The type and the key of a storage, from its persistent id: ("storage", class, key, place, count, …)."""
    if not isinstance(reference, tuple) or len(reference) < 5 or not isinstance(reference[1], Name):
        raise ValueError("its pickle refers to what is not in the file")
    dtype = reference[1].name.removesuffix("Storage")
    return (dtype if dtype in DTYPES else "Byte"), str(reference[2])


def _build(cls: Name, args: tuple[Any, ...]) -> Any:
    """The tensors of a pickle, as torch's own functions would build them; None for all else."""
    if cls.name in ("_rebuild_parameter", "_rebuild_parameter_with_state", "Parameter", "Variable"):
        return args[0] if args and isinstance(args[0], Array) else None
    if cls.name not in ("_rebuild_tensor", "_rebuild_tensor_v2", "_rebuild_tensor_v3"):
        return None
    storage, offset, shape, strides = args[:4]
    if not isinstance(storage, _Storage):
        return None
    if cls.name == "_rebuild_tensor_v3":  # its storage is bytes, its type comes last
        storage = _Storage(_NAMED_DTYPES.get(getattr(args[6], "name", ""), "Byte"), storage.content)
    return _view(storage, offset, shape, strides)


def _view(storage: _Storage, offset: Any, shape: Any, strides: Any) -> Array:
    numbers = (offset, *shape, *strides)
    if not all(type(number) is int and 0 <= number < 2**62 for number in numbers) or len(shape) > 8:
        raise ValueError("one of its tensors is damaged")
    return Array(tuple(shape), lambda: storage.content, DTYPES.get(storage.dtype, "<u1"), offset, tuple(strides))
