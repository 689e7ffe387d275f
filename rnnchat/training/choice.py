"""From what a person asked for and how much text there is to a complete recipe, by a written rule.

The size follows the text and the time: a network that is too big for its text learns it by heart, one that is too
big for its time does not get through it often enough. Everything that was asked for stays as asked.
"""

import os
from dataclasses import replace
from typing import Any, NamedTuple

from rnnchat.errors import TextError
from rnnchat.text.tokenizer import DEFAULT_MAX_VOCAB, SYMBOL_NAMES, Level
from rnnchat.training.options import DEFAULT_MINUTES, Optimiser, Preset, TrainingOptions
from rnnchat.training.recipe import Recipe

LEAST_CHARS = 200
"""A shorter text teaches nothing that could be held against a held-out part."""
_LEAST_WINDOWS = 2


class Size(NamedTuple):
    """A network's sizes."""

    hidden_sizes: tuple[int, ...]
    embedding_size: int
    tied: bool = False


PRESETS: dict[Level, dict[Preset, Size]] = {
    "char": {
        "tiny": Size((128,), 32),
        "small": Size((256,), 64),
        "medium": Size((512,), 64),
        "large": Size((640, 640), 128),
    },
    "word": {
        "tiny": Size((128,), 128, tied=True),
        "small": Size((256,), 192, tied=True),
        "medium": Size((512,), 256, tied=True),
        "large": Size((640, 640), 320, tied=True),
    },
}
PRESETS["byte"] = PRESETS["char"]
PRESETS["bpe"] = PRESETS["word"]

_FLOP_PER_S = 7e10
"""What a common processor core does, to plan with before anything is measured."""
_USUAL_VOCAB: dict[Level, int] = {"char": 100}
"""Where the vocabulary is usually far from the most it may be."""
_WINDOW = 64
_BATCH = 64
_GIVEN_UNLESS_ASKED: dict[str, Any] = {"decay": "linear", "patience": None, "warmup": 10}
_AS_ASKED = (
    "residual", "dropout", "variational", "input_dropout", "output_dropout", "embedding_dropout", "weight_drop",
    "activation", "temporal", "decay", "warmup", "optimiser", "momentum", "weight_decay", "clip_norm", "loss", "average",
    "patience",
)  # fmt: skip
"""Wishes that are taken as they are; without one the recipe keeps its default."""
_MUON_BETAS = (0.7, 0.99)
_MUON_RATE = 0.012
_MUON_STEPS: tuple[tuple[float, dict[str, float]], ...] = (
    (15, {"weight_decay": 1.0, "dropout": 0.0}),
    (float("inf"), {"weight_decay": 1.5, "dropout": 0.2}),
)
_ADAM_STEPS: tuple[tuple[float, dict[str, float]], ...] = (
    (12, {"dropout": 0.0}),
    (40, {"dropout": 0.3}),
    (float("inf"), {"dropout": 0.5}),
)
"""Up to how many readings of the text what is chosen against learning by heart."""
_ADAM_RATES: dict[Preset, float] = {"tiny": 8e-3, "small": 6e-3, "medium": 4e-3, "large": 2.5e-3}
_RATE_FACTORS: dict[Optimiser, float] = {"adamw": 1.0, "adam": 1.0, "rmsprop": 0.5, "sgd": 250.0}
"""Where the gradient is not scaled, the rate has another size."""


def check_length(chars: int, name: str) -> None:
    """Refuse a text that is too short to learn from.

    Raises:
        TextError: saying how short it is and how much is needed.
    """
    if chars < LEAST_CHARS:
        raise TextError(
            f"{name} is too short to train on: it has {chars:,} characters, and {LEAST_CHARS} are the least; "
            "add more text"
        )


