"""The screen Models: what is listed, what the keys do, and that nothing breaks it."""

from dataclasses import replace

import pytest
from foreign import VOCAB, write_safetensors
from textual.widgets import DataTable, Input, Static

from rnnchat import paths
from rnnchat.model.file import write_model
from rnnchat.model.record import TrainingRecord
from rnnchat.tui.screens.ask import AskText, AskYesNo
from rnnchat.tui.screens.models import ModelsScreen
from rnnchat.tui.widgets.model_card import ModelCard
from rnnchat.tui.widgets.model_table import ModelTable


def read_names(pilot) -> list[str]:
    return [entry.name for entry in pilot.app.screen.query_one(ModelTable).shown]


def read_card(pilot) -> str:
    return str(pilot.app.screen.query_one(ModelCard).query_one(Static).content)


async def test_every_model_is_listed_with_its_figures(open_app, save_model, until):
    save_model("mine", bits_per_char=1.62, cell="gru", hidden_sizes=(8, 8))
    save_model("other", bits_per_char=None)
    async with open_app("f3", size=(200, 50)) as pilot:
        await until(lambda: read_names(pilot) == ["mine", "other"])
        row = pilot.app.screen.query_one(ModelTable).get_row_at(0)
        assert [str(cell) for cell in row][:3] == ["mine", "char", "gru 2×8"]
        assert "letters" in [str(cell) for cell in row]
        assert "1.62" in [str(cell).strip() for cell in row]


async def test_a_broken_file_is_listed_and_its_problem_told(open_app, save_model, until):
    save_model("sound")
    (paths.models_dir() / "broken.safetensors").write_bytes(b"no model at all")
    async with open_app("f3") as pilot:
        await until(lambda: read_names(pilot) == ["broken", "sound"])
        await pilot.press("home", "up", "up")
        await until(lambda: "is not a readable model file" in read_card(pilot))
        await pilot.press("enter")
        await until(lambda: pilot.app._notifications)
        assert pilot.app.current_mode == "models"


async def test_enter_opens_the_model_and_goes_back_to_writing(open_app, save_model, until):
    save_model("alpha")
    path = save_model("beta")
    async with open_app("f3") as pilot:
        await until(lambda: len(read_names(pilot)) == 2)
        pilot.app.screen.query_one(ModelTable).point_at(path)
        await pilot.press("enter")
        await until(lambda: pilot.app.model_state.name == "beta" and pilot.app.current_mode == "write")


async def test_words_narrow_the_list_and_escape_shows_all_again(open_app, save_model, until):
    for name in ("kjv", "mine", "mine-small"):
        save_model(name)
    async with open_app("f3") as pilot:
        await until(lambda: len(read_names(pilot)) == 3)
        await pilot.press("slash", *"small")
        await until(lambda: read_names(pilot) == ["mine-small"])
        await pilot.press("escape")
        await until(lambda: len(read_names(pilot)) == 3)
        assert isinstance(pilot.app.focused, DataTable)


async def test_columns_sort_by_key_and_keep_the_cursor_on_its_model(open_app, save_model, until):
    save_model("a", bits_per_char=3.0)
    best = save_model("b", bits_per_char=1.0)
    save_model("c", bits_per_char=None)
    async with open_app("f3", size=(200, 50)) as pilot:
        await until(lambda: len(read_names(pilot)) == 3)
        table = pilot.app.screen.query_one(ModelTable)
        table.point_at(best)
        while table.sort_key != "bits":
            await pilot.press("s")
        assert read_names(pilot) == ["b", "a", "c"]
        await pilot.press("S")
        assert read_names(pilot) == ["a", "b", "c"]  # what has no value stays last
        assert table.pointed is not None
        assert table.pointed.name == "b"


async def test_a_model_that_appears_is_listed_by_itself(open_app, save_model, until):
    save_model("first")
    async with open_app("f3") as pilot:
        await until(lambda: read_names(pilot) == ["first"])
        save_model("second")
        pilot.app.screen.look()
        await until(lambda: read_names(pilot) == ["first", "second"])


async def test_removing_asks_first_and_escape_keeps_the_model(open_app, save_model, until):
    path = save_model("mine")
    async with open_app("f3") as pilot:
        await until(lambda: read_names(pilot) == ["mine"])
        await pilot.press("x")
        await until(lambda: isinstance(pilot.app.screen, AskYesNo))
        await pilot.press("escape")
        await until(lambda: not isinstance(pilot.app.screen, AskYesNo))
        assert path.exists()
        await pilot.press("x")
        await until(lambda: isinstance(pilot.app.screen, AskYesNo))
        await pilot.press("y")
        await until(lambda: not path.exists())
        await until(lambda: read_names(pilot) == [])


