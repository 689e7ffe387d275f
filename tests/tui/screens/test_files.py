"""The file dialogs, on a folder of their own."""

import os
import time
from pathlib import Path

import pytest
from textual.widgets import Input
from textual_fspicker.parts import DirectoryNavigation

from rnnchat.tui.screens.files import PickFile, PickFolder, pick_destination, show_date, show_size


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    here = tmp_path / "here"
    (here / "letters").mkdir(parents=True)
    (here / "photos").mkdir()
    (here / "Dear Anna.txt").write_text("x" * 310_000, encoding="utf-8")
    (here / "notes.md").write_text("x", encoding="utf-8")
    return here


def read_names(app) -> list[str]:
    listed = app.screen.query_one(DirectoryNavigation)
    return [entry.location.name for entry in listed.options]


async def open_dialog(pilot, dialog, until) -> list[Path]:
    """Open ``dialog``; its answer comes into the list."""
    answers: list[Path] = []
    pilot.app.push_screen(dialog, answers.append)
    await until(lambda: pilot.app.screen is dialog and dialog.is_mounted and len(read_names(pilot.app)) > 1)
    return answers


def test_sizes_and_dates_are_those_that_people_read(folder):
    assert show_size(folder / "Dear Anna.txt") == "310 kB"
    assert show_size(folder / "letters") == ""
    os.utime(folder / "notes.md", (time.time() - 7200,) * 2)
    assert show_date(folder / "notes.md") == "2 h ago"
    assert show_size(folder / "nowhere") == show_date(folder / "nowhere") == "–"


async def test_typing_narrows_the_list_and_enter_takes_what_is_left(open_app, folder, until):
    async with open_app("f2") as pilot:
        answers = await open_dialog(pilot, PickFile(folder), until)
        assert read_names(pilot.app) == ["..", "letters", "photos", "Dear Anna.txt", "notes.md"]
        await pilot.press(*"anna")
        await until(lambda: [name for name in read_names(pilot.app) if name != ".."] == ["Dear Anna.txt"])
        assert pilot.app.screen.query_one(Input).value == "anna"
        await pilot.press("enter")
        await until(lambda: answers == [folder / "Dear Anna.txt"])


async def test_a_folder_is_chosen_in_a_dialog_like_that_for_files(open_app, folder, until):
    async with open_app("f2") as pilot:
        answers = await open_dialog(pilot, PickFolder(folder), until)
        await until(lambda: read_names(pilot.app) == ["..", "letters", "photos"])
        pilot.app.screen.query_one(Input).value = "letters"
        await pilot.click("#select")
        await until(lambda: answers == [folder / "letters"])


async def test_a_destination_begins_with_its_name(open_app, folder, until, monkeypatch):
    monkeypatch.chdir(folder)
    async with open_app("f2") as pilot:
        answers = await open_dialog(pilot, pick_destination("Export", "story.md"), until)
        await until(lambda: pilot.app.focused is pilot.app.screen.query_one(Input))
        await pilot.press("enter")
        await until(lambda: answers == [folder / "story.md"])
