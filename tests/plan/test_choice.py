"""The rule that fills in what was not asked for."""

import json
from dataclasses import replace
from typing import get_args

import pytest

from rnnchat.errors import TextError
from rnnchat.plan import choice
from rnnchat.plan.choice import check_length, choose_recipe
from rnnchat.plan.options import DEFAULT_MINUTES, Optimiser, TrainingOptions
from rnnchat.plan.recipe import Recipe
from rnnchat.plan.size import Symbols
from rnnchat.text.tokenizer import Level


def choose(chars: int = 1_000_000, **wishes) -> Recipe:
    return choose_recipe(TrainingOptions(corpus=("a",), **wishes), chars, chars)[0]


def test_what_was_asked_for_stays_as_asked() -> None:
    recipe = choose(
        cell="gru", hidden_sizes=(40, 20), embedding_size=0, dropout=0.11, batch_size=7, window=13,
        learning_rate=0.123, epochs=2.0, seed=9, threads=3, precision="float32", max_vocab=50,
    )  # fmt: skip
    assert (recipe.cell, recipe.hidden_sizes, recipe.embedding_size) == ("gru", (40, 20), 0)
    assert (recipe.dropout, recipe.batch_size, recipe.window, recipe.learning_rate) == (0.11, 7, 13, 0.123)
    assert (recipe.epochs, recipe.minutes, recipe.steps) == (2.0, None, None)
    assert (recipe.seed, recipe.threads, recipe.precision, recipe.max_vocab) == (9, 3, "float32", 50)


def test_without_a_budget_there_are_some_minutes() -> None:
    assert choose().minutes == DEFAULT_MINUTES


def test_layers_repeat_the_one_size() -> None:
    assert choose(hidden_sizes=(32,), layers=3).hidden_sizes == (32, 32, 32)
    assert choose(layers=2, preset="tiny").hidden_sizes == (128, 128)


def test_a_longer_text_gets_a_network_at_least_as_big() -> None:
    sizes = [choose(chars, minutes=60).build_config(80).parameters for chars in (2_000, 10_000, 10**6, 10**7)]
    assert sizes == sorted(sizes)
    assert len(set(sizes)) == 4


def test_a_text_that_is_read_more_often_is_held_back_more() -> None:
    recipes = [choose(10**6, epochs=epochs) for epochs in (3, 20, 100)]
    for strengths in ([recipe.dropout for recipe in recipes], [recipe.weight_decay for recipe in recipes]):
        assert strengths == sorted(strengths)
        assert strengths[0] < strengths[-1]
    assert choose(10**6, level="word", epochs=4).dropout > recipes[0].dropout  # rare words are memorised sooner


@pytest.mark.parametrize("level", ["char", "word", "bpe"])
@pytest.mark.parametrize("chars", [20_000, 10**6, 76 * 10**6])
def test_a_text_that_is_not_even_read_twice_is_learnt_without_dropout(level: Level, chars: int) -> None:
    recipe = choose(chars, level=level, epochs=1.9, hidden_sizes=(768,))
    assert not any((recipe.dropout, recipe.input_dropout, recipe.output_dropout, recipe.embedding_dropout))


def test_a_big_network_on_a_long_text_of_pieces_has_no_dropout_for_some_epochs() -> None:
    symbols = Symbols(8_000, 2_000)
    options = TrainingOptions(corpus=("a",), level="bpe", hidden_sizes=(768,), minutes=25)
    recipe, _ = choose_recipe(options, 76 * 10**6, 19 * 10**6, 1.5e11, symbols)
    assert recipe.dropout == 0
    many = choose_recipe(replace(options, minutes=250_000), 76 * 10**6, 19 * 10**6, 1.5e11, symbols)[0]
    assert many.dropout > 0


def test_a_short_text_is_held_back_more_at_as_many_readings() -> None:
    assert choose(30_000, epochs=20).dropout > choose(10**6, epochs=20).dropout


def test_a_faster_machine_reads_the_text_more_often() -> None:
    options = TrainingOptions(corpus=("a",), minutes=3, preset="medium")
    slow, fast = (choose_recipe(options, 10**6, 10**6, flop_per_s)[0] for flop_per_s in (1e10, 1e13))
    assert fast.dropout > slow.dropout == 0


