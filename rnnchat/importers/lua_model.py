"""char-rnn (Karpathy 2015) and torch-rnn (Johnson 2016): checkpoints of Torch7.

char-rnn keeps a graph of modules: for each layer the two linear modules whose sum makes the gates, found by that sum;
then the decoder. Symbols are one-hot. torch-rnn keeps a list of modules: LookupTable, LSTM or VanillaRNN, Linear; a
layer has one matrix (I + H, G*H) for input and hidden state. Both stack the gates of an LSTM as i, f, o, g.

char-rnn's GRU is that of Cho et al. 2014 with z the other way round: h' = z * n + (1 - z) * h.

Letters: V vocabulary, E embedding, H hidden, I input of a layer, G gates.
"""

from typing import Any

import numpy as np

from rnnchat.importers.array import Array
from rnnchat.importers.lua_file import LuaObject, is_lua_file, read_lua_file
from rnnchat.importers.network import Layer, Network, build_model, check_size, reorder, split_bias
from rnnchat.importers.source import Importer, Source
from rnnchat.importers.vocabulary import Symbols, find_tokenizer
from rnnchat.model.file import Model

_ONE = "imported from {} ({})"


def _recognises(source: Source) -> bool:
    return is_lua_file(source.content)


def _read(source: Source) -> Model:
    root = read_lua_file(source.content)
    if isinstance(root, dict):
        model, protos = root.get(b"model"), root.get(b"protos")
        if isinstance(model, LuaObject) and model.cls == "nn.LanguageModel":
            return _read_torch_rnn(source, model.fields)
        if isinstance(protos, dict) and isinstance(protos.get(b"rnn"), LuaObject):
            return _read_char_rnn(source, protos[b"rnn"], root)
    raise source.refuse("is a file of Torch7, but neither a checkpoint of char-rnn nor of torch-rnn")


def _read_torch_rnn(source: Source, fields: dict[Any, Any]) -> Model:
    net = fields.get(b"net")
    modules = net.fields.get(b"modules") if isinstance(net, LuaObject) else None
    if not isinstance(modules, dict):
        raise ValueError("it has no list of modules")
    ordered = [modules[index] for index in range(1, len(modules) + 1)]
    if not all(isinstance(module, LuaObject) for module in ordered):
        raise ValueError("its list of modules is damaged")
    if any(module.cls == "nn.BatchNormalization" for module in ordered):
        raise source.refuse("was trained with -batchnorm 1, which rnnchat does not compute")
    embedding, layers, output, bias, cell = None, [], None, None, "lstm"
    check_size([array for module in ordered for array in _list_arrays(module)], len(source.content))
    for module in ordered:
        if module.cls == "nn.LookupTable":
            embedding = _read_array(module, b"weight")
        elif module.cls in ("nn.LSTM", "nn.VanillaRNN"):
            cell = "lstm" if module.cls == "nn.LSTM" else "rnn-tanh"
            layers.append(_split_layer(_read_array(module, b"weight"), _read_array(module, b"bias"), cell))
        elif module.cls == "nn.Linear":
            output, bias = _read_array(module, b"weight"), _read_array(module, b"bias")
    if embedding is None or output is None or bias is None or not layers:
        raise ValueError("modules are missing")
    title = _ONE.format(source.path.name, "torch-rnn")
    network = Network(cell, layers, output, bias, embedding, title)
    tokens = fields.get(b"idx_to_token")
    return _finish(
        source, network, {value: key - 1 for key, value in tokens.items()} if isinstance(tokens, dict) else {}
    )


def _split_layer(weight: np.ndarray, bias: np.ndarray, cell: str) -> Layer:
    """A layer of torch-rnn from its weight (I + H, G*H) and bias (G*H,)."""
    count = 4 if cell == "lstm" else 1
    hidden = weight.shape[1] // count
    weight = weight.T
    if cell == "lstm":
        weight, bias = reorder(weight, "ifog", "ifgo"), reorder(bias, "ifog", "ifgo")
    return Layer(weight[:, :-hidden], weight[:, -hidden:], *split_bias(bias, len(weight)))


