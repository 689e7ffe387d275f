"""Comparisons and votes in the database, and who won how often."""

import json
import sqlite3
import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from rnnchat import paths
from rnnchat.comparison.comparison import Column, Comparison, Contender
from rnnchat.database import Database, mend_text
from rnnchat.errors import StoryError, UsageError

TIE = None
"""The vote for no column."""


@dataclass(frozen=True)
class Vote:
    """Which column of a comparison the person preferred."""

    comparison_id: str
    preferred: int | None
    """The number of the column, from 0; None for a tie."""
    created: float


@dataclass(frozen=True)
class Standing:
    """How a contender did in the comparisons that were voted on."""

    label: str
    wins: int
    ties: int
    losses: int


class ComparisonStore:
    """The comparisons of one person, in the same file as the stories."""

    def __init__(self, path: Path | None = None) -> None:
        """Open the database at ``path``, by default where ``paths`` says.

        Raises:
            StoryError: It cannot be opened, or a newer rnnchat wrote it.
        """
        self._database = Database(path or paths.database_path())

    def close(self) -> None:
        """Close the file. Everything is saved already."""
        self._database.close()

    def save(self, comparison: Comparison) -> None:
        """Keep a comparison; saved again under its id, it replaces what was there, and its vote stays."""
        with self._database.transaction() as connection:
            connection.execute(
                "INSERT INTO comparison (id, prompt, seed, settings, created) VALUES (?, ?, ?, ?, ?)"
                " ON CONFLICT (id) DO UPDATE SET prompt = excluded.prompt, seed = excluded.seed,"
                " settings = excluded.settings",
                (
                    comparison.id,
                    mend_text(comparison.prompt),
                    comparison.seed,
                    json.dumps(dict(comparison.settings)),
                    comparison.created,
                ),
            )
            connection.execute("DELETE FROM comparison_column WHERE comparison = ?", (comparison.id,))
            connection.executemany(
                "INSERT INTO comparison_column VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                [
                    (
                        comparison.id,
                        number,
                        column.contender.model,
                        json.dumps(dict(column.contender.changes)),
                        mend_text(column.text),
                        column.bits_per_char,
                        column.chars_per_s,
                        column.size_bytes,
                    )
                    for number, column in enumerate(comparison.columns)
                ],
            )

    def list_comparisons(self, limit: int = 50) -> list[Comparison]:
        """The newest comparisons, the last one first."""
        rows = self._database.query("SELECT * FROM comparison ORDER BY created DESC LIMIT ?", (limit,))
        return [self._read(row) for row in rows]

    def load(self, comparison_id: str) -> Comparison:
        """One comparison.

        Raises:
            StoryError: There is none with this id.
        """
        rows = self._database.query("SELECT * FROM comparison WHERE id = ?", (comparison_id,))
        if not rows:
            raise StoryError(f"no comparison {comparison_id}: choose another one")
        return self._read(rows[0])

    def vote(self, comparison_id: str, preferred: int | None) -> Vote:
        """Prefer a column by its number from 0, or none of them (``TIE``); the last vote on a comparison counts.

        Raises:
            UsageError: There is no such column.
            StoryError: There is no such comparison.
        """
        columns = self.load(comparison_id).columns
        if preferred is not None and not 0 <= preferred < len(columns):
            raise UsageError(f"no column {preferred + 1} to vote for: choose 1 to {len(columns)}, or a tie")
        vote = Vote(comparison_id, preferred, time.time())
        with self._database.transaction() as connection:
            connection.execute(
                "INSERT OR REPLACE INTO vote (comparison, preferred, created) VALUES (?, ?, ?)",
                (vote.comparison_id, vote.preferred, vote.created),
            )
        return vote

    def find_vote(self, comparison_id: str) -> Vote | None:
        """The vote on a comparison; None while there is none."""
        rows = self._database.query("SELECT preferred, created FROM vote WHERE comparison = ?", (comparison_id,))
        return Vote(comparison_id, rows[0]["preferred"], rows[0]["created"]) if rows else None

    def count_wins(self) -> list[Standing]:
        """How every contender did, the one with the most wins first."""
        rows = self._database.query(
            "SELECT model, changes, number, preferred FROM vote JOIN comparison_column USING (comparison)"
        )
        return _count(rows)

    def _read(self, row: sqlite3.Row) -> Comparison:
        columns = self._database.query(
            "SELECT * FROM comparison_column WHERE comparison = ? ORDER BY number", (row["id"],)
        )
        return Comparison(
            prompt=row["prompt"],
            seed=row["seed"],
            settings=json.loads(row["settings"]),
            columns=tuple(_read_column(column) for column in columns),
            id=row["id"],
            created=row["created"],
        )


def _read_column(row: sqlite3.Row) -> Column:
    contender = Contender(row["model"], json.loads(row["changes"]))
    return Column(contender, row["text"], row["bits_per_char"], row["chars_per_s"], row["size_bytes"])


def _count(rows: Iterable[sqlite3.Row]) -> list[Standing]:
    wins: Counter[str] = Counter()
    ties: Counter[str] = Counter()
    shown: Counter[str] = Counter()
    for row in rows:
        label = Contender(row["model"], json.loads(row["changes"])).label
        shown[label] += 1
        ties[label] += row["preferred"] is TIE
        wins[label] += row["preferred"] == row["number"]
    standings = [Standing(label, wins[label], ties[label], shown[label] - wins[label] - ties[label]) for label in shown]
    return sorted(standings, key=lambda standing: (-standing.wins, standing.losses, standing.label))
