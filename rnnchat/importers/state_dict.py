"""Recurrent language models of torch: state dicts and pickled modules, recognised by the names and shapes of weights.

A network is an embedding (or one-hot input), recurrent layers one after the other, and an output layer. Among them
are char-rnn.pytorch (Robertson 2017) and its copies, word_language_model of pytorch/examples, and AWD-LSTM.

Letters: V vocabulary, E embedding, H hidden, I input of a layer, G gates.
"""

import re
import string
from collections import deque
from dataclasses import dataclass
from typing import Any

import numpy as np

from rnnchat.importers.array import Array
from rnnchat.importers.network import Layer, Network, check_size
from rnnchat.importers.pickle_data import Instance
from rnnchat.importers.source import Source

_PART = re.compile(
    r"(?P<prefix>.*?)(?P<part>weight_ih|weight_hh|bias_ih|bias_hh|weight_hr)"
    r"(?:_l(?P<layer>\d{1,3}))?(?P<reverse>_reverse)?(?P<raw>_raw)?"
)
_CELLS = {4: "lstm", 3: "gru"}
_SIMPLE = ("rnn-tanh", "rnn-relu")
_MAX_TENSORS = 10_000
_ATTENTION = re.compile(r"attn|attention|\b(?:query|q_proj|qkv|c_attn)\b|\.sa\.", re.IGNORECASE)
_SKIPPED = {"optimizer", "optim", "optimizer_states", "optimizer_state_dict", "scheduler", "lr_schedulers"}


@dataclass
class Weights:
    """What a file of torch holds."""

    tensors: dict[str, Array]
    classes: dict[str, str]
    """The class of each pickled module, by its name; "" is the outermost."""
    settings: dict[str, Any]
    """What the modules say about themselves: ``mode`` and ``nonlinearity`` of simple networks, …"""


def collect_weights(value: Any) -> Weights:
    """Find all tensors in a file's value, with the names that ``state_dict()`` would give them."""
    weights = Weights({}, {}, {})
    queue: deque[tuple[str, Any]] = deque([("", value)])
    seen: set[int] = set()
    while queue and len(weights.tensors) < _MAX_TENSORS:
        name, value = queue.popleft()
        if isinstance(value, Array):
            weights.tensors.setdefault(name, value)
            continue
        if not isinstance(value, dict | Instance) or id(value) in seen or len(seen) > _MAX_TENSORS:
            continue
        seen.add(id(value))
        dot = f"{name}." if name else ""
        if isinstance(value, dict):
            queue.extend((f"{dot}{key}", entry) for key, entry in value.items() if str(key) not in _SKIPPED)
        elif isinstance(value.state, dict):
            weights.classes[name] = str(value.cls)
            weights.settings |= {key: entry for key, entry in value.state.items() if isinstance(entry, str | int)}
            for part in ("_parameters", "_modules"):
                entries = value.state.get(part)
                if isinstance(entries, dict):
                    queue.extend((f"{dot}{key}", entry) for key, entry in entries.items())
    return weights


def recognise(source: Source, weights: Weights) -> Network:
    """The language model that these weights are.

    Raises:
        ModelError: they are something else, which the sentence names.
        ValueError: they are damaged.
    """
    recurrent, rest = _sort_tensors(weights.tensors)
    if not recurrent:
        raise source.refuse(_name_other(weights))
    layers = _chain_layers(source, recurrent)
    cell = _find_cell(source, layers[0], weights)
    hidden, input_size = layers[-1]["weight_hh"].shape[1], layers[0]["weight_ih"].shape[1]
    output, bias, embedding = _find_ends(source, rest, input_size, hidden)
    used = [array for layer in layers for array in layer.values()] + [output, *(a for a in (bias, embedding) if a)]
    check_size(list(dict.fromkeys(used)), len(source.content))
    output_weight = output.read()
    return Network(
        cell,
        [_read_layer(layer) for layer in layers],
        output_weight,
        np.zeros(len(output_weight), np.float32) if bias is None else bias.read(),
        None if embedding is None else output_weight if _is_same(embedding, output) else embedding.read(),
        title=f"imported from {source.path.name}",
    )


