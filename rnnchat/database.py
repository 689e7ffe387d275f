"""The SQLite file behind stories and comparisons: opening, migrations, transactions, and errors in words.

The file is in WAL mode, so that several rnnchats read while one writes, and ``synchronous`` is NORMAL: what was
committed is with the operating system at once and outlives any death of this process; a power cut may cost the
last seconds that the system had not put on the disk yet, and never damages the file. FULL would close that gap
with a flush to disk in every commit: 4 ms instead of 0.05 for a piece of a growing passage on an idle disk, and
nobody knows how much while a training writes its checkpoints, 25 times a second in the loop that answers the keys.
"""

import contextlib
import sqlite3
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from rnnchat import paths
from rnnchat.errors import StoryError

BUSY_TIMEOUT_S = 5.0
OLDEST_SQLITE = (3, 34, 0)  # the first with the trigram tokenizer


def _create_stories(connection: sqlite3.Connection) -> None:
    """Migration 1: stories, their passages and history, and the index for searching."""
    for statement in (
        """CREATE TABLE story (
            id TEXT PRIMARY KEY, title TEXT, mode TEXT NOT NULL, chat TEXT NOT NULL, settings TEXT NOT NULL,
            model TEXT, chars INTEGER NOT NULL DEFAULT 0, chosen TEXT, steps_done INTEGER NOT NULL DEFAULT 0,
            draft TEXT NOT NULL DEFAULT '', created REAL NOT NULL, updated REAL NOT NULL, deleted REAL)""",
        """CREATE TABLE passage (
            number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE,
            story TEXT NOT NULL REFERENCES story ON DELETE CASCADE, parent TEXT REFERENCES passage (id),
            author TEXT NOT NULL, text TEXT NOT NULL, model TEXT, settings TEXT, created REAL NOT NULL,
            speaker TEXT, edit_of TEXT, chosen TEXT, is_deleted INTEGER NOT NULL DEFAULT 0,
            is_growing INTEGER NOT NULL DEFAULT 0)""",
        "CREATE INDEX passage_of_story ON passage (story)",
        "CREATE INDEX passage_of_parent ON passage (parent)",
        """CREATE TABLE step (
            story TEXT NOT NULL REFERENCES story ON DELETE CASCADE, number INTEGER NOT NULL,
            record TEXT NOT NULL, PRIMARY KEY (story, number)) WITHOUT ROWID""",
        # text: the end of what came before the passage, then the passage, so that a phrase across a seam is found.
        """CREATE VIRTUAL TABLE passage_index USING fts5 (text, lead_chars UNINDEXED, tokenize = 'trigram')""",
    ):
        connection.execute(statement)


def _create_comparisons(connection: sqlite3.Connection) -> None:
    """Migration 2: comparisons, their columns, and one vote for each."""
    for statement in (
        """CREATE TABLE comparison (
            id TEXT PRIMARY KEY, prompt TEXT NOT NULL, seed INTEGER NOT NULL, settings TEXT NOT NULL,
            created REAL NOT NULL)""",
        """CREATE TABLE comparison_column (
            comparison TEXT NOT NULL REFERENCES comparison ON DELETE CASCADE, number INTEGER NOT NULL,
            model TEXT NOT NULL, changes TEXT NOT NULL, text TEXT NOT NULL, bits_per_char REAL,
            chars_per_s REAL, size_bytes INTEGER, PRIMARY KEY (comparison, number)) WITHOUT ROWID""",
        """CREATE TABLE vote (
            comparison TEXT PRIMARY KEY REFERENCES comparison ON DELETE CASCADE, preferred INTEGER,
            created REAL NOT NULL) WITHOUT ROWID""",
    ):
        connection.execute(statement)


# Migration N leads to ``user_version`` N. Never change one that people have run: add another.
MIGRATIONS = (_create_stories, _create_comparisons)


