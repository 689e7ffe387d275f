"""A model as a state dict of torch, for programs that do not have rnnchat.

Letters: V vocabulary, E embedding, H hidden, L layers.

Names and shapes are those of torch's own modules. Where all layers have one size and none is residual they are one
``nn.LSTM`` (GRU, RNN) called ``rnn``; else each is a module of its own, ``layers.N``. The vocabulary goes along where
torch keeps what is no tensor of a state dict, in its ``_metadata``; docs/export.md shows a script that needs nothing
else.
"""

from collections import OrderedDict
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from rnnchat.errors import ModelError
from rnnchat.model.config import CELLS, ModelConfig
from rnnchat.model.file import Model
from rnnchat.paths import replace_atomically
from rnnchat.text.vocabulary import describe_vocabulary

METADATA_KEY = "rnnchat"


def write_state_dict(model: Model, path: Path) -> None:
    """Write ``model`` to ``path`` as a state dict: under a temporary name first, then renamed.

    Raises:
        ModelError: torch has no module for the cell.
        OSError: the folder cannot be written, or the disk is full.
    """
    state_dict = build_state_dict(model)
    with replace_atomically(path) as temporary:
        torch.save(state_dict, temporary)


def build_state_dict(model: Model) -> "OrderedDict[str, Tensor]":
    """The weights under the names of torch's modules, float32.

    ``embedding.weight`` (V, E), left out where symbols are one-hot; the recurrent weights; ``output.weight`` (V, H)
    and ``output.bias`` (V,). A tied output is written out; with a projection, as the one matrix that both make.
    """
    config = model.config
    if not CELLS[config.cell].torch_module:
        raise ModelError(f"torch has no module for the cell {config.cell}: share the model file itself")
    weights = {name: torch.tensor(weight) for name, weight in model.weights.items()}
    state_dict: OrderedDict[str, Tensor] = OrderedDict()
    if config.embedding_size:
        state_dict["embedding.weight"] = weights["embedding.weight"]
    for layer in range(config.num_layers):
        for part in CELLS[config.cell].weight_shapes(1, 1):
            name = f"rnn.{part}_l{layer}" if _is_one_module(config) else f"layers.{layer}.{part}_l0"
            state_dict[name] = weights[f"layers.{layer}.{part}"]
    output = weights["embedding.weight" if config.tied else "output.weight"]
    state_dict["output.weight"] = output @ weights["projection.weight"] if config.has_projection else output
    state_dict["output.bias"] = weights["output.bias"]
    state_dict._metadata = {METADATA_KEY: _describe(model)}  # type: ignore[attr-defined]
    return state_dict


def _describe(model: Model) -> dict[str, Any]:
    """What a script must know of the model: the module, its arguments, the vocabulary."""
    config = model.config
    if _is_one_module(config):
        layers: dict[str, Any] = {
            "rnn": _list_arguments(config, config.input_size, config.hidden_sizes[0], config.num_layers)
        }
    else:
        sizes = zip((config.input_size, *config.hidden_sizes), config.hidden_sizes, strict=False)
        layers = {
            "layers": [_list_arguments(config, *size, num_layers=1) for size in sizes],
            "residual": [config.adds_input(layer) for layer in range(config.num_layers)],
        }
    return {
        "module": CELLS[config.cell].torch_module,
        **layers,
        "vocabulary": describe_vocabulary(model.tokenizer),
        "tokenizer": model.tokenizer.to_json(),
        "card": model.card.to_json(),
    }


def _list_arguments(config: ModelConfig, input_size: int, hidden_size: int, num_layers: int) -> dict[str, Any]:
    arguments = {"input_size": input_size, "hidden_size": hidden_size, "num_layers": num_layers, "batch_first": True}
    return {**arguments, **CELLS[config.cell].torch_arguments}


def _is_one_module(config: ModelConfig) -> bool:
    is_residual = any(config.adds_input(layer) for layer in range(config.num_layers))
    return len(set(config.hidden_sizes)) == 1 and not is_residual
