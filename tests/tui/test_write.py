"""Writing by keyboard: send, stop, takes, undo, chat, a dead engine."""

from collections.abc import Callable
from typing import Any

import pytest

from rnnchat.errors import ModelError
from rnnchat.generation.settings import Settings
from rnnchat.stories.store import Store
from rnnchat.text.turn import TurnLayout
from rnnchat.tui.app import RnnchatApp
from rnnchat.tui.screens.write import WriteScreen
from rnnchat.tui.widgets.notice import NoticeLine
from rnnchat.tui.widgets.prompt_box import PromptBox
from rnnchat.tui.widgets.story_view import StoryView


def is_idle(app: RnnchatApp, written: int = 1) -> Callable[[], bool]:
    """Has the model written so many passages, and nothing more to do?"""

    def check() -> bool:
        screen = app.screen
        assert isinstance(screen, WriteScreen)
        story = screen.writer.story
        finished = [passage for passage in story.path() if passage.author == "model"]
        return len(finished) >= written and not screen.writer.is_writing

    return check


def shown_text(app: RnnchatApp) -> str:
    return app.screen.query_one(StoryView).layout_.text


async def test_the_model_goes_on_from_what_was_sent_and_both_are_shown_and_kept(
    make_app: Any, scripted_engine: Any, wait_for: Any
) -> None:
    engine = scripted_engine([" calm", " and", " grey."])
    app = make_app(engine)
    async with app.run_test() as pilot:
        await pilot.press(*"The sea was", "enter")
        await wait_for(pilot, is_idle(app))
        assert shown_text(app) == "The sea was calm and grey."
        assert engine.calls[0][:2] == ("write", "The sea was")
        assert app.screen.query_one(PromptBox).text == ""
        assert app.story_title.startswith("The sea was")
        [story] = Store().list_stories()
        assert Store().load(story.id).text() == "The sea was calm and grey."


async def test_enter_in_an_empty_box_lets_the_model_go_on(make_app: Any, scripted_engine: Any, wait_for: Any) -> None:
    engine = scripted_engine(["one "], ["two "])
    app = make_app(engine)
    async with app.run_test() as pilot:
        await pilot.press("enter")
        await wait_for(pilot, is_idle(app, 1))
        await pilot.press("enter")
        await wait_for(pilot, is_idle(app, 2))
        assert shown_text(app) == "one two "
        assert [call[1] for call in engine.calls] == ["", "one "]


async def test_escape_stops_and_keeps_what_is_there(make_app: Any, scripted_engine: Any, wait_for: Any) -> None:
    engine = scripted_engine(["Once ", "upon ", "a time"], hang_after=2)
    app = make_app(engine)
    async with app.run_test() as pilot:
        await pilot.press("enter")
        await wait_for(pilot, lambda: shown_text(app) == "Once upon ")
        await pilot.press("escape")
        await wait_for(pilot, is_idle(app))
        assert shown_text(app) == "Once upon "
        assert ("cancel",) in engine.calls


async def test_another_take_keeps_the_old_one_and_alt_arrows_walk_between_them(
    make_app: Any, scripted_engine: Any, wait_for: Any
) -> None:
    app = make_app(scripted_engine([" first"], [" second"]))
    async with app.run_test() as pilot:
        await pilot.press("a", "enter")
        await wait_for(pilot, is_idle(app))
        await pilot.press("ctrl+r")
        await wait_for(pilot, lambda: shown_text(app) == "a second" and is_idle(app)())
        view = app.screen.query_one(StoryView)
        assert list(view.notes.values()) == ["take 2 of 2"]
        await pilot.press("alt+left")
        await wait_for(pilot, lambda: shown_text(app) == "a first")
        assert list(view.notes.values()) == ["take 1 of 2"]
        await pilot.press("alt+right")
        await wait_for(pilot, lambda: shown_text(app) == "a second")


async def test_takes_of_an_earlier_passage_are_walked_when_it_is_marked(
    make_app: Any, scripted_engine: Any, wait_for: Any
) -> None:
    app = make_app(scripted_engine([" one"], [" two"], [" end"]))
    async with app.run_test() as pilot:
        await pilot.press("enter")
        await wait_for(pilot, is_idle(app))
        await pilot.press("ctrl+r")
        await wait_for(pilot, lambda: shown_text(app) == " two" and is_idle(app)())
        await pilot.press("enter")
        await wait_for(pilot, lambda: shown_text(app) == " two end" and is_idle(app)())
        await pilot.press("alt+up", "alt+up", "alt+left")
        await wait_for(pilot, lambda: shown_text(app) == " one")
        await pilot.press("alt+right")
        await wait_for(pilot, lambda: shown_text(app) == " two end")


