"""Tiny files of other programs, written as those programs write them, and what each network computes, in NumPy.

The equations stand here in the layout of each program's own weights, so that they share nothing with the importers.

Letters: V vocabulary, E embedding, H hidden, I input of a layer, T symbols of a text.
"""

import io
import json
import pickle
import string
import struct
import tarfile
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

VOCAB = "\n abcdefghé"
V, E, H = len(VOCAB), 5, 4
Equations = Callable[[list[int]], np.ndarray]


@dataclass(frozen=True)
class ForeignFile:
    """A file of another program."""

    path: Path
    symbols: str | tuple[str, ...]
    """Texts by id."""
    predict: Equations
    """Probabilities (V,) of what follows some ids."""
    needs_vocab: bool = False
    """Whether the file does not say what its ids stand for."""


def sigmoid(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-x))


def hard_sigmoid(x: np.ndarray) -> np.ndarray:
    """That of Keras 1 and 2."""
    return np.clip(0.2 * x + 0.5, 0, 1)


def softmax(x: np.ndarray) -> np.ndarray:
    weights = np.exp(x - x.max())
    return weights / weights.sum()


def draw(seed: int, *shape: int) -> np.ndarray:
    return np.random.default_rng(seed).normal(0, 0.6, shape).astype(np.float32)


# Torch: gates along the first axis, two biases


def torch_lstm(w: dict[str, np.ndarray], xs: list[np.ndarray]) -> list[np.ndarray]:
    h = c = np.zeros(w["weight_hh"].shape[1])
    outputs = []
    for x in xs:
        i, f, g, o = np.split(w["weight_ih"] @ x + w["bias_ih"] + w["weight_hh"] @ h + w["bias_hh"], 4)
        c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
        h = sigmoid(o) * np.tanh(c)
        outputs.append(h)
    return outputs


def torch_gru(w: dict[str, np.ndarray], xs: list[np.ndarray]) -> list[np.ndarray]:
    h = np.zeros(w["weight_hh"].shape[1])
    outputs = []
    for x in xs:
        xr, xz, xn = np.split(w["weight_ih"] @ x + w["bias_ih"], 3)
        hr, hz, hn = np.split(w["weight_hh"] @ h + w["bias_hh"], 3)
        z = sigmoid(xz + hz)
        h = (1 - z) * np.tanh(xn + sigmoid(xr + hr) * hn) + z * h
        outputs.append(h)
    return outputs


def torch_rnn(w: dict[str, np.ndarray], xs: list[np.ndarray]) -> list[np.ndarray]:
    h = np.zeros(w["weight_hh"].shape[1])
    outputs = []
    for x in xs:
        h = np.tanh(w["weight_ih"] @ x + w["bias_ih"] + w["weight_hh"] @ h + w["bias_hh"])
        outputs.append(h)
    return outputs


TORCH_CELLS = {"LSTM": (4, torch_lstm), "GRU": (3, torch_gru), "RNN": (1, torch_rnn)}


def make_torch_weights(module: str, name: str, input_size: int, layers: int, vocab: int = V) -> dict[str, np.ndarray]:
    """Weights of an embedding ``encoder``, layers called ``name``, and ``decoder``."""
    gates = TORCH_CELLS[module][0]
    weights = {"encoder.weight": draw(1, vocab, input_size)}
    for layer in range(layers):
        size = H if layer else input_size
        weights[f"{name}.weight_ih_l{layer}"] = draw(10 + layer, gates * H, size)
        weights[f"{name}.weight_hh_l{layer}"] = draw(20 + layer, gates * H, H)
        weights[f"{name}.bias_ih_l{layer}"] = draw(30 + layer, gates * H)
        weights[f"{name}.bias_hh_l{layer}"] = draw(40 + layer, gates * H)
    return weights | {"decoder.weight": draw(2, vocab, H), "decoder.bias": draw(3, vocab)}


