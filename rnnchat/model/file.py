"""The model file: network, vocabulary and training record in one ``NAME.safetensors``.

The tensors carry the names of ``ModelConfig.weight_shapes``; one metadata entry, ``rnnchat``, holds the rest as
JSON. Reading trusts nothing: names, shapes and types are checked against the configuration before any weight is
allocated, no number is used that was not looked at, and no code from a file is ever run.

Reading takes memory for the weights as float32 (as much as a float32 file, twice as much as a float16 file), for a
block, and for the description ``DESCRIPTION_FACTOR`` bytes for each byte of the header, of which there are at
most 16 MiB: beside the weights of any but the smallest networks it is little.
"""

import json
import zlib
from collections.abc import Callable, Iterator, Set
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np
from safetensors.numpy import save

from rnnchat.errors import ModelError, RnnchatError
from rnnchat.memory.mixing import Mixing
from rnnchat.model.cell import OFFERED_CELLS
from rnnchat.model.config import ModelConfig
from rnnchat.model.container import MAX_HEADER_BYTES, Container, is_computable, open_file, parse_json
from rnnchat.model.record import ModelCard, TrainingRecord
from rnnchat.paths import replace_atomically
from rnnchat.text.tokenizer import Tokenizer, tokenizer_from_json

FORMAT = 1
METADATA_KEY = "rnnchat"
MAX_DESCRIPTION_BYTES = MAX_HEADER_BYTES - 2**20
"""The rest of the header is for the list of weights."""
DESCRIPTION_FACTOR = 40
"""Most memory of a description while it is read, against its size: a word of a vocabulary is kept in several tables."""
WEIGHT_TYPES = {"F32": "float32", "F16": "float16"}
TEXT_NAME = "remembered_text"
"""The tensor of bytes that holds a text in UTF-8, compressed by zlib."""
MAX_TEXT_BYTES = 64 * 2**20
"""Of a remembered text, unpacked: a file that claims more is not believed."""

UPGRADES: dict[int, Callable[[dict[str, Any]], dict[str, Any]]] = {}
"""For each older format, the function that turns its record into that of the next format."""


@dataclass(frozen=True)
class Model:
    """A whole model in memory. Weights are float32, whatever the file holds."""

    config: ModelConfig
    tokenizer: Tokenizer
    weights: dict[str, np.ndarray]
    training: TrainingRecord = field(default_factory=TrainingRecord)
    card: ModelCard = field(default_factory=ModelCard)
    mixing: Mixing | None = None
    """How much a memory counts beside the network; None where it was never learned."""
    text: str = ""
    """A text that the model remembers word for word; empty for none."""


@dataclass(frozen=True)
class ModelHeader:
    """All of a model file but its weights: cheap to read for a list of many models."""

    config: ModelConfig
    tokenizer: Tokenizer
    training: TrainingRecord
    card: ModelCard
    mixing: Mixing | None
    text_bytes: int
    """Size of the text that the model remembers, as compressed in the file; 0 for none."""
    dtype: str
    """Type of the weights in the file: float32 or float16."""
    size_bytes: int

    @property
    def suits_int8(self) -> bool:
        """See `suits_int8`."""
        return suits_int8(self)


def suits_int8(model: "Model | ModelHeader") -> bool:
    """Whether writing in int8 loses next to nothing.

    What it costs the cells that only other programs train was never measured: they write in float32.
    """
    return model.config.cell in OFFERED_CELLS and model.training.suits_int8


