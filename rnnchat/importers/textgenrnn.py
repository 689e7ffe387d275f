"""textgenrnn (Woolf 2017): LSTMs over the last symbols, averaged with the embedding by attention.

``NAME_weights.hdf5`` holds the weights alone; ``NAME_vocab.json`` the vocabulary, counted from 1, with ``<s>`` where a
text begins or ends, and ``NAME_config.json`` what was changed of the network. What it computes is in
`rnnchat.model.cell.WindowCell`; the padding before a text is symbol 0.

Letters: V vocabulary, I embedding, U units of a layer, D what is averaged.
"""

import json
from typing import Any

import numpy as np

from rnnchat.importers.hdf5_file import MAGIC
from rnnchat.importers.keras_file import KerasFile, KerasLayer, read_keras_hdf5
from rnnchat.importers.keras_model import read_beside, read_dense, read_layer
from rnnchat.importers.network import Network, build_model
from rnnchat.importers.source import Importer, Source
from rnnchat.importers.vocabulary import find_tokenizer, parse_file
from rnnchat.model.cell import CELLS, WindowCell
from rnnchat.model.file import Model

_CELL = "textgenrnn"


def _recognises(source: Source) -> bool:
    content = source.content
    return content.startswith(MAGIC) and b"attention" in content and b"rnn_concat" in content


def _read(source: Source) -> Model:
    file = read_keras_hdf5(source.content)
    name = source.path.stem.removesuffix("_weights")
    _check_settings(source, _read_config(source, name))
    network = _make_network(source, file)
    vocab = source.find_beside(f"{name}_vocab.json", "textgenrnn_vocab.json")
    found = read_beside(vocab, network.vocab_size) if vocab else None
    return build_model(network, find_tokenizer(source, network.vocab_size, found))


def _make_network(source: Source, file: KerasFile) -> Network:
    layers = {layer.name: layer for layer in file.layers}
    if not {"embedding", "attention", "output"} <= layers.keys():
        raise ValueError("weights of a layer are missing")
    recurrent = [layer for layer in file.layers if layer.name.startswith("rnn_") and layer.weights]
    cell = CELLS[_CELL]
    assert isinstance(cell, WindowCell)
    if [layer.kind.removeprefix("CuDNN") for layer in recurrent] != ["LSTM"] * cell.layers:
        raise source.refuse(
            f"was made with other layers than {cell.layers} LSTMs in one direction, which rnnchat does not compute"
        )
    embedding = layers["embedding"].weights[0].read()
    weights: dict[str, np.ndarray] = {}
    for index, layer in enumerate(recurrent):
        for name, weight in zip(("weight_ih", "weight_hh", "bias_ih", "bias_hh"), read_layer(layer), strict=True):
            weights[f"lstm_{index}_{name}"] = weight
    weights["attention"] = layers["attention"].weights[0].read().T
    weights["padding"] = embedding[:1]
    output, bias = read_dense(KerasLayer("Dense", "output", {}, layers["output"].weights))
    title = f"imported from {source.path.name} (textgenrnn)"
    return Network(_CELL, [], output, bias, embedding, title, weights)


def _read_config(source: Source, name: str) -> dict[str, Any]:
    path = source.find_beside(f"{name}_config.json")
    config = parse_file(path) if path else {}
    if not isinstance(config, dict):
        raise ValueError(f"{path} is not a configuration")
    return config


def _check_settings(source: Source, config: dict[str, Any]) -> None:
    """Refuse a window or layers other than the usual ones: the weights do not show the window."""
    cell = CELLS[_CELL]
    assert isinstance(cell, WindowCell)
    usual = {"max_length": cell.window, "rnn_layers": cell.layers, "rnn_bidirectional": False}
    for name, value in usual.items():
        if config.get(name, value) != value:
            raise source.refuse(f"was made with {name} {json.dumps(config[name])[:20]}: only {value} can be imported")


IMPORTER = Importer("textgenrnn", _recognises, _read)
