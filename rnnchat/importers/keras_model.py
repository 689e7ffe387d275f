"""Keras models made of Embedding (or one-hot input), LSTM, GRU or SimpleRNN, and Dense.

Keras stacks the gates of an LSTM as i, f, c, o (our i, f, g, o) along the last axis and those of a GRU as z, r, h (our
z, r, n); the GRU of ``reset_after=False`` applies its reset gate before the recurrent product. Layers on cuDNN keep
their matrices gate by gate in another order of numbers.

Letters: V vocabulary, E embedding, H hidden, I input of a layer, G gates.
"""

from typing import Any

import numpy as np

from rnnchat.importers.hdf5_file import MAGIC
from rnnchat.importers.keras_file import KerasFile, KerasLayer, read_keras_hdf5, read_keras_zip
from rnnchat.importers.network import Layer, Network, build_model, reorder, split_bias
from rnnchat.importers.source import Importer, Source
from rnnchat.importers.vocabulary import find_tokenizer, search_symbols
from rnnchat.importers.zip_file import Archive
from rnnchat.model.container import parse_json
from rnnchat.model.file import Model
from rnnchat.model.keras_file import VOCABULARY

_IGNORED = {"InputLayer", "Dropout", "SpatialDropout1D", "GaussianNoise", "GaussianDropout", "Masking", "Softmax"}
_RECURRENT = {"LSTM", "GRU", "SimpleRNN", "CuDNNLSTM", "CuDNNGRU"}
_TRANSFORMER = ("Attention", "Transformer", "PositionEmbedding")
_SIGMOIDS = {"sigmoid", "hard_sigmoid"}


def read_keras(source: Source) -> KerasFile:
    """The layers in a file of Keras."""
    is_zip = source.content.startswith(b"PK")
    return read_keras_zip(source.content) if is_zip else read_keras_hdf5(source.content)


def _recognises(source: Source) -> bool:
    if source.content.startswith(b"PK"):
        return {"config.json", "model.weights.h5"} <= set(Archive(source.content).names)
    return source.content.startswith(MAGIC)


def _read(source: Source) -> Model:
    network = read_network(source, read_keras(source))
    if source.content.startswith(b"PK") and VOCABULARY in (archive := Archive(source.content)).names:
        symbols = parse_json(archive.read(VOCABULARY).decode()).get("symbols")
        return build_model(network, find_tokenizer(source, network.vocab_size, symbols))
    beside = source.find_beside(f"{source.path.stem.removesuffix('_weights')}_vocab.json", "vocab.json")
    found = read_beside(beside, network.vocab_size) if beside else None
    return build_model(network, find_tokenizer(source, network.vocab_size, found))


def read_network(source: Source, file: KerasFile) -> Network:
    """The language model that the layers are.

    Raises:
        ModelError: they are something else, which the sentence names.
    """
    embedding: np.ndarray | None = None
    layers: list[Layer] = []
    cells: set[str] = set()
    dense: list[tuple[np.ndarray, np.ndarray, str]] = []
    for layer in file.layers:
        if layer.kind in _RECURRENT and not dense:
            cells.add(find_cell(source, layer, file))
            layers.append(read_layer(layer))
        elif layer.kind == "Embedding" and not layers:
            (embedding,) = (array.read() for array in layer.weights[:1])
        elif layer.kind == "Dense" and layers:
            weight, bias = read_dense(layer)
            dense.append((weight, bias, str(layer.settings.get("activation", "linear"))))
        elif layer.kind == "Activation" and dense:
            dense[-1] = (*dense[-1][:2], str(layer.settings.get("activation")))
        elif layer.kind not in _IGNORED:
            raise source.refuse(_name_other(layer.kind))
    if not layers or not dense:
        raise source.refuse("is no language model: it lacks a recurrent layer, or a dense layer behind it")
    if len(cells) > 1:
        raise source.refuse(
            f"mixes recurrent layers of several kinds ({', '.join(sorted(cells))}): import one of one kind"
        )
    weight, bias = _join_dense(source, dense)
    input_size = len(embedding) if embedding is not None else layers[0].weight_ih.shape[1]
    if input_size != len(weight):
        raise source.refuse(
            f"is no language model: it reads {input_size:,} different symbols or numbers and chooses among "
            f"{len(weight):,} (a classifier or a forecast)"
        )
    title = f"imported from {source.path.name} (Keras)"
    return Network(cells.pop(), layers, weight, bias, embedding, title)