class Database:
    """One connection to the file, for one thread at a time: calls from several threads wait for each other.

    Attributes:
        notice: One sentence for the person, where a damaged file was put aside; else None.
    """

    def __init__(self, path: Path) -> None:
        """Open the file, or create it, and bring it up to date.

        Raises:
            StoryError: The file cannot be opened, or a newer rnnchat wrote it.
        """
        if sqlite3.sqlite_version_info < OLDEST_SQLITE:
            raise StoryError(
                f"stories need SQLite 3.34 or newer and this Python has {sqlite3.sqlite_version}: "
                "install a newer Python"
            )
        self.path = path
        self.notice: str | None = None
        self._lock = threading.RLock()
        try:
            paths.make_folder(path.parent)
        except OSError as e:
            raise StoryError(
                f"the folder {path.parent} cannot be created ({e.strerror}): "
                "free some space or change its permissions, or set RNNCHAT_HOME"
            ) from e
        try:
            self._open()
        except sqlite3.DatabaseError as e:
            if not _is_damage(e):
                raise _explain(e, path) from e
            self.notice = self._put_aside()
            self._open()

    @contextlib.contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """All statements in it take effect, or, after an exception, none.

        Raises:
            StoryError: The disk is full, another rnnchat holds the file for seconds, the file is damaged.
        """
        with self._lock:
            try:
                self._connection.execute("BEGIN IMMEDIATE")
                try:
                    yield self._connection
                    self._connection.execute("COMMIT")
                except BaseException:
                    # Some failures, a full disk among them, have ended the transaction already.
                    if self._connection.in_transaction:
                        self._connection.execute("ROLLBACK")
                    raise
            except sqlite3.Error as e:
                raise _explain(e, self.path) from e

    def query(self, sql: str, parameters: Sequence[Any] = ()) -> list[sqlite3.Row]:
        """The rows that a statement finds."""
        with self._lock:
            try:
                return self._connection.execute(sql, parameters).fetchall()
            except sqlite3.Error as e:
                raise _explain(e, self.path) from e

    def back_up(self, path: Path) -> None:
        """Copy the file to ``path``, as it is at one moment, and check the copy.

        Raises:
            OSError: ``path`` cannot be written.
            StoryError: It cannot be read, or is damaged.
        """
        with paths.replace_atomically(path, is_private=True) as temporary, self._lock:
            copy = sqlite3.connect(temporary)
            try:
                self._connection.backup(copy)
                copy.execute("PRAGMA journal_mode = DELETE")  # one file, complete in itself
                (problem,) = copy.execute("PRAGMA quick_check(1)").fetchone()
            except sqlite3.Error as e:
                raise _explain(e, self.path) from e
            finally:
                copy.close()
            if problem != "ok":
                raise StoryError(f"the database {self.path} is damaged ({problem}): keep it, and export each story")

    def close(self) -> None:
        """Close the connection; the last one to close leaves a single file behind."""
        with self._lock:
            self._connection.close()

    def _open(self) -> None:
        self._make_private()
        self._connection = connection = sqlite3.connect(
            self.path, isolation_level=None, check_same_thread=False, timeout=BUSY_TIMEOUT_S
        )
        connection.row_factory = sqlite3.Row
        connection.text_factory = _decode
        try:
            _set_wal(connection)
            connection.execute("PRAGMA synchronous = NORMAL")
            connection.execute("PRAGMA foreign_keys = ON")
            if self._read_version() != len(MIGRATIONS):
                self._migrate()
        except BaseException:
            connection.close()
            raise

    def _make_private(self) -> None:
        """Keep the file to its owner, whatever the umask; SQLite gives its companions the same permissions."""
        with contextlib.suppress(OSError):  # SQLite says better what is wrong
            if not self.path.exists():
                self.path.touch(mode=0o600)
                self.path.chmod(0o600)  # a umask may have taken more
            for suffix in ("", "-wal", "-shm"):
                path = self.path.with_name(self.path.name + suffix)
                if path.is_file() and path.stat().st_mode & 0o077:
                    path.chmod(0o600)

    def _read_version(self) -> int:
        return int(self._connection.execute("PRAGMA user_version").fetchone()[0])

    def _migrate(self) -> None:
        with self.transaction() as connection:
            version = self._read_version()  # another rnnchat may have migrated while this one waited
            if version > len(MIGRATIONS):
                raise StoryError(
                    f"{self.path} was written by a newer rnnchat (format {version}, this one knows "
                    f"{len(MIGRATIONS)}): update rnnchat to open it"
                )
            for migrate in MIGRATIONS[version:]:
                migrate(connection)
            connection.execute(f"PRAGMA user_version = {len(MIGRATIONS)}")

    def _put_aside(self) -> str:
        """Rename the damaged file and its companions, and say so."""
        aside = self.path.with_name(f"{self.path.name}.damaged-{time.strftime('%Y%m%d-%H%M%S')}")
        for suffix in ("", "-wal", "-shm"):
            with contextlib.suppress(FileNotFoundError):
                self.path.with_name(self.path.name + suffix).rename(aside.with_name(aside.name + suffix))
        return f"{self.path} is damaged: it was kept as {aside.name}, and a new one was created."


def mend_text(text: str) -> str:
    """Give ``text`` as a database can hold it: lone surrogates, halves of a character, become "\ufffd"."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def _decode(content: bytes) -> str:
    """A text of the file; bytes that damage left behind become replacement characters."""
    return content.decode("utf-8", "replace")


def _set_wal(connection: sqlite3.Connection) -> None:
    """Turn WAL on. SQLite itself does not wait where two programs do so to a new file at once."""
    deadline = time.monotonic() + BUSY_TIMEOUT_S
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as e:
            if _code_of(e) != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
        time.sleep(0.005)


def _code_of(error: sqlite3.Error) -> int:
    """SQLite's primary error code; 0 where Python's own module complains."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF


def _is_damage(error: sqlite3.Error) -> bool:
    return _code_of(error) in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


def _explain(error: sqlite3.Error, path: Path) -> StoryError:
    """What an error of SQLite means to a person, and what to do."""
    code = _code_of(error)
    if _is_damage(error):
        advice = "is damaged: move it away or put a copy in its place, then start rnnchat again"
    elif code == sqlite3.SQLITE_FULL:
        advice = "cannot grow because the disk is full: free some space; what you wrote is kept in memory until then"
    elif code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        advice = "is held by another program: close it, or try again"
    elif code in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM):
        advice = "cannot be written: check its permissions and those of its folder"
    else:
        advice = f"failed ({error}): try again"
    return StoryError(f"the database {path} {advice}")
