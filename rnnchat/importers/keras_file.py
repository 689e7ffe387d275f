"""The files of Keras: its layers with their settings and weights, in the order in which they compute.

.keras        a zip of ``config.json`` and ``model.weights.h5`` (or ``.npz``), Keras 3 and tf.keras 2.12 on
.h5, .hdf5    the whole model: attribute ``model_config`` and the group ``model_weights``
.h5, .hdf5    weights alone, one group a layer: kinds of layers follow from the names and shapes of the weights
"""

import re
from dataclasses import dataclass, field
from typing import Any

from rnnchat.importers.array import Array
from rnnchat.importers.hdf5_file import Hdf5File
from rnnchat.importers.zip_file import Archive
from rnnchat.model.container import parse_json

_WEIGHTLESS = {"InputLayer", "Dropout", "SpatialDropout1D", "Activation", "Softmax", "Masking", "Concatenate"}


@dataclass
class KerasLayer:
    """A layer, with what its configuration says."""

    kind: str
    """Its class, such as LSTM."""
    name: str
    settings: dict[str, Any] = field(default_factory=dict)
    weights: list[Array] = field(default_factory=list)


@dataclass
class KerasFile:
    """A network of Keras."""

    layers: list[KerasLayer]
    version: tuple[int, ...]
    """Of the Keras that wrote it."""
    has_settings: bool
    """Whether the layers' settings are known; else they are those of textgenrnn or Keras's own."""


def read_keras_zip(content: bytes) -> KerasFile:
    """A ``.keras`` file.

    Raises:
        ValueError: it is damaged.
    """
    archive = Archive(content)
    metadata = _parse(archive.read("metadata.json")) if "metadata.json" in archive.names else {}
    layers = _list_layers(_parse(archive.read("config.json")))
    file = Hdf5File(archive.read("model.weights.h5"))
    used: dict[str, int] = {}
    for layer in layers:
        snake = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", layer.kind).lower()
        count = used[snake] = used.get(snake, -1) + 1
        unique = f"{snake}_{count}" if count else snake
        for name in (unique, layer.name):  # Keras 3 counts classes; some versions take the layer's name
            paths = [path for path in file.arrays if re.fullmatch(_variables(name), path)]
            if paths:
                layer.weights = [file.arrays[path] for path in sorted(paths, key=_count_last)]
                break
    return KerasFile(layers, _read_version(str(metadata.get("keras_version", ""))), has_settings=True)


def _variables(name: str) -> str:
    inner = re.escape(name)
    return rf"(?:_layer_checkpoint_dependencies|layers)[/\\]{inner}/(?:[a-z_]+/)*vars/\d+"


def _count_last(path: str) -> int:
    return int(path.rpartition("/")[2])


def read_keras_hdf5(content: bytes) -> KerasFile:
    """An HDF5 file of Keras, whole or weights alone.

    Raises:
        ValueError: it is damaged, or was not written by Keras.
    """
    file = Hdf5File(content)
    root = "model_weights" if any(path.startswith("model_weights/") for path in file.arrays) else ""
    version = _read_version(file.text("", "keras_version") or file.text(root, "keras_version"))
    config = file.text("", "model_config")
    if config:
        layers = _list_layers(_parse(config.encode()))
    else:
        layers = [KerasLayer("", name) for name in file.texts(root, "layer_names")]
    for layer in layers:
        group = f"{root}/{layer.name}".lstrip("/")
        names = file.texts(group, "weight_names")
        layer.weights = [array for name in names if (array := file.arrays.get(f"{group}/{name}"))]
        if not config:
            layer.kind = _guess_kind(layer.name, names, layer.weights)
    if not layers:
        raise ValueError("it is no HDF5 file of Keras")
    return KerasFile(layers, version, has_settings=bool(config))


def _guess_kind(name: str, names: list[str], weights: list[Array]) -> str:
    """The kind of a layer from its weights: the matrices' names, and how many gates they have."""
    if any("recurrent_kernel" in weight for weight in names) and len(weights) >= 2 and len(weights[1].shape) == 2:
        if any(re.search(r"\b(?:forward|backward)_", weight) for weight in names):
            return "Bidirectional"
        hidden, columns = weights[1].shape
        bias = weights[2].shape if len(weights) > 2 else (columns,)
        kind = {4: "LSTM", 3: "GRU", 1: "SimpleRNN"}.get(columns // max(1, hidden), "an unknown layer")
        return f"CuDNN{kind}" if bias == (2 * columns,) else kind
    if any("embeddings" in weight for weight in names):
        return "Embedding"
    if len(weights) in (1, 2) and len(weights[0].shape) == 2 and any("kernel" in weight for weight in names):
        return "Dense"
    return "Dropout" if not weights else f"layer {name!r:.40}"


def _list_layers(config: dict[str, Any]) -> list[KerasLayer]:
    """The layers of a Sequential, or of a functional model that is a chain; Concatenate joins what it names."""
    inner = config.get("config", config)
    entries = inner if isinstance(inner, list) else inner.get("layers") if isinstance(inner, dict) else None
    if not isinstance(entries, list):
        raise ValueError(f"it is a model of the class {str(config.get('class_name'))[:40]!r}, whose layers it hides")
    layers = []
    for entry in entries:
        settings = entry["config"]
        if not isinstance(settings, dict):
            raise ValueError("its configuration is damaged")
        kind = str(entry["class_name"])[:60]
        if kind in ("TimeDistributed", "Wrapper") and isinstance(settings.get("layer"), dict):
            inner_layer = settings["layer"]
            kind, settings = str(inner_layer["class_name"]), {**inner_layer["config"], "name": settings.get("name")}
        layers.append(KerasLayer(kind, str(settings.get("name", entry.get("name", ""))), settings))
    return layers


def _parse(content: bytes) -> dict[str, Any]:
    value = parse_json(content.decode())
    if not isinstance(value, dict):
        raise ValueError("its configuration is not a table")
    return value


def _read_version(text: str) -> tuple[int, ...]:
    match = re.match(r"(\d{1,3})\.(\d{1,3})", text)
    return tuple(map(int, match.groups())) if match else ()
