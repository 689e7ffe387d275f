"""Folders of ml5's charRNN: ``manifest.json``, ``vocab.json`` and one file of float32 for each array.

They were trained with training-charRNN (a fork of char-rnn-tensorflow), whose cell is TensorFlow's BasicLSTMCell:
one matrix for input and hidden state side by side, gates in the order i, g, f, o, and 1 added to the forget gate.

Letters: V vocabulary, E embedding, H hidden, I input of a layer.
"""

import math
import os
import re
from pathlib import Path

import numpy as np

from rnnchat.importers.array import Array
from rnnchat.importers.network import Layer, Network, build_model, reorder, split_bias
from rnnchat.importers.source import Importer, Source
from rnnchat.importers.vocabulary import find_tokenizer, parse_symbols
from rnnchat.model.container import open_file, parse_json
from rnnchat.model.file import Model

_LAYER = re.compile(r"rnnlm/multi_rnn_cell/cell_(\d{1,2})/(?:basic_)?(lstm|gru|rnn)_cell/(weights|biases|kernel|bias)")
_FORGET_BIAS = 1.0
_MAX_JSON_BYTES = 2**24


def _find_folder(source: Source) -> Path:
    return source.path if source.path.is_dir() else source.path.parent


def _recognises(source: Source) -> bool:
    is_part = source.path.is_dir() or source.path.name in ("manifest.json", "vocab.json")
    return is_part and (_find_folder(source) / "manifest.json").is_file()


def _read(source: Source) -> Model:
    folder = _find_folder(source)
    manifest = _read_json(folder / "manifest.json")
    arrays = {name: _read_array(folder, entry) for name, entry in manifest.items() if name != "Variable"}
    layers: dict[int, dict[str, np.ndarray]] = {}
    for name, array in arrays.items():
        if match := _LAYER.fullmatch(name):
            if match[2] != "lstm":
                raise source.refuse(f"has {match[2]} cells, of which ml5 has none: only LSTM can be imported")
            part = {"kernel": "weights", "bias": "biases"}.get(match[3], match[3])
            layers.setdefault(int(match[1]), {})[part] = array
    if not layers or not {"embedding", "rnnlm/softmax_w", "rnnlm/softmax_b"} <= arrays.keys():
        raise source.refuse("is not a charRNN of ml5: its manifest lists other arrays")
    network = Network(
        "lstm",
        [_make_layer(layers[index]) for index in sorted(layers)],
        arrays["rnnlm/softmax_w"].T,
        arrays["rnnlm/softmax_b"],
        arrays["embedding"],
        title=f"imported from {folder.name} (ml5 charRNN)",
    )
    vocab = folder / "vocab.json"
    found = parse_symbols(_read_json(vocab), network.vocab_size) if vocab.is_file() else None
    return build_model(network, find_tokenizer(source, network.vocab_size, found))


def _make_layer(parts: dict[str, np.ndarray]) -> Layer:
    """A layer from its weights (I + H, 4H) and biases (4H,)."""
    if len(parts) != 2 or parts["weights"].ndim != 2 or parts["biases"].ndim != 1 or parts["weights"].shape[1] % 4:
        raise ValueError("weights of a layer are missing or do not fit together")
    weight, bias = reorder(parts["weights"].T, "igfo", "ifgo"), reorder(parts["biases"], "igfo", "ifgo")
    hidden = weight.shape[0] // 4
    bias[hidden : 2 * hidden] += _FORGET_BIAS
    return Layer(weight[:, :-hidden], weight[:, -hidden:], *split_bias(bias, len(weight)))


def _read_array(folder: Path, entry: object) -> np.ndarray:
    """An array of the manifest: its file lies in the folder itself, and is as long as its shape says."""
    if not isinstance(entry, dict):
        raise ValueError("its manifest is damaged")
    name, shape = entry.get("filename"), entry.get("shape")
    if not isinstance(name, str) or not re.fullmatch(r"[\w.-]{1,200}", name) or not isinstance(shape, list):
        raise ValueError("its manifest is damaged")
    if len(shape) > 2 or not all(type(size) is int and 0 < size < 2**31 for size in shape):
        raise ValueError("its manifest is damaged")
    size = math.prod(shape) * 4
    path = folder / name
    if path.stat().st_size != size:
        raise ValueError(f"{name} does not have the {size:,} bytes that its manifest says")
    with open_file(path) as file:
        content = memoryview(file.read(size))
    return Array(tuple(shape), lambda: content, "<f4").read()


def _read_json(path: Path) -> dict[str, object]:
    with open_file(path) as file:
        if os.fstat(file.fileno()).st_size > _MAX_JSON_BYTES:
            raise ValueError(f"{path.name} is larger than any model needs")
        value = parse_json(file.read().decode())
    if not isinstance(value, dict):
        raise ValueError(f"{path.name} is not a table")
    return value


IMPORTER = Importer("ml5 charRNN", _recognises, _read)
