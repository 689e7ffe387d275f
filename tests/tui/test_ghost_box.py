"""Ghost text by keyboard: it comes after a pause, is taken by tab, word and character, and one key cancels it."""

from typing import Any

import pytest

from rnnchat.desk import ghost
from rnnchat.tui.app import RnnchatApp
from rnnchat.tui.settings import ScreenSettings
from rnnchat.tui.widgets.ghost_box import cut, fit
from rnnchat.tui.widgets.notice import NoticeLine
from rnnchat.tui.widgets.panel import Panel
from rnnchat.tui.widgets.prompt_box import PromptBox


@pytest.fixture
def short_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ghost, "PAUSE_S", 0.01)


def find_box(app: RnnchatApp) -> PromptBox:
    return app.screen.query_one(PromptBox)


def draw_box(app: RnnchatApp) -> str:
    box = find_box(app)
    return "\n".join(box.render_line(y).text.rstrip() for y in range(box.content_size.height)).rstrip()


async def test_a_pause_brings_ghost_text_and_tab_takes_exactly_what_is_drawn(
    make_app: Any, scripted_engine: Any, wait_for: Any, short_pause: None
) -> None:
    engine = scripted_engine([" was calm and grey."], ["", " no"])
    app = make_app(engine)
    app.settings.hints = ["ghost.begin"]
    async with app.run_test() as pilot:
        await wait_for(pilot, lambda: find_box(app).ghost)
        find_box(app).insert("The sea")
        engine._texts = [[" was calm and grey."]]
        await wait_for(pilot, lambda: draw_box(app) == "The sea was calm and grey.")
        assert find_box(app).text == "The sea"
        assert find_box(app).cursor_location == (0, 7)
        await pilot.press("tab")
        assert find_box(app).text == "The sea was calm and grey."
        assert app.screen.focused is find_box(app)


async def test_tab_asks_without_a_pause_and_takes_words_and_characters(
    make_app: Any, scripted_engine: Any, wait_for: Any
) -> None:
    app = make_app(scripted_engine([" was calm"]))
    async with app.run_test() as pilot:
        await wait_for(pilot, lambda: app.slot.engine)
        await pilot.press(*"It", "tab")
        await wait_for(pilot, lambda: find_box(app).ghost == " was calm")
        await pilot.press("ctrl+right")
        assert (find_box(app).text, find_box(app).ghost) == ("It was", " calm")
        await pilot.press("right", "right")
        assert (find_box(app).text, find_box(app).ghost) == ("It was c", "alm")
        await pilot.press("a")
        assert draw_box(app) == "It was calm"
        await pilot.press("x")
        assert (draw_box(app), find_box(app).ghost) == ("It was cax", "")


async def test_down_shows_another_up_the_one_before_and_escape_none(
    make_app: Any, scripted_engine: Any, wait_for: Any
) -> None:
    app = make_app(scripted_engine([" one"], [" two"]))
    async with app.run_test() as pilot:
        await wait_for(pilot, lambda: app.slot.engine)
        await pilot.press("a", "tab")
        await wait_for(pilot, lambda: find_box(app).ghost == " one")
        await pilot.press("down")
        await wait_for(pilot, lambda: find_box(app).ghost == " two")
        await pilot.press("up")
        assert find_box(app).ghost == " one"
        await pilot.press("escape")
        assert (find_box(app).ghost, find_box(app).text) == ("", "a")


async def test_ghost_text_is_there_only_while_the_cursor_is_at_the_end_of_the_box(
    make_app: Any, scripted_engine: Any, wait_for: Any
) -> None:
    app = make_app(scripted_engine([" one"]))
    async with app.run_test() as pilot:
        await wait_for(pilot, lambda: app.slot.engine)
        await pilot.press("a", "b", "tab")
        await wait_for(pilot, lambda: find_box(app).ghost == " one")
        await pilot.press("left")
        assert draw_box(app) == "ab"
        await pilot.press("right")
        assert draw_box(app) == "ab one"


async def test_enter_has_priority_over_ghost_text(
    make_app: Any, scripted_engine: Any, wait_for: Any, text_of: Any
) -> None:
    engine = scripted_engine([" ghost"], [" story"], hang_after=0)
    app = make_app(engine)
    async with app.run_test() as pilot:
        await wait_for(pilot, lambda: app.slot.engine)
        await pilot.press("a", "tab")
        await wait_for(pilot, lambda: len(engine.calls) == 1)
        await pilot.press("enter")
        await wait_for(pilot, lambda: len(engine.calls) == 2)
        engine.released.set()
        await wait_for(pilot, lambda: text_of(app) == "a story")
        assert find_box(app).ghost == ""


async def test_a_row_in_the_settings_turns_it_off_for_good_and_tab_walks_on(
    make_app: Any, scripted_engine: Any, wait_for: Any, short_pause: None
) -> None:
    engine = scripted_engine([" one"])
    app = make_app(engine)
    async with app.run_test(size=(120, 40)) as pilot:
        await wait_for(pilot, lambda: find_box(app).ghost == " one")
        app.screen.query_one(Panel).query_one("#ghost").focus()
        await pilot.press("right")
        find_box(app).focus()
        await wait_for(pilot, lambda: find_box(app).ghost == "")
        await pilot.press("tab")
        assert app.screen.focused is not find_box(app)
        app.save_settings()
        assert ScreenSettings.load()[0].ghost is False


async def test_the_hint_names_the_key_and_is_gone_for_good_once_it_was_used(
    make_app: Any, scripted_engine: Any, wait_for: Any, short_pause: None
) -> None:
    app = make_app(scripted_engine(["ROMEO:"]))
    async with app.run_test() as pilot:
        line = app.screen.query_one(NoticeLine)
        await wait_for(pilot, lambda: "tab takes the grey words" in str(line.content))
        await pilot.press("tab")
        assert find_box(app).text == "ROMEO:"
        await wait_for(pilot, lambda: "grey words" not in str(line.content))
        app.save_settings()
    assert set(ScreenSettings.load()[0].hints) == {"ghost.begin", "ghost.take"}


async def test_ghost_text_without_room_in_its_row_stands_in_the_next_one(
    make_app: Any, scripted_engine: Any, wait_for: Any
) -> None:
    app = make_app(scripted_engine(["\nWhat say you?"]))
    async with app.run_test() as pilot:
        await wait_for(pilot, lambda: app.slot.engine)
        await pilot.press(*"ROMEO:", "tab")
        await wait_for(pilot, lambda: draw_box(app) == "ROMEO:\nWhat say you?")
        await pilot.press("tab")
        assert find_box(app).text == "ROMEO:\nWhat say you?"
        assert draw_box(app) == "ROMEO:\nWhat say you?"


@pytest.mark.parametrize(
    ("text", "column", "inserted", "rows"),
    [
        (" house or person?", 0, " house or", (" house or",)),
        (" house or person?", 5, " house", (" house",)),
        (" house or person?", 10, " house or", ("", "house or")),
        ("\nhouse or person?", 4, "\nhouse or", ("", "house or")),
        ("\n\nhouse", 4, "\n\nhouse", ("", "", "house")),
        ("却说曹操引兵到", 2, "却说曹操引", ("却说曹操引",)),
        ("indescribable", 8, "indescribabl", ("", "indescribabl")),
        ("house", 0, "house", ("house",)),
    ],
)
def test_as_much_is_shown_as_one_row_takes(text: str, column: int, inserted: str, rows: tuple[str, ...]) -> None:
    assert fit(text, column, 12) == (inserted, rows)


def test_a_word_too_long_for_its_row_is_left_out() -> None:
    assert cut(" a wonderful", 6) == " a"
