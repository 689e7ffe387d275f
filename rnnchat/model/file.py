"""The model file: network, vocabulary and training record in one ``NAME.safetensors``.

The tensors carry the names of ``ModelConfig.weight_shapes``; one metadata entry, ``rnnchat``, holds the rest as
JSON. Reading trusts nothing: shapes are checked against the configuration before any weight is allocated, and
no code from a file is ever run.
"""

import json
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from rnnchat.errors import ModelError, RnnchatError
from rnnchat.model.config import ModelConfig
from rnnchat.model.record import ModelCard, TrainingRecord
from rnnchat.paths import replace_atomically
from rnnchat.text.tokenizer import Tokenizer, tokenizer_from_json

FORMAT = 1
METADATA_KEY = "rnnchat"
WEIGHT_TYPES = {"F32": "float32", "F16": "float16"}

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


@dataclass(frozen=True)
class ModelHeader:
    """All of a model file but its weights: cheap to read for a list of many models."""

    config: ModelConfig
    tokenizer: Tokenizer
    training: TrainingRecord
    card: ModelCard
    dtype: str
    """Type of the weights in the file: float32 or float16."""
    size_bytes: int


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
        if not np.isfinite(tensors[name]).all():
            raise ModelError(f"cannot write {path}: {name} holds values that are not finite in {dtype}")
    record = {
        "format": FORMAT,
        "config": model.config.to_json(),
        "tokenizer": model.tokenizer.to_json(),
        "training": model.training.to_json(),
        "card": model.card.to_json(),
    }
    metadata = {METADATA_KEY: json.dumps(record, ensure_ascii=False)}
    with replace_atomically(path) as temporary:
        save_file(tensors, str(temporary), metadata=metadata)


def read_header(path: Path) -> ModelHeader:
    """Read everything but the weights of the model file at ``path``.

    Raises:
        ModelError: there is no such file, it is damaged, not a model of rnnchat, or from a newer rnnchat.
    """
    _check_present(path)
    try:
        with safe_open(path, framework="numpy") as file:
            return _read_header(path, file)
    except (OSError, SafetensorError) as e:
        raise _damaged(path, e) from e


def read_model(path: Path) -> Model:
    """Read the model file at ``path``, weights as float32.

    Raises:
        ModelError: as ``read_header``; or a weight is not finite.
    """
    _check_present(path)
    try:
        with safe_open(path, framework="numpy") as file:
            header = _read_header(path, file)
            weights = {name: np.asarray(file.get_tensor(name), np.float32) for name in file.keys()}  # noqa: SIM118
    except (OSError, SafetensorError) as e:
        raise _damaged(path, e) from e
    for name, weight in weights.items():
        if not np.isfinite(weight).all():
            raise ModelError(f"{path}: {name} holds values that are not finite: train the model again")
    return Model(header.config, header.tokenizer, weights, header.training, header.card)


def _check_present(path: Path) -> None:
    """Open the file once: safetensors says of all that it cannot open that it is not there."""
    try:
        with path.open("rb"):
            return
    except FileNotFoundError as e:
        raise ModelError(f"no model file at {path}: see `rnnchat models list` for those on this machine") from e
    except OSError as e:
        if os.path.isdir(path):
            raise ModelError(f"{path} is a folder, not a model file: name the .safetensors file in it") from e
        raise ModelError(f"{path} cannot be read ({e.strerror}): change its permissions or those of its folder") from e


def _damaged(path: Path, cause: Exception) -> ModelError:
    reason = str(cause).removeprefix("Error while deserializing header: ")
    return ModelError(f"{path} is not a readable model file ({reason}): fetch or train it again")


def _read_header(path: Path, file: Any) -> ModelHeader:
    record = _read_record(path, file.metadata())
    try:
        config = ModelConfig.from_json(record["config"])
        tokenizer = tokenizer_from_json(record["tokenizer"])
        training = TrainingRecord.from_json(record.get("training", {}))
        card = ModelCard.from_json(record.get("card", {}))
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError, RnnchatError) as e:
        raise ModelError(f"{path}: the model's description is damaged ({e}): fetch or train it again") from e
    if tokenizer.vocab_size != config.vocab_size:
        raise ModelError(
            f"{path}: the vocabulary has {tokenizer.vocab_size} symbols, the network {config.vocab_size}: "
            "fetch or train it again"
        )
    dtype = _check_weights(path, file, config)
    return ModelHeader(config, tokenizer, training, card, dtype, path.stat().st_size)


def _read_record(path: Path, metadata: dict[str, str] | None) -> dict[str, Any]:
    """Parse the metadata entry and bring it to the present format."""
    if not metadata or METADATA_KEY not in metadata:
        raise ModelError(f"{path} holds weights but was not written by rnnchat: train a model with `rnnchat train`")
    try:
        record = json.loads(metadata[METADATA_KEY])
        version = int(record["format"])
    except (ValueError, KeyError, TypeError, RecursionError) as e:
        raise ModelError(f"{path}: the model's description is damaged ({e}): fetch or train it again") from e
    if version > FORMAT:
        raise ModelError(f"{path} was written by a newer rnnchat (format {version}): upgrade with pip to open it")
    while version < FORMAT:
        if version not in UPGRADES:
            raise ModelError(f"{path} has the unknown format {version}: fetch or train it again")
        record = UPGRADES[version](record)
        version += 1
    return dict(record)


def _check_weights(path: Path, file: Any, config: ModelConfig) -> str:
    """Compare names, shapes and types of the tensors with the configuration; give their type."""
    shapes = config.weight_shapes()
    names = set(file.keys())
    if missing := shapes.keys() - names:
        raise ModelError(f"{path}: the weights {', '.join(sorted(missing))} are missing: fetch or train it again")
    if extra := names - shapes.keys():
        raise ModelError(f"{path}: unknown weights {', '.join(sorted(extra))}: fetch or train it again")
    types = set()
    for name, shape in shapes.items():
        part = file.get_slice(name)
        if tuple(part.get_shape()) != shape:
            raise ModelError(
                f"{path}: {name} is {tuple(part.get_shape())}, its configuration says {shape}: fetch or train it again"
            )
        types.add(part.get_dtype())
    if unknown := types - WEIGHT_TYPES.keys():
        raise ModelError(f"{path}: weights of type {', '.join(sorted(unknown))} are not supported: use F32 or F16")
    return WEIGHT_TYPES["F32" if "F32" in types else "F16"]
