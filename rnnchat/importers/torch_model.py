"""Files of ``torch.save`` and state dicts in safetensors: `rnnchat.importers.state_dict` says what is recognised."""

from typing import Any

from rnnchat.importers.array import Array
from rnnchat.importers.network import build_model
from rnnchat.importers.source import Importer, Source
from rnnchat.importers.state_dict import collect_weights, guess_symbols, recognise
from rnnchat.importers.torch_file import MAGIC, read_torch_file
from rnnchat.importers.vocabulary import find_tokenizer, search_symbols
from rnnchat.importers.zip_file import Archive
from rnnchat.model.container import Container, open_file
from rnnchat.model.file import Model

_SAFETENSORS_DTYPES = {
    "F32": "<f4", "F16": "<f2", "F64": "<f8", "BF16": "bf16", "I64": "<i8", "I32": "<i4", "U8": "<u1", "BOOL": "<u1",
}  # fmt: skip
_SIZES = {"F64": 8, "I64": 8, "F32": 4, "I32": 4, "F16": 2, "BF16": 2}


def _is_torch_file(source: Source) -> bool:
    content = source.content
    if content.startswith(b"PK"):
        return any(name.endswith("data.pkl") for name in Archive(content).names)
    return content.startswith(MAGIC) or (content[257:262] == b"ustar" and b"sys_info" in content[:4096])


def _read_torch_file(source: Source) -> Model:
    if source.content.startswith(b"PK") and any("/code/" in name for name in Archive(source.content).names):
        raise source.refuse("is a TorchScript program, which would have to be run: import its state dict instead")
    return _make_model(source, read_torch_file(source.content))


def _is_safetensors(source: Source) -> bool:
    return source.content[8:9] == b"{" and source.content[5:8] == b"\0\0\0"


def _read_safetensors(source: Source) -> Model:
    content = source.content
    with open_file(source.path) as file:
        container = Container(file)
    begin = 8 + int.from_bytes(content[:8], "little")
    data = memoryview(content)[begin:]
    tensors = {}
    for name, info in container.tensors.items():
        dtype = _SAFETENSORS_DTYPES.get(info.dtype)
        if dtype and info.begin % _SIZES.get(info.dtype, 1) == 0:
            tensors[name] = Array(info.shape, lambda: data, dtype, info.begin // _SIZES.get(info.dtype, 1))
    return _make_model(source, {**tensors, "__metadata__": dict(container.metadata)})


def _make_model(source: Source, value: Any) -> Model:
    weights = collect_weights(value)
    network = recognise(source, weights)
    found = search_symbols(value, network.vocab_size)
    usual = guess_symbols(weights, network.vocab_size)
    return build_model(network, find_tokenizer(source, network.vocab_size, found, usual))


TORCH = Importer("torch", _is_torch_file, _read_torch_file)
SAFETENSORS = Importer("safetensors", _is_safetensors, _read_safetensors)
