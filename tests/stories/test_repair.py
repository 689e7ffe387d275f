"""Damaged rows: the story opens with all its text, and can be written in and saved."""

import contextlib
import random
import sqlite3
from pathlib import Path

import pytest

from rnnchat.stories.store import Store

WRONG = (None, "", "{", "[" * 100_000, "[]", "null", '{"a": 1}', "x", -1, 10**12, 0.5, b"\xff\x00", "\x1b[31m")
COLUMNS = {
    "story": ("title", "mode", "chat", "settings", "chosen", "steps_done", "draft", "updated", "chars"),
    "passage": ("parent", "author", "text", "settings", "created", "speaker", "edit_of", "chosen", "is_deleted"),
    "step": ("record",),
}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A database with one story that has takes, an edit, a deletion and a history."""
    store = Store(tmp_path / "a.db")
    story = store.create("one")
    story.add("person", "first ")
    story.add("model", "second ", model="m", settings={"seed": 1})
    story.add("model", "other ", model="m", take_of=story.path()[1].id)
    story.edit(story.path()[0].id, "edited ")
    story.add("person", "third ")
    story.delete(story.path()[-1].id)
    story.undo()
    store.close()
    return tmp_path / "a.db"


def change(path: Path, sql: str, *values: object) -> None:
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute(sql, values)
        connection.commit()


def check(path: Path) -> str:
    """Every text is there, the list and the search work, and what is written next is kept. Gives what was said."""
    store = Store(path)
    (summary,) = store.list_stories()
    story = store.load(summary.id)
    said = story.notice
    texts = {passage.text for passage in story.passages.values()}
    assert len(story.passages) >= 5
    assert all(isinstance(text, str) for text in texts)
    story.text()
    for passage in list(story.passages.values()):
        story.choose_take(passage.id)
        story.takes(passage.id)
    story.undo()
    story.add("person", "new words")
    kept = store.load(summary.id)
    assert kept.text() == story.text()
    assert kept.notice == ""
    assert {hit.story_id for hit in store.search("new words")} == {summary.id}
    store.close()
    return said


def test_a_passage_that_is_its_own_parent_is_a_beginning(path: Path) -> None:
    change(path, "PRAGMA foreign_keys = OFF")
    change(path, "UPDATE passage SET parent = id")
    assert "was damaged" in check(path)


@pytest.mark.parametrize("column", ["parent", "chosen", "edit_of"])
def test_passages_that_lead_in_a_circle_end_somewhere(column: str, path: Path) -> None:
    change(path, f"UPDATE passage SET {column} = (SELECT id FROM passage ORDER BY number DESC LIMIT 1)")
    check(path)


def test_broken_json_in_a_row_costs_only_what_it_held(path: Path) -> None:
    for table, column in (("story", "chat"), ("story", "settings"), ("passage", "settings"), ("step", "record")):
        change(path, f"UPDATE {table} SET {column} = '{{'")
    assert "was damaged" in check(path)


def test_a_whole_story_is_not_called_damaged(path: Path) -> None:
    assert check(path) == ""


@pytest.mark.parametrize(("table", "column"), [(table, column) for table in COLUMNS for column in COLUMNS[table]])
def test_any_value_in_any_column_ends_in_a_story(table: str, column: str, path: Path, tmp_path: Path) -> None:
    original = path.read_bytes()
    chance = random.Random(f"{table} {column}")
    for value in WRONG:
        path.write_bytes(original)
        rows = "rowid" if table != "step" else "number"
        try:
            change(path, f"UPDATE {table} SET {column} = ? WHERE {rows} % 2 = ?", value, chance.randrange(2))
        except sqlite3.IntegrityError:
            continue  # SQLite itself refuses it
        check(path)
