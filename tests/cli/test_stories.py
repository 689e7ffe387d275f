"""``rnnchat stories``: listing, exporting, importing and backing up."""

import json
import sqlite3
from pathlib import Path

import pytest
from typer.testing import CliRunner

from rnnchat.cli.command import app
from rnnchat.stories.store import Store


def run(*arguments: object, status: int = 0) -> str:
    result = CliRunner().invoke(app, ["stories", *map(str, arguments)])
    assert result.exit_code == status, result.output
    return result.stdout if status == 0 else result.stderr


@pytest.fixture
def sea(home: Path) -> str:
    """The id of a story with two takes, a history and a hostile title."""
    store = Store()
    story = store.create("Sea \x1b[31m<b>\x9b\u202e")
    story.add("person", "The sea & ")
    story.add("model", "was grey.", model="m", settings={"seed": 7, "temperature": 0.5})
    story.add("model", "lay <still>.", model="m", settings={"seed": 8, "temperature": 0.5}, take_of=story.path()[1].id)
    story.draft = "not sent"
    store.save_draft(story, "not sent")
    store.close()
    return story.id


def test_stories_are_listed_and_so_are_deleted_ones(sea: str) -> None:
    assert "Sea ␛[31m<b>��" in run("list")
    printed = run("list", "--json")
    assert not any(mark in printed for mark in "\x1b\x9b\u202e")
    (story,) = json.loads(printed)["stories"]
    assert story["title"] == "Sea \x1b[31m<b>\x9b\u202e"
    assert (story["id"], story["chars"], story["model"]) == (sea, 22, "m")
    store = Store()
    store.delete(sea)
    store.close()
    assert json.loads(run("list", "--json"))["stories"] == []
    assert sea in run("list", "--deleted")


@pytest.mark.parametrize(
    ("form", "part"),
    [
        ("txt", "The sea & lay <still>.\n"),
        ("md", "> lay \\<still\\>.[^1]"),
        ("html", "The sea &amp; <span"),
        ("json", '"rnnchat_story": 1'),
    ],
)
def test_a_story_is_exported_in_each_format_to_a_file_or_to_the_output(
    form: str, part: str, sea: str, tmp_path: Path
) -> None:
    file = tmp_path / f"sea.{form}"
    run("export", sea, file)
    assert part in file.read_text(encoding="utf-8")
    assert part in run("export", sea, "--format", form)
    assert "already exists" in run("export", sea, file, status=1)
    run("export", sea, file, "--replace")


def test_a_page_of_html_needs_no_other_file_and_runs_nothing(sea: str) -> None:
    page = run("export", sea, "--format", "html")
    assert "<b>" not in page
    assert 'title="m, temperature 0.5, seed 8"' in page
    assert not any(word in page for word in ("http", "<script", "src=", "@import"))


def test_an_exported_story_comes_back_whole_beside_the_one_it_came_from(sea: str, tmp_path: Path) -> None:
    run("export", sea, tmp_path / "a.json")
    run("import", tmp_path / "a.json")
    run("import", tmp_path / "a.json")
    store = Store()
    assert len(store.list_stories()) == 3
    old, *copies = (store.load(summary.id) for summary in reversed(store.list_stories()))
    for copy in copies:
        assert copy.text() == old.text()
        assert [p.text for p in copy.passages.values()] == [p.text for p in old.passages.values()]
        assert [p.settings for p in copy.passages.values()] == [p.settings for p in old.passages.values()]
        assert (copy.draft, copy.steps_done) == ("not sent", 3)
        copy.undo()
        assert copy.text() == "The sea & was grey."
    assert store.search("still")
    store.close()


@pytest.mark.parametrize(
    "content",
    ["", "[]", "{", "[" * 100_000, '{"rnnchat_story": 99}', '{"rnnchat_story": 1, "title": 3}', "null"],
    ids=lambda content: content[:20],
)
def test_a_file_that_is_no_story_is_refused_in_a_sentence(content: str, tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(content)
    assert "is not a story that rnnchat exported" in run("import", tmp_path / "a.json", status=1)


def test_a_backup_is_one_private_file_that_holds_everything_while_the_original_is_open(
    sea: str, tmp_path: Path
) -> None:
    store = Store()
    store.load(sea).add("person", " And more.")
    run("backup", tmp_path / "backup.db")
    assert (tmp_path / "backup.db").stat().st_mode & 0o777 == 0o600
    assert [path.name for path in tmp_path.glob("backup*")] == ["backup.db"]
    copy = Store(tmp_path / "backup.db")
    assert copy.load(sea).text() == "The sea & lay <still>. And more."
    copy.close()
    assert "already exists" in run("backup", tmp_path / "backup.db", status=1)
    store.close()


def test_a_backup_of_a_damaged_file_is_refused(sea: str, home: Path, tmp_path: Path) -> None:
    path = home / "rnnchat.db"
    content = bytearray(path.read_bytes())
    connection = sqlite3.connect(path)
    (root,) = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'passage'").fetchone()
    connection.close()
    content[(root - 1) * 4096 + 8 : root * 4096] = b"\xff" * 4088
    path.write_bytes(content)
    assert "damaged" in run("backup", tmp_path / "backup.db", status=1)
    assert not (tmp_path / "backup.db").exists()