def predict_torch(module: str, name: str, weights: dict[str, np.ndarray], layers: int) -> Equations:
    def predict(ids: list[int]) -> np.ndarray:
        xs = [weights["encoder.weight"][id] for id in ids] if "encoder.weight" in weights else list(np.eye(V)[ids])
        for layer in range(layers):
            part = {key: weights[f"{name}.{key}_l{layer}"] for key in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")}
            xs = TORCH_CELLS[module][1](part, xs)
        return softmax(weights["decoder.weight"] @ xs[-1] + weights["decoder.bias"])

    return predict


def to_tensors(weights: dict[str, np.ndarray]) -> Any:
    import torch

    return OrderedDict((name, torch.tensor(weight)) for name, weight in weights.items())


def write_state_dict(folder: Path, is_zip: bool, module: str = "LSTM", **beside: Any) -> ForeignFile:
    """What `torch.save` makes of a state dict and values beside it, in the new layout or the old one."""
    import torch

    weights = make_torch_weights(module, "rnn", E, layers=2)
    path = folder / f"state-{module}-{is_zip}.pt"
    value = {"state_dict": to_tensors(weights), **beside} if beside else to_tensors(weights)
    torch.save(value, path, _use_new_zipfile_serialization=is_zip)
    return ForeignFile(path, VOCAB, predict_torch(module, "rnn", weights, 2), needs_vocab="chars" not in beside)


def write_one_hot(folder: Path) -> ForeignFile:
    """A network without an embedding, its vocabulary beside it (as in a course of Udacity)."""
    import torch

    weights = make_torch_weights("LSTM", "lstm", V, layers=2)
    del weights["encoder.weight"]
    path = folder / "rnn.net"
    value = {"n_hidden": H, "n_layers": 2, "state_dict": to_tensors(weights), "tokens": tuple(VOCAB)}
    torch.save(value, path, _use_new_zipfile_serialization=False)
    return ForeignFile(path, VOCAB, predict_torch("LSTM", "lstm", weights, 2))


def write_char_rnn_pytorch(folder: Path, is_zip: bool = True) -> ForeignFile:
    """A pickled module of char-rnn.pytorch, which knows Python's printable characters."""
    import torch
    from torch import nn

    class CharRNN(nn.Module):
        def __init__(self, size: int) -> None:
            super().__init__()
            self.model, self.n_layers = "gru", 2
            self.encoder, self.decoder = nn.Embedding(size, E), nn.Linear(H, size)
            self.rnn = nn.GRU(E, H, 2)

    CharRNN.__module__, CharRNN.__qualname__ = "model", "CharRNN"
    size = len(string.printable)
    weights = make_torch_weights("GRU", "rnn", E, layers=2, vocab=size)
    module = CharRNN(size)
    module.load_state_dict(to_tensors(weights))
    path = folder / f"char-rnn-{is_zip}.pt"
    save_as("model", "CharRNN", CharRNN, lambda: torch.save(module, path, _use_new_zipfile_serialization=is_zip))
    return ForeignFile(path, string.printable, predict_torch("GRU", "rnn", weights, 2))


def save_as(module: str, name: str, cls: type, save: Callable[[], None]) -> None:
    """Pickle an object of a class that lives in a module of another program."""
    import sys
    import types

    stand_in = types.ModuleType(module)
    setattr(stand_in, name, cls)
    before = sys.modules.get(module)
    sys.modules[module] = stand_in
    try:
        save()
    finally:
        sys.modules.pop(module)
        if before is not None:
            sys.modules[module] = before


def write_torch_tar(folder: Path) -> ForeignFile:
    """The first layout of torch (before 0.1.10): a tar of pickles and raw numbers."""
    weights = make_torch_weights("GRU", "rnn", E, layers=1)
    names = list(weights)
    storages = pickle.dumps(len(names), 2)
    tensors = pickle.dumps(len(names), 2)
    for key, name in enumerate(names):
        weight = weights[name]
        kind = b"\x80\x02(K" + bytes([key]) + b"X\x03\0\0\0cpuctorch\nFloatStorage\nt."
        storages += kind + struct.pack("<q", weight.size) + weight.tobytes()
        tensors += b"\x80\x02(K" + bytes([key]) + b"K" + bytes([key]) + b"ctorch\nFloatTensor\nt."
        tensors += struct.pack("<ii", weight.ndim, 0) + struct.pack(f"<{weight.ndim}q", *weight.shape)
        tensors += struct.pack(f"<{weight.ndim}q", *(step // 4 for step in weight.strides)) + struct.pack("<q", 0)
    table = (
        b"\x80\x02}("
        + b"".join(
            b"X" + struct.pack("<i", len(name)) + name.encode() + b"K" + bytes([key]) + b"Q"
            for key, name in enumerate(names)
        )
        + b"u."
    )
    path = folder / "old.pt"
    with tarfile.open(path, "w") as archive:
        parts = {"sys_info": pickle.dumps({}, 2), "pickle": table, "tensors": tensors, "storages": storages}
        for name, content in parts.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return ForeignFile(path, VOCAB, predict_torch("GRU", "rnn", weights, 1), needs_vocab=True)


def write_safetensors(folder: Path) -> ForeignFile:
    from safetensors.numpy import save_file

    weights = make_torch_weights("LSTM", "lstm", E, layers=1)
    path = folder / "weights.safetensors"
    save_file(weights, path)
    return ForeignFile(path, VOCAB, predict_torch("LSTM", "lstm", weights, 1), needs_vocab=True)


# ml5: TensorFlow's BasicLSTMCell


def write_ml5(folder: Path) -> ForeignFile:
    folder = folder / "ml5"
    folder.mkdir(exist_ok=True)
    cell = "rnnlm/multi_rnn_cell/cell_{}/basic_lstm_cell/{}"
    arrays = {"embedding": draw(1, V, H), "rnnlm/softmax_w": draw(2, H, V), "rnnlm/softmax_b": draw(3, V)}
    for layer in range(2):
        arrays[cell.format(layer, "weights")] = draw(10 + layer, 2 * H, 4 * H)
        arrays[cell.format(layer, "biases")] = draw(20 + layer, 4 * H)
    manifest: dict[str, Any] = {"Variable": {"filename": "Variable", "shape": []}}
    for name, array in arrays.items():
        manifest[name] = {"filename": name.replace("/", "_"), "shape": list(array.shape)}
        (folder / name.replace("/", "_")).write_bytes(array.tobytes())
    (folder / "manifest.json").write_text(json.dumps(manifest))
    (folder / "vocab.json").write_text(json.dumps({symbol: id for id, symbol in enumerate(VOCAB)}))

    def predict(ids: list[int]) -> np.ndarray:
        xs = [arrays["embedding"][id] for id in ids]
        for layer in range(2):
            weight, bias = arrays[cell.format(layer, "weights")], arrays[cell.format(layer, "biases")]
            h = c = np.zeros(H)
            outputs = []
            for x in xs:
                i, j, f, o = np.split(np.concatenate([x, h]) @ weight + bias, 4)
                c = c * sigmoid(f + 1.0) + sigmoid(i) * np.tanh(j)
                h = np.tanh(c) * sigmoid(o)
                outputs.append(h)
            xs = outputs
        return softmax(xs[-1] @ arrays["rnnlm/softmax_w"] + arrays["rnnlm/softmax_b"])

    return ForeignFile(folder, VOCAB, predict)