def guess_symbols(weights: Weights, vocab_size: int) -> str | None:
    """The vocabulary that programs of a kind have without saying so: char-rnn.pytorch knows Python's printables."""
    is_char_rnn = any(name.endswith((".CharRNN", "model.RNN")) for name in weights.classes.values())
    return string.printable if is_char_rnn and vocab_size == len(string.printable) else None


def _sort_tensors(tensors: dict[str, Array]) -> tuple[dict[tuple[str, int], dict[str, Array]], dict[str, Array]]:
    """The parts of each recurrent layer, by the module's name and the layer's number; and all other tensors."""
    recurrent: dict[tuple[str, int], dict[str, Array]] = {}
    rest: dict[str, Array] = {}
    for name, array in tensors.items():
        match = _PART.fullmatch(name)
        if not match:
            rest[name] = array
            continue
        prefix = match["prefix"].replace(".module.", ".") + (match["reverse"] or "")
        parts = recurrent.setdefault((prefix, int(match["layer"] or 0)), {})
        if match["raw"] or match["part"] not in parts:  # AWD-LSTM keeps the weights before dropping as "raw"
            parts[match["part"]] = array
    return recurrent, rest


def _chain_layers(source: Source, recurrent: dict[tuple[str, int], dict[str, Array]]) -> list[dict[str, Array]]:
    """The layers in their order, each of which reads what the one before gives."""
    if any(prefix.endswith("_reverse") for prefix, _ in recurrent):
        raise source.refuse(
            "is a bidirectional network, which reads a text from both ends and cannot write: "
            "import one that reads forwards"
        )
    if any("weight_hr" in parts for parts in recurrent.values()):
        raise source.refuse("is an LSTM with projected states (proj_size), which rnnchat does not compute")
    layers = [recurrent[key] for key in sorted(recurrent, key=_sort_key)]
    size = None
    for layer in layers:
        if not {"weight_ih", "weight_hh"} <= layer.keys() or len(layer["weight_hh"].shape) != 2:
            raise ValueError("weights of a layer are missing")
        rows, hidden = layer["weight_hh"].shape
        if len(layer["weight_ih"].shape) != 2 or layer["weight_ih"].shape[0] != rows or not hidden or rows % hidden:
            raise ValueError("weights of a layer do not fit together")
        if size not in (None, layer["weight_ih"].shape[1]):
            raise source.refuse(
                "has recurrent layers that do not simply follow each other (as in a translator with encoder and "
                "decoder): rnnchat opens language models only"
            )
        size = hidden
    if len({layer["weight_hh"].shape[0] // layer["weight_hh"].shape[1] for layer in layers}) > 1:
        raise source.refuse("mixes recurrent cells of several kinds, which rnnchat does not compute")
    return layers


def _sort_key(key: tuple[str, int]) -> tuple[list[tuple[int, str]], int]:
    """Names in the order of the numbers in them: layers.2 before layers.10."""
    return [
        (int(part), "") if part.isdecimal() and len(part) < 9 else (-1, part) for part in re.split(r"(\d+)", key[0])
    ], key[1]


def _find_cell(source: Source, layer: dict[str, Array], weights: Weights) -> str:
    rows, hidden = layer["weight_hh"].shape
    gates = rows // hidden
    if gates in _CELLS:
        return _CELLS[gates]
    if gates != 1:
        raise source.refuse(f"has recurrent layers of {gates} gates, which is neither LSTM, GRU nor a simple RNN")
    mode = str(weights.settings.get("nonlinearity") or weights.settings.get("mode") or "").lower()
    for cell in _SIMPLE:
        if mode.endswith(cell.removeprefix("rnn-")):
            return cell
    if source.hints.cell not in _SIMPLE:
        raise source.refuse("has a simple RNN and does not say of which kind: add --cell rnn-tanh or --cell rnn-relu")
    return source.hints.cell


def _find_ends(
    source: Source, rest: dict[str, Array], input_size: int, hidden: int
) -> tuple[Array, Array | None, Array | None]:
    """The output's weight (V, H) and bias (V,), and the embedding (V, I), if there is one."""
    matrices = {name: array for name, array in rest.items() if len(array.shape) == 2 and array.size}
    names = list(matrices)
    outputs = [name for name in names if matrices[name].shape[1] == hidden]
    embeddings = [name for name in names if matrices[name].shape[1] == input_size]
    output = _choose(outputs, r"decod|out|fc|linear|head|dense|h2o|proj|classif|softmax", rest)
    if output is None:
        raise source.refuse("has recurrent layers but no output layer that reads them: it is not a language model")
    embedding = _choose([name for name in embeddings if name != output], r"emb|encod|lookup|wte|i2e", None)
    vocab_size = matrices[output].shape[0]
    if embedding is None and input_size != vocab_size:
        if output in embeddings and len(names) == 1:
            embedding = output
        else:
            raise source.refuse(
                f"is no language model: it reads {input_size:,} numbers and gives {vocab_size:,} (a classifier or a "
                "forecast)"
            )
    if embedding is not None and matrices[embedding].shape[0] != vocab_size:
        raise source.refuse(
            f"is a classifier or a tagger: it reads {matrices[embedding].shape[0]:,} symbols and chooses among "
            f"{vocab_size:,} classes"
        )
    bias_name = re.sub(r"weight(_raw)?$", "bias", output)
    bias = rest.get(bias_name)
    others = {name: a for name, a in rest.items() if name not in (output, bias_name, embedding) and len(a.shape)}
    for name in others:
        if not _is_copy(name, others[name], [matrices[output], *([matrices[embedding]] if embedding else [])]):
            raise source.refuse(
                f"has layers beyond an embedding, recurrent layers and one output ({name[:80]}), which rnnchat does "
                "not compute"
            )
    return matrices[output], bias, matrices[embedding] if embedding else None


def _choose(names: list[str], pattern: str, with_bias: dict[str, Array] | None) -> str | None:
    """The most likely of several matrices: by its name, by a bias beside it, else the last or first."""
    if len(names) < 2:
        return names[0] if names else None
    if with_bias is not None:
        biased = [name for name in names if re.sub(r"weight$", "bias", name) in with_bias]
        names = biased or names
    named = [name for name in names if re.search(pattern, name, re.IGNORECASE)] or names
    return named[-1] if with_bias is not None else named[0]


def _is_copy(name: str, array: Array, known: list[Array]) -> bool:
    """Whether a tensor is one of those known under another name, as tied weights and AWD-LSTM's embedding are."""
    is_counter = name.endswith("num_batches_tracked")
    return is_counter or any(array.shape == other.shape for other in known)


def _is_same(one: Array, other: Array) -> bool:
    """Whether two arrays are views of the same numbers."""
    if one.shape != other.shape or one.offset != other.offset:
        return False
    mine, theirs = one.find(), other.find()
    return mine is theirs or (len(mine) == len(theirs) and mine.obj is theirs.obj and mine == theirs)


def _read_layer(layer: dict[str, Array]) -> Layer:
    rows = layer["weight_hh"].shape[0]
    biases = [layer[name].read() if name in layer else np.zeros(rows, np.float32) for name in ("bias_ih", "bias_hh")]
    return Layer(layer["weight_ih"].read(), layer["weight_hh"].read(), *biases)


def _name_other(weights: Weights) -> str:
    """What weights without a recurrent layer are."""
    names = [*weights.tensors, *weights.classes.values()]
    if not weights.tensors:
        return "holds no weights of a network"
    if any(_ATTENTION.search(name) or "position_emb" in name for name in names):
        return "is a transformer, not a recurrent network: rnnchat opens LSTM, GRU and simple RNN models only"
    if any(len(array.shape) >= 3 for array in weights.tensors.values()):
        return "is a convolutional network, not a recurrent one: rnnchat opens LSTM, GRU and simple RNN models only"
    return "holds weights, but none of an LSTM, a GRU or a simple RNN under names that torch uses"
