"""The shell: four screens, header, help, palette, quitting, and what the process loads."""

import subprocess
import sys
from typing import Any

import pytest
from textual.content import Content
from textual.widgets import Static

from rnnchat.paths import settings_path
from rnnchat.tui.app import RnnchatApp, find_screen_class
from rnnchat.tui.keys import APP_KEYS, SCREENS, list_ids
from rnnchat.tui.screens.help import HelpScreen
from rnnchat.tui.screens.write import WriteScreen
from rnnchat.tui.widgets.prompt_box import PromptBox


@pytest.mark.parametrize(("key", "mode"), [("f3", "models"), ("f4", "train"), ("f5", "compare"), ("f2", "write")])
async def test_the_four_screens_are_one_key_away(make_app: Any, wait_for: Any, key: str, mode: str) -> None:
    app = make_app()
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press(key)
        await wait_for(pilot, lambda: app.current_mode == mode and app.screen.is_mounted)
        assert isinstance(app.screen, find_screen_class(mode))


async def test_a_draft_survives_a_visit_to_another_screen(make_app: Any, wait_for: Any) -> None:
    app = make_app()
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press(*"half", "f3")
        await wait_for(pilot, lambda: app.current_mode == "models")
        await pilot.press("f2", *" done")
        assert app.screen.query_one(PromptBox).text == "half done"


async def test_the_header_names_the_story_and_the_model(make_app: Any, scripted_engine: Any, wait_for: Any) -> None:
    app = make_app(scripted_engine(name="mine"))
    async with app.run_test(size=(120, 40)) as pilot:
        await wait_for(pilot, lambda: app.model_state.phase == "ready")
        await pilot.press(*"A tale", "enter")
        await wait_for(pilot, lambda: app.story_title)
        await pilot.pause()
        header = [str(widget.content) for widget in app.screen.query_one("TopBar").query(Static)]
        assert "● mine  2.50 bits/char" in header
        assert any(text.startswith("A tale") for text in header)


async def test_help_lists_every_key_of_every_screen(make_app: Any, wait_for: Any) -> None:
    app = make_app()
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("f1")
        await wait_for(pilot, lambda: isinstance(app.screen, HelpScreen))
        text = str(app.screen.query_one("#keys", Static).content)
        groups = [group for mode in SCREENS for group in find_screen_class(mode).key_groups()]
        missing = [name for name in list_ids([("", APP_KEYS), *groups]) if name not in text]
        assert not missing
        await pilot.press("escape")
        await wait_for(pilot, lambda: isinstance(app.screen, WriteScreen))


async def test_own_keys_work_and_are_the_ones_that_help_shows(
    make_app: Any, scripted_engine: Any, wait_for: Any
) -> None:
    app = make_app(scripted_engine(["x"]))
    app.settings.keys = {"write.take": "f9", "write.tkae": "f10"}
    async with app.run_test(size=(120, 40)) as pilot:
        await wait_for(pilot, lambda: app._notifications)
        assert [n.message for n in app._notifications] == ["no action named 'write.tkae': did you mean 'write.take'?"]
        await pilot.press("f9")
        await wait_for(pilot, lambda: app.screen.writer.story.text() == "x")
        await pilot.press("f1")
        await wait_for(pilot, lambda: isinstance(app.screen, HelpScreen))
        content = app.screen.query_one("#keys", Static).content
        assert isinstance(content, Content)
        [line] = [line for line in content.plain.splitlines() if line.endswith("write.take")]
        assert line.startswith("f9 ")


async def test_every_command_of_the_palette_has_a_name_and_a_sentence(make_app: Any) -> None:
    app = make_app()
    async with app.run_test():
        commands = list(app.get_system_commands(app.screen))
        titles = [command.title for command in commands]
        assert len(set(titles)) == len(titles)
        assert {"Stories", "Another take", "Models", "Theme", "Quit", "Restart the model"} <= set(titles)
        assert all(command.help for command in commands)


async def test_quitting_closes_the_engine_and_keeps_what_was_written(
    make_app: Any, scripted_engine: Any, wait_for: Any, text_of: Any
) -> None:
    engine = scripted_engine(["Once", " more"], hang_after=1)
    app = make_app(engine)
    async with app.run_test() as pilot:
        await pilot.press("enter")
        await wait_for(pilot, lambda: text_of(app) == "Once")
        await pilot.press("ctrl+q")
        await wait_for(pilot, lambda: engine.is_closed)
    again = make_app(scripted_engine())
    async with again.run_test() as pilot:
        await wait_for(pilot, lambda: text_of(again) == "Once")


