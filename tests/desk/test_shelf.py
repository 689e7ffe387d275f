"""Stories on the shelf, without a screen."""

import asyncio
from pathlib import Path

import pytest

from rnnchat import paths
from rnnchat.desk.audience import Audience
from rnnchat.desk.model_slot import ModelSlot, ModelState
from rnnchat.desk.shelf import Shelf
from rnnchat.desk.writing import Writer
from rnnchat.errors import RnnchatError, StoryError
from rnnchat.generation.settings import Settings
from rnnchat.stories.store import Store
from rnnchat.stories.story import Story
from rnnchat.text.turn import TurnLayout

DIALOGUE = TurnLayout(("Mira", "Tom"), "[1/3/24, 8:40] ", is_one_line=False)
PLAY = TurnLayout(("ROMEO", "JULIET"), "", ":\n", "\n\n", is_one_line=False, is_dialogue=False)


class Listener(Audience):
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.failures: list[str] = []
        self.problems: list[str | None] = []

    def show_failure(self, error: RnnchatError, given_back: str) -> None:
        self.failures.append(str(error))

    def show_problem(self, sentence: str | None) -> None:
        self.problems.append(sentence)


@pytest.fixture
def listener() -> Listener:
    return Listener()


@pytest.fixture
def shelf(listener: Listener) -> Shelf:
    async def start_engine(source: str) -> None:
        raise AssertionError("no model is needed")

    slot = ModelSlot(start_engine, lambda state: None)
    return Shelf(Writer(slot, Story(), Settings(), listener))


@pytest.fixture
def snow() -> str:
    """The id of a story called Snow."""
    store = Store()
    story = store.create("Snow")
    story.add("person", "a white silence")
    store.close()
    return story.id


async def test_a_story_is_opened_with_its_text_and_draft(shelf, snow):
    store = Store()
    store.save_draft(store.load(snow), "half a th")
    await shelf.open(snow)
    assert shelf.is_open.is_set()
    assert shelf.writer.story.text() == "a white silence"
    assert shelf.writer.story.draft == "half a th"


async def test_a_story_that_is_gone_leaves_the_one_before_open_and_says_so(shelf, snow, listener):
    await shelf.open(snow)
    await shelf.open("nowhere")
    assert shelf.writer.story.id == snow
    assert shelf.is_open.is_set()
    assert "nowhere" in listener.failures[0]


async def test_a_draft_belongs_to_the_story_that_was_left(shelf, snow):
    await shelf.open(snow)
    shelf.leave("for Snow")
    shelf.save_draft("for nobody")  # between two stories, what is typed belongs to neither yet
    await shelf.open(None)
    shelf.save_draft("for the new one")
    shelf.store.flush()
    assert Store().load(snow).draft == "for Snow"
    assert shelf.writer.story.draft == "for the new one"


@pytest.mark.parametrize(("asked", "last", "found"), [("snow", "", True), (None, "snow", True), (None, "", False)])
async def test_the_first_story_is_the_one_asked_for_or_the_last_one(shelf, snow, asked, last, found):
    first = await shelf.find_first(asked, snow if last else "")
    assert first == (snow if found else None)


async def test_a_title_that_is_not_there_is_told_and_the_last_story_opens(shelf, snow, listener):
    assert await shelf.find_first("Snov", snow) == snow
    assert "Snow" in listener.failures[0]


async def test_without_a_database_there_is_still_something_to_write_in(shelf, listener, monkeypatch):
    def refuse(path):
        raise StoryError("the disk is full")

    monkeypatch.setattr("rnnchat.stories.store.Database", refuse)
    assert await shelf.find_first(None, "") is None
    await shelf.open(None)
    shelf.save_draft("words")
    assert shelf.is_open.is_set()
    assert set(listener.failures) == {"the disk is full"}
    assert not shelf.store.flush()
    assert shelf.store.problem == "the disk is full"


async def test_a_story_is_renamed_and_a_taken_title_gets_a_number(shelf, snow):
    await shelf.open(None)
    shelf.writer.story.add("person", "ice")
    await shelf.rename("Snow")
    assert shelf.writer.story.title == "Snow 2"


async def test_a_deleted_story_makes_way_for_a_new_one(shelf, snow):
    await shelf.open(snow)
    await shelf.delete()
    assert shelf.writer.story.id != snow
    assert shelf.writer.story.text() == ""
    assert [story.id for story in Store().list_stories(is_deleted=True)] == [snow]


