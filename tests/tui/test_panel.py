"""The panel by keyboard, typing and mouse, and where it goes on a narrow terminal."""

from dataclasses import replace
from typing import Any

import pytest

from rnnchat.description import find_descriptions
from rnnchat.generation.settings import Settings
from rnnchat.tui.app import RnnchatApp
from rnnchat.tui.settings import ScreenSettings
from rnnchat.tui.widgets.field import CycleField, NumberField
from rnnchat.tui.widgets.model_field import ModelField, PrecisionField
from rnnchat.tui.widgets.notice import NoticeLine
from rnnchat.tui.widgets.panel import MoreRow, Panel
from rnnchat.tui.widgets.preset_row import PresetRow
from rnnchat.tui.widgets.prompt_box import PromptBox
from rnnchat.tui.widgets.seed_field import SeedField
from rnnchat.tui.widgets.slider import Slider
from rnnchat.tui.widgets.texts_field import TextsField

WIDE = (120, 40)


@pytest.fixture
def open_engines(scripted_engine: Any, monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str | None]]:
    """Open scripted engines in place of processes; gives the list of what is asked for: source and precision."""
    asked: list[tuple[str, str | None]] = []

    async def start(source: str, precision: str | None) -> Any:
        asked.append((source, precision))
        engine = scripted_engine(name=source)
        engine.info = replace(engine.info, precision=precision or "int8")
        return engine

    monkeypatch.setattr("rnnchat.engine.client.EngineClient.start", start)
    return asked


async def test_arrows_shift_and_ends_move_the_temperature(make_app: Any) -> None:
    app = make_app()
    async with app.run_test(size=WIDE) as pilot:
        slider = app.screen.query_one("#temperature", Slider)
        slider.focus()
        for key, expected in (
            ("right", 0.85), ("shift+right", 0.86), ("left", 0.85), ("shift+left", 0.84), ("left", 0.8),
            ("end", 2.0), ("right", 2.0), ("home", 0.0), ("left", 0.0),
        ):  # fmt: skip
            await pilot.press(key)
            assert slider.value == expected, key
        assert app.settings.writing.temperature == 0


async def test_a_number_is_typed_over_the_old_one_and_refused_beyond_the_bounds(make_app: Any) -> None:
    app = make_app()
    async with app.run_test(size=WIDE) as pilot:
        slider = app.screen.query_one("#temperature", Slider)
        slider.focus()
        await pilot.press("1", ".", "2", "5", "enter")
        assert slider.value == 1.25
        await pilot.press("9", "enter")
        assert slider.value == 1.25
        assert "temperature must be from 0 to 2, not 9" in {note.message for note in app._notifications}
        await pilot.press("1", "escape")
        assert slider.value == 1.25
        await pilot.press("0", ",", "3", "x", "tab")
        assert slider.value == 0.3


async def test_a_click_and_a_drag_put_the_knob_there(make_app: Any) -> None:
    app = make_app()
    async with app.run_test(size=WIDE) as pilot:
        slider = app.screen.query_one("#temperature", Slider)
        end = slider.content_size.width - 1
        await pilot.click(slider, offset=(end, 1))
        assert slider.value == 2
        await pilot.mouse_down(slider, offset=(end, 1))
        await pilot.hover(slider, offset=(0, 1))
        await pilot.mouse_up(slider, offset=(0, 1))
        assert slider.value == 0


async def test_every_field_reaches_the_settings(make_app: Any) -> None:
    app = make_app()
    async with app.run_test(size=WIDE) as pilot:
        for name, expected in {
            "length": 350, "top_k": 5, "top_p": 0.95, "min_p": 0.01, "repetition_penalty": 1.05,
        }.items():  # fmt: skip
            app.screen.query_one(f"#{name}", NumberField).focus()
            await pilot.press("left" if name == "top_p" else "right")
            await pilot.pause()
            assert getattr(app.settings.writing, name) == expected
        app.screen.query_one(CycleField).focus()
        await pilot.press("right")
        await pilot.pause()
        assert app.settings.writing.until == "line"


