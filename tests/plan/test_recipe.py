"""A recipe is complete, and stays what it was for older and newer versions."""

import json
from dataclasses import replace

import pytest

from rnnchat.errors import UsageError
from rnnchat.plan.choice import choose_recipe
from rnnchat.plan.options import TrainingOptions
from rnnchat.plan.recipe import Recipe

OLD = {
    "level": "char", "cell": "lstm", "hidden_sizes": [12, 9], "embedding_size": 7, "dropout": 0.2, "tied": False,
    "max_vocab": None, "batch_size": 5, "window": 11, "learning_rate": 0.006, "minutes": None, "epochs": None,
    "steps": 30, "weight_decay": 0.01, "clip_norm": 1.0, "warmup": 50, "validation_fraction": 0.1,
    "reset_probability": 0.01, "seed": 1, "device": "cpu", "threads": 1, "precision": "float32",
}  # fmt: skip
"""As the first version wrote it."""


def test_a_recipe_survives_json() -> None:
    wishes = TrainingOptions(
        corpus=("a",), steps=5, optimiser="sgd", momentum=0.9, variational=True, input_dropout=0.4, weight_drop=0.5,
        average="tail", residual=True, loss="mse", decay="cosine", patience=3, warmup=0, clip_norm=0.25,
    )  # fmt: skip
    recipe = choose_recipe(wishes, 10**5, 10**5)[0]
    assert (recipe.optimiser, recipe.momentum, recipe.average, recipe.patience) == ("sgd", 0.9, "tail", 3)
    assert Recipe.from_json(json.loads(json.dumps(recipe.to_json()))) == recipe
    assert recipe.build_regularisation().weight_drop == 0.5
    assert recipe.build_config(9).residual


def test_a_recipe_of_an_older_version_means_what_it_meant() -> None:
    recipe = Recipe.from_json(OLD)
    assert {name: value for name, value in json.loads(json.dumps(recipe.to_json())).items() if name in OLD} == OLD
    assert (recipe.decay, recipe.optimiser, recipe.betas, recipe.average) == ("cosine", "adamw", (0.9, 0.999), "none")
    assert recipe.patience == 0
    regularisation = recipe.build_regularisation()
    assert regularisation == replace(type(regularisation)(), dropout=0.2)


def test_a_recipe_of_a_newer_version_is_refused() -> None:
    with pytest.raises(UsageError, match=r"newer version of rnnchat \(unknown here: lookahead\); update"):
        Recipe.from_json({**OLD, "lookahead": 5})
