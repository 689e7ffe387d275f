"""A model as a ``.keras`` file, for Keras 3 on any backend, without rnnchat.

The file is a zip of the network's description (``config.json``), its weights (``model.weights.h5``), and the vocabulary
as `rnnchat.text.vocabulary` writes it out (``vocabulary.json``), which Keras passes over.

Letters: V vocabulary, E embedding, H hidden, I input of a layer, G gates.
"""

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from rnnchat.errors import ModelError
from rnnchat.model.config import ModelConfig
from rnnchat.model.file import Model
from rnnchat.paths import replace_atomically
from rnnchat.text.vocabulary import describe_vocabulary

VOCABULARY = "vocabulary.json"
_VERSION = "3.0.0"
"""The oldest Keras that reads the file."""
_LAYERS: dict[str, tuple[str, dict[str, Any], str, str]] = {
    "lstm": ("LSTM", {}, "ifgo", "ifgo"),
    "gru": ("GRU", {"reset_after": True}, "rzn", "zrn"),
    "rnn-tanh": ("SimpleRNN", {"activation": "tanh"}, "h", "h"),
    "rnn-relu": ("SimpleRNN", {"activation": "relu"}, "h", "h"),
}
"""For each cell the class of Keras, its arguments, and the gates in our order and in that of Keras."""
_SNAKE_NAMES = {"LSTM": "lstm", "GRU": "gru", "SimpleRNN": "simple_rnn"}


def write_keras(model: Model, path: Path) -> None:
    """Write ``model`` to ``path``: under a temporary name first, then renamed.

    Raises:
        ModelError: Keras has no layer for the cell, or the network is residual.
        OSError: the folder cannot be written, or the disk is full.
    """
    config = model.config
    if config.cell not in _LAYERS:
        raise ModelError(f"Keras has no layer for the cell {config.cell}: export with --torch or --onnx")
    if any(map(config.adds_input, range(config.num_layers))):
        raise ModelError("a residual network is not a chain of Keras layers: export with --torch or --onnx")
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("metadata.json", json.dumps({"keras_version": _VERSION}))
        archive.writestr("config.json", json.dumps(_describe(config)))
        archive.writestr("model.weights.h5", _pack_weights(model))
        archive.writestr(VOCABULARY, json.dumps(describe_vocabulary(model.tokenizer), ensure_ascii=False))
    with replace_atomically(path) as temporary:
        temporary.write_bytes(content.getvalue())


def _describe(config: ModelConfig) -> dict[str, Any]:
    """The network as a Sequential."""
    kind, arguments, _, _ = _LAYERS[config.cell]
    shape: list[int | None] = [None, None] if config.embedding_size else [None, None, config.vocab_size]
    layers = [_describe_layer("InputLayer", "input", None, batch_shape=shape, dtype="float32")]
    if config.embedding_size:
        sizes = {"input_dim": config.vocab_size, "output_dim": config.embedding_size}
        layers.append(_describe_layer("Embedding", "embedding", shape, **sizes))
    size = config.input_size
    for layer, hidden in enumerate(config.hidden_sizes):
        settings = {"units": hidden, "return_sequences": True, **arguments}
        layers.append(_describe_layer(kind, f"layer_{layer}", [None, None, size], **settings))
        size = hidden
    dense = {"units": config.vocab_size, "activation": "softmax"}
    layers.append(_describe_layer("Dense", "output", [None, None, size], **dense))
    inner = {"name": "rnnchat", "trainable": True, "layers": layers, "build_input_shape": shape}
    return {
        "module": "keras", "class_name": "Sequential", "config": inner, "registered_name": None,
        "build_config": {"input_shape": shape},
    }  # fmt: skip


def _describe_layer(kind: str, name: str, input_shape: list[int | None] | None, **settings: Any) -> dict[str, Any]:
    layer = {
        "module": "keras.layers", "class_name": kind, "config": {"name": name, **settings}, "registered_name": None
    }  # fmt: skip
    return layer if input_shape is None else {**layer, "build_config": {"input_shape": input_shape}}


def _pack_weights(model: Model) -> bytes:
    """The weights as HDF5, under the names of their classes, counted."""
    import h5py  # 0.2 s

    content = io.BytesIO()
    with h5py.File(content, "w") as file:
        if model.config.embedding_size:
            file["layers/embedding/vars/0"] = model.weights["embedding.weight"]
        snake = _SNAKE_NAMES[_LAYERS[model.config.cell][0]]
        for layer in range(model.config.num_layers):
            name = f"{snake}_{layer}" if layer else snake
            for index, weight in enumerate(_list_weights(model, layer)):
                file[f"layers/{name}/cell/vars/{index}"] = weight
        output = model.weights["embedding.weight" if model.config.tied else "output.weight"]
        if model.config.has_projection:
            output = output @ model.weights["projection.weight"]
        file["layers/dense/vars/0"] = output.T
        file["layers/dense/vars/1"] = model.weights["output.bias"]
    return content.getvalue()


def _list_weights(model: Model, layer: int) -> list[np.ndarray]:
    """A layer's kernel (I, G*H), recurrent kernel (H, G*H), and bias: (2, G*H) for a GRU, (G*H,) for the others."""
    _, _, ours, theirs = _LAYERS[model.config.cell]
    parts = []
    for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh"):
        gates = np.split(model.weights[f"layers.{layer}.{name}"], len(ours))
        parts.append(np.concatenate([gates[ours.index(gate)] for gate in theirs]))
    kernel, recurrent, bias, other = parts
    return [kernel.T, recurrent.T, np.stack([bias, other]) if model.config.cell == "gru" else bias + other]