def choose_recipe(
    options: TrainingOptions, chars: int, tokens: int, flop_per_s: float | None = None
) -> tuple[Recipe, tuple[str, ...]]:
    """Fill in what was not asked for.

    Args:
        options: what was asked for.
        chars: characters to learn from.
        tokens: the same as symbols of the level.
        flop_per_s: how fast this machine trains; that of a common one by default.

    Returns:
        The recipe, and sentences about choices that a person should know.
    """
    minutes = options.minutes
    if minutes is None and options.epochs is None and options.steps is None:
        minutes = DEFAULT_MINUTES
    preset = options.preset or _choose_preset(chars, minutes)
    size = PRESETS[options.level][preset]
    hidden = options.hidden_sizes or size.hidden_sizes
    if options.layers and len(hidden) != options.layers:
        hidden = (hidden[0],) * options.layers
    embedding = size.embedding_size if options.embedding_size is None else options.embedding_size
    window, batch, notes = _choose_batch(options, tokens)
    recipe = Recipe(
        level=options.level,
        cell=options.cell or "lstm",
        hidden_sizes=hidden,
        embedding_size=embedding,
        dropout=options.dropout or 0.0,
        tied=(size.tied and embedding > 0) if options.tied is None else options.tied,
        max_vocab=options.max_vocab,
        batch_size=batch,
        window=window,
        learning_rate=options.learning_rate or _MUON_RATE,
        minutes=minutes,
        epochs=options.epochs,
        steps=options.steps,
        seed=options.seed,
        device=options.device,
        threads=options.threads or count_threads(options.beside_tui),
        precision=options.precision,
        **_GIVEN_UNLESS_ASKED,
    )
    recipe = replace(recipe, **_choose_optimiser(options, preset))
    readings = _estimate_readings(recipe, tokens, flop_per_s or recipe.threads * _FLOP_PER_S)
    recipe = replace(recipe, **_choose_regularisation(recipe, readings))
    asked = {name: value for name in _AS_ASKED if (value := getattr(options, name)) is not None}
    return replace(recipe, **asked), notes


def count_threads(beside_tui: bool) -> int:
    """Cores to compute on: all that this process may use, one less beside a screen that must stay quick."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, cores - beside_tui)


def _choose_preset(chars: int, minutes: float | None) -> Preset:
    """With dropout a network may be big for its text: on 33,000 characters 1×512 came to 2.32 bits per character where
    1×256 came to 2.47. It is the time that must suffice for it."""
    if chars < 3_000:
        return "tiny"
    if chars < 20_000 or (minutes is not None and minutes < 1):
        return "small"
    if chars > 5_000_000 and minutes is not None and minutes >= 30:
        return "large"
    return "medium"


def _choose_optimiser(options: TrainingOptions, preset: Preset) -> dict[str, Any]:
    """What changes the weights, and how fast."""
    optimiser = options.optimiser or "muon"
    if optimiser == "muon":
        return {"optimiser": optimiser, "betas": _MUON_BETAS, "learning_rate": options.learning_rate or _MUON_RATE}
    rate = options.learning_rate or _ADAM_RATES[preset] * _RATE_FACTORS[optimiser]
    return {"optimiser": optimiser, "learning_rate": rate}


def _choose_regularisation(recipe: Recipe, readings: float) -> dict[str, Any]:
    """Decay and dropout: a text that is read many times over is learnt by heart unless something gets in the way."""
    steps = _MUON_STEPS if recipe.optimiser == "muon" else _ADAM_STEPS
    wishes = dict(next(wishes for most, wishes in steps if readings < most))
    if recipe.level not in ("char", "byte"):
        # The rare words of a text are learnt by heart sooner than its spelling.
        wishes["dropout"] = min(0.5, wishes["dropout"] + 0.2)
    return wishes


def _estimate_readings(recipe: Recipe, tokens: int, flop_per_s: float) -> float:
    """How many times the budget will get through the text."""
    steps = recipe.count_steps(tokens)
    if steps is not None:
        return steps * recipe.batch_size * recipe.window / tokens
    assert recipe.minutes is not None
    vocab_size = recipe.max_vocab or _USUAL_VOCAB.get(recipe.level, DEFAULT_MAX_VOCAB[recipe.level])
    flop_per_token = 6 * recipe.build_config(vocab_size).parameters
    return recipe.minutes * 60 * flop_per_s / flop_per_token / tokens


def _choose_batch(options: TrainingOptions, tokens: int) -> tuple[int, int, tuple[str, ...]]:
    """Window and streams, smaller for a text in which the usual ones would not find room."""
    window, batch = options.window or _WINDOW, options.batch_size or _BATCH
    fitting_window = min(window, max(2, tokens // (2 * _LEAST_WINDOWS)))
    fitting_batch = min(batch, max(1, tokens // (8 * fitting_window)))
    if (fitting_window, fitting_batch) == (window, batch):
        return window, batch, ()
    if tokens < _LEAST_WINDOWS * fitting_window:
        name = SYMBOL_NAMES[options.level]
        raise TextError(f"the text is too short to train on: {tokens} {name}s to learn from; add more text")
    note = (
        f"The text is short ({tokens:,} symbols to learn from): {fitting_batch} streams and a window of "
        f"{fitting_window} instead of {batch} and {window}."
    )
    return fitting_window, fitting_batch, (note,)
