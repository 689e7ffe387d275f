"""What changed in a story since it was last saved, as rows: taken in one thread, written in any.

A change holds values, never the story's own collections, so that the story may go on growing while another thread
writes. Changes that could not be written yet join with the ones that follow them.
"""

import sqlite3
import time
from dataclasses import dataclass, field
from typing import Any

from rnnchat.database import mend_text
from rnnchat.errors import StoryError
from rnnchat.stories import row, search
from rnnchat.stories.passage import Unsaved
from rnnchat.stories.story import Story

TITLE_CHARS = 40


class StoryErasedError(StoryError):
    """A story is not in the database any more: nothing will bring a change of it there."""


@dataclass
class Change:
    """What is to be written of one story."""

    story: Story
    is_new: bool = False
    """Whether the story has no row yet."""
    title: str = ""
    """Becomes the title, with a number where it is taken, unless the row has one."""
    passages: dict[str, tuple[Any, ...]] = field(default_factory=dict)
    """Passages that are new or longer, by id, parents first."""
    links: dict[str, tuple[str | None, bool]] = field(default_factory=dict)
    """By passage: which one follows it, and whether it is deleted."""
    header: tuple[Any, ...] | None = None
    """The story as a whole; None where only a passage grew."""
    steps_from: int = 0
    steps: list[str] = field(default_factory=list)
    """The history from step ``steps_from`` on."""
    index: dict[str, tuple[str, int]] = field(default_factory=dict)
    """What is searched, by passage: the end of the text before it and its own; how many characters are not its own."""
    draft: str | None = None
    """What stands in the prompt box; None where it is unchanged."""

    def join(self, later: "Change") -> "Change":
        """Both changes as one; ``later`` prevails."""
        kept = self.steps[: max(0, later.steps_from - self.steps_from)]
        return Change(
            later.story,
            self.is_new,
            self.title or later.title,
            self.passages | later.passages,
            self.links | later.links,
            later.header or self.header,
            min(self.steps_from, later.steps_from),
            kept + later.steps,
            self.index | later.index,
            self.draft if later.draft is None else later.draft,
        )


def begin(story: Story) -> Change:
    """The change that puts a new story into the database, with all that is unsaved of it."""
    return Change(story, is_new=True, title=story.title, draft=mend_text(story.draft)).join(take_change(story))


def change_draft(story: Story, text: str) -> Change:
    """The change that keeps what stands in the prompt box."""
    return Change(story, steps_from=len(story.steps), draft=mend_text(text))


def take_change(story: Story) -> Change:
    """What of ``story`` is not saved yet; from then on it counts as saved."""
    unsaved, story.unsaved = story.unsaved, Unsaved(steps_from=len(story.steps))
    finished = [id for id in unsaved.texts if not story.is_growing(id)]
    is_whole = bool(finished or unsaved.choices or not unsaved.texts)
    if is_whole and not story.title:
        story.title = mend_text(take_first_words(story.text()))
    # A passage is indexed with the end of what comes before it: where that changed, again.
    following = {story.chosen_after(id) for id in unsaved.choices}
    changed = [id for id in (*finished, *following) if id and not story.is_growing(id)]
    first = unsaved.steps_from
    return Change(
        story,
        title=story.title,
        passages={id: row.list_passage(story, story.passages[id]) for id in unsaved.texts},
        links={
            id: (story.chosen_after(id), id in story.deleted)
            for id in (*unsaved.choices, *unsaved.toggled)
            if id is not None
        },
        header=row.list_header(story) if is_whole else None,
        steps_from=first,
        steps=[row.dump(step.to_json()) for step in story.steps[first:]],
        index={id: search.list_index(story, id) for id in changed},
    )


def write_change(connection: sqlite3.Connection, change: Change) -> str:
    """Write ``change``, within a transaction; give the title that the story has in the database, "" before it has one.

    Raises:
        StoryErasedError: The story was erased in another rnnchat.
    """
    story_id, now = change.story.id, time.time()
    if change.is_new:
        connection.execute(
            "INSERT OR IGNORE INTO story (id, mode, chat, settings, created, updated)"
            " VALUES (?, 'page', '{}', '{}', ?, ?)",
            (story_id, now, now),
        )
    found = connection.execute("SELECT CAST(title AS TEXT) AS title FROM story WHERE id = ?", (story_id,)).fetchone()
    if found is None:
        raise StoryErasedError(f"“{change.story.title}” was erased in another rnnchat: export it here to keep it")
    title = found["title"] or (make_unique(connection, change.title, story_id) if change.title else "")
    if title and not found["title"]:
        connection.execute("UPDATE story SET title = ? WHERE id = ?", (title, story_id))
    if change.draft is not None:
        connection.execute("UPDATE story SET draft = ? WHERE id = ?", (change.draft, story_id))
    if change.passages or change.links or change.header:
        connection.execute("UPDATE story SET updated = ? WHERE id = ?", (now, story_id))
    row.write_passages(connection, change.passages.values())
    row.write_links(connection, change.links)
    if change.header:
        row.write_header(connection, story_id, change.header)
        row.write_steps(connection, story_id, change.steps_from, change.steps)
    search.write_index(connection, change.index)
    return title


def take_first_words(text: str) -> str:
    """A title from the beginning of a text: whole words, where there are any, up to ``TITLE_CHARS``."""
    line = " ".join(text[: 8 * TITLE_CHARS].split(maxsplit=TITLE_CHARS)[:TITLE_CHARS]) or " ".join(text.split()[:1])
    if len(line) <= TITLE_CHARS:
        return line
    words = line[: TITLE_CHARS + 1].rpartition(" ")[0]
    return (words or line[:TITLE_CHARS]) + "…"


def make_unique(connection: sqlite3.Connection, title: str, story_id: str) -> str:
    """The title, with a number behind it where another story has it already."""
    rows = connection.execute(
        "SELECT CAST(title AS TEXT) AS title FROM story WHERE title NOT NULL AND deleted IS NULL AND id != ?",
        (story_id,),
    )
    taken = {row["title"].casefold() for row in rows}
    candidate, number = title, 2
    while candidate.casefold() in taken:
        candidate, number = f"{title} {number}", number + 1
    return candidate
