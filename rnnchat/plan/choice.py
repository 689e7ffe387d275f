"""From what a person asked for and how much text there is to a complete recipe, by a written rule.

Everything that was asked for stays as asked. The rule and its experiments: docs/recipe.md.
"""

import os
from dataclasses import replace
from typing import Any

from rnnchat.errors import TextError
from rnnchat.plan.options import DEFAULT_MINUTES, Optimiser, Preset, TrainingOptions
from rnnchat.plan.recipe import Recipe
from rnnchat.plan.restraint import choose_restraint
from rnnchat.plan.size import PRESETS, Kind, Symbols, choose_preset, count_flop, find_kind, guess_symbols
from rnnchat.text.tokenizer import SYMBOL_NAMES

LEAST_CHARS = 200
"""A shorter text teaches nothing that could be held against a held-out part."""
_LEAST_WINDOWS = 2
_FLOP_PER_S = 7e10
"""What a common processor core does, to plan with before anything is measured."""
_WINDOW = 64
_MUON_BATCH, _BATCH = 64, 24
"""Streams: muon loses less by few big steps than the others do."""
FAST_FLOP_PER_S = 2e12
"""A machine that was measured to be so fast, a GPU as a rule, takes more streams in little more time."""
FAST_BATCH, FAST_WINDOW = 128, 96
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
_MUON_RATES: dict[Kind, float] = {"spelling": 0.012, "words": 0.008}
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
    options: TrainingOptions,
    chars: int,
    tokens: int,
    flop_per_s: float | None = None,
    symbols: Symbols | None = None,
) -> tuple[Recipe, tuple[str, ...]]:
    """Fill in what was not asked for.

    Args:
        options: what was asked for.
        chars: characters to learn from.
        tokens: the same as symbols of the level.
        flop_per_s: how fast this machine trains, measured; as a common one by default.
        symbols: of the text; as texts of that level usually have by default.

    Returns:
        The recipe, and sentences about choices that a person should know.
    """
    minutes, threads = options.minutes, options.threads or count_threads(options.beside_tui)
    if minutes is None and options.epochs is None and options.steps is None:
        minutes = DEFAULT_MINUTES
    flop = None if minutes is None else minutes * 60 * (flop_per_s or threads * _FLOP_PER_S)
    symbols = symbols or guess_symbols(options.level, options.max_vocab)
    kind = find_kind(options.level, symbols.common)
    preset = options.preset or choose_preset(options, chars, symbols, flop)
    size = PRESETS[kind][preset]
    hidden = options.hidden_sizes or size.hidden_sizes
    if options.layers and len(hidden) != options.layers:
        hidden = (hidden[0],) * options.layers
    embedding = size.embedding_size if options.embedding_size is None else options.embedding_size
    window, batch, notes = _choose_batch(options, tokens, is_fast=(flop_per_s or 0) >= FAST_FLOP_PER_S)
    if kind == "words" and options.level in ("char", "byte"):
        notes = (*notes, f"{symbols.common:,} different characters are common: the text is learnt like one of words.")
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
    recipe = replace(recipe, **_choose_optimiser(options, preset, kind))
    parameters = recipe.build_config(symbols.size).parameters
    readings = _estimate_readings(recipe, tokens, 0.0 if flop is None else flop / count_flop(parameters))
    recipe = _take_smaller_steps(options, recipe, readings * tokens)
    recipe = replace(recipe, **choose_restraint(options, recipe.optimiser, kind, readings, parameters / tokens))
    asked = {name: value for name in _AS_ASKED if (value := getattr(options, name)) is not None}
    return replace(recipe, **asked), notes


def count_threads(beside_tui: bool) -> int:
    """Cores to compute on: all that this process may use, one less beside a screen that must stay quick."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, cores - beside_tui)


def _choose_optimiser(options: TrainingOptions, preset: Preset, kind: Kind) -> dict[str, Any]:
    """What changes the weights, and how fast."""
    optimiser = options.optimiser or "muon"
    if optimiser == "muon":
        rate = options.learning_rate or _MUON_RATES[kind]
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


def _estimate_readings(recipe: Recipe, tokens: int, in_time: float) -> float:
    """How many times the budget will get through the text; ``in_time`` symbols where it is a time."""
    steps = recipe.count_steps(tokens)
    return (in_time if steps is None else steps * recipe.batch_size * recipe.window) / tokens


def _choose_batch(options: TrainingOptions, tokens: int, is_fast: bool) -> tuple[int, int, tuple[str, ...]]:
    """Window and streams, smaller for a text in which the usual ones would not find room."""
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
        name = SYMBOL_NAMES[options.level]
        raise TextError(f"the text is too short to train on: {tokens} {name}s to learn from; add more text")
    note = (
        f"The text is short ({tokens:,} symbols to learn from): {fitting_batch} streams and a window of "
        f"{fitting_window} instead of {batch} and {window}."
    )
    return fitting_window, fitting_batch, (note,)
