"""The best network of a run as a model file: stored during training, added to the library at the end."""

import contextlib
import glob
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from rnnchat import paths
from rnnchat.errors import ModelError
from rnnchat.memory.mixing import Mixing
from rnnchat.model import library
from rnnchat.model.file import Model, read_header, read_model, write_model
from rnnchat.model.record import ModelCard, TrainingRecord
from rnnchat.network.network import Network, export_weights
from rnnchat.runs.folder import RunFolder
from rnnchat.runs.info import RunInfo
from rnnchat.runtime.precision import MAX_CHARS, measure_int8_loss
from rnnchat.text.lexicon import unpack_words
from rnnchat.text.tokenizer import Tokenizer
from rnnchat.training.mixing import learn_mixing

Curve = tuple[tuple[int, float], ...]
"""(step, validation bits per character)"""


def build_record(
    info: RunInfo, step: int, elapsed_s: float, bits_per_char: float | None, curve: Curve
) -> TrainingRecord:
    """The training record of a run's network after ``step``."""
    recipe = info.get_recipe()
    return TrainingRecord(
        corpus=info.corpus["name"],
        sha256=tuple(file["sha256"] for file in info.corpus["files"]),
        chars=info.corpus["chars"],
        tokens=info.train_tokens + info.validation_tokens,
        chars_per_token=info.chars_per_token,
        split=info.split,
        recipe=recipe.to_json(),
        steps=step,
        tokens_seen=step * recipe.batch_size * recipe.window,
        elapsed_s=round(elapsed_s, 1),
        bits_per_char=bits_per_char,
        curve=curve,
        trained_at=datetime.now(UTC).isoformat(timespec="seconds"),
        turns=info.turns,
        ancestry=info.ancestry,
    )


def write_best(run: RunFolder, network: Network, tokenizer: Tokenizer, record: TrainingRecord) -> None:
    """Store ``network`` as the best of ``run``; readers see the old file or the new one."""
    if run.words_path.exists():
        record = replace(record, words=unpack_words(run.words_path.read_text(encoding="utf-8")))
    model = Model(network.config, tokenizer, export_weights(network), record, ModelCard(title=run.name))
    if run.base_path.exists():  # what it remembers stays with every network that is trained from it
        base = read_model(run.base_path)
        model = replace(model, text=base.text, mixing=base.mixing)
    write_model(model, run.best_path)


def write_milestone(run: RunFolder, network: Network, tokenizer: Tokenizer, record: TrainingRecord) -> None:
    """Keep ``network`` as it is after ``record.steps``, in float16; weights that do not fit are no reason to stop."""
    card = ModelCard(title=f"{run.name} at step {record.steps:,}")
    path = run.milestone_path(record.steps)
    path.parent.mkdir(exist_ok=True)
    with contextlib.suppress(ModelError):
        write_model(Model(network.config, tokenizer, export_weights(network), record, card), path, "float16")


def recall_best(run: RunFolder) -> tuple[int, float] | None:
    """Step and bits per character of the stored best model, if there is one.

    It may be newer than the checkpoint that a run resumes from; a worse network does not replace it.
    """
    try:
        training = read_header(run.best_path).training
    except ModelError:
        return None
    return None if training.bits_per_char is None else (training.steps, training.bits_per_char)


def publish_best(run: RunFolder, bits_per_char: float, curve: Curve, held_out: np.ndarray, learned: np.ndarray) -> Path:
    """Add the best model to the library under the run's name, with its record brought up to date.

    Steps and time stay those of that network, not of the run. The loss of int8 is measured, and the weight of a memory
    is learnt, on the held-out ids (N,); ``learned`` (N,) are those trained on.
    """
    model = read_model(run.best_path)
    loss = _measure_int8_loss(model, held_out)
    record = replace(model.training, bits_per_char=bits_per_char, int8_loss=loss, curve=curve)
    write_model(replace(model, training=record, mixing=_learn_mixing(model, held_out, learned)), run.best_path)
    for unfinished in paths.models_dir().glob(f".{glob.escape(run.name)}{paths.MODEL_SUFFIX}.*.tmp"):
        unfinished.unlink()  # left behind by a killed process
    return library.import_model(run.best_path, run.name, replace=True)


def _learn_mixing(model: Model, held_out: np.ndarray, learned: np.ndarray) -> Mixing | None:
    """None if it cannot be learnt, which is no reason for a training to fail."""
    try:
        return learn_mixing(model, held_out, learned)
    except Exception:
        return None


def _measure_int8_loss(model: Model, held_out: np.ndarray) -> float | None:
    """In bits per character; None if it cannot be measured, which is no reason for a training to fail."""
    try:
        return round(measure_int8_loss(model, [model.tokenizer.decode(held_out[:MAX_CHARS])]), 6)
    except Exception:
        return None
