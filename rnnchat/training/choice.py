"""From what a person asked for and how much text there is to a complete recipe, by a written rule.

The size follows the text and the time: a network that is too big for its text learns it by heart, one that is too
big for its time does not get through it often enough. Everything that was asked for stays as asked.
"""

import os
from dataclasses import replace
from typing import Any, NamedTuple

from rnnchat.errors import TextError
from rnnchat.model.config import ModelConfig
from rnnchat.text.tokenizer import DEFAULT_MAX_VOCAB, SYMBOL_NAMES, Level
from rnnchat.training.options import DEFAULT_MINUTES, Optimiser, Preset, TrainingOptions
from rnnchat.training.recipe import Recipe

LEAST_CHARS = 200
"""A shorter text teaches nothing that could be held against a held-out part."""
_LEAST_WINDOWS = 2
MANY_READINGS = 15
"""A text that is read so often can be learnt by heart."""


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
_LEAST_STEPS = 250
_LEAST_PART = 16
"""Of windows and streams: less of either is no faster."""
_GIVEN_UNLESS_ASKED: dict[str, Any] = {"decay": "linear", "patience": None, "warmup": 10}
_AS_ASKED = (
    "residual", "dropout", "variational", "input_dropout", "output_dropout", "embedding_dropout", "weight_drop",
    "activation", "temporal", "decay", "warmup", "optimiser", "momentum", "weight_decay", "clip_norm", "loss",
    "average", "patience",
)  # fmt: skip
"""Wishes that are taken as they are; without one the recipe keeps its default."""
_MUON_BETAS = (0.7, 0.99)
KINDS: dict[Level, str] = {"char": "spelling", "byte": "spelling", "word": "words", "bpe": "words"}
"""Symbols are few and each is frequent, or many and most are rare; the rare ones are learnt by heart sooner."""
LEAST_SEEN = {"spelling": 1.0, "words": 0.3}
"""A network that reads fewer symbols than so many for each of its parameters is too big for its time: in the time of
0.3 M characters with 1×512, 1×256 read 0.7 M and came to 1.63 nats instead of 1.71."""
_LARGE_SEEN = 2.0
"""So many times that for the largest."""
_SHORT, _SHORTISH, _LONG = 3_000, 20_000, 5_000_000
"""Characters. A network may be big for its text: on 33,000 characters 1×512 with dropout came to 2.32 bits per
character where 1×256 came to 2.47."""
_MUON_RATES = {"spelling": 0.012, "words": 0.008}
_ADAM_RATES: dict[Preset, float] = {"tiny": 8e-3, "small": 6e-3, "medium": 4e-3, "large": 2.5e-3}
_RATE_FACTORS: dict[Optimiser, float] = {"adamw": 1.0, "adam": 1.0, "rmsprop": 0.5, "sgd": 250.0}
"""Where the gradient is not scaled, the rate has another size."""

_Strengths = tuple[tuple[float, dict[str, Any]], ...]
"""What is chosen against learning by heart, up to how much of a measure."""
_MUON_STRENGTHS: dict[str, _Strengths] = {
    "spelling": (
        (25, {"weight_decay": 1.0}),
        (150, {"weight_decay": 1.5, "dropout": 0.2, "input_dropout": 0.0}),
        (float("inf"), {"weight_decay": 1.5, "dropout": 0.5}),
    ),
    "words": (
        (50, {"weight_decay": 0.5, "dropout": 0.3}),
        (
            float("inf"),
            {
                "weight_decay": 0.7, "dropout": 0.35, "input_dropout": 0.4, "embedding_dropout": 0.1,
                "variational": True,
            },
        ),
    ),
}  # fmt: skip
"""By the readings of the text, times the square of the parameters for each of its symbols: the room to learn it by heart
counts for more than how often it is read."""
_OTHER_STRENGTHS: dict[str, _Strengths] = {
    "spelling": ((12, {"dropout": 0.0}), (40, {"dropout": 0.3}), (float("inf"), {"dropout": 0.5})),
    "words": ((12, {"dropout": 0.2}), (float("inf"), {"dropout": 0.5})),
}
"""By the readings of the text."""


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
    minutes, threads = options.minutes, options.threads or count_threads(options.beside_tui)
    if minutes is None and options.epochs is None and options.steps is None:
        minutes = DEFAULT_MINUTES
    speed = flop_per_s or threads * _FLOP_PER_S
    flop = None if minutes is None else minutes * 60 * speed
    preset = options.preset or _choose_preset(options, chars, flop)
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
        learning_rate=1.0,
        minutes=minutes,
        epochs=options.epochs,
        steps=options.steps,
        seed=options.seed,
        device=options.device,
        threads=threads,
        precision=options.precision,
        **_GIVEN_UNLESS_ASKED,
    )
    recipe = replace(recipe, **_choose_optimiser(options, preset))
    readings = _estimate_readings(recipe, tokens, speed)
    recipe = _take_smaller_steps(options, recipe, readings * tokens)
    strengths = _choose_regularisation(options, recipe, readings, _count_parameters(recipe) / tokens)
    recipe = replace(recipe, **strengths)
    asked = {name: value for name in _AS_ASKED if (value := getattr(options, name)) is not None}
    return replace(recipe, **asked), notes


