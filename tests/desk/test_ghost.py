"""Ghost text: when it is asked for, how typing narrows it, what of it is taken."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from rnnchat.desk.audience import Audience
from rnnchat.desk.ghost import MAX_CHARS, Ghosts, GhostWriter, first_word, trim
from rnnchat.desk.model_slot import ModelSlot
from rnnchat.desk.writing import Writer
from rnnchat.generation.settings import Settings
from rnnchat.stories.story import Story


@pytest.fixture
async def make_writer() -> Callable[..., Any]:
    async def make(engine: Any, story: Story | None = None, settings: Settings | None = None) -> Writer:
        async def start(source: str) -> Any:
            return engine

        slot = ModelSlot(start, lambda state: None)
        await slot.wait_for_engine()
        return Writer(slot, story or Story(), settings or Settings(), Audience())

    return make


async def settle(ghosts: GhostWriter) -> None:
    """Wait until what was asked for is there."""
    while ghosts.is_asking:
        await asyncio.sleep(0)


def test_typing_what_the_ghost_says_narrows_it() -> None:
    ghosts = Ghosts()
    ghosts.add("Once", " upon a time")
    assert ghosts.rest == " upon a time"
    ghosts.follow("Once up")
    assert ghosts.rest == "on a time"
    ghosts.follow("Once u")
    assert ghosts.rest == "pon a time"


def test_typing_something_else_drops_it_and_so_does_going_back_before_it() -> None:
    for text in ("Once more", "Onc", ""):
        ghosts = Ghosts()
        ghosts.add("Once", " upon a time")
        ghosts.follow(text)
        assert ghosts.rest == "", text


def test_a_ghost_typed_to_its_end_is_gone() -> None:
    ghosts = Ghosts()
    ghosts.add("a", "bc")
    ghosts.follow("abc")
    assert ghosts.rest == ""
    assert ghosts.count == 0


def test_typing_that_agrees_with_another_ghost_shows_that_one() -> None:
    ghosts = Ghosts()
    ghosts.add("the ", "sea was calm")
    ghosts.add("the ", "sky was grey")
    ghosts.follow("the se")
    assert ghosts.rest == "a was calm"
    ghosts.follow("the s")
    assert ghosts.move(1)
    assert ghosts.rest == "ky was grey"


def test_one_walks_between_ghosts_also_after_some_of_one_was_typed() -> None:
    ghosts = Ghosts()
    ghosts.add("", "one way")
    ghosts.follow("one ")
    ghosts.add("one ", "and only")
    assert ghosts.rest == "and only"
    assert not ghosts.is_first
    assert ghosts.move(-1)
    assert ghosts.rest == "way"
    assert ghosts.is_first
    assert not ghosts.move(-1)


@pytest.mark.parametrize(
    ("written", "ghost"),
    [
        (" upon a time.\nThere was", " upon a time."),
        ("\nWhat say you?\n\nJULIET:", "\nWhat say you?"),
        ("\n\nPROSPERO:\nBy what?", "\n\nPROSPERO:"),
        ("\n\n\n\nfar below", ""),
        ("   ", ""),
        (" a" * 40, " a" * 29),
        ("x" * 80, "x" * MAX_CHARS),
        (" a whole text ", " a whole text"),
    ],
)
def test_a_ghost_is_one_line_of_whole_words_and_at_most_60_characters(written: str, ghost: str) -> None:
    assert trim(written) == ghost


@pytest.mark.parametrize(
    ("text", "word"),
    [
        (" house or person?", " house"),
        ("or", "or"),
        ("\n\nPROSPERO: by", "\n\nPROSPERO:"),
        ("却说曹操", "却"),
        (" ", " "),
    ],
)
def test_a_word_is_taken_with_the_space_before_it(text: str, word: str) -> None:
    assert first_word(text) == word


async def test_what_is_asked_for_continues_the_story_with_the_box_and_is_short(
    make_writer: Any, scripted_engine: Any
) -> None:
    story, engine, shown = Story(), scripted_engine([" grey", " and calm"]), []
    story.add("person", "The sea.")
    writer = await make_writer(engine, story, Settings(length=900, min_length=90, seed=7))
    ghosts = GhostWriter(writer, lambda: shown.append(ghosts.rest))
    assert ghosts.is_due("It was")
    ghosts.ask("It was")
    await settle(ghosts)
    assert shown == [" grey and calm"]
    [(_, prompt, settings)] = engine.calls
    assert prompt == "The sea. It was"
    assert settings == Settings(length=MAX_CHARS, min_length=0, seed=7)


async def test_in_a_chat_it_continues_the_turn_of_the_person(make_writer: Any, scripted_engine: Any) -> None:
    story, engine = Story(mode="chat"), scripted_engine([" you"])
    story.add("person", "Hello")
    story.add("model", "Good day")
    ghosts = GhostWriter(await make_writer(engine, story), lambda: None)
    ghosts.ask("How are")
    await settle(ghosts)
    assert engine.calls[0][1] == "ROMEO:\nHello\n\nJULIET:\nGood day\n\nROMEO:\nHow are"
    assert engine.calls[0][2].stop == ("\n\n",)


async def test_another_key_cancels_what_is_being_written(make_writer: Any, scripted_engine: Any) -> None:
    engine = scripted_engine([" never"], hang_after=0)
    ghosts = GhostWriter(await make_writer(engine), lambda: None)
    ghosts.ask("a")
    await asyncio.sleep(0)
    ghosts.follow("ab")
    assert not ghosts.is_asking
    engine.released.set()
    await asyncio.sleep(0)
    assert ghosts.rest == ""


async def test_nothing_is_asked_for_while_the_model_writes_or_where_none_is_open(
    make_writer: Any, scripted_engine: Any
) -> None:
    engine = scripted_engine()
    writer = await make_writer(engine)
    ghosts = GhostWriter(writer, lambda: None)
    writer.is_writing = True
    ghosts.ask("a")
    writer.is_writing, writer.slot.engine = False, None
    ghosts.ask("a")
    assert not ghosts.is_asking
    assert engine.calls == []


async def test_each_further_ghost_has_a_seed_of_its_own(make_writer: Any, scripted_engine: Any) -> None:
    engine = scripted_engine([" one"], [" two"])
    ghosts = GhostWriter(await make_writer(engine, settings=Settings(seed=7)), lambda: None)
    ghosts.ask("a")
    await settle(ghosts)
    ghosts.move(1, "a")
    await settle(ghosts)
    assert ghosts.rest == " two"
    assert [call[2].seed for call in engine.calls] == [7, 8]
    ghosts.move(-1, "a")
    assert ghosts.rest == " one"


async def test_one_that_was_sent_away_stays_away_until_something_is_typed(
    make_writer: Any, scripted_engine: Any
) -> None:
    ghosts = GhostWriter(await make_writer(scripted_engine([" one"])), lambda: None)
    ghosts.ask("a")
    await settle(ghosts)
    ghosts.dismiss("a")
    assert ghosts.rest == ""
    assert not ghosts.is_due("a")
    ghosts.follow("ab")
    assert ghosts.is_due("ab")


async def test_an_empty_box_brings_ghost_text_on_an_empty_page_only(make_writer: Any, scripted_engine: Any) -> None:
    writer = await make_writer(scripted_engine())
    ghosts = GhostWriter(writer, lambda: None)
    assert ghosts.is_due("")
    writer.story.add("person", "The sea.")
    assert not ghosts.is_due("")
    assert not ghosts.is_due("  ")
    assert ghosts.is_due("It")
    ghosts.is_on = False
    assert not ghosts.is_due("It")


async def test_a_write_that_another_one_ended_shows_nothing(make_writer: Any, scripted_engine: Any) -> None:
    engine = scripted_engine([" one", " two"], hang_after=1)
    ghosts = GhostWriter(await make_writer(engine), lambda: None)
    ghosts.ask("a")
    await asyncio.sleep(0)
    await engine.cancel()
    await settle(ghosts)
    assert ghosts.rest == ""
