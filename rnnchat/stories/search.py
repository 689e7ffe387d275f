"""Finding text in all stories, in any script and from a single character on.

Every finished passage stands in a trigram index together with the end of the text before it, so that a phrase is
found that begins in one passage and ends in the next. Fewer than three characters have no trigram: they are
looked for by reading through the index.
"""

import re
import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from rnnchat.database import Database, mend_text
from rnnchat.stories.passage import Passage
from rnnchat.stories.story import Story

LEAD_CHARS = 64  # the longest part of a phrase that may stand in the passages before
CONTEXT_CHARS = 40
TRIGRAM = 3

# What is found is put in order first, as numbers; texts are fetched only for the rows that are kept.
_FROM_INDEX = """
    WITH found AS MATERIALIZED (
        SELECT passage.number, story.updated
        FROM passage_index JOIN passage ON passage.number = passage_index.rowid
        JOIN story ON story.id = passage.story
        WHERE {condition} AND story.deleted IS NULL AND NOT passage.is_deleted
        ORDER BY story.updated DESC, passage.number LIMIT ?)
    SELECT passage.id, passage.story, CAST(story.title AS TEXT) AS title, passage_index.text, passage_index.lead_chars
    FROM found JOIN passage USING (number) JOIN passage_index ON passage_index.rowid = number
    JOIN story ON story.id = passage.story ORDER BY found.updated DESC, number"""


@dataclass(frozen=True)
class SearchHit:
    """A place where the text was found."""

    story_id: str
    title: str
    passage_id: str | None
    """The passage in which the text ends, shown by ``Story.choose_take``; None for a hit in the title."""
    start: int
    """Where the text begins in that passage (0 where it begins in one before), in characters."""
    snippet: str
    """The text with what stands around it, on one line."""
    marked: tuple[int, int]
    """From where to where the text stands in the snippet."""


def list_index(story: Story, passage_id: str) -> tuple[str, int]:
    """The end of the text before a passage and its own text; how many characters are not its own."""
    passage, *before = _collect(story.walk_back(passage_id))
    lead = "".join(p.text for p in reversed(before))[-LEAD_CHARS:]
    lead = lead.rpartition("\0")[2]  # nothing behind it would be found
    return lead + passage.text, len(lead)


def write_index(connection: sqlite3.Connection, entries: Mapping[str, tuple[str, int]]) -> None:
    """Bring the index of these passages up to date."""
    for passage_id, entry in entries.items():
        row = "(SELECT number FROM passage WHERE id = ?)"
        connection.execute(f"DELETE FROM passage_index WHERE rowid = {row}", (passage_id,))
        connection.execute(
            f"INSERT INTO passage_index (rowid, text, lead_chars) VALUES ({row}, ?, ?)", (passage_id, *entry)
        )


def find_text(database: Database, text: str, limit: int) -> list[SearchHit]:
    """The first ``limit`` hits, those in titles first, then by story, the one changed last first."""
    text = mend_text(text.strip())
    if not text:
        return []
    return [*_find_in_titles(database, text), *_find_in_passages(database, text, limit)][:limit]


def _collect(line: Iterator[Passage]) -> list[Passage]:
    """The first passage of the line and as many after it as hold a lead."""
    passages = [next(line)]
    chars = 0
    for passage in line:
        passages.append(passage)
        chars += len(passage.text)
        if chars >= LEAD_CHARS:
            break
    return passages


def _find_in_titles(database: Database, text: str) -> Iterator[SearchHit]:
    rows = database.query(
        "SELECT id, CAST(title AS TEXT) AS title FROM story WHERE title NOT NULL AND deleted IS NULL"
        " ORDER BY updated DESC"
    )
    for row in rows:
        if match := re.search(re.escape(text), row["title"], re.IGNORECASE):
            yield SearchHit(row["id"], row["title"], None, match.start(), row["title"], match.span())


def _find_in_passages(database: Database, text: str, limit: int) -> Iterator[SearchHit]:
    value: str | bytes
    if "\0" in text:  # ends a text for MATCH and LIKE, not for a comparison of bytes
        condition, value = "instr(CAST(passage_index.text AS BLOB), ?)", text.encode()
    elif len(text) >= TRIGRAM:
        condition, value = "passage_index MATCH ?", '"' + text.replace('"', '""') + '"'
    else:
        escaped = re.sub(r"([\\%_])", r"\\\1", text)
        condition, value = r"passage_index.text LIKE ? ESCAPE '\'", f"%{escaped}%"
    # A phrase within a lead is found in an earlier passage too: some rows yield no hit, so more are asked for.
    for row in database.query(_FROM_INDEX.format(condition=condition), (value, 4 * limit)):
        pattern = re.compile(re.escape(text), re.IGNORECASE)
        lead = row["lead_chars"]
        if match := pattern.search(row["text"], max(0, lead - len(text) + 1)):
            snippet, marked = _cut_snippet(row["text"], match.span())
            yield SearchHit(row["story"], row["title"] or "", row["id"], max(0, match.start() - lead), snippet, marked)


def _cut_snippet(text: str, span: tuple[int, int]) -> tuple[str, tuple[int, int]]:
    """Some text around ``span``, on one line, and where in it the span lies."""
    start, end = max(0, span[0] - CONTEXT_CHARS), span[1] + CONTEXT_CHARS
    return re.sub(r"\s", " ", text[start:end]), (span[0] - start, span[1] - start)
