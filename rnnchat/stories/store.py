"""The store: every story in one SQLite file, saved as it grows.

A story that came from here saves itself after every change, in one transaction that writes only what changed.
If that fails (the disk is full) the story keeps what it has in memory and saves it with the next change. Calls
are synchronous; they take well under a millisecond, loading and searching some more.
"""

import difflib
import sqlite3
import time
from dataclasses import dataclass
from pathlib import Path

from rnnchat import paths
from rnnchat.database import Database, mend_text
from rnnchat.errors import StoryError
from rnnchat.stories import search
from rnnchat.stories.chat import ChatFormat
from rnnchat.stories.passage import Unsaved
from rnnchat.stories.row import dump, read_story, write_header, write_passage
from rnnchat.stories.search import SearchHit
from rnnchat.stories.story import Mode, Story

TITLE_CHARS = 40


@dataclass(frozen=True)
class StorySummary:
    """A story as it stands in a list."""

    id: str
    title: str
    updated: float
    """When it last changed, in seconds since 1970."""
    chars: int
    """How many characters the passages shown hold."""
    model: str | None
    """The model that wrote last."""


class Store:
    """The stories of one person."""

    def __init__(self, path: Path | None = None) -> None:
        """Open the database at ``path``, by default where ``paths`` says; create it where there is none.

        Raises:
            StoryError: It cannot be opened, or a newer rnnchat wrote it.
        """
        self._database = Database(path or paths.database_path())

    @property
    def notice(self) -> str | None:
        """One sentence for the person where a damaged file was put aside; else None."""
        return self._database.notice

    def close(self) -> None:
        """Close the file. Everything is saved already."""
        self._database.close()

    # One story

    def create(self, title: str = "", mode: Mode = "page", chat: ChatFormat | None = None) -> Story:
        """A new story, which saves itself from now on.

        One without a title takes its first words as title once it has some, and is not listed before. A title
        that another story has gets a number.
        """
        title = mend_text(title)
        story = Story(title, mode, chat)
        now = time.time()
        with self._database.transaction() as connection:
            story.title = _make_unique(connection, title, story.id) if title else ""
            connection.execute(
                "INSERT INTO story (id, title, mode, chat, settings, created, updated) VALUES (?, ?, ?, ?, ?, ?, ?)",
                (story.id, story.title or None, mode, dump(story.chat.to_json()), "{}", now, now),
            )
        story.on_change = self.save
        return story

    def load(self, story_id: str) -> Story:
        """The story as it was left, with its history and the draft in its prompt box."""
        row = self._find_row(story_id)
        rows = self._database.query("SELECT * FROM passage WHERE story = ? ORDER BY number", (story_id,))
        steps = self._database.query("SELECT record FROM step WHERE story = ? ORDER BY number", (story_id,))
        story = read_story(row, rows, steps)
        # What was still growing when its program died ends where it is. Nothing is written before the next change:
        # that program may be alive.
        for passage in rows:
            if passage["is_growing"]:
                story.finish(passage["id"])
        story.on_change = self.save
        return story

    def save(self, story: Story) -> None:
        """Write what changed since the last time. A story calls it itself, but for its plain attributes.

        Raises:
            StoryError: It could not be written; the next call tries again.
        """
        unsaved = story.unsaved
        finished = [id for id in unsaved.texts if not story.is_growing(id)]
        with self._database.transaction() as connection:
            touched = connection.execute("UPDATE story SET updated = ? WHERE id = ?", (time.time(), story.id))
            if not touched.rowcount:
                raise StoryError(f"“{story.title}” was erased in another rnnchat: export it here to keep it")
            for passage_id in unsaved.texts:
                write_passage(connection, story, story.passages[passage_id])
            connection.executemany(
                "UPDATE passage SET chosen = ?, is_deleted = ? WHERE id = ?",
                [(story.chosen_after(id), id in story.deleted, id) for id in (*unsaved.choices, *unsaved.toggled)],
            )
            if finished or unsaved.choices or not unsaved.texts:
                _name_after_first_words(connection, story)
                write_header(connection, story)
            # A passage is indexed with the end of what comes before it: where that changed, again.
            following = {story.chosen_after(id) for id in unsaved.choices}
            changed = {id for id in (*finished, *following) if id and not story.is_growing(id)}
            search.index_passages(connection, story, changed)
        story.unsaved = Unsaved(steps_from=len(story.steps))

    def save_draft(self, story_id: str, text: str) -> None:
        """Keep what stands in the prompt box of a story."""
        with self._database.transaction() as connection:
            connection.execute("UPDATE story SET draft = ? WHERE id = ?", (mend_text(text), story_id))

    # All stories

    def list_stories(self, is_deleted: bool = False) -> list[StorySummary]:
        """The stories that hold something, the one changed last first; or those that were deleted."""
        rows = self._database.query(
            "SELECT id, title, updated, chars, model FROM story "
            "WHERE (title NOT NULL OR draft != '') AND deleted IS " + ("NOT NULL" if is_deleted else "NULL") + " "
            "ORDER BY updated DESC"
        )
        return [StorySummary(r["id"], r["title"] or "Untitled", r["updated"], r["chars"], r["model"]) for r in rows]

    def find(self, name: str) -> str:
        """The id of the story with this id or title, upper and lower case alike.

        Raises:
            StoryError: There is none; the nearest titles are named.
        """
        stories = self.list_stories()
        for story in stories:
            if name in (story.id, story.title) or name.casefold() == story.title.casefold():
                return story.id
        near = difflib.get_close_matches(name, [story.title for story in stories], n=3)
        advice = (
            f"did you mean {' or '.join(f'“{title}”' for title in near)}?" if near else "look at the list of stories"
        )
        raise StoryError(f"no story “{name}”: {advice}")

    def rename(self, story_id: str, title: str) -> str:
        """Give a story a title, with a number if another story has it; the title comes back.

        Raises:
            StoryError: The title is empty, or there is no such story.
        """
        self._find_row(story_id)
        if not title.strip():
            raise StoryError("a story without a title cannot be found again: give it at least one character")
        with self._database.transaction() as connection:
            title = _make_unique(connection, mend_text(title.strip()), story_id)
            connection.execute("UPDATE story SET title = ? WHERE id = ?", (title, story_id))
        return title

    def delete(self, story_id: str) -> None:
        """Take a story out of the list. It is kept: ``restore`` brings it back, ``erase`` ends it."""
        self._find_row(story_id)
        with self._database.transaction() as connection:
            connection.execute("UPDATE story SET deleted = ? WHERE id = ?", (time.time(), story_id))

    def restore(self, story_id: str) -> None:
        """Bring a deleted story back; its title gets a number if another story took it."""
        row = self._find_row(story_id)
        with self._database.transaction() as connection:
            title = row["title"] and _make_unique(connection, row["title"], story_id)
            connection.execute("UPDATE story SET deleted = NULL, title = ? WHERE id = ?", (title, story_id))

    def erase(self, story_id: str) -> None:
        """Remove a story and all its passages from the file, for good."""
        self._find_row(story_id)
        with self._database.transaction() as connection:
            numbers = "SELECT number FROM passage WHERE story = ?"
            connection.execute(f"DELETE FROM passage_index WHERE rowid IN ({numbers})", (story_id,))
            connection.execute("DELETE FROM story WHERE id = ?", (story_id,))

    def search(self, text: str, limit: int = 50) -> list[SearchHit]:
        """Where a text stands in titles and passages, the story changed last first.

        Passages off the path are searched too: nothing that was written is out of reach.
        """
        return search.find_text(self._database, text, limit)

    # Inside

    def _find_row(self, story_id: str) -> sqlite3.Row:
        rows = self._database.query("SELECT * FROM story WHERE id = ?", (story_id,))
        if not rows:
            raise StoryError(f"no story {story_id}, it may have been erased in another rnnchat: choose another one")
        return rows[0]


def _name_after_first_words(connection: sqlite3.Connection, story: Story) -> None:
    """Give a story without a title one, as soon as it has words."""
    if not story.title and (words := _take_first_words(story.text())):
        story.title = _make_unique(connection, words, story.id)
        connection.execute("UPDATE story SET title = ? WHERE id = ?", (story.title, story.id))


def _take_first_words(text: str) -> str:
    """A title from the beginning of a text: whole words, where there are any, up to ``TITLE_CHARS``."""
    line = " ".join(text.split(maxsplit=TITLE_CHARS)[:TITLE_CHARS])
    if len(line) <= TITLE_CHARS:
        return line
    words = line[: TITLE_CHARS + 1].rpartition(" ")[0]
    return (words or line[:TITLE_CHARS]) + "…"


def _make_unique(connection: sqlite3.Connection, title: str, story_id: str) -> str:
    """The title, with a number behind it where another story has it already."""
    rows = connection.execute(
        "SELECT title FROM story WHERE title NOT NULL AND deleted IS NULL AND id != ?", (story_id,)
    )
    taken = {row["title"].casefold() for row in rows}
    candidate, number = title, 2
    while candidate.casefold() in taken:
        candidate, number = f"{title} {number}", number + 1
    return candidate
