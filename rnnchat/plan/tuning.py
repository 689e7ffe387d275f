"""The recipe of fine-tuning: how a base model learns a text without forgetting what it knows.

A person's text is short, so that a network memorises it long before the time is up, and a memory of the text then adds
nothing to it. Few epochs of small AdamW steps change a base model only as far as it generalises. The experiments:
docs/recipe.md.
"""

from dataclasses import replace
from typing import Any

from rnnchat.plan.options import TrainingOptions
from rnnchat.plan.recipe import Recipe

MAX_EPOCHS = 2.0
"""Passes over the text within a time budget."""
_RATE = 3e-4
"""Of AdamW and Adam."""
_RATE_FACTOR = 0.3
"""Of the other optimisers' rates for training from scratch."""
_BETAS = (0.9, 0.99)
_BATCHES = (16, 8, 4)
"""Streams: fewer for a text that would otherwise give too few steps."""
_LEAST_STEPS = 60


def prepare_tuning(options: TrainingOptions) -> TrainingOptions:
    """The options with the optimiser of fine-tuning, unless one is given."""
    return options if options.optimiser else replace(options, optimiser="adamw")


def tune_recipe(recipe: Recipe, options: TrainingOptions, tokens: int) -> Recipe:
    """Change a recipe for training from scratch to one for fine-tuning.

    Args:
        recipe: as chosen for the options of `prepare_tuning`.
        options: whatever is given there is kept.
        tokens: symbols of the training text.
    """
    chosen: dict[str, Any] = {"betas": _BETAS, "dropout": 0.0, "weight_decay": 0.0}
    chosen |= {"variational": False, "input_dropout": None, "output_dropout": None, "embedding_dropout": 0.0}
    if recipe.optimiser in ("adamw", "adam"):
        chosen["learning_rate"] = _RATE
    else:
        chosen |= {"learning_rate": _RATE_FACTOR * recipe.learning_rate, "betas": recipe.betas}
    if recipe.minutes is not None:
        chosen["max_epochs"] = MAX_EPOCHS
    for batch in _BATCHES:
        chosen["batch_size"] = min(batch, recipe.batch_size)
        if MAX_EPOCHS * tokens >= _LEAST_STEPS * batch * recipe.window:
            break
    given = {name: value for name in chosen if (value := getattr(options, name, None)) is not None}
    return replace(recipe, **chosen | given)
