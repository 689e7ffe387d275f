"""From options and the length of the text to a complete recipe.

Every option that was given is kept. The rule and the experiments behind it: docs/recipe.md.
"""

import os
from dataclasses import replace
from typing import Any

from rnnchat.errors import TextError
from rnnchat.plan.options import DEFAULT_MINUTES, Optimiser, Preset, TrainingOptions
from rnnchat.plan.recipe import Recipe
from rnnchat.plan.restraint import choose_restraint
from rnnchat.plan.size import PRESETS, Kind, NetworkSize, Symbols, choose_preset, count_flop, find_kind, guess_symbols
from rnnchat.text.tokenizer import SYMBOL_NAMES

LEAST_CHARS = 200
"""A shorter text is too short to hold out a part."""
_LEAST_WINDOWS = 2
_FLOP_PER_S = 7e10
"""A common processor core's speed, to plan with before anything is measured."""
_WINDOW = 64
_MUON_BATCH, _BATCH = 64, 24
"""Streams: Muon suffers less from few big steps than the other optimisers."""
FAST_FLOP_PER_S = 2e12
"""A machine measured at this speed, usually a GPU, processes more streams in little more time."""
FAST_BATCH, FAST_WINDOW = 128, 96
_LEAST_STEPS = 250
_LEAST_PART = 16
"""The smallest window and number of streams to fall back to; fewer are no faster."""
_GIVEN_UNLESS_ASKED: dict[str, Any] = {"decay": "linear", "patience": None, "warmup": 10}
_SHARED = ("max_vocab", "epochs", "steps", "seed", "device", "precision")
"""Fields that a recipe has from the options, set or not."""
_AS_ASKED = (
    "residual", "dropout", "variational", "input_dropout", "output_dropout", "embedding_dropout", "weight_drop",
    "activation", "temporal", "decay", "warmup", "optimiser", "momentum", "weight_decay", "clip_norm", "loss",
    "average", "patience", "max_epochs", "freeze", "pull",
)  # fmt: skip
"""Options that are taken as given; where they are not, the recipe has its default."""
_MUON_BETAS = (0.7, 0.99)
_MUON_RATES: dict[Kind, float] = {"spelling": 0.012, "words": 0.008}
_ADAM_RATES: dict[Preset, float] = {"tiny": 8e-3, "small": 6e-3, "medium": 4e-3, "large": 2.5e-3}
_RATE_FACTORS: dict[Optimiser, float] = {"adamw": 1.0, "adam": 1.0, "rmsprop": 0.5, "sgd": 250.0}
"""Learning rates relative to AdamW's; without gradient scaling they are of another size."""


def check_length(chars: int, name: str) -> None:
    """Refuse a text that is too short to train on.

    Raises:
        TextError: with its length and the minimum.
    """
    if chars < LEAST_CHARS:
        raise TextError(
            f"{name} is too short to train on: it has {chars:,} characters and needs at least {LEAST_CHARS}; add more "
            "text"
        )


def choose_recipe(
    options: TrainingOptions,
    chars: int,
    tokens: int,
    flop_per_s: float | None = None,
    symbols: Symbols | None = None,
) -> tuple[Recipe, tuple[str, ...]]:
    """Fill in every option that was not given.

    Args:
        options: as given.
        chars: characters to train on.
        tokens: the same in symbols of the level.
        flop_per_s: the measured training speed of this machine; that of a common one by default.
        symbols: of the text; those usual at that level by default.

    Returns:
        The recipe, and notes on choices worth knowing.
    """
    minutes, threads = _choose_minutes(options), options.threads or count_threads(options.beside_tui)
    flop = None if minutes is None else minutes * 60 * (flop_per_s or threads * _FLOP_PER_S)
    symbols = symbols or guess_symbols(options.own_level, options.max_vocab)
    kind = find_kind(options.own_level, symbols.common)
    preset = options.preset or choose_preset(options, chars, symbols, flop)
    window, batch, notes = _choose_batch(options, tokens, is_fast=(flop_per_s or 0) >= FAST_FLOP_PER_S)
    if kind == "words" and options.own_level in ("char", "byte"):
        notes = (*notes, f"{symbols.common:,} distinct characters are common: the recipe for words is used.")
    recipe = Recipe(
        level=options.own_level,
        batch_size=batch,
        window=window,
        minutes=minutes,
        threads=threads,
        **{name: getattr(options, name) for name in _SHARED},
        **_GIVEN_UNLESS_ASKED,
        **_choose_network(options, PRESETS[kind][preset]),
        **_choose_optimiser(options, preset, kind),
    )
    return _regularise(options, recipe, symbols, tokens, flop), notes


