"""Tiny checkpoints of Torch7: char-rnn and torch-rnn. Letters as in `foreign`."""

import struct
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from foreign import VOCAB, E, ForeignFile, H, V, draw, sigmoid, softmax


class LuaClass(NamedTuple):
    name: str
    fields: Any


class LuaWriter:
    """Writes values as ``torch.save`` of Lua does; what is the same object is written once."""

    def __init__(self, is_ascii: bool) -> None:
        self.content = b""
        self._is_ascii = is_ascii
        self._indices: dict[int, int] = {}
        self._kept: list[Any] = []

    def _int(self, value: int) -> None:
        self.content += f"{value}\n".encode() if self._is_ascii else struct.pack("<i", value)

    def _long(self, value: int) -> None:
        self.content += f"{value}\n".encode() if self._is_ascii else struct.pack("<q", value)

    def _text(self, text: bytes) -> None:
        self._int(len(text))
        self.content += text + (b"\n" if self._is_ascii else b"")

    def write(self, value: Any) -> None:
        if value is None:
            self._int(0)
        elif isinstance(value, bool):
            self._int(5)
            self._int(int(value))
        elif isinstance(value, int | float):
            self._int(1)
            self.content += f"{value!r}\n".encode() if self._is_ascii else struct.pack("<d", value)
        elif isinstance(value, str | bytes):
            self._int(2)
            self._text(value.encode() if isinstance(value, str) else value)
        else:
            self._write_object(value)

    def _write_object(self, value: Any) -> None:
        is_known = id(value) in self._indices
        index = self._indices.setdefault(id(value), len(self._indices) + 1)
        self._kept.append(value)
        self._int(3 if isinstance(value, dict) else 4)
        self._int(index)
        if is_known:
            return
        if isinstance(value, dict):
            self._int(len(value))
            for key, entry in value.items():
                self.write(key)
                self.write(entry)
            return
        self._text(b"V 1")
        if isinstance(value, LuaClass):
            self._text(value.name.encode())
            self.write(value.fields)
            return
        self._text(b"torch.DoubleTensor")
        self._int(value.ndim)
        for number in (*value.shape, *(step // value.itemsize for step in value.strides), 1):
            self._long(number)
        self._int(4)
        self._indices[id(value) + 1] = index = len(self._indices) + 1  # the storage
        self._int(index)
        self._text(b"V 1")
        self._text(b"torch.DoubleStorage")
        self._long(value.size)
        numbers = value.astype(float).ravel()
        text = (" ".join(map(repr, numbers.tolist())) + "\n").encode()
        self.content += text if self._is_ascii else numbers.tobytes()


def number(values: Any) -> dict[int, Any]:
    """A list as Lua has it, counted from 1."""
    return dict(enumerate(values, 1))


def write(path: Path, value: Any, is_ascii: bool) -> Path:
    writer = LuaWriter(is_ascii)
    writer.write(value)
    path.write_bytes(writer.content)
    return path


def run_lstm(sums: list[np.ndarray], c: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """One step from the sums of all gates, in the order of both programs: i, f, o, g."""
    i, f, o, g = sums
    c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
    return sigmoid(o) * np.tanh(c), c


def write_torch_rnn(
    folder: Path, is_ascii: bool = False, cell: str = "lstm", vocab: list[bytes] | None = None
) -> ForeignFile:
    count = 4 if cell == "lstm" else 1
    embedding, output, bias = draw(1, V, E), draw(2, V, H), draw(3, V)
    layers = [(draw(10 + n, size + H, count * H), draw(20 + n, count * H)) for n, size in enumerate((E, H))]
    name = "nn.LSTM" if cell == "lstm" else "nn.VanillaRNN"
    modules = [
        LuaClass("nn.LookupTable", {"weight": embedding}),
        *(LuaClass(name, {"weight": weight, "bias": b, "remember_states": True}) for weight, b in layers),
        LuaClass("nn.View", {"numElements": -1}),
        LuaClass("nn.Linear", {"weight": output, "bias": bias}),
        LuaClass("nn.View", {"numElements": 1}),
    ]
    tokens = vocab or [char.encode() for char in VOCAB]
    fields = {
        "model_type": cell, "wordvec_dim": E, "rnn_size": H, "num_layers": 2, "dropout": 0.0, "batchnorm": 0,
        "idx_to_token": number(tokens), "token_to_idx": {token: id for id, token in enumerate(tokens, 1)},
        "net": LuaClass("nn.Sequential", {"modules": number(modules), "train": False}),
    }  # fmt: skip
    checkpoint = {
        "opt": {"rnn_size": H, "init_from": ""}, "train_loss_history": number([2.0, 1.5]), "i": 2,
        "model": LuaClass("nn.LanguageModel", fields),
    }  # fmt: skip

    def predict(ids: list[int]) -> np.ndarray:
        xs = [embedding[id] for id in ids]
        for weight, b in layers:
            h = c = np.zeros(H)
            outputs = []
            for x in xs:
                total = x @ weight[: len(x)] + h @ weight[len(x) :] + b
                if cell == "lstm":
                    h, c = run_lstm(np.split(total, 4), c)
                else:
                    h = np.tanh(total)
                outputs.append(h)
            xs = outputs
        return softmax(output @ xs[-1] + bias)

    path = write(folder / f"torch-rnn-{cell}-{is_ascii}.t7", checkpoint, is_ascii)
    return ForeignFile(path, VOCAB, predict)


def write_char_rnn(folder: Path, cell: str = "lstm") -> ForeignFile:
    """A graph as nngraph keeps it: nodes in the order of the computation, each with the data of those it reads."""
    count = {"lstm": 4, "rnn": 1}[cell]
    layers = [
        [draw(10 + n, count * H, size), draw(20 + n, count * H), draw(30 + n, count * H, H), draw(40 + n, count * H)]
        for n, size in enumerate((V, H))
    ]
    output, bias = draw(2, V, H), draw(3, V)

    def node(cls: str, parents: list[Any], **fields: Any) -> dict[str, Any]:
        return {"module": LuaClass(cls, dict(fields)), "mapindex": number(parents)}

    # Both hidden states come first, in whatever order: only the sums tell which belongs to which layer.
    symbols, *hidden = (node("nn.Identity", []) for _ in range(3))
    entries = [symbols, *hidden]
    x = node("nn.OneHot", [symbols])
    entries.append(x)
    recurrent = [node("nn.Linear", [h], weight=w, bias=b) for h, (_, _, w, b) in zip(hidden, layers, strict=True)]
    entries += reversed(recurrent)
    for h2h, (w, b, _, _) in zip(recurrent, layers, strict=True):
        i2h = node("nn.Linear", [x], weight=w, bias=b)
        total = node("nn.CAddTable", [i2h, h2h])
        x = node("nn.CMulTable" if cell == "lstm" else "nn.Tanh", [total])
        entries += [i2h, total, x]
        x = node("nn.Dropout", [x])
        entries.append(x)
    decoder = node("nn.Linear", [x], weight=output, bias=bias)
    entries += [decoder, node("nn.LogSoftMax", [decoder])]
    graph = LuaClass(
        "nn.gModule", {"forwardnodes": number(LuaClass("nngraph.Node", {"data": data}) for data in entries)}
    )
    checkpoint = {
        "protos": {"rnn": graph, "criterion": LuaClass("nn.ClassNLLCriterion", {})},
        "opt": {"model": cell, "rnn_size": H, "num_layers": 2}, "val_losses": {1000: 1.5},
        "vocab": {char: id for id, char in enumerate(VOCAB, 1)},
    }  # fmt: skip

    def predict(ids: list[int]) -> np.ndarray:
        xs = list(np.eye(V)[ids])
        for i2h, b_i, h2h, b_h in layers:
            h = c = np.zeros(H)
            outputs = []
            for x in xs:
                total = i2h @ x + b_i + h2h @ h + b_h
                if cell == "lstm":
                    h, c = run_lstm(np.split(total, 4), c)
                else:
                    h = np.tanh(total)
                outputs.append(h)
            xs = outputs
        return softmax(output @ xs[-1] + bias)

    return ForeignFile(write(folder / f"char-rnn-{cell}.t7", checkpoint, is_ascii=False), VOCAB, predict)