async def test_undo_takes_the_last_step_back_and_redo_does_it_again(
    make_app: Any, scripted_engine: Any, wait_for: Any
) -> None:
    app = make_app(scripted_engine([" b"]))
    async with app.run_test() as pilot:
        await pilot.press("a", "enter")
        await wait_for(pilot, is_idle(app))
        for key, expected in (("ctrl+z", "a"), ("ctrl+z", ""), ("ctrl+y", "a"), ("ctrl+y", "a b")):
            await pilot.press(key)
            await wait_for(pilot, lambda expected=expected: shown_text(app) == expected)


async def test_undo_in_a_box_with_text_leaves_the_story_alone(
    make_app: Any, scripted_engine: Any, wait_for: Any
) -> None:
    app = make_app(scripted_engine([" b"]))
    async with app.run_test() as pilot:
        await pilot.press("a", "enter")
        await wait_for(pilot, is_idle(app))
        await pilot.press(*"typo")
        await pilot.press("ctrl+z")
        await wait_for(pilot, lambda: app.screen.query_one(PromptBox).text == "")
        assert shown_text(app) == "a b"


async def test_a_change_of_temperature_reaches_a_model_that_is_writing(
    make_app: Any, scripted_engine: Any, wait_for: Any
) -> None:
    engine = scripted_engine(["warm", "er"], hang_after=1)
    app = make_app(engine)
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("enter")
        await wait_for(pilot, lambda: shown_text(app) == "warm")
        app.screen.query_one("#temperature").focus()
        await pilot.press("right")
        await wait_for(pilot, lambda: any(call[0] == "change" for call in engine.calls))
        engine.released.set()
        await wait_for(pilot, is_idle(app))
        [changed] = [call[1] for call in engine.calls if call[0] == "change"]
        assert (changed, changed.temperature) == (app.settings.writing, 0.85)
        assert app.settings.writing.temperature == 0.85


async def test_text_sent_before_the_model_is_open_is_answered_when_it_is(
    make_app: Any, scripted_engine: Any, wait_for: Any
) -> None:
    app = make_app(scripted_engine([" there"]))
    async with app.run_test() as pilot:
        app.screen.writer.slot.engine = None
        await pilot.press(*"hello", "enter")
        await wait_for(pilot, is_idle(app))
        assert shown_text(app) == "hello there"


async def test_a_dead_engine_gives_the_text_back_and_enter_starts_it_again(
    make_app: Any, scripted_engine: Any, wait_for: Any
) -> None:
    dying, living = scripted_engine([" x"], die_after=0), scripted_engine([" alive"])
    app = make_app(dying, living)
    async with app.run_test() as pilot:
        await wait_for(pilot, lambda: app.slot.engine is dying)
        await pilot.press(*"hello", "enter")
        prompt = app.screen.query_one(PromptBox)
        await wait_for(pilot, lambda: app.model_state.phase == "dead" and prompt.text == "hello")
        assert shown_text(app) == ""
        await wait_for(pilot, lambda: any("SIGKILL" in said.message for said in app._notifications))
        await pilot.press("enter")
        await wait_for(pilot, is_idle(app))
        assert shown_text(app) == "hello alive"
        assert app.model_state.phase == "ready"


async def test_an_engine_that_dies_while_writing_leaves_what_it_wrote(
    make_app: Any, scripted_engine: Any, wait_for: Any
) -> None:
    app = make_app(scripted_engine([" half", " whole"], die_after=1))
    async with app.run_test() as pilot:
        await pilot.press("a", "enter")
        await wait_for(pilot, lambda: app.model_state.phase == "dead" and is_idle(app)())
        assert shown_text(app) == "a half"
        assert app.screen.query_one(PromptBox).text == ""


