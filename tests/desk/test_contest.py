"""Several models, one prompt, without a screen."""

import asyncio

import pytest

from rnnchat.comparison.store import ComparisonStore
from rnnchat.desk.contest import (
    Contest,
    count_columns,
    find_end,
    record_comparison,
)
from rnnchat.desk.contestant import Contestant
from rnnchat.desk.lineup import find_pair, list_readable, make_contestant
from rnnchat.errors import EngineError, TextError
from rnnchat.generation.settings import Settings
from rnnchat.model.file import write_model
from rnnchat.model.library import import_model


def begin(contestant, engine, prompt="The sea"):
    async def start_engine(source):
        return engine

    contestant.begin(prompt, Settings(seed=7), start_engine)
    return contestant.task


async def test_what_the_engine_writes_becomes_its_text(scripted_engine):
    one = Contestant("a", "a", temperature=0.3)
    engine = scripted_engine(["The ", "end"], unknown=("é",))
    await begin(one, engine)
    assert (one.phase, one.text, one.seed, one.unknown) == ("done", "The end", 7, ("é",))
    assert (one.bits_per_char, one.chars_per_s) == (2.5, 1000.0)
    assert engine.calls[-1][2].temperature == 0.3


async def test_stopping_keeps_the_text_and_the_engine(scripted_engine):
    one = Contestant("a", "a")
    engine = scripted_engine(["The ", "end"], hang_after=1)
    begin(one, engine)
    while one.text != "The ":
        await asyncio.sleep(0)
    await one.stop()
    assert (one.phase, one.text) == ("stopped", "The ")
    assert one.engine is engine
    await one.stop()  # again is harmless


async def test_an_engine_that_dies_leaves_the_text_and_a_sentence(scripted_engine):
    one = Contestant("a", "a")
    await begin(one, scripted_engine(["The ", "end"], die_after=1))
    assert (one.phase, one.text) == ("failed", "The ")
    assert "is gone" in one.problem


async def test_a_dead_engine_is_replaced_with_the_next_run(scripted_engine):
    one = Contestant("a", "a")
    await begin(one, scripted_engine(die_after=0))
    healthy = scripted_engine(["Well."])
    await begin(one, healthy)
    assert (one.phase, one.text, one.engine) == ("done", "Well.", healthy)


async def test_an_open_engine_is_used_again(scripted_engine):
    one = Contestant("a", "a")
    engine = scripted_engine(["Well."])
    await begin(one, engine)
    await begin(one, None)
    assert one.text == "Well."


async def test_a_prompt_of_which_the_model_knows_nothing_is_written_on_all_the_same(scripted_engine, monkeypatch):
    engine = scripted_engine(["Well."])

    async def refuse(text):
        raise TextError("The model knows none of it.")

    monkeypatch.setattr(engine, "score", refuse)
    one = Contestant("a", "a")
    await begin(one, engine)
    assert (one.phase, one.text, one.bits_per_char) == ("done", "Well.", None)


async def test_an_empty_prompt_is_not_measured(scripted_engine):
    engine = scripted_engine(["Well."])
    one = Contestant("a", "a")
    await begin(one, engine, prompt="")
    assert [call[0] for call in engine.calls] == ["write"]
    assert one.text == "Well."


async def test_closing_ends_the_process_and_leaves_the_text(scripted_engine):
    one = Contestant("a", "a")
    engine = scripted_engine(["Well."])
    await begin(one, engine)
    await one.close()
    assert engine.is_closed
    assert (one.engine, one.text) == (None, "Well.")


async def test_a_model_that_cannot_be_opened_says_so():
    async def start_engine(source):
        raise EngineError("No process can be started.")

    one = Contestant("a", "a")
    one.begin("x", Settings(seed=1), start_engine)
    await one.task
    assert (one.phase, one.problem) == ("failed", "No process can be started.")


def test_a_comparison_without_any_text_is_not_kept():
    contestants = [Contestant("a", "a"), Contestant("b", "b")]
    assert record_comparison(contestants, "Hm", Settings(seed=7)) is None
    contestants[1].text = "well"
    kept = record_comparison(contestants, "Hm", Settings(seed=7))
    assert kept is not None
    assert kept.seed == 7
    assert [column.contender.label for column in kept.columns] == ["a T 0.8", "b T 0.8"]


