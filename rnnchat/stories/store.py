"""The store: every story in one SQLite file, saved as it grows.

A story that came from here saves itself after every change, in one transaction that writes only what changed.
If that fails (the disk is full) the change is kept in memory and written with the next one. Calls are synchronous
and take well under a millisecond, loading and searching some more; a store made with ``is_background`` saves in a
thread instead, so that a file held by another program delays nobody.
"""

import difflib
import sqlite3
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Literal

from rnnchat import paths
from rnnchat.database import Database, mend_text
from rnnchat.errors import StoryError
from rnnchat.stories import change, search
from rnnchat.stories.change import Change, make_unique, write_change
from rnnchat.stories.chat import ChatFormat
from rnnchat.stories.row import read_story
from rnnchat.stories.saver import Saver
from rnnchat.stories.search import SearchHit
from rnnchat.stories.story import Mode, Story
from rnnchat.stories.summary import StorySummary, list_summaries

PATIENCE_S = 5.0
"""How long a call waits for changes that are being saved in the background."""

Place = Literal["listed", "deleted", "erased"]
"""Where a story stands: in the list, in the bin, or in the file no more."""


class Store:
    """The stories of one person.

    Attributes:
        on_problem: Called, in the saving thread, when ``problem`` changes.
    """

    def __init__(self, path: Path | None = None, is_background: bool = False) -> None:
        """Open the database at ``path``, by default where ``paths`` says; create it where there is none.

        Args:
            path: The file.
            is_background: Save in a thread. The file is opened when it is first needed, and a file that cannot be
                used raises nothing here: ``problem`` says so, stories live in memory, and are saved once it can be.

        Raises:
            StoryError: It cannot be opened, or a newer rnnchat wrote it.
        """
        self._path = path or paths.database_path()
        self._lock = threading.Lock()
        self._opened: Database | None = None
        self._notices: list[str] = []
        self._unwritten: dict[str, Change] = {}
        self.on_problem: Callable[[str | None], None] | None = None
        self._saver = Saver(self._open, self._tell_problem) if is_background else None
        if not is_background:
            self._opened = self._open()

    @property
    def notice(self) -> str | None:
        """One sentence for the person where a damaged file was put aside; else None."""
        return self._notices[0] if self._notices else None

    @property
    def problem(self) -> str | None:
        """Why stories cannot be saved at the moment, in a sentence; None while all is well.

        Only a store that saves in the background has one: others raise it.
        """
        return self._saver.problem if self._saver else None

    def flush(self, timeout_s: float = PATIENCE_S) -> bool:
        """Wait until everything is saved, or cannot be; whether it is."""
        return self._saver.flush(timeout_s) if self._saver else not self._unwritten

    def close(self, timeout_s: float = PATIENCE_S) -> bool:
        """Save what is left, at most for ``timeout_s``, and close the file; whether everything is saved."""
        is_saved = self._saver.close(timeout_s) if self._saver else not self._unwritten
        with self._lock:
            if self._opened is not None:
                self._opened.close()
        return is_saved

    # One story

    def create(self, title: str = "", mode: Mode = "page", chat: ChatFormat | None = None) -> Story:
        """A new story, which saves itself from now on.

        One without a title takes its first words as title once it has some, and is not listed before. A title
        that another story has gets a number.
        """
        return self.keep(Story(mend_text(title), mode, chat))

    def keep(self, story: Story) -> Story:
        """The same story, which lived in memory only and saves itself from now on."""
        self._put(change.begin(story))
        story.on_change = self.save
        return story

    def load(self, story_id: str) -> Story:
        """The story as it was left, with its history and the draft in its prompt box.

        One that is not yet saved as it stands in memory is given as it stands there.

        Raises:
            StoryError: There is none, or the file cannot be read.
        """
        if self._saver and not self._saver.flush(PATIENCE_S) and (unsaved := self._saver.find(story_id)):
            return unsaved
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
            StoryError: It could not be written; the next call tries again. Never in the background.
        """
        self._put(change.take_change(story))

    def save_draft(self, story: Story, text: str) -> None:
        """Keep what stands in the prompt box of a story.

        Raises:
            StoryError: It could not be written. Never in the background.
        """
        story.draft = text
        self._put(change.change_draft(story, text))

    def locate(self, story: Story) -> Place:
        """Where a story stands now, whoever moved it; its title becomes the one that it has there.

        Raises:
            StoryError: The file cannot be read.
        """
        if self._saver and self._saver.find(story.id):
            return "listed"
        rows = self._database.query("SELECT CAST(title AS TEXT) AS title, deleted FROM story WHERE id = ?", (story.id,))
        if not rows:
            return "erased"
        story.title = rows[0]["title"] or story.title
        return "listed" if rows[0]["deleted"] is None else "deleted"

    # All stories

    def list_stories(self, is_deleted: bool = False) -> list[StorySummary]:
        """The stories that hold something, the one changed last first; or those that were deleted."""
        return list_summaries(self._database, is_deleted)

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
        self._settle(story_id)
        if not title.strip():
            raise StoryError("a story without a title cannot be found again: give it at least one character")
        with self._database.transaction() as connection:
            title = make_unique(connection, mend_text(title.strip()), story_id)
            connection.execute("UPDATE story SET title = ? WHERE id = ?", (title, story_id))
        return title

    def delete(self, story_id: str) -> None:
        """Take a story out of the list. It is kept: ``restore`` brings it back, ``erase`` ends it."""
        self._settle(story_id)
        with self._database.transaction() as connection:
            connection.execute("UPDATE story SET deleted = ? WHERE id = ?", (time.time(), story_id))

    def restore(self, story_id: str) -> None:
        """Bring a deleted story back; its title gets a number if another story took it."""
        row = self._settle(story_id)
        with self._database.transaction() as connection:
            title = row["title"] and make_unique(connection, str(row["title"]), story_id)
            connection.execute("UPDATE story SET deleted = NULL, title = ? WHERE id = ?", (title, story_id))

    def erase(self, story_id: str) -> None:
        """Remove a story and all its passages from the file, for good."""
        self._settle(story_id)
        with self._database.transaction() as connection:
            numbers = "SELECT number FROM passage WHERE story = ?"
            connection.execute(f"DELETE FROM passage_index WHERE rowid IN ({numbers})", (story_id,))
            connection.execute("DELETE FROM story WHERE id = ?", (story_id,))

    def back_up(self, path: Path) -> None:
        """Copy the whole file, comparisons included, to ``path``, whatever is being written meanwhile.

        Raises:
            OSError, StoryError: ``path`` cannot be written, or what was copied is damaged.
        """
        self.flush()
        self._database.back_up(path)

    def search(self, text: str, limit: int = 50) -> list[SearchHit]:
        """Where a text stands in titles and passages, the story changed last first.

        Passages off the path are searched too: nothing that was written is out of reach.
        """
        return search.find_text(self._database, text, limit)

    # Inside

    @property
    def _database(self) -> Database:
        if self._opened is None:
            opened = self._open()
            with self._lock:
                self._opened = opened
        return self._opened

    def _open(self) -> Database:
        """Open the file; one caller after the other, so that a damaged one is put aside once."""
        with self._lock:
            database = Database(self._path)
        if database.notice:
            self._notices.append(database.notice)
        return database

    def _put(self, new: Change) -> None:
        """Write ``new``, or have it written; after a failure it is kept and joins the next change of its story."""
        if self._saver:
            self._saver.put(new)
            return
        story = new.story
        with self._lock:
            before = self._unwritten.pop(story.id, None)
            new = before.join(new) if before else new
            try:
                with self._database.transaction() as connection:
                    title = write_change(connection, new)
            except StoryError:
                self._unwritten[story.id] = new
                raise
        story.title = title or story.title

    def _tell_problem(self, problem: str | None) -> None:
        if self.on_problem:
            self.on_problem(problem)

    def _settle(self, story_id: str) -> sqlite3.Row:
        """The row of a story, once all that was put before is written."""
        if self._saver:
            self._saver.flush(PATIENCE_S)
        return self._find_row(story_id)

    def _find_row(self, story_id: str) -> sqlite3.Row:
        rows = self._database.query("SELECT * FROM story WHERE id = ?", (story_id,))
        if not rows:
            raise StoryError(f"no story {story_id}, it may have been erased in another rnnchat: choose another one")
        return rows[0]