async def test_a_model_that_cannot_be_opened_is_said_once_and_the_default_is_opened(
    make_app: Any, scripted_engine: Any, wait_for: Any
) -> None:
    app = make_app(ModelError("no model called 'gone'"), scripted_engine(name="default"))
    app.settings.model = "gone"
    async with app.run_test() as pilot:
        await wait_for(pilot, lambda: app.model_state.name == "default")
        assert [n.message for n in app._notifications] == ["no model called 'gone'"]


async def test_symbols_that_the_model_does_not_know_are_named(
    make_app: Any, scripted_engine: Any, wait_for: Any
) -> None:
    app = make_app(scripted_engine(["x"], unknown=("ä", "\u200b")))
    async with app.run_test() as pilot:
        await pilot.press("ä", "enter")
        await wait_for(pilot, is_idle(app))
        notice = str(app.screen.query_one(NoticeLine).content)
        assert "has never seen ä U+200B" in notice
        assert shown_text(app) == "äx"


async def test_a_text_that_repeats_itself_is_said_once_and_the_guard_can_be_turned_on_at_once(
    make_app: Any, scripted_engine: Any, wait_for: Any
) -> None:
    engine = scripted_engine(["and", " the the", " the the", " the"], hang_after=3, loop="e th")
    app = make_app(engine)
    async with app.run_test(size=(120, 40)) as pilot:
        notice = app.screen.query_one(NoticeLine)
        said = []
        notice.show_notice = lambda sentence: said.append(sentence)
        await pilot.press("enter")
        await wait_for(pilot, lambda: shown_text(app) == "and the the the the")
        assert said == ["the text repeats itself (f6, More, Repetition guard): the"]
        before = app.settings.writing
        await app.screen.action_guard_loops()
        await wait_for(pilot, lambda: ("change", before.change(escape_loops=True)) in engine.calls)
        assert app.settings.writing.escape_loops
        assert app.screen.query_one("#escape_loops").value == "on"
        await app.screen.action_guard_loops()
        await wait_for(pilot, lambda: engine.calls[-1] == ("change", before))
        engine.released.set()
        await wait_for(pilot, is_idle(app))


async def test_with_loops_escaped_nothing_is_said_of_them(make_app: Any, scripted_engine: Any, wait_for: Any) -> None:
    app = make_app(scripted_engine(["and", " the the", " the"], loop="the "))
    app.settings.writing = Settings(escape_loops=True)
    async with app.run_test() as pilot:
        await pilot.press("enter")
        await wait_for(pilot, is_idle(app))
        assert "repeats" not in str(app.screen.query_one(NoticeLine).content)


async def test_a_draft_comes_back_with_its_story(make_app: Any, scripted_engine: Any, wait_for: Any) -> None:
    app = make_app(scripted_engine())
    async with app.run_test() as pilot:
        await pilot.press("a", "enter")
        await wait_for(pilot, is_idle(app))
        await pilot.press(*"half a th")
        await app.action_quit()
    again = make_app(scripted_engine())
    async with again.run_test() as pilot:
        await wait_for(pilot, lambda: again.screen.query_one(PromptBox).text == "half a th")
        assert shown_text(again).startswith("a")


async def test_up_at_the_top_of_the_box_brings_earlier_prompts_back(
    make_app: Any, scripted_engine: Any, wait_for: Any
) -> None:
    app = make_app(scripted_engine([" x"]))
    async with app.run_test() as pilot:
        for number, word in enumerate(("one", "two"), 1):
            await pilot.press(*word, "enter")
            await wait_for(pilot, is_idle(app, number))
        prompt = app.screen.query_one(PromptBox)
        await pilot.press(*"new")
        seen = []
        for key in ("up", "up", "up", "down", "down"):
            await pilot.press(key)
            seen.append(prompt.text)
        assert seen == ["two", "one", "one", "two", "new"]


async def test_a_new_line_is_typed_without_sending(make_app: Any, scripted_engine: Any) -> None:
    engine = scripted_engine()
    app = make_app(engine)
    async with app.run_test() as pilot:
        await pilot.press("a", "ctrl+j", "b", "alt+enter", "c", "shift+enter", "d")
        assert app.screen.query_one(PromptBox).text == "a\nb\nc\nd"
        assert not engine.calls