def write_model(model: Model, path: Path, dtype: Literal["float32", "float16"] = "float32") -> None:
    """Write ``model`` to ``path``: under a temporary name first, flushed to disk, then renamed.

    Args:
        model: weights must have the names and shapes of ``model.config.weight_shapes()``.
        path: an existing file is replaced in one step.
        dtype: float16 halves the file; its rounding is far below what sampling can show.

    Raises:
        ModelError: the weights do not fit the configuration, hold infinities or NaN, or do not fit float16.
        OSError: the folder cannot be written, or the disk is full.
    """
    shapes = model.config.weight_shapes()
    if model.weights.keys() != shapes.keys():
        raise ModelError(f"cannot write {path}: weights and configuration name different tensors")
    tensors: dict[str, np.ndarray] = {}
    for name, shape in shapes.items():
        weight = model.weights[name]
        if weight.shape != shape:
            raise ModelError(f"cannot write {path}: {name} is {weight.shape}, the configuration says {shape}")
        with np.errstate(over="ignore"):
            tensors[name] = np.ascontiguousarray(weight, dtype=dtype)
        if not is_computable(tensors[name]):
            raise ModelError(f"cannot write {path}: {name} holds values that are not finite in {dtype}")
    if model.text:
        tensors[TEXT_NAME] = np.frombuffer(zlib.compress(model.text.encode(), 9), np.uint8)
    metadata = {METADATA_KEY: _describe(model, path)}
    with replace_atomically(path) as temporary:
        # safetensors' own save_file hides what the disk refused in an error of another kind.
        temporary.write_bytes(save(tensors, metadata=metadata))


def _describe(model: Model, path: Path) -> str:
    """All but the weights as JSON, of a size that can be read again."""
    record = {
        "format": FORMAT,
        "config": model.config.to_json(),
        "tokenizer": model.tokenizer.to_json(),
        "training": model.training.to_json(),
        "card": model.card.to_json(),
        "mixing": None if model.mixing is None else model.mixing.to_json(),
    }
    description = json.dumps(record, ensure_ascii=False)
    size = len(json.dumps(description, ensure_ascii=False).encode())  # as a text in the header's own JSON
    if size > MAX_DESCRIPTION_BYTES:
        raise ModelError(
            f"cannot write {path}: its vocabulary and record take {size:,} bytes, more than {MAX_DESCRIPTION_BYTES:,}: "
            "choose a smaller vocabulary"
        )
    return description


def read_header(path: Path) -> ModelHeader:
    """Read everything but the weights of the model file at ``path``.

    Raises:
        ModelError: there is no such file, it is damaged, not a model of rnnchat, or from a newer rnnchat.
    """
    with _open(path) as container:
        return _read_header(path, container)


def read_model(path: Path) -> Model:
    """Read the model file at ``path``, weights as float32.

    Raises:
        ModelError: as ``read_header``; or a weight is not finite, or the memory does not suffice.
    """
    with _open(path) as container:
        header = _read_header(path, container)
        weights = {name: container.read(name) for name in header.config.weight_shapes()}
        text = _unpack_text(container.read_bytes(TEXT_NAME)) if header.text_bytes else ""
    return Model(header.config, header.tokenizer, weights, header.training, header.card, header.mixing, text)


@contextmanager
def _open(path: Path) -> Iterator[Container]:
    """Open the container at ``path``; whatever is wrong with it, now or while it is read, is a ModelError."""
    try:
        with open_file(path) as file:
            yield Container(file)
    except FileNotFoundError as e:
        raise ModelError(f"no model file at {path}: see `rnnchat models list` for those on this machine") from e
    except IsADirectoryError as e:
        raise ModelError(f"{path} is a folder, not a model file: name the .safetensors file in it") from e
    except OSError as e:
        raise ModelError(f"{path} cannot be read ({e.strerror}): change its permissions or those of its folder") from e
    except ValueError as e:
        raise ModelError(f"{path} is not a readable model file ({_cut(str(e))}): fetch or train it again") from e
    except MemoryError as e:
        raise ModelError(f"{path} does not fit into the memory: close other programs or use a smaller model") from e


