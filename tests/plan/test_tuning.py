"""The recipe of fine-tuning: few epochs, small steps, and whatever was given."""

from typing import Any

import pytest

from rnnchat.plan.choice import choose_recipe
from rnnchat.plan.options import TrainingOptions
from rnnchat.plan.recipe import Recipe
from rnnchat.plan.tuning import MAX_EPOCHS, prepare_tuning, tune_recipe


def tune(tokens: int = 40_000, **given: Any) -> Recipe:
    options = TrainingOptions(corpus=("a",), level="bpe", base="english", **given)
    recipe, _ = choose_recipe(prepare_tuning(options), 4 * tokens, tokens)
    return tune_recipe(recipe, options, tokens)


def test_a_text_is_read_only_a_few_times_however_much_time_there_is() -> None:
    for minutes in (0.2, 5, 60):
        assert tune(minutes=minutes).max_epochs == MAX_EPOCHS


def test_a_budget_of_epochs_or_steps_is_used_up() -> None:
    assert (tune(epochs=7.0).epochs, tune(epochs=7.0).max_epochs) == (7.0, None)
    assert tune(steps=90).max_epochs is None


def test_a_base_model_is_not_held_back_and_changes_slowly() -> None:
    recipe = tune()
    assert (recipe.optimiser, recipe.dropout, recipe.weight_decay) == ("adamw", 0, 0)
    assert (
        recipe.learning_rate < choose_recipe(TrainingOptions(("a",), optimiser="adamw"), 10**5, 10**5)[0].learning_rate
    )


def test_a_short_text_gives_enough_steps() -> None:
    for tokens in (5_000, 40_000, 10**6):
        recipe = tune(tokens)
        steps = MAX_EPOCHS * tokens / (recipe.batch_size * recipe.window)
        assert steps >= 30
    assert tune(5_000).batch_size < tune(10**6).batch_size


@pytest.mark.parametrize(
    "given",
    [
        {"learning_rate": 0.1}, {"dropout": 0.3}, {"batch_size": 5}, {"max_epochs": 9.0}, {"freeze": "layers"},
        {"pull": 3.0}, {"weight_decay": 0.2}, {"optimiser": "muon"}, {"variational": True}, {"patience": 3},
    ],
)  # fmt: skip
def test_what_is_given_is_kept(given: dict[str, Any]) -> None:
    recipe = tune(**given)
    assert {name: getattr(recipe, name) for name in given} == given
