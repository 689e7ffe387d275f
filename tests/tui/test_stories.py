"""Stories by keyboard: new, list, search, open, rename, delete, export, copy."""

from pathlib import Path
from typing import Any

import pytest
from rich.cells import cell_len
from textual.widgets import Input, OptionList, Static

from rnnchat import paths
from rnnchat.stories.store import Store
from rnnchat.tui.screens.ask import AskChoice, AskText, AskYesNo
from rnnchat.tui.screens.files import PickDestination
from rnnchat.tui.screens.stories import StoriesScreen
from rnnchat.tui.screens.write import WriteScreen


@pytest.fixture
def two_stories() -> list[str]:
    store = Store()
    stories = []
    for title, text in (("The Tempest", "the isle is full of noises"), ("Snow", "a white silence")):
        story = store.create(title)
        story.add("person", text)
        stories.append(story.id)
    store.close()
    return stories


async def open_list(pilot: Any, wait_for: Any) -> OptionList:
    await pilot.press("ctrl+o")
    await wait_for(pilot, lambda: isinstance(pilot.app.screen, StoriesScreen) and pilot.app.screen.is_mounted)
    found: OptionList = pilot.app.screen.query_one(OptionList)
    return found


async def test_a_story_is_found_by_its_words_and_opened(
    make_app: Any, wait_for: Any, text_of: Any, two_stories: list[str]
) -> None:
    app = make_app()
    async with app.run_test(size=(120, 40)) as pilot:
        listed = await open_list(pilot, wait_for)
        assert listed.option_count == 2
        await pilot.press(*"noises")
        await wait_for(pilot, lambda: listed.option_count == 1)
        await pilot.press("enter")
        await wait_for(pilot, lambda: app.story_title == "The Tempest")
        assert text_of(app) == "the isle is full of noises"
        assert app.settings.story == two_stories[0]


async def test_the_last_story_is_there_at_the_start_and_another_can_be_asked_for(
    make_app: Any, wait_for: Any, two_stories: list[str]
) -> None:
    app = make_app()
    app.settings.story = two_stories[1]
    async with app.run_test() as pilot:
        await wait_for(pilot, lambda: app.story_title == "Snow")
    app = make_app(story="the tempest")
    async with app.run_test() as pilot:
        await wait_for(pilot, lambda: app.story_title == "The Tempest")
    app = make_app(story="Tempests")
    async with app.run_test() as pilot:
        await wait_for(pilot, lambda: app._notifications)
        assert "The Tempest" in next(iter(app._notifications)).message


async def test_a_new_story_leaves_the_old_one_with_its_draft(
    make_app: Any, scripted_engine: Any, wait_for: Any, text_of: Any
) -> None:
    app = make_app(scripted_engine([" x"]))
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("a", "enter")
        await wait_for(pilot, lambda: text_of(app) == "a x" and not app.screen.writer.is_writing)
        await pilot.press(*"draft", "ctrl+n")
        await wait_for(pilot, lambda: text_of(app) == "")
        assert app.screen.query_one("#prompt").text == ""
        await open_list(pilot, wait_for)
        await pilot.press("enter")
        await wait_for(pilot, lambda: text_of(app) == "a x" and app.screen.query_one("#prompt").text == "draft")


async def test_a_story_is_renamed_from_the_list(make_app: Any, wait_for: Any, two_stories: list[str]) -> None:
    app = make_app()
    app.settings.story = two_stories[1]
    async with app.run_test(size=(120, 40)) as pilot:
        await open_list(pilot, wait_for)
        await pilot.press("f6")
        await wait_for(pilot, lambda: isinstance(app.screen, AskText) and app.screen.is_mounted)
        app.screen.query_one(Input).value = "Ice"
        await pilot.press("enter")
        await wait_for(pilot, lambda: isinstance(app.screen, StoriesScreen))
        await pilot.press("escape")
        await wait_for(pilot, lambda: app.story_title == "Ice")


async def test_a_story_is_deleted_only_after_a_question(
    make_app: Any, wait_for: Any, text_of: Any, two_stories: list[str]
) -> None:
    app = make_app()
    app.settings.story = two_stories[1]
    async with app.run_test(size=(120, 40)) as pilot:
        listed = await open_list(pilot, wait_for)
        for answer, left in (("n", 2), ("y", 1)):
            await pilot.press("f8")
            await wait_for(pilot, lambda: isinstance(app.screen, AskYesNo) and app.screen.is_mounted)
            await pilot.press(answer)
            await wait_for(pilot, lambda left=left: listed.option_count == left)
        await pilot.press("escape")
        await wait_for(pilot, lambda: isinstance(app.screen, WriteScreen) and text_of(app) == "")