async def test_the_theme_is_remembered(make_app: Any, wait_for: Any) -> None:
    app = make_app()
    async with app.run_test() as pilot:
        app.theme = "rnnchat-light"
        await pilot.pause()
        await app.action_quit()
    again = make_app()
    async with again.run_test():
        assert again.theme == "rnnchat-light"


@pytest.mark.parametrize("theme", ["rnnchat-dark", "rnnchat-light", "nord", "ansi-dark", "ansi-light", "dracula"])
async def test_every_theme_has_the_colours_that_the_screens_name(make_app: Any, theme: str) -> None:
    app = make_app()
    async with app.run_test(size=(120, 40)) as pilot:
        app.theme = theme
        await pilot.pause()
        assert {"quiet", "rule", "written"} <= set(app.theme_variables)


async def test_another_model_takes_over_only_when_it_is_ready(
    make_app: Any, scripted_engine: Any, wait_for: Any
) -> None:
    old, new = scripted_engine(name="old"), scripted_engine(name="new")
    app = make_app(old, new)
    async with app.run_test() as pilot:
        await wait_for(pilot, lambda: app.model_state.name == "old")
        app.open_model("new")
        await wait_for(pilot, lambda: app.model_state.name == "new")
        assert old.is_closed
        assert app.settings.model == "new"


def test_the_screen_loads_neither_torch_nor_onnx_nor_numpy_before_its_first_frame() -> None:
    program = (
        "import sys, rnnchat.tui.app, rnnchat.tui.screens.write;"
        "print([name for name in ('torch', 'onnx', 'onnxruntime', 'numpy', 'tomlkit') if name in sys.modules])"
    )
    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    assert loaded.strip() == "[]"


async def test_the_real_engine_writes_from_the_keyboard(wait_for: Any, tiny_model: Any, text_of: Any) -> None:
    app = RnnchatApp(model=str(tiny_model))
    app.settings.writing = app.settings.writing.change(length=40, until="length", seed=1)
    async with app.run_test() as pilot:
        await pilot.press("a", "enter")
        await wait_for(pilot, lambda: len(text_of(app)) == 41)
        await app.action_quit()


def test_the_screen_never_loads_torch_or_onnx_wherever_one_goes() -> None:
    program = """
import asyncio, sys
from rnnchat.errors import ModelError
from rnnchat.tui.app import RnnchatApp
from rnnchat.tui.keys import SCREENS

async def refuse(source):
    raise ModelError("no model here")

async def visit():
    app = RnnchatApp(start_engine=refuse)
    async with app.run_test(size=(120, 40)) as pilot:
        for mode in SCREENS:
            app.switch_mode(mode)
            await pilot.pause()
        await app.run_watcher.poll()

asyncio.run(visit())
print([name for name in ("torch", "onnx", "onnxruntime") if name in sys.modules])
"""
    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    assert loaded.strip() == "[]"


async def test_a_real_engine_that_is_killed_is_said_and_enter_starts_another(
    wait_for: Any, tiny_model: Any, text_of: Any
) -> None:
    app = RnnchatApp(model=str(tiny_model))
    app.settings.writing = app.settings.writing.change(until="length", length=20, seed=1)
    async with app.run_test() as pilot:
        await wait_for(pilot, lambda: app.slot.engine is not None)
        assert app.slot.engine is not None
        app.slot.engine._process.kill()
        await wait_for(pilot, lambda: app.model_state.phase == "dead")
        await wait_for(pilot, lambda: any("ended unexpectedly" in said.message for said in app._notifications))
        await pilot.press("a", "enter")
        await wait_for(pilot, lambda: len(text_of(app)) == 21)
        assert app.model_state.phase == "ready"
        await app.action_quit()


async def test_a_theme_that_is_not_there_is_named_and_ours_is_used(make_app: Any, wait_for: Any) -> None:
    path = settings_path()
    path.parent.mkdir(parents=True)
    path.write_text('theme = "rnnchat-ligth"\n', encoding="utf-8")
    app = make_app()
    async with app.run_test() as pilot:
        await wait_for(pilot, lambda: app._notifications)
        assert "did you mean 'rnnchat-light'?" in next(iter(app._notifications)).message
        assert app.theme == "rnnchat-dark"