@pytest.mark.parametrize(
    ("contestants", "width", "side_by_side"),
    [(2, 78, 2), (3, 78, 2), (4, 78, 2), (3, 118, 3), (4, 118, 2), (4, 198, 4), (2, 30, 1), (1, 200, 1)],
)
def test_columns_are_spread_evenly(contestants, width, side_by_side):
    assert count_columns(contestants, width, 38) == side_by_side


# The contest as a whole


@pytest.fixture
def contest(scripted_engine):
    """Of models one and two, which always write the same."""
    engines = {}

    async def start_engine(source):
        engines[source] = scripted_engine([f"{source} writes"], name=source)
        return engines[source]

    made = Contest(start_engine)
    made.contestants = [Contestant("one", "one"), Contestant("two", "two")]
    made.engines = engines
    return made


async def run_to_the_end(contest, prompt="The sea"):
    await contest.run(prompt, 50, 7)
    await asyncio.gather(*(one.task for one in contest.contestants))


async def test_all_continue_the_same_text_with_the_same_seed(contest):
    await run_to_the_end(contest)
    calls = [call for engine in contest.engines.values() for call in engine.calls if call[0] == "write"]
    assert [(call[1], call[2].seed, call[2].length) for call in calls] == [("The sea", 7, 50)] * 2
    assert not contest.is_busy
    assert contest.prompt == "The sea"


async def test_a_run_is_kept_and_voted_on_and_a_second_vote_is_a_tie(contest):
    await run_to_the_end(contest)
    await contest.vote(contest.contestants[0])  # nothing is kept yet: no vote
    assert contest.better == ()
    await contest.save()
    kept = ComparisonStore().list_comparisons()[0]
    assert [column.text for column in kept.columns] == ["one writes", "two writes"]
    for preferred, better in ((1, ["two"]), (None, ["one", "two"])):
        await contest.vote(contest.contestants[1])
        assert ComparisonStore().find_vote(kept.id).preferred == preferred
        assert [one.name for one in contest.better] == better


async def test_a_new_run_forgets_the_vote_and_a_column_that_left_is_closed(contest):
    await run_to_the_end(contest)
    await contest.save()
    await contest.vote(contest.contestants[1])
    await contest.change([contest.contestants[0], Contestant("three", "three")])
    assert contest.better == []
    assert contest.engines["two"].is_closed
    await run_to_the_end(contest, "Again")
    assert contest.saved is None
    await contest.close()
    assert all(engine.is_closed for engine in contest.engines.values())


async def test_one_model_is_compared_with_itself_and_an_added_one_gets_another_temperature(contest, tiny_model):
    import_model(tiny_model, "mine")
    contest.contestants = []
    await contest.choose_first("")
    shipped = {one.name for one in contest.contestants}
    assert "mine" in shipped
    entry = next(entry for entry in list_readable() if entry.name == "mine")
    contest.contestants = [make_contestant(entry), make_contestant(entry, 0.4)]
    assert contest.make_distinct(entry).temperature == 0.7


def test_the_first_pair_is_of_two_models_that_know_the_same_symbols(make_model, tmp_path):
    for name, symbols in (("one", "\n abcdefgh"), ("strange", "\n 天下大勢"), ("alike", "\n abcdefg")):
        path = tmp_path / f"{name}.safetensors"
        write_model(make_model(symbols=symbols), path)
        import_model(path, name)
    entries = sorted(list_readable(), key=lambda entry: ("one", "strange", "alike").index(entry.name))
    assert [entry.name for entry in find_pair(entries)] == ["one", "alike"]
    assert [entry.name for entry in find_pair(entries[:1])] == ["one"]


def test_of_a_long_text_the_end_is_continued_from_the_beginning_of_a_line():
    assert find_end("short\n") == "short\n"
    text = "0123456789\n" * 100
    assert len(find_end(text)) <= 500
    assert find_end(text).startswith("0123")
    assert text.endswith(find_end(text))
