"""What figures mean is said in words, and only where it is so."""

from dataclasses import replace

import pytest

from rnnchat.plan.advice import Amounts, judge_end, judge_overfitting, judge_size
from rnnchat.plan.choice import choose_recipe
from rnnchat.plan.options import TrainingOptions
from rnnchat.plan.recipe import Recipe


@pytest.fixture
def recipe() -> Recipe:
    return choose_recipe(TrainingOptions(corpus=("a",), steps=1_000, dropout=0.0), 10**6, 10**6)[0]


def draw(*bits: float) -> tuple[tuple[int, float], ...]:
    return tuple((100 * number, value) for number, value in enumerate(bits, 1))


def test_a_network_that_fits_is_not_talked_about(recipe: Recipe) -> None:
    assert judge_size(recipe, Amounts(parameters=10**6, text=10**6, seen=5e6, kind="spelling")) == ()


def test_a_network_that_can_learn_its_text_by_heart_is_too_big_for_it(recipe: Recipe) -> None:
    amounts = Amounts(parameters=10**6, text=30_000, seen=3e6, kind="spelling")
    (told,) = judge_size(recipe, amounts)
    assert "too big for this text: 1,000,000 parameters can memorise 30,000 symbols" in told
    assert "in 100 epochs" in told
    assert judge_size(replace(recipe, dropout=0.5), amounts) == ()
    assert judge_size(recipe, replace(amounts, seen=1.1e6, parameters=10**5)) != ()
    assert judge_size(recipe, replace(amounts, seen=1e5, parameters=10**5)) == ()  # nothing is memorised in 3 epochs


def test_a_network_that_sees_little_is_too_big_for_its_time(recipe: Recipe) -> None:
    (told,) = judge_size(recipe, Amounts(parameters=10**7, text=10**8, seen=2e6, kind="spelling"))
    assert "too big for this time" in told


def test_words_need_be_seen_less_often(recipe: Recipe) -> None:
    amounts = Amounts(parameters=10**6, text=10**8, seen=5e5, kind="spelling")
    assert judge_size(recipe, amounts) != ()
    assert judge_size(recipe, replace(amounts, kind="words")) == ()


def test_learning_by_heart_is_told_while_it_happens(recipe: Recipe) -> None:
    curve = draw(3.0, 2.2, 2.0, 2.05, 2.1, 2.2)
    told = judge_overfitting(recipe, curve, 1.2)
    assert "training loss 1.20 bits per character, validation loss 2.20, up from 2.00 at step 300" in told
    assert "--dropout above 0," in told
    assert "--dropout" not in judge_overfitting(replace(recipe, dropout=0.5), curve, 1.2)


@pytest.mark.parametrize(
    ("curve", "train_bits"),
    [
        (draw(3.0, 2.2, 2.0, 1.9), 1.0),
        (draw(3.0, 2.0, 2.2, 2.1, 1.99), 1.0),
        (draw(3.0, 2.0, 2.001, 2.002, 2.003), 1.0),
        (draw(3.0, 2.0, 2.1, 2.2, 2.3), 2.25),
        (draw(2.0, 2.5), 0.5),
    ],
    ids=["falling", "swaying", "flat", "no gap", "too few looks"],
)
def test_what_is_no_learning_by_heart_is_not_called_so(
    curve: tuple[tuple[int, float], ...], train_bits: float, recipe: Recipe
) -> None:
    assert judge_overfitting(recipe, curve, train_bits) == ""


def test_the_end_tells_what_was_too_much_or_too_little(recipe: Recipe) -> None:
    by_heart = draw(3.0, 2.0, 2.1, 2.2, 2.3, 2.4)
    assert "lowest at step 200 of 600" in judge_end(recipe, by_heart, 1.0, 50, is_early=True)[0]
    steep = draw(4.0, 3.5, 3.2, 2.8)
    assert "by 0.40 bits per character in the last quarter" in judge_end(recipe, steep, 2.8, 1, is_early=False)[0]
    small = draw(3.0, 2.5, 2.45, 2.44)
    assert "a larger --hidden would" in judge_end(recipe, small, 2.45, 50, is_early=False)[0]
    assert judge_end(recipe, small, 2.45, 1, is_early=False) == ()
    assert judge_end(recipe, small, 2.1, 50, is_early=False) == ()