async def test_a_deleted_story_is_restored_with_its_text_and_opened(shelf, snow):
    await shelf.open(snow)
    await shelf.delete()
    assert shelf.last_deleted == snow
    await shelf.restore(shelf.last_deleted)
    assert shelf.writer.story.text() == "a white silence"
    assert [story.title for story in Store().list_stories()] == ["Snow"]
    assert shelf.last_deleted is None


async def test_what_another_program_does_to_the_open_story_is_noticed(shelf, snow, listener):
    await shelf.open(snow)
    other = Store()
    other.rename(snow, "Ice")
    await shelf.look()
    assert shelf.writer.story.title == "Ice"
    assert listener.problems[-1] is None
    other.delete(snow)
    await shelf.look()
    assert "deleted in another rnnchat" in listener.problems[-1]
    await shelf.restore(snow)
    await shelf.look()
    assert listener.problems[-1] is None
    other.erase(snow)
    await shelf.look()
    assert "erased in another rnnchat: export it" in listener.problems[-1]


async def test_a_database_that_cannot_be_used_is_a_problem_for_as_long_as_it_lasts(shelf, snow, listener):
    database = paths.database_path()
    database.rename(database.with_name("away"))
    database.mkdir()  # no file can be opened there
    await shelf.open(None)
    shelf.writer.story.add("person", "words")
    assert not await shelf.flush()
    await shelf.look()
    assert listener.problems[-1].startswith("not saved: ")
    database.rmdir()
    database.with_name("away").rename(database)
    async with asyncio.timeout(20):
        while not await shelf.flush():
            await asyncio.sleep(0)
    await shelf.look()
    assert listener.problems[-1] is None
    assert any("words" in Store().load(story.id).text() for story in Store().list_stories())


async def test_a_title_that_was_given_elsewhere_is_taken_over(shelf, snow):
    await shelf.open(snow)
    Store().rename(snow, "Ice")
    assert await shelf.refresh()
    assert shelf.writer.story.title == "Ice"
    Store().delete(snow)
    assert not await shelf.refresh()


async def test_an_empty_story_suits_its_model_until_the_person_chooses(shelf):
    await shelf.open(None)
    story = shelf.writer.story
    for turns, mode, person in ((DIALOGUE, "chat", "Mira"), (PLAY, "page", "ROMEO"), (DIALOGUE, "chat", "Mira")):
        shelf.writer.slot.state = ModelState("ready", "m", turns=turns)
        shelf.suit_model()
        assert (story.mode, story.chat.person) == (mode, person)
    await shelf.change_mode()
    shelf.suit_model()
    assert story.mode == "page"


async def test_a_story_with_text_keeps_its_mode_and_a_chat_begun_in_it_speaks_like_the_model(shelf, snow):
    shelf.writer.slot.state = ModelState("ready", "m", turns=DIALOGUE)
    await shelf.open(snow)
    assert shelf.writer.story.mode == "page"
    assert await shelf.change_mode() == "chat: you are Mira, the model is Tom"


async def test_a_chat_is_a_matter_of_mode_names_and_layout(shelf, snow):
    await shelf.open(snow)
    assert "you are" in await shelf.change_mode()
    shelf.name_speakers("Anna, Ben")
    shelf.name_speakers("nobody")
    shelf.change_layout()
    shelf.store.flush()
    kept = Store().load(snow)
    assert (kept.mode, kept.chat.person, kept.chat.model, kept.chat.name_end) == ("chat", "Anna", "Ben", ":\n")
    assert (await shelf.change_mode()).startswith("page")


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("Snow", "Snow.md"),
        ("a/b: c?  d", "a b c d.md"),
        ("To be, or not to be", "To be or not to be.md"),
        ("…", "story.md"),
        ("話說天下", "話說天下.md"),
        ("../../etc", "etc.md"),
    ],
)
async def test_a_file_is_named_after_the_title_without_signs_that_no_file_name_may_have(shelf, title, name):
    shelf.writer.story.title = title
    assert shelf.suggest_file_name(".md") == name


async def test_a_story_is_exported_whole_or_not_at_all(shelf, snow, tmp_path: Path):
    await shelf.open(snow)
    await asyncio.to_thread(shelf.export, tmp_path / "snow.txt")
    assert (tmp_path / "snow.txt").read_text(encoding="utf-8") == "a white silence\n"
    shelf.export(tmp_path / "snow.md")
    assert "# Snow" in (tmp_path / "snow.md").read_text(encoding="utf-8")
    with pytest.raises(StoryError, match="choose another place"):
        shelf.export(tmp_path / "snow.txt" / "x.md")
