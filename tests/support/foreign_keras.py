"""Tiny files of Keras: whole models and weights alone, in HDF5 and in a zip. Letters as in `foreign`."""

import io
import json
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from foreign import VOCAB, E, ForeignFile, H, V, draw, hard_sigmoid, sigmoid, softmax

ACTIVATIONS = {"linear": lambda x: x, "relu": lambda x: np.maximum(x, 0), "tanh": np.tanh, "softmax": softmax}
NAMES = {"Embedding": ["embeddings"], "Dense": ["kernel", "bias"]}
RECURRENT_NAMES = ["kernel", "recurrent_kernel", "bias"]


def make_layer(kind: str, size: int, seed: int, **settings: Any) -> tuple[str, dict[str, Any], list[np.ndarray]]:
    """A layer that reads ``size`` numbers: its class, its configuration, its weights."""
    if kind == "Embedding":
        return kind, {"input_dim": V, "output_dim": E}, [draw(seed, V, E)]
    if kind == "Dense":
        units = settings.get("units", V)
        return kind, {"activation": "softmax", **settings}, [draw(seed, size, units), draw(seed + 1, units)]
    count = {"LSTM": 4, "GRU": 3, "SimpleRNN": 1}.get(kind)
    if count is None:
        return kind, settings, []
    two = kind == "GRU" and settings.get("reset_after", True)
    bias = draw(seed + 2, *((2, count * H) if two else (count * H,)))
    weights = [draw(seed, size, count * H), draw(seed + 1, H, count * H), bias]
    usual = {} if kind == "SimpleRNN" else {"recurrent_activation": "sigmoid"}
    return kind, {"units": H, "activation": "tanh", **usual, **settings}, weights


Layers = Sequence[tuple[str, dict[str, Any], list[np.ndarray]]]


def make_layers(kinds: Sequence[tuple[str, dict[str, Any]]]) -> Layers:
    size, layers = V, []
    for number, (kind, settings) in enumerate(kinds):
        layers.append(make_layer(kind, size, 10 * number + 5, **settings))
        size = {"Embedding": E, "Dense": settings.get("units", V)}.get(kind, H if layers[-1][2] else size)
    return layers


def run_recurrent(
    kind: str, settings: dict[str, Any], weights: list[np.ndarray], xs: list[np.ndarray]
) -> list[np.ndarray]:
    kernel, recurrent, bias = weights
    gate = {"hard_sigmoid": hard_sigmoid}.get(str(settings.get("recurrent_activation")), sigmoid)
    h = c = np.zeros(H)
    outputs = []
    for x in xs:
        if kind == "LSTM":
            i, f, g, o = np.split(x @ kernel + h @ recurrent + bias, 4)
            c = gate(f) * c + gate(i) * np.tanh(g)
            h = gate(o) * np.tanh(c)
        elif kind == "GRU" and settings.get("reset_after", True):
            xz, xr, xh = np.split(x @ kernel + bias[0], 3)
            hz, hr, hh = np.split(h @ recurrent + bias[1], 3)
            z = gate(xz + hz)
            h = z * h + (1 - z) * np.tanh(xh + gate(xr + hr) * hh)
        elif kind == "GRU":
            xz, xr, xh = np.split(x @ kernel + bias, 3)
            rz, rr, rh = np.split(recurrent, 3, axis=1)
            z = gate(xz + h @ rz)
            h = z * h + (1 - z) * np.tanh(xh + (gate(xr + h @ rr) * h) @ rh)
        else:
            h = ACTIVATIONS[settings["activation"]](x @ kernel + h @ recurrent + bias)
        outputs.append(h)
    return outputs


def predict_keras(layers: Layers, ids: list[int]) -> np.ndarray:
    xs: list[np.ndarray] = list(np.eye(V)[ids])
    for kind, settings, weights in layers:
        if kind == "Embedding":
            xs = [weights[0][id] for id in ids]
        elif kind == "Dense":
            xs = [ACTIVATIONS[settings["activation"]](x @ weights[0] + weights[1]) for x in xs]
        elif weights:
            xs = run_recurrent(kind, settings, weights, xs)
    return xs[-1]


def describe(layers: Layers) -> dict[str, Any]:
    """The configuration of a Sequential."""
    entries = [{"class_name": "InputLayer", "config": {"name": "input_layer", "batch_shape": [None, None]}}]
    for number, (kind, settings, _) in enumerate(layers):
        entries.append({"class_name": kind, "config": {"name": f"{kind.lower()}_{number}", **settings}})
    return {"class_name": "Sequential", "config": {"name": "sequential", "layers": entries}}


def write_keras(
    folder: Path, name: str, kinds: Sequence[tuple[str, dict[str, Any]]], version: str = "2.4.0"
) -> ForeignFile:
    """``.h5``: the whole model, or weights alone where the name says so; ``.keras``: a zip."""
    layers = make_layers(kinds)
    path = folder / name
    if path.suffix == ".keras":
        write_zip(path, layers, version)
    else:
        write_hdf5(path, layers, version, with_config="weights" not in name)
    return ForeignFile(path, VOCAB, lambda ids: predict_keras(layers, ids), needs_vocab=True)


