"""How a story stands in the rows of the database."""

import json
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rnnchat.database import mend_text
from rnnchat.stories.chat import ChatFormat
from rnnchat.stories.passage import Passage, Step
from rnnchat.stories.story import Story


def read_story(row: sqlite3.Row, passages: list[sqlite3.Row], steps: list[sqlite3.Row]) -> Story:
    """The story that these rows hold."""
    story = Story(row["title"] or "", row["mode"], ChatFormat.from_json(json.loads(row["chat"])), id=row["id"])
    story.settings = json.loads(row["settings"])
    story.draft = row["draft"]
    story.restore(
        passages=map(_read_passage, passages, _parse_all(passage["settings"] for passage in passages)),
        chosen={None: row["chosen"]} | {passage["id"]: passage["chosen"] for passage in passages},
        deleted=[passage["id"] for passage in passages if passage["is_deleted"]],
        steps=map(Step.from_json, _parse_all(step["record"] for step in steps)),
        steps_done=row["steps_done"],
    )
    return story


def list_header(story: Story) -> tuple[Any, ...]:
    """What the story as a whole is, as `write_header` takes it."""
    path = story.path()
    return (
        story.mode,
        dump(story.chat.to_json()),
        dump(story.settings),
        next((p.model for p in reversed(path) if p.author == "model"), None),
        sum(len(p.text) for p in path),
        story.chosen_after(None),
        story.steps_done,
    )


def write_header(connection: sqlite3.Connection, story_id: str, header: tuple[Any, ...]) -> None:
    """Write what the story as a whole is."""
    connection.execute(
        "UPDATE story SET mode = ?, chat = ?, settings = ?, model = ?, chars = ?, chosen = ?, steps_done = ? "
        "WHERE id = ?",
        (*header, story_id),
    )


def write_steps(connection: sqlite3.Connection, story_id: str, first: int, records: Sequence[str]) -> None:
    """Write the history from step ``first`` on."""
    connection.execute("DELETE FROM step WHERE story = ? AND number >= ?", (story_id, first))
    connection.executemany(
        "INSERT INTO step (story, number, record) VALUES (?, ?, ?)",
        [(story_id, first + i, record) for i, record in enumerate(records)],
    )


def list_passage(story: Story, passage: Passage) -> tuple[Any, ...]:
    """A passage as `write_passages` takes it."""
    return (
        passage.id,
        story.id,
        passage.parent,
        passage.author,
        passage.text,
        passage.model,
        dump(passage.settings),
        passage.created,
        passage.speaker,
        passage.edit_of,
        passage.id in story.deleted,
        story.is_growing(passage.id),
    )


def write_passages(connection: sqlite3.Connection, passages: Iterable[tuple[Any, ...]]) -> None:
    """Insert passages, or bring their texts and settings up to date."""
    connection.executemany(
        "INSERT INTO passage (id, story, parent, author, text, model, settings, created, speaker, edit_of,"
        " is_deleted, is_growing) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE"
        " SET text = excluded.text, settings = excluded.settings, is_deleted = excluded.is_deleted,"
        " is_growing = excluded.is_growing",
        passages,
    )


def write_links(connection: sqlite3.Connection, links: Mapping[str, tuple[str | None, bool]]) -> None:
    """Write for passages which one follows, and whether they are deleted."""
    connection.executemany(
        "UPDATE passage SET chosen = ?, is_deleted = ? WHERE id = ?", [(*link, id) for id, link in links.items()]
    )


def _read_passage(row: sqlite3.Row, settings: dict[str, Any] | None) -> Passage:
    return Passage(
        id=row["id"],
        parent=row["parent"],
        author=row["author"],
        text=row["text"],
        model=row["model"],
        settings=settings,
        created=row["created"],
        speaker=row["speaker"],
        edit_of=row["edit_of"],
    )


def _parse_all(records: Iterable[str]) -> list[Any]:
    """Many JSON values, read in one go: twice as fast as one by one."""
    parsed: list[Any] = json.loads(f"[{','.join(records)}]")
    return parsed


def dump(record: Any) -> str:
    return mend_text(json.dumps(record, ensure_ascii=False, separators=(",", ":")))