def count_threads(beside_tui: bool) -> int:
    """Cores to compute on: all that this process may use, one less beside a screen that must stay quick."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, cores - beside_tui)


def _choose_preset(options: TrainingOptions, chars: int, flop: float | None) -> Preset:
    """The biggest network that the text is long enough for, and that reads enough of it in its time.

    Args:
        options: what was asked for.
        chars: characters to learn from.
        flop: the operations that the time allows; None where the budget is not a time.
    """
    if chars < _SHORT:
        return "tiny"
    presets: tuple[Preset, ...] = ("small",) if chars < _SHORTISH else ("medium", "small")
    if flop is not None:
        presets = ("large", *presets) if chars > _LONG else presets
    for preset in presets:
        size, level = PRESETS[options.level][preset], options.level
        vocab_size = options.max_vocab or _USUAL_VOCAB.get(level, DEFAULT_MAX_VOCAB[level])
        config = ModelConfig(vocab_size, options.cell or "lstm", size.hidden_sizes, size.embedding_size, 0.0, size.tied)
        least = LEAST_SEEN[KINDS[level]] * (_LARGE_SEEN if preset == "large" else 1)
        if flop is None or flop >= count_flop(config.parameters) * least * config.parameters:
            return preset
    return "tiny" if flop is not None and options.level in ("char", "byte") else presets[-1]


def count_flop(parameters: int) -> int:
    """Floating-point operations to learn from one symbol: a product and a sum forward, twice as many backward."""
    return 6 * parameters


def _choose_optimiser(options: TrainingOptions, preset: Preset) -> dict[str, Any]:
    """What changes the weights, and how fast."""
    optimiser = options.optimiser or "muon"
    if optimiser == "muon":
        rate = options.learning_rate or _MUON_RATES[KINDS[options.level]]
        return {"optimiser": optimiser, "betas": _MUON_BETAS, "learning_rate": rate}
    rate = options.learning_rate or _ADAM_RATES[preset] * _RATE_FACTORS[optimiser]
    return {"optimiser": optimiser, "learning_rate": rate}


def _take_smaller_steps(options: TrainingOptions, recipe: Recipe, seen: float) -> Recipe:
    """Many small steps where few big ones would be all: shorter windows first, then fewer streams.

    Args:
        options: what was asked for, which stays so.
        recipe: with the usual steps.
        seen: symbols that the budget will read.
    """
    if recipe.steps is not None:
        return recipe
    for name, asked in (("window", options.window), ("batch_size", options.batch_size)):
        while asked is None and seen < _LEAST_STEPS * recipe.batch_size * recipe.window:
            half = getattr(recipe, name) // 2
            if half < _LEAST_PART:
                break
            recipe = replace(recipe, **{name: half})
    return recipe


def _choose_regularisation(
    options: TrainingOptions, recipe: Recipe, readings: float, parameters_per_token: float
) -> dict[str, Any]:
    """Decay and dropout: a text that is read many times over, by a network that has room for it, is learnt by heart
    unless something gets in the way."""
    strengths, measure = _OTHER_STRENGTHS, readings
    if recipe.optimiser == "muon":
        strengths, measure = _MUON_STRENGTHS, readings * parameters_per_token**2
    chosen = next(chosen for most, chosen in strengths[KINDS[recipe.level]] if measure < most)
    if options.dropout is None:
        return chosen
    # Whoever asks for a dropout means all of it.
    return {name: value for name, value in chosen.items() if name == "weight_decay"}


def _count_parameters(recipe: Recipe) -> int:
    """With the vocabulary that such a text usually has."""
    vocab_size = recipe.max_vocab or _USUAL_VOCAB.get(recipe.level, DEFAULT_MAX_VOCAB[recipe.level])
    return recipe.build_config(vocab_size).parameters


def _estimate_readings(recipe: Recipe, tokens: int, flop_per_s: float) -> float:
    """How many times the budget will get through the text."""
    steps = recipe.count_steps(tokens)
    if steps is not None:
        return steps * recipe.batch_size * recipe.window / tokens
    assert recipe.minutes is not None
    return recipe.minutes * 60 * flop_per_s / count_flop(_count_parameters(recipe)) / tokens


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