async def test_in_a_chat_the_reply_ends_where_the_turn_ends(make_app: Any, scripted_engine: Any, wait_for: Any) -> None:
    play = TurnLayout(("ROMEO", "JULIET"), "", ":\n", "\n\n", is_one_line=False, is_dialogue=False)
    engine = scripted_engine(["But soft."], turns=play.to_json())
    app = make_app(engine)
    async with app.run_test() as pilot:
        await wait_for(pilot, lambda: app.model_state.turns)
        await pilot.press("ctrl+g", *"Speak", "enter")
        await wait_for(pilot, is_idle(app))
        assert shown_text(app) == "ROMEO:\nSpeak\n\nJULIET:\nBut soft."
        assert engine.calls[0][1] == "ROMEO:\nSpeak\n\nJULIET:\n"
        assert engine.calls[0][2].stop == ("\n\n",)


async def test_with_a_model_of_dialogues_an_empty_story_is_a_chat_in_its_own_layout(
    make_app: Any, scripted_engine: Any, wait_for: Any
) -> None:
    irc = TurnLayout(("anna", "piotr"), "[00:49] <", "> ", "\n")
    engine = scripted_engine([" ok"], turns=irc.to_json())
    app = make_app(engine)
    async with app.run_test() as pilot:
        prompt = app.screen.query_one(PromptBox)
        await wait_for(pilot, lambda: prompt.border_title == "anna")
        await pilot.press(*"hello", "enter")
        await wait_for(pilot, is_idle(app))
        assert shown_text(app) == "[00:49] <anna> hello\n[00:49] <piotr> ok"
        assert engine.calls[0][1] == "[00:49] <anna> hello\n[00:49] <piotr>"
        assert engine.calls[0][2].stop == ("\n",)


async def test_an_edited_passage_has_other_words_and_undo_brings_the_old_ones_back(
    make_app: Any, scripted_engine: Any, wait_for: Any
) -> None:
    app = make_app(scripted_engine([" was"]))
    async with app.run_test() as pilot:
        await pilot.press("a", "enter")
        await wait_for(pilot, is_idle(app))
        app.screen.menu.edit()
        await wait_for(pilot, lambda: len(app.screen_stack) == 2)
        await pilot.press("!", "escape")
        await wait_for(pilot, lambda: len(app.screen_stack) == 1 and shown_text(app) == "a was!")
        await pilot.press("ctrl+z")
        await wait_for(pilot, lambda: shown_text(app) == "a was")


async def test_typing_while_the_panel_has_the_cursor_goes_on_in_the_box(make_app: Any) -> None:
    app = make_app()
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("shift+tab")
        assert app.screen.focused is not app.screen.query_one(PromptBox)
        await pilot.press("h", "i")
        assert app.screen.query_one(PromptBox).text == "hi"


async def test_the_end_is_followed_until_one_scrolls_up(make_app: Any, scripted_engine: Any, wait_for: Any) -> None:
    engine = scripted_engine(["line\n" * 60, "line\n" * 60, "line\n" * 60], hang_after=1)
    app = make_app(engine)
    async with app.run_test() as pilot:
        view = app.screen.query_one(StoryView)
        await pilot.press("enter")
        await wait_for(pilot, lambda: len(view.layout_) > 60)
        assert view.scroll_offset.y == view.max_scroll_y > 0
        await pilot.press("pageup")
        here = view.scroll_offset.y
        engine.released.set()
        await wait_for(pilot, lambda: len(view.layout_) > 180)
        assert view.scroll_offset.y == here
        await pilot.press("ctrl+end")
        await wait_for(pilot, lambda: view.scroll_offset.y == view.max_scroll_y)


@pytest.mark.parametrize("key", ["ctrl+r", "ctrl+z", "ctrl+y", "alt+left", "alt+up", "f6", "escape", "pageup"])
async def test_every_key_does_no_harm_on_an_empty_page(make_app: Any, key: str) -> None:
    app = make_app()
    async with app.run_test() as pilot:
        await pilot.press(key)
        await pilot.press("x")
        assert app.is_running


async def test_a_model_that_says_nothing_leaves_a_word_about_it(
    make_app: Any, scripted_engine: Any, wait_for: Any
) -> None:
    app = make_app(scripted_engine([]))
    async with app.run_test() as pilot:
        await pilot.press("a", "enter")
        await wait_for(pilot, lambda: "nothing to add" in str(app.screen.query_one(NoticeLine).content))
        assert shown_text(app) == "a"