def test_a_gpu_takes_bigger_steps() -> None:
    options = TrainingOptions(corpus=("a",), minutes=3)
    processor, gpu = (choose_recipe(options, 10**6, 10**6, flop_per_s)[0] for flop_per_s in (3e11, 4e12))
    assert gpu.batch_size > processor.batch_size
    assert gpu.window > processor.window
    asked = choose_recipe(TrainingOptions(("a",), batch_size=20, window=30), 10**6, 10**6, 4e12)[0]
    assert (asked.batch_size, asked.window) == (20, 30)
    many_cores = choose(threads=64)  # which were not measured
    assert (many_cores.batch_size, many_cores.window) == (processor.batch_size, processor.window)


def test_every_optimiser_has_a_rate_of_its_own_size() -> None:
    rates = {optimiser: choose(optimiser=optimiser).learning_rate for optimiser in get_args(Optimiser)}
    assert rates["rmsprop"] < rates["adamw"] < rates["muon"] < rates["sgd"]


def test_other_optimisers_than_muon_take_smaller_steps() -> None:
    assert choose(optimiser="adamw").batch_size < choose().batch_size


def test_words_share_their_matrix_unless_they_are_one_hot() -> None:
    assert choose(level="word").tied
    assert not choose(level="word", embedding_size=0).tied


def test_a_text_of_many_different_characters_is_learnt_like_one_of_words() -> None:
    options = TrainingOptions(corpus=("a",), epochs=20)
    (spelling, silent), (chinese, told), (emoji, _) = (
        choose_recipe(options, 10**6, 10**6, symbols=Symbols(*symbols))
        for symbols in ((100, 60), (4_000, 2_000), (4_000, 80))
    )
    words = choose(level="word", epochs=20)
    assert not spelling.tied
    assert not emoji.tied  # most of them are rare, but so are they in the text
    assert silent == ()
    assert "2,000 distinct characters are common" in told[0]
    for recipe in (chinese, words):
        assert recipe.tied
        assert recipe.variational
        assert recipe.learning_rate < spelling.learning_rate
    assert chinese.level == "char"


def test_a_short_text_gets_fewer_streams_and_a_note() -> None:
    options = TrainingOptions(corpus=("a",))
    recipe, notes = choose_recipe(options, 2_000, 2_000)
    usual = choose()
    assert recipe.batch_size < usual.batch_size
    assert recipe.batch_size * recipe.window <= 2_000
    assert len(notes) == 1
    assert "2,000" in notes[0]
    assert choose_recipe(options, 10**6, 10**6)[1] == ()


@pytest.mark.parametrize("tokens", range(1, 400, 7))
def test_every_text_finds_room_or_is_refused(tokens: int) -> None:
    try:
        recipe = choose_recipe(TrainingOptions(corpus=("a",)), tokens, tokens)[0]
    except TextError as e:
        assert str(tokens) in str(e)
    else:
        assert 2 * recipe.window <= tokens


def test_a_short_time_is_used_for_many_small_steps() -> None:
    long, short = (choose(minutes=minutes, threads=1) for minutes in (30, 0.2))
    assert short.batch_size * short.window < long.batch_size * long.window
    asked = choose(minutes=0.2, threads=1, batch_size=64, window=64)
    assert (asked.batch_size, asked.window) == (64, 64)


def test_a_text_that_is_too_short_is_told_how_short() -> None:
    with pytest.raises(TextError, match=r"note\.txt is too short .* 150 characters and needs at least 200"):
        check_length(150, "note.txt")
    check_length(200, "note.txt")


def test_a_training_beside_the_screen_leaves_it_a_core(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(choice.os, "sched_getaffinity", lambda _: set(range(4)), raising=False)
    assert choose(beside_tui=True).threads == 3
    assert choose().threads == 4


def test_a_recipe_survives_json() -> None:
    recipe = choose(hidden_sizes=(5, 6))
    assert Recipe.from_json(json.loads(json.dumps(recipe.to_json()))) == recipe