def find_cell(source: Source, layer: KerasLayer, file: KerasFile) -> str:
    """The cell that a recurrent layer has in rnnchat."""
    settings, kind = layer.settings, layer.kind.removeprefix("CuDNN")
    if settings.get("go_backwards"):
        raise source.refuse("reads its text backwards (go_backwards), and cannot write")
    activation = str(settings.get("activation", "tanh"))
    if kind == "SimpleRNN":
        if activation not in ("tanh", "relu"):
            raise source.refuse(f"has a SimpleRNN with the activation {activation[:40]}, not tanh or relu")
        return f"rnn-{activation}"
    if activation != "tanh":
        raise source.refuse(f"has an {kind} with the activation {activation[:40]}, not tanh")
    is_old = file.version < (2, 3) if file.version else False
    usual = "hard_sigmoid" if is_old and kind == layer.kind else "sigmoid"
    gate = str(settings.get("recurrent_activation", usual))
    if gate not in _SIGMOIDS:
        raise source.refuse(f"has an {kind} whose gates are {gate[:40]}, not sigmoid")
    is_before = kind == "GRU" and len(layer.weights) > 2 and layer.weights[2].shape == (layer.weights[1].shape[1],)
    if kind == layer.kind == "GRU" and (is_before or settings.get("reset_after") is False):
        kind = "gru-reset-first"
    return kind.lower() + ("-hard" if gate == "hard_sigmoid" else "")


def read_layer(layer: KerasLayer) -> Layer:
    """The weights of a recurrent layer: kernel (I, G*H), recurrent_kernel (H, G*H), bias (G*H,), (2, G*H) or none."""
    if len(layer.weights) not in (2, 3):
        raise ValueError("weights of a recurrent layer are missing")
    kernel, recurrent = layer.weights[0].read(), layer.weights[1].read()
    kind = layer.kind.removeprefix("CuDNN")
    count = {"LSTM": 4, "GRU": 3, "SimpleRNN": 1}[kind]
    if kernel.ndim != 2 or recurrent.shape != (kernel.shape[1] // count, kernel.shape[1]):
        raise ValueError("weights of a recurrent layer do not fit together")
    if kind != layer.kind:
        kernel = np.hstack([gate.T.reshape(gate.shape, order="F") for gate in np.hsplit(kernel, count)])
        recurrent = np.hstack([gate.T for gate in np.hsplit(recurrent, count)])
    rows = kernel.shape[1]
    bias = layer.weights[2].read() if len(layer.weights) > 2 else None
    if bias is not None and bias.size == 2 * rows:
        biases = tuple(bias.reshape(2, rows))
    elif bias is None or bias.shape == (rows,):
        biases = split_bias(bias, rows)
    else:
        raise ValueError("a bias of a recurrent layer does not fit")
    parts = [kernel.T, recurrent.T, *biases]
    if kind == "GRU":
        parts = [reorder(part, "zrn", "rzn") for part in parts]
    return Layer(*parts)


def read_dense(layer: KerasLayer) -> tuple[np.ndarray, np.ndarray]:
    """The weight (N, I) and the bias (N,)."""
    kernel = layer.weights[0].read() if layer.weights else np.zeros(0)
    if kernel.ndim != 2:
        raise ValueError("weights of a dense layer are missing")
    bias = layer.weights[1].read() if len(layer.weights) > 1 else np.zeros(kernel.shape[1], np.float32)
    if bias.shape != kernel.shape[1:]:
        raise ValueError("a bias of a dense layer does not fit")
    return kernel.T, bias


def _join_dense(source: Source, dense: list[tuple[np.ndarray, np.ndarray, str]]) -> tuple[np.ndarray, np.ndarray]:
    """Dense layers without a function between them as the one that they make together."""
    if dense[-1][2] not in ("softmax", "linear", "log_softmax", "None"):
        raise source.refuse(
            f"ends with the activation {dense[-1][2][:40]}, not softmax: it does not choose one symbol among others"
        )
    weight, bias, _ = dense[0]
    for index, (next_weight, next_bias, _) in enumerate(dense[1:]):
        between = dense[index][2]
        if between != "linear":
            raise source.refuse(
                f"has {len(dense)} dense layers with {between[:40]} between, which rnnchat does not compute"
            )
        weight, bias = next_weight @ weight, next_weight @ bias + next_bias
    return weight, bias


def _name_other(kind: str) -> str:
    if any(word in kind for word in _TRANSFORMER):
        return "is a transformer, not a recurrent network: rnnchat opens LSTM, GRU and SimpleRNN models only"
    if kind == "Bidirectional":
        return "is a bidirectional network, which reads a text from both ends and cannot write"
    if "Conv" in kind:
        return "is a convolutional network: rnnchat opens LSTM, GRU and SimpleRNN models only"
    return f"has a layer of Keras that rnnchat does not compute ({kind[:60]})"


def read_beside(path: Any, vocab_size: int) -> Any:
    """A vocabulary in a file beside the weights; None if it has another number of symbols."""
    from rnnchat.importers.vocabulary import parse_file

    try:
        return search_symbols(parse_file(path), vocab_size)
    except (OSError, ValueError):
        return None


IMPORTER = Importer("Keras", _recognises, _read)