async def test_more_unfolds_by_key_and_mouse_and_says_how_much_is_changed(make_app: Any) -> None:
    app = make_app()
    async with app.run_test(size=WIDE) as pilot:
        more, field = app.screen.query_one(MoreRow), app.screen.query_one("#presence_penalty", NumberField)
        assert not field.display
        more.focus()
        for key, is_open in (("enter", True), ("enter", False), ("right", True), ("right", True), ("left", False)):
            await pilot.press(key)
            await pilot.pause()
            assert field.display is is_open, key
        await pilot.click(more)
        assert field.display
        field.focus()
        await pilot.press("right")
        await pilot.pause()
        await pilot.click(more)
        assert not field.display
        assert more.show_value().startswith("1 changed")


async def test_every_folded_field_reaches_the_settings(make_app: Any) -> None:
    app = make_app()
    async with app.run_test(size=WIDE) as pilot:
        app.screen.query_one(MoreRow).focus()
        await pilot.press("enter")
        for name, key, expected in (
            ("min_length", "right", 50), ("draw_at", "right", "word"), ("presence_penalty", "right", 0.1),
            ("frequency_penalty", "left", -0.1), ("penalty_window", "left", 48), ("penalty_decay", "left", 0.99),
            ("escape_loops", "right", True),
        ):  # fmt: skip
            app.screen.query_one(f"#{name}").focus()
            await pilot.press(key)
            await pilot.pause()
            assert getattr(app.settings.writing, name) == expected
        app.screen.query_one("#presence_penalty").focus()
        await pilot.press("-", "0", ".", "5", "enter")
        await pilot.pause()
        assert app.settings.writing.presence_penalty == -0.5
        folded = {name for name, description in find_descriptions(Settings).items() if description.is_folded}
        assert {field.id for field in app.screen.query(".folded")} == folded


async def test_banned_texts_are_typed_with_commas_between(make_app: Any) -> None:
    app = make_app()
    async with app.run_test(size=WIDE) as pilot:
        app.screen.query_one(MoreRow).focus()
        await pilot.press("enter")
        field = app.screen.query_one(TextsField)
        field.focus()
        await pilot.press(*"thou, a b", "enter")
        await pilot.pause()
        assert app.settings.writing.ban == ("thou", "a b")
        await pilot.press(*"x", "escape")
        assert field.show_value() == "thou, a b"
        await pilot.press("backspace", "backspace", *", \\n,\\,", "tab")
        await pilot.pause()
        assert app.settings.writing.ban == ("thou", "a", "\n", ",")
        assert app.screen.query_one(PromptBox).text == ""


async def test_a_length_below_the_least_one_takes_it_along_and_the_other_way_round(make_app: Any) -> None:
    app = make_app()
    async with app.run_test(size=WIDE) as pilot:
        app.screen.query_one(MoreRow).focus()
        await pilot.press("enter")
        for name, typed, expected in (("min_length", "400", (400, 400)), ("length", "200", (200, 200))):
            app.screen.query_one(f"#{name}").focus()
            await pilot.press(*typed, "enter")
            await pilot.pause()
            assert (app.settings.writing.length, app.settings.writing.min_length) == expected


async def test_temperatures_in_turn_are_shown_until_one_is_chosen(make_app: Any) -> None:
    app = make_app()
    app.settings.writing = Settings(temperature_cycle=(0.2, 1))
    async with app.run_test(size=WIDE) as pilot:
        slider = app.screen.query_one("#temperature", Slider)
        assert slider.show_value() == "0.2 1 in turn"
        slider.focus()
        await pilot.press("right")
        await pilot.pause()
        assert app.settings.writing == Settings(temperature=0.85)
        assert slider.show_value() == "0.85"


async def test_a_switch_of_the_precision_opens_the_model_anew_in_it_and_is_remembered(
    open_engines: Any, wait_for: Any
) -> None:
    app = RnnchatApp(model="mine")
    async with app.run_test(size=WIDE) as pilot:
        field = app.screen.query_one(PrecisionField)
        assert field.show_value() == "–"
        await wait_for(pilot, lambda: field.show_value() == "int8")
        field.focus()
        await pilot.press("right")
        await wait_for(pilot, lambda: app.model_state.precision == "float32")
        assert open_engines == [("mine", None), ("mine", "float32")]
        await pilot.click(field)
        await wait_for(pilot, lambda: app.model_state.precision == "int8")
        await app.action_quit()
    assert ScreenSettings.load()[0].precision == {"mine": "int8"}