def write_hdf5(path: Path, layers: Layers, version: str, with_config: bool) -> None:
    with h5py.File(path, "w") as file:
        root = file.create_group("model_weights") if with_config else file
        if with_config:
            file.attrs["model_config"] = json.dumps(describe(layers)).encode()
        file.attrs["keras_version"] = version.encode()
        names = [f"{kind.lower()}_{number}" for number, (kind, _, _) in enumerate(layers)]
        root.attrs["layer_names"] = np.array([name.encode() for name in names])
        for name, (kind, _, weights) in zip(names, layers, strict=True):
            group = root.create_group(name)
            parts = [f"{name}/{part}:0" for part in NAMES.get(kind, RECURRENT_NAMES)][: len(weights)]
            group.attrs["weight_names"] = np.array([part.encode() for part in parts]) if parts else np.zeros(0)
            for part, weight in zip(parts, weights, strict=True):
                group[part] = weight


def write_zip(path: Path, layers: Layers, version: str) -> None:
    content = io.BytesIO()
    with h5py.File(content, "w") as file:
        counts: dict[str, int] = {}
        for kind, _, weights in layers:
            snake = {"SimpleRNN": "simple_rnn"}.get(kind, kind.lower())
            number = counts[snake] = counts.get(snake, -1) + 1
            inner = f"layers/{snake}_{number}" if number else f"layers/{snake}"
            inner += "/vars" if kind in ("Embedding", "Dense") else "/cell/vars"
            for index, weight in enumerate(weights):
                file[f"{inner}/{index}"] = weight
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("metadata.json", json.dumps({"keras_version": version}))
        archive.writestr("config.json", json.dumps(describe(layers)))
        archive.writestr("model.weights.h5", content.getvalue())


def write_textgenrnn(folder: Path, is_cudnn: bool = False) -> ForeignFile:
    """Weights alone, the vocabulary beside them counted from 1: two LSTMs and attention over the last 40 symbols."""
    symbols = ["", "<s>", *" abcdefghé"]
    size = len(symbols)
    embedding, attention = draw(1, size, E), draw(2, E + 2 * H, 1)
    output, bias = draw(3, E + 2 * H, size), draw(4, size)
    lstms = [[draw(10 + n, rows, 4 * H), draw(20 + n, H, 4 * H), draw(30 + n, 4 * H)] for n, rows in enumerate((E, H))]
    stored = [_store_for_cudnn(*lstm) if is_cudnn else lstm for lstm in lstms]
    weights = {
        "embedding": {"embedding/embeddings:0": embedding},
        **{
            f"rnn_{n}": {f"rnn_{n}/{name}:0": weight for name, weight in zip(RECURRENT_NAMES, lstm, strict=True)}
            for n, lstm in enumerate(stored, 1)
        },
        "rnn_concat": {},
        "attention": {"attention/attention_W:0": attention},
        "output": {"output/kernel:0": output, "output/bias:0": bias},
    }
    path = folder / f"titles{is_cudnn}_weights.hdf5"
    with h5py.File(path, "w") as file:
        file.attrs["layer_names"] = np.array([name.encode() for name in weights])
        file.attrs["keras_version"] = b"2.1.5"
        for name, parts in weights.items():
            group = file.create_group(name)
            group.attrs["weight_names"] = np.array([part.encode() for part in parts]) if parts else np.zeros(0)
            for part, weight in parts.items():
                group[part] = weight
    vocab = {symbol: id for id, symbol in enumerate(symbols) if symbol}
    path.with_name(path.name.replace("_weights.hdf5", "_vocab.json")).write_text(json.dumps(vocab))

    def predict(ids: list[int]) -> np.ndarray:
        xs = [embedding[id] for id in ([0] * 40 + ids)[-40:]]
        ys = run_recurrent("LSTM", {}, lstms[0], xs)
        zs = run_recurrent("LSTM", {}, lstms[1], ys)
        places = np.concatenate([xs, ys, zs], axis=1)
        average = softmax((places @ attention)[:, 0]) @ places
        return softmax(average @ output + bias)

    return ForeignFile(path, ("", "\n", *symbols[2:]), predict)


def _store_for_cudnn(kernel: np.ndarray, recurrent: np.ndarray, bias: np.ndarray) -> list[np.ndarray]:
    """A layer as Keras keeps it for cuDNN: numbers gate by gate in another order, and two biases."""
    kernels = [gate.ravel(order="F").reshape(gate.shape) for gate in np.hsplit(kernel, 4)]
    return [
        np.hstack(kernels),
        np.hstack([gate.T for gate in np.hsplit(recurrent, 4)]),
        np.concatenate([bias / 4, bias * 3 / 4]),
    ]