def _read_header(path: Path, container: Container) -> ModelHeader:
    record = _read_record(path, container.metadata)
    try:
        config = ModelConfig.from_json(record["config"])
        tokenizer = tokenizer_from_json(record["tokenizer"])
        training = TrainingRecord.from_json(record.get("training", {}))
        card = ModelCard.from_json(record.get("card", {}))
        mixing = record.get("mixing")
        mixing = None if mixing is None else Mixing.from_json(mixing, config.vocab_size)
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError, RnnchatError) as e:
        raise _damaged(path, e) from e
    if tokenizer.vocab_size != config.vocab_size:
        raise ModelError(
            f"{path}: the vocabulary has {tokenizer.vocab_size} symbols, the network {config.vocab_size}: "
            "fetch or train it again"
        )
    dtype = _check_weights(path, container, config)
    text = container.tensors.get(TEXT_NAME)
    text_bytes = 0 if text is None else text.end - text.begin
    return ModelHeader(config, tokenizer, training, card, mixing, text_bytes, dtype, container.size_bytes)


def _unpack_text(data: bytes) -> str:
    """The text that a file remembers.

    Raises:
        ValueError: it is not compressed text, or too long.
    """
    unpacker = zlib.decompressobj()
    try:
        text = unpacker.decompress(data, MAX_TEXT_BYTES)
        if unpacker.unconsumed_tail or not unpacker.eof:
            raise ValueError(f"its remembered text is cut short or longer than {MAX_TEXT_BYTES:,} bytes")
        return text.decode()
    except (zlib.error, UnicodeDecodeError) as e:
        raise ValueError("its remembered text is damaged") from e


def _read_record(path: Path, metadata: dict[str, str]) -> dict[str, Any]:
    """Parse the metadata entry and bring it to the present format."""
    if METADATA_KEY not in metadata:
        raise ModelError(f"{path} holds weights but was not written by rnnchat: train a model with `rnnchat train`")
    try:
        record = parse_json(metadata[METADATA_KEY])
        version = record["format"]
        if type(version) is not int:
            raise TypeError(f"format {version!r} is not a whole number")
    except (ValueError, KeyError, TypeError) as e:
        raise _damaged(path, e) from e
    if version > FORMAT:
        raise ModelError(f"{path} was written by a newer rnnchat (format {version}): upgrade with pip to open it")
    while version < FORMAT:
        if version not in UPGRADES:
            raise ModelError(f"{path} has the unknown format {version}: fetch or train it again")
        record = UPGRADES[version](record)
        version += 1
    return dict(record)


def _damaged(path: Path, cause: Exception) -> ModelError:
    reason = f"{cause} is missing" if isinstance(cause, KeyError) else cause
    return ModelError(f"{path}: the model's description is damaged ({_cut(str(reason))}): fetch or train it again")


def _check_weights(path: Path, container: Container, config: ModelConfig) -> str:
    """Compare names, shapes and types of the tensors with the configuration; give their type."""
    shapes, tensors = config.weight_shapes(), container.tensors
    if missing := shapes.keys() - tensors.keys():
        raise ModelError(f"{path}: the weights {_name(missing)} are missing: fetch or train it again")
    text = tensors.get(TEXT_NAME)
    if text is not None and text.dtype != "U8":
        raise ModelError(f"{path}: {TEXT_NAME} is of type {_cut(text.dtype)}, not U8: fetch or train it again")
    if extra := tensors.keys() - shapes.keys() - {TEXT_NAME}:
        raise ModelError(f"{path}: unknown weights {_name(extra)}: fetch or train it again")
    for name, shape in shapes.items():
        found = tensors[name].shape
        if found != shape:
            raise ModelError(f"{path}: {name} is {found}, its configuration says {shape}: fetch or train it again")
    types = {tensors[name].dtype for name in shapes}
    if unknown := types - WEIGHT_TYPES.keys():
        raise ModelError(f"{path}: weights of type {_name(unknown)} are not supported: use F32 or F16")
    return WEIGHT_TYPES["F32" if "F32" in types else "F16"]


def _name(names: Set[str]) -> str:
    """Some of the names, in a length that a sentence bears."""
    return _cut(", ".join(sorted(names)[:6]))


def _cut(text: str, length: int = 200) -> str:
    """A text from a file as a part of a sentence: in one line, printable, and not long."""
    text = "".join(char if char.isprintable() else repr(char)[1:-1] for char in text[: length + 1])
    return text if len(text) <= length else text[: length - 1] + "…"