async def test_a_run_is_not_removed_here(open_app, save_model, until):
    save_model("best", folder=paths.runs_dir() / "trained")
    async with open_app("f3") as pilot:
        await until(lambda: read_names(pilot) == ["trained"])
        await pilot.press("x")
        await until(lambda: pilot.app._notifications)
        assert (paths.runs_dir() / "trained" / "best.safetensors").exists()


async def test_a_file_from_elsewhere_is_imported_under_a_name(open_app, save_model, until, tmp_path, monkeypatch):
    save_model("stranger", folder=tmp_path / "elsewhere")
    monkeypatch.chdir(tmp_path / "elsewhere")
    async with open_app("f3") as pilot:
        await until(lambda: "no model" in str(pilot.app.screen.query_one("#count", Static).content))
        await pilot.press("i")
        await until(lambda: pilot.app.screen.query("FileFilter"))
        field = pilot.app.screen.query_one(Input)
        field.value = "stranger.safetensors"
        field.focus()
        await pilot.press("enter")
        await until(lambda: isinstance(pilot.app.screen, AskText))
        await pilot.press(*"new", "enter")
        await until(lambda: read_names(pilot) == ["new"])


async def test_a_model_of_another_program_is_imported_with_the_text_that_it_was_trained_on(
    open_app, until, tmp_path, monkeypatch
):
    write_safetensors(tmp_path)
    (tmp_path / "text.txt").write_text(VOCAB, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    async with open_app("f3") as pilot:
        await until(lambda: "no model" in str(pilot.app.screen.query_one("#count", Static).content))
        await pilot.press("i")
        for title, name, expected in (("Import", "weights.safetensors", AskText), ("Text", "text.txt", ModelsScreen)):
            await until(
                lambda title=title: (
                    pilot.app.screen.query("Dialog") and title in str(pilot.app.screen.query_one("Dialog").border_title)
                )
            )
            field = pilot.app.screen.query_one(Input)
            field.value = name
            field.focus()
            await pilot.press("enter")
            await until(lambda expected=expected: isinstance(pilot.app.screen, expected))
            if expected is AskText:
                await pilot.press("enter")
        await until(lambda: read_names(pilot) == ["weights"])


@pytest.mark.parametrize("size", [(80, 24), (200, 60)])
async def test_the_card_is_there_at_every_size(open_app, save_model, until, size):
    save_model("mine", title="My own letters")
    async with open_app("f3", size=size) as pilot:
        await until(lambda: "My own letters" in read_card(pilot))
        assert pilot.app.screen.query_one(ModelCard).size.height >= 5


async def test_a_click_on_a_heading_sorts_and_another_turns_the_order_round(open_app, save_model, until):
    for name, bits in (("a", 2.0), ("b", 1.0)):
        save_model(name, bits_per_char=bits)
    async with open_app("f3") as pilot:
        await until(lambda: read_names(pilot) == ["a", "b"])
        table = pilot.app.screen.query_one(ModelTable)
        place = next(x for x in range(table.size.width) if "bits" in str(table.render_line(0).crop(x, x + 4).text))
        await pilot.click(table, offset=(place, 0))
        await until(lambda: read_names(pilot) == ["b", "a"])
        await pilot.click(table, offset=(place, 0))
        await until(lambda: read_names(pilot) == ["a", "b"])


async def test_a_key_switches_the_precision_of_the_model_under_the_cursor(open_app, save_model, until):
    save_model("alpha")
    path = save_model("beta")
    opened = []

    async with open_app("f3", engine_of=None) as pilot:
        app = pilot.app
        await until(lambda: len(read_names(pilot)) == 2)
        app.screen.query_one(ModelTable).point_at(path)
        await until(lambda: "int8, fast" in read_card(pilot))
        start_engine = app.start_engine

        async def note(source):
            opened.append(source)
            return await start_engine(source)

        app.start_engine = note
        await pilot.press("p")
        await until(lambda: "float32, exact" in read_card(pilot))
        assert app.settings.precision == {"beta": "float32"}
        assert not opened  # it is not the model that is open
        app.open_model(str(path))
        await until(lambda: app.model_state.name == "beta")
        await pilot.press("p")
        await until(lambda: opened == [str(path), str(path)])
        assert app.settings.precision == {"beta": "int8"}
        assert "int8, fast" in read_card(pilot)


async def test_the_card_tells_what_int8_loses_and_which_precision_suits_the_model(open_app, make_model, until):
    for name, loss in (("bad", 0.2), ("good", 0.0012)):
        model = replace(make_model(), training=TrainingRecord(int8_loss=loss))
        write_model(model, paths.models_dir() / f"{name}.safetensors")
    async with open_app("f3") as pilot:
        await until(lambda: read_names(pilot) == ["bad", "good"])
        table = pilot.app.screen.query_one(ModelTable)
        table.point_at(paths.models_dir() / "bad.safetensors")
        await until(lambda: "float32, exact" in read_card(pilot))
        table.point_at(paths.models_dir() / "good.safetensors")
        await until(lambda: "int8, fast: 0.0012" in read_card(pilot))