async def test_a_text_that_is_being_written_stays_when_the_precision_is_switched(
    scripted_engine: Any, wait_for: Any, text_of: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    engines = [scripted_engine(["half ", "whole"], hang_after=1), scripted_engine([" more"])]

    async def start(source: str, precision: str | None) -> Any:
        return engines.pop(0)

    monkeypatch.setattr("rnnchat.engine.client.EngineClient.start", start)
    app = RnnchatApp(model="scripted")
    async with app.run_test(size=WIDE) as pilot:
        await pilot.press("enter")
        await wait_for(pilot, lambda: text_of(app) == "half ")
        app.screen.query_one(PrecisionField).focus()
        await pilot.press("right")
        await wait_for(pilot, lambda: not engines and not app.screen.writer.is_writing)
        assert text_of(app) == "half "
        assert not app._notifications


async def test_a_preset_changes_all_and_is_marked_while_it_holds(make_app: Any) -> None:
    app = make_app()
    async with app.run_test(size=WIDE) as pilot:
        row = app.screen.query_one(PresetRow)
        assert row.current == "balanced"
        row.focus()
        await pilot.press("left")
        await pilot.pause()
        assert (row.current, app.settings.writing.temperature) == ("careful", 0.5)
        app.screen.query_one("#temperature", Slider).focus()
        await pilot.press("right")
        await pilot.pause()
        assert row.current is None


async def test_the_seed_used_is_shown_and_one_arrow_fixes_it(
    make_app: Any, scripted_engine: Any, wait_for: Any
) -> None:
    app = make_app(scripted_engine(["x"]))
    async with app.run_test(size=WIDE) as pilot:
        await pilot.press("enter")
        seed = app.screen.query_one(SeedField)
        await wait_for(pilot, lambda: seed.last_seed == 1)
        assert seed.show_value() == "new each time  (1)"
        seed.focus()
        await pilot.press("right")
        await pilot.pause()
        assert app.settings.writing.seed == 1
        await pilot.press("4", "2", "enter")
        await pilot.pause()
        assert app.settings.writing.seed == 42
        await pilot.press("backspace")
        await pilot.pause()
        assert app.settings.writing.seed is None


async def test_the_model_in_the_panel_leads_to_all_models(make_app: Any, wait_for: Any) -> None:
    app = make_app()
    async with app.run_test(size=WIDE) as pilot:
        app.screen.query_one(ModelField).focus()
        await pilot.press("enter")
        await wait_for(pilot, lambda: app.current_mode == "models")


async def test_at_80_columns_the_panel_is_one_line_and_opens_over_the_story(make_app: Any, wait_for: Any) -> None:
    app = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        panel, notice = app.screen.query_one(Panel), app.screen.query_one(NoticeLine)
        await wait_for(pilot, lambda: "temperature 0.80   300 chars   f6 settings" in str(notice.content))
        assert not panel.display
        width = app.screen.query_one(PromptBox).size.width
        await pilot.press("f6")
        await wait_for(pilot, lambda: panel.display and isinstance(app.focused, Slider))
        assert app.screen.query_one(PromptBox).size.width == width
        await pilot.press("right", "escape")
        await wait_for(pilot, lambda: not panel.display and app.focused is app.screen.query_one(PromptBox))
        assert "temperature 0.85" in str(notice.content)


async def test_beside_the_story_the_panel_opens_and_closes_and_stays_so(make_app: Any, wait_for: Any) -> None:
    app = make_app()
    async with app.run_test(size=WIDE) as pilot:
        panel = app.screen.query_one(Panel)
        assert panel.display
        await pilot.press("f6")
        await wait_for(pilot, lambda: not panel.display)
        assert app.settings.panel is False
        await pilot.press("f6")
        await wait_for(pilot, lambda: panel.display)