def _read_char_rnn(source: Source, graph: LuaObject, root: dict[Any, Any]) -> Model:
    options = root.get(b"opt")
    kind = options.get(b"model", b"lstm") if isinstance(options, dict) else b"lstm"
    if kind not in (b"lstm", b"rnn"):
        raise source.refuse(f"has the cell {kind[:20].decode('latin-1')!r} of char-rnn, which rnnchat does not compute")
    sums, decoder = _find_sums(graph)
    check_size(
        [array for pair in sums for part in (*pair, decoder) for array in _list_arrays(part)], 8 * len(source.content)
    )
    layers = []
    for inputs, recurrent in sums:
        parts = [_read_array(part, name) for name in (b"weight", b"bias") for part in (inputs, recurrent)]
        if kind == b"lstm":
            parts = [reorder(part, "ifog", "ifgo") for part in parts]
        layers.append(Layer(*parts))
    title = _ONE.format(source.path.name, "char-rnn")
    cell = "lstm" if kind == b"lstm" else "rnn-tanh"
    network = Network(cell, layers, _read_array(decoder, b"weight"), _read_array(decoder, b"bias"), None, title)
    vocab = root.get(b"vocab")
    ids = (
        {token: int(id) - 1 for token, id in vocab.items() if isinstance(id, float)} if isinstance(vocab, dict) else {}
    )
    return _finish(source, network, ids)


def _find_sums(graph: LuaObject) -> tuple[list[tuple[LuaObject, LuaObject]], LuaObject]:
    """For each layer its linear modules of the input and of the hidden state; and the decoder."""
    nodes = graph.fields[b"forwardnodes"]
    entries = [nodes[index].fields[b"data"] for index in range(1, len(nodes) + 1)]
    sums, used = [], set()
    for entry in entries:
        if _find_class(entry) != "nn.CAddTable":
            continue
        parents = [entry[b"mapindex"][index] for index in range(1, len(entry[b"mapindex"]) + 1)]
        if [_find_class(parent) for parent in parents] != ["nn.Linear", "nn.Linear"]:
            continue
        # What comes from outside the graph is the hidden state: the symbols pass a one-hot module first.
        parents.sort(key=lambda parent: _find_class(parent[b"mapindex"][1]) in ("nn.Identity", ""))
        sums.append((parents[0][b"module"], parents[1][b"module"]))
        used |= {id(parent) for parent in parents}
    rest = [entry for entry in entries if _find_class(entry) == "nn.Linear" and id(entry) not in used]
    if not sums or len(rest) != 1:
        raise ValueError("its graph is not that of a char-rnn")
    return sums, rest[0][b"module"]


def _find_class(entry: Any) -> str:
    """The class of the module of a node of the graph; empty for an input."""
    module = entry.get(b"module") if isinstance(entry, dict) else None
    return module.cls if isinstance(module, LuaObject) else ""


def _list_arrays(module: LuaObject) -> list[Array]:
    return [value for name in (b"weight", b"bias") if isinstance(value := module.fields.get(name), Array)]


def _read_array(module: LuaObject, name: bytes) -> np.ndarray:
    array = module.fields.get(name)
    if not isinstance(array, Array):
        raise ValueError(f"{module.cls[:40]} has no {name.decode()}")
    return array.read()


def _finish(source: Source, network: Network, ids: dict[Any, int]) -> Model:
    """The model with the vocabulary of the checkpoint: characters, or single bytes of UTF-8."""
    size = network.vocab_size
    tokens = {id: token for token, id in ids.items() if isinstance(token, bytes) and 0 <= id < size}
    try:
        symbols: Symbols | None = [tokens[id].decode() if id in tokens else None for id in range(size)]
    except UnicodeDecodeError:
        if len(tokens) == size and all(len(token) == 1 for token in tokens.values()):
            return _spread_bytes(network, [tokens[id][0] for id in range(size)])
        raise ValueError("its symbols are neither characters nor bytes of UTF-8") from None
    return build_model(network, find_tokenizer(source, size, symbols if tokens else None))


def _spread_bytes(network: Network, values: list[int]) -> Model:
    """The network on all 256 bytes: those that it does not know have no weight in what it reads, nor any chance."""
    from rnnchat.text.byte import ByteTokenizer

    if network.embedding is None:
        first = network.layers[0]
        inputs = np.zeros((len(first.weight_ih), 256), np.float32)
        inputs[:, values] = first.weight_ih
        network.layers[0] = Layer(inputs, first.weight_hh, first.bias_ih, first.bias_hh)
    else:
        embedding = np.zeros((256, network.embedding.shape[1]), np.float32)
        embedding[values] = network.embedding
        network.embedding = embedding
    weight = np.zeros((256, network.output_weight.shape[1]), np.float32)
    weight[values] = network.output_weight
    bias = np.full(256, -1e4, np.float32)
    bias[values] = network.output_bias
    network.output_weight, network.output_bias = weight, bias
    return build_model(network, ByteTokenizer())


IMPORTER = Importer("char-rnn and torch-rnn", _recognises, _read)