def _choose_minutes(options: TrainingOptions) -> float | None:
    """The time budget; None where the budget is of epochs or steps."""
    if options.minutes is None and options.epochs is None and options.steps is None:
        return DEFAULT_MINUTES
    return options.minutes


def _regularise(options: TrainingOptions, recipe: Recipe, symbols: Symbols, tokens: int, flop: float | None) -> Recipe:
    """The recipe with steps and regularisation that suit the number of epochs, and with everything that was given."""
    kind = find_kind(recipe.level, symbols.common)
    parameters = recipe.build_config(symbols.size).parameters
    readings = _estimate_readings(recipe, tokens, 0.0 if flop is None else flop / count_flop(parameters))
    recipe = _take_smaller_steps(options, recipe, readings * tokens)
    recipe = replace(recipe, **choose_restraint(options, recipe.optimiser, kind, readings, parameters / tokens))
    given = {name: value for name in _AS_ASKED if (value := getattr(options, name)) is not None}
    return replace(recipe, **given)


def _choose_network(options: TrainingOptions, size: NetworkSize) -> dict[str, Any]:
    """The fields of a recipe that describe the network."""
    hidden = options.hidden_sizes or size.hidden_sizes
    if options.layers and len(hidden) != options.layers:
        hidden = (hidden[0],) * options.layers
    embedding = size.embedding_size if options.embedding_size is None else options.embedding_size
    return {
        "cell": options.cell or "lstm",
        "hidden_sizes": hidden,
        "embedding_size": embedding,
        "dropout": options.dropout or 0.0,
        "tied": (size.tied and embedding > 0) if options.tied is None else options.tied,
    }


def count_threads(beside_tui: bool) -> int:
    """Cores to compute on: all available to this process, one less beside the TUI."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, cores - beside_tui)


def _choose_optimiser(options: TrainingOptions, preset: Preset, kind: Kind) -> dict[str, Any]:
    """Optimiser and learning rate."""
    optimiser = options.optimiser or "muon"
    if optimiser == "muon":
        rate = options.learning_rate or _MUON_RATES[kind]
        return {"optimiser": optimiser, "betas": _MUON_BETAS, "learning_rate": rate}
    rate = options.learning_rate or _ADAM_RATES[preset] * _RATE_FACTORS[optimiser]
    return {"optimiser": optimiser, "learning_rate": rate}


def _take_smaller_steps(options: TrainingOptions, recipe: Recipe, seen: float) -> Recipe:
    """Trade big steps for more of them where the budget allows only a few: shorter windows first, then fewer streams.

    Args:
        options: window and batch size given there are kept.
        recipe: with the usual batch.
        seen: symbols that the budget allows to read.
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


def _estimate_readings(recipe: Recipe, tokens: int, in_time: float) -> float:
    """How many times the budget allows to read the text; ``in_time`` symbols where it is a time."""
    steps = recipe.count_steps(tokens)
    return (in_time if steps is None else steps * recipe.batch_size * recipe.window) / tokens


def _choose_batch(options: TrainingOptions, tokens: int, is_fast: bool) -> tuple[int, int, tuple[str, ...]]:
    """Window and streams, smaller for a text that is too short for the usual ones."""
    if options.optimiser not in (None, "muon"):
        window, batch = _WINDOW, _BATCH
    else:
        window, batch = (FAST_WINDOW, FAST_BATCH) if is_fast else (_WINDOW, _MUON_BATCH)
    window, batch = options.window or window, options.batch_size or batch
    fitting_window = min(window, max(2, tokens // (2 * _LEAST_WINDOWS)))
    fitting_batch = min(batch, max(1, tokens // (8 * fitting_window)))
    if (fitting_window, fitting_batch) == (window, batch):
        return window, batch, ()
    if tokens < _LEAST_WINDOWS * fitting_window:
        name = SYMBOL_NAMES[options.own_level]
        raise TextError(f"the text is too short to train on: it has only {tokens} {name}s; add more text")
    note = (
        f"The text is short ({tokens:,} symbols): batch {fitting_batch} × {fitting_window} instead of "
        f"{batch} × {window}."
    )
    return fitting_window, fitting_batch, (note,)
