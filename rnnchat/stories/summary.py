"""The summary of a story: what a list says about it."""

from dataclasses import dataclass

from rnnchat.database import Database
from rnnchat.stories.change import take_first_words

# A story without a title is named after its first passage: it may be growing.
_LIST = """
    SELECT id, CAST(title AS TEXT) AS title, updated, chars, model, CASE WHEN title IS NULL THEN (
        SELECT CAST(text AS TEXT) FROM passage WHERE story = story.id AND trim(text, char(9, 10, 13, 32)) != ''
        ORDER BY number LIMIT 1) END AS text
    FROM story WHERE deleted IS {} AND (title NOT NULL OR draft != '' OR text != '') ORDER BY updated DESC"""


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


def list_summaries(database: Database, is_deleted: bool = False) -> list[StorySummary]:
    """The stories that hold something, the one changed last first; or those that were deleted."""
    rows = database.query(_LIST.format("NOT NULL" if is_deleted else "NULL"))
    return [
        StorySummary(
            row["id"],
            row["title"] or take_first_words(row["text"] or "") or "Untitled",
            row["updated"],
            row["chars"] or len(row["text"] or ""),
            row["model"],
        )
        for row in rows
    ]