async def test_a_deleted_story_comes_back_at_once_or_from_the_bin(
    make_app: Any, wait_for: Any, text_of: Any, two_stories: list[str]
) -> None:
    app = make_app()
    app.settings.story = two_stories[1]
    async with app.run_test(size=(120, 40)) as pilot:
        listed = await open_list(pilot, wait_for)
        dialog = app.screen
        await pilot.press("f8")
        await wait_for(pilot, lambda: isinstance(app.screen, AskYesNo) and app.screen.is_mounted)
        await pilot.press("y")
        await wait_for(pilot, lambda: listed.option_count == 1)
        await pilot.press("ctrl+z")
        await wait_for(pilot, lambda: listed.option_count == 2)
        dialog.store.delete(two_stories[0])
        await pilot.press("f7")
        await wait_for(pilot, lambda: "The Tempest" in str(listed.get_option_at_index(0).prompt))
        await pilot.press("enter")
        await wait_for(pilot, lambda: text_of(app) == "the isle is full of noises")
        assert len(Store().list_stories()) == 2


async def test_a_story_that_is_deleted_on_the_page_comes_back_with_undo(
    make_app: Any, wait_for: Any, text_of: Any, two_stories: list[str]
) -> None:
    app = make_app()
    app.settings.story = two_stories[1]
    async with app.run_test(size=(120, 40)) as pilot:
        await wait_for(pilot, lambda: app.story_title == "Snow")
        app.screen.menu.delete()
        await wait_for(pilot, lambda: isinstance(app.screen, AskYesNo) and app.screen.is_mounted)
        await pilot.press("y")
        await wait_for(pilot, lambda: isinstance(app.screen, WriteScreen) and text_of(app) == "")
        await wait_for(pilot, lambda: app.screen.shelf.last_deleted is not None)
        await pilot.press("ctrl+z")
        await wait_for(pilot, lambda: text_of(app) == "a white silence")


async def test_titles_in_wide_characters_keep_the_columns(make_app: Any, wait_for: Any) -> None:
    store = Store()
    for title in ("話說天下大勢，分久必合，合久必分。" * 4, "Snow", "👩‍👩‍👧 at the sea"):
        store.create(title).add("person", "words")
    store.close()
    app = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        listed = await open_list(pilot, wait_for)
        rows = [str(listed.get_option_at_index(index).prompt) for index in range(listed.option_count)]
        assert len({cell_len(row) for row in rows}) == 1
        assert cell_len(rows[0]) <= listed.size.width


async def test_quitting_asks_where_the_text_cannot_be_saved_and_a_file_takes_it(
    make_app: Any, wait_for: Any, tmp_path: Path
) -> None:
    database = paths.database_path()
    database.mkdir(parents=True)  # no file can be opened there
    app = make_app()
    async with app.run_test(size=(120, 40)) as pilot:
        problem = app.screen.query_one("#problem", Static)
        await pilot.press(*"words", "enter")
        await wait_for(pilot, lambda: problem.display and "not saved" in str(problem.content))
        await app.action_quit()
        await wait_for(pilot, lambda: isinstance(app.screen, AskChoice) and app.screen.is_mounted)
        await pilot.press("escape")
        await wait_for(pilot, lambda: isinstance(app.screen, WriteScreen))
        assert problem.display
        await app.screen.menu._quit("file")
        await wait_for(pilot, lambda: isinstance(app.screen, PickDestination) and app.screen.is_mounted)
        app.screen.dismiss(tmp_path / "kept.txt")
        await wait_for(pilot, (tmp_path / "kept.txt").is_file)
        assert (tmp_path / "kept.txt").read_text(encoding="utf-8").startswith("words")
        await wait_for(pilot, lambda: app._exit)


@pytest.mark.parametrize("suffix", [".md", ".txt"])
async def test_a_story_is_exported_to_a_file(
    make_app: Any, wait_for: Any, tmp_path: Path, two_stories: list[str], suffix: str
) -> None:
    app = make_app()
    app.settings.story = two_stories[1]
    path = tmp_path / f"out{suffix}"
    async with app.run_test(size=(120, 40)) as pilot:
        await wait_for(pilot, lambda: app.story_title == "Snow")
        screen = app.screen
        app.screen.menu.export(suffix)
        await wait_for(pilot, lambda: app.screen is not screen and app.screen.is_mounted)
        app.screen.dismiss(path)
        await wait_for(pilot, path.is_file)
        assert "a white silence" in path.read_text(encoding="utf-8")


async def test_the_story_is_copied_to_the_clipboard(make_app: Any, wait_for: Any, two_stories: list[str]) -> None:
    app = make_app()
    app.settings.story = two_stories[1]
    async with app.run_test() as pilot:
        await wait_for(pilot, lambda: app.story_title == "Snow")
        app.screen.menu.copy()
        assert app.clipboard == "a white silence"
