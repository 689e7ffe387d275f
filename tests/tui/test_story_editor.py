"""The caret in the story: typing changes the text in place, enter continues from there, letters always write."""

from collections.abc import Callable
from typing import Any

import pytest

from rnnchat.tui.app import RnnchatApp
from rnnchat.tui.screens.write import WriteScreen
from rnnchat.tui.widgets.notice import NoticeLine
from rnnchat.tui.widgets.prompt_box import PromptBox
from rnnchat.tui.widgets.story_editor import StoryEditor


@pytest.fixture
def open_story(wait_for: Any) -> Callable[..., Any]:
    """Write passages, by the person and the model in turn, into the story of a running application."""

    async def write(pilot: Any, *texts: str) -> StoryEditor:
        screen = pilot.app.screen
        assert isinstance(screen, WriteScreen)
        await wait_for(pilot, screen.shelf.is_open.is_set)
        for number, text in enumerate(texts):
            screen.writer.story.add("model" if number % 2 else "person", text, model="m" if number % 2 else None)
        screen.display_.show_story()
        await wait_for(pilot, lambda: pilot.app.slot.engine)
        view = screen.query_one(StoryEditor)
        await wait_for(pilot, lambda: view.size.height)  # an empty page has no place for it
        return view

    return write


def shown_text(app: RnnchatApp) -> str:
    return app.screen.query_one(StoryEditor).layout_.text


async def test_up_from_an_empty_box_sets_a_caret_and_typing_changes_the_models_text(
    make_app: Any, open_story: Any, wait_for: Any
) -> None:
    app = make_app()
    async with app.run_test() as pilot:
        view = await open_story(pilot, "The sea", " was calm")
        await pilot.press("up")
        await wait_for(pilot, lambda: view.caret == 16)
        await pilot.press(*["backspace"] * 4, *"grey", "left", "X")
        assert shown_text(app) == "The sea was greXy"
        story = app.screen.writer.story
        changed = story.path()[1]
        assert [take.text for take in story.takes(changed.id)] == [" was calm", " was greXy"]
        assert (changed.author, app.screen.query_one(PromptBox).text) == ("model", "")
        await pilot.press("ctrl+z")
        await wait_for(pilot, lambda: shown_text(app) == "The sea was calm")
        await pilot.press("escape")
        assert app.screen.focused is app.screen.query_one(PromptBox)
        assert view.caret is None


async def test_enter_continues_from_the_caret_and_a_sentence_says_where_the_rest_is(
    make_app: Any, scripted_engine: Any, open_story: Any, wait_for: Any
) -> None:
    engine = scripted_engine([" is grey"])
    app = make_app(engine)
    async with app.run_test() as pilot:
        view = await open_story(pilot, "The sea", " was calm", " that day")
        await pilot.press("up", "home", "ctrl+right", "ctrl+right", "enter")
        await wait_for(pilot, lambda: shown_text(app) == "The sea is grey")
        assert engine.calls[-1][1] == "The sea"
        assert "2 passages after this belong to take 1: alt+←" in str(app.screen.query_one(NoticeLine).content)
        assert view.caret is None
        await wait_for(pilot, lambda: not app.screen.writer.is_writing)
        await pilot.press("alt+left")
        await wait_for(pilot, lambda: shown_text(app) == "The sea was calm that day")


async def test_enter_within_a_passage_keeps_the_rest_of_it_as_a_take(
    make_app: Any, scripted_engine: Any, open_story: Any, wait_for: Any
) -> None:
    app = make_app(scripted_engine([" quiet"]))
    async with app.run_test() as pilot:
        await open_story(pilot, "The sea was calm")
        await pilot.press("up", "ctrl+left", "left", "enter")
        await wait_for(pilot, lambda: shown_text(app) == "The sea was quiet")
        await wait_for(pilot, lambda: not app.screen.writer.is_writing)
        await pilot.press("alt+left")
        await wait_for(pilot, lambda: shown_text(app) == "The sea was calm")


async def test_selected_text_is_copied_cut_replaced_and_pasted(make_app: Any, open_story: Any, wait_for: Any) -> None:
    app = make_app()
    async with app.run_test() as pilot:
        view = await open_story(pilot, "The sea was calm")
        await pilot.press("up", "shift+left", "shift+left", "shift+left", "shift+left", "ctrl+c")
        assert app.clipboard == "calm"
        await pilot.press("ctrl+x")
        assert shown_text(app) == "The sea was "
        await pilot.press("home", "ctrl+v", "space")
        assert shown_text(app) == "calm The sea was "
        await pilot.press("ctrl+shift+left", "ctrl+shift+left", "Q")
        assert shown_text(app) == "QThe sea was "
        assert view.selected == (1, 1)


async def test_a_click_sets_the_caret_and_down_from_the_last_row_returns_to_the_box(
    make_app: Any, open_story: Any, wait_for: Any
) -> None:
    app = make_app()
    async with app.run_test() as pilot:
        view = await open_story(pilot, "one\ntwo\nthree")
        left = (view.size.width - 80) // 2
        await pilot.click(StoryEditor, offset=(max(1, left) + 2 + 1, 1))
        await wait_for(pilot, lambda: view.caret == 5)
        await pilot.press("a")
        assert shown_text(app) == "one\ntawo\nthree"
        await pilot.press("down")
        assert view.caret == 11
        await pilot.press("down")
        await wait_for(pilot, lambda: app.screen.focused is app.screen.query_one(PromptBox))


async def test_a_key_while_the_model_writes_changes_nothing_and_says_why(
    make_app: Any, scripted_engine: Any, open_story: Any, wait_for: Any
) -> None:
    app = make_app(scripted_engine([" grows"], hang_after=1))
    async with app.run_test() as pilot:
        view = await open_story(pilot, "It")
        await pilot.press("enter")
        await wait_for(pilot, lambda: shown_text(app) == "It grows")
        view.enter(1)
        await pilot.press("x")
        assert shown_text(app) == "It grows"
        assert "esc stops it" in str(app.screen.query_one(NoticeLine).content)
