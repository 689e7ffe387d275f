"""How a story stands in the rows of the database."""

import json
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, get_args

from rnnchat.database import mend_text
from rnnchat.stories.chat import ChatFormat
from rnnchat.stories.passage import Author, Passage, Step
from rnnchat.stories.repair import Rows, repair
from rnnchat.stories.story import Mode, Story
from rnnchat.typed_record import check_record, parse_json


def read_story(row: sqlite3.Row, passages: list[sqlite3.Row], steps: list[sqlite3.Row]) -> Story:
    """The story that these rows hold; what of them is damaged is repaired, and its ``notice`` says so."""
    chat = _parse(row["chat"], {})
    try:
        chat_format = ChatFormat.from_json(check_record(ChatFormat, chat))
    except (ValueError, TypeError):
        chat_format = ChatFormat.play()
    story = Story(_read_text(row["title"]), row["mode"] if row["mode"] in get_args(Mode) else "page", chat_format)
    story.id = row["id"]
    story.settings = _parse(row["settings"], {})
    story.draft = _read_text(row["draft"])
    rows = Rows(
        [*map(_read_passage, passages, _parse_all([passage["settings"] for passage in passages]))],
        {None: row["chosen"]} | {passage["id"]: passage["chosen"] for passage in passages},
        {passage["id"] for passage in passages if passage["is_deleted"]},
        _read_steps(steps),
        min(row["steps_done"], len(steps)) if isinstance(row["steps_done"], int) else 0,
    )
    fixed, is_damaged = repair(rows)
    story.restore(fixed.passages, fixed.chosen, fixed.deleted, fixed.steps, fixed.steps_done)
    if is_damaged or len(fixed.steps) < len(steps):
        story.mark_unsaved()  # repaired in the file with the next change
        story.notice = f"“{story.title}” was damaged in the database: all its text is kept; look through its takes"
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
        " is_growing = excluded.is_growing, parent = excluded.parent, edit_of = excluded.edit_of",
        passages,
    )


def write_links(connection: sqlite3.Connection, links: Mapping[str, tuple[str | None, bool]]) -> None:
    """Write for passages which one follows, and whether they are deleted."""
    connection.executemany(
        "UPDATE passage SET chosen = ?, is_deleted = ? WHERE id = ?", [(*link, id) for id, link in links.items()]
    )


def _read_passage(row: sqlite3.Row, settings: Any) -> Passage:
    return Passage(
        id=row["id"],
        parent=row["parent"],
        author=row["author"] if row["author"] in get_args(Author) else "person",
        text=_read_text(row["text"]),
        model=None if row["model"] is None else _read_text(row["model"]),
        settings=settings if isinstance(settings, dict) else None,
        created=row["created"] if isinstance(row["created"], float) else 0.0,
        speaker=None if row["speaker"] is None else _read_text(row["speaker"]),
        edit_of=row["edit_of"],
    )


def _read_steps(rows: list[sqlite3.Row]) -> list[Step]:
    """The history; nothing where a part of it is damaged."""
    try:
        return [Step.from_json(record) for record in _parse_all([row["record"] for row in rows])]
    except (ValueError, TypeError, KeyError):
        return []


def _read_text(value: Any) -> str:
    """A text, whatever another program put into its place."""
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return "" if value is None else str(value)


def _parse_all(records: list[Any]) -> list[Any]:
    """Many JSON values, None for each that is none; read in one go where all are: twice as fast as one by one."""
    try:
        parsed = json.loads(f"[{','.join(records)}]")
        if len(parsed) == len(records):
            return list(parsed)
    except (ValueError, TypeError, RecursionError):
        pass
    return [_parse(record, None) for record in records]


def _parse(record: Any, otherwise: Any) -> Any:
    """A JSON value; ``otherwise`` where there is none, or not of that type."""
    try:
        value = parse_json(record)
    except (ValueError, TypeError):
        return otherwise
    return value if otherwise is None or isinstance(value, type(otherwise)) else otherwise


def dump(record: Any) -> str:
    return mend_text(json.dumps(record, ensure_ascii=False, separators=(",", ":")))
