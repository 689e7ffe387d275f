"""The database file: opened by several at once, by an older program, damaged, or where nothing may be written."""

import os
import sqlite3
import threading
from pathlib import Path

import pytest

from rnnchat.database import MIGRATIONS, Database
from rnnchat.errors import StoryError


def test_migrations_lead_to_their_number_and_are_not_run_twice(tmp_path: Path) -> None:
    path = tmp_path / "folder" / "a.db"
    for _ in range(2):
        database = Database(path)
        assert database.query("PRAGMA user_version")[0][0] == len(MIGRATIONS)
        assert database.query("PRAGMA journal_mode")[0][0] == "wal"
        assert database.notice is None
        database.close()


def test_an_older_file_keeps_its_rows_when_it_is_brought_up_to_date(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    connection = sqlite3.connect(path)
    MIGRATIONS[0](connection)
    connection.execute(
        "INSERT INTO story (id, title, mode, chat, settings, created, updated) VALUES ('a', 'Old', '', '', '', 0, 0)"
    )
    connection.execute("PRAGMA user_version = 1")
    connection.commit()
    connection.close()
    database = Database(path)
    assert [row["title"] for row in database.query("SELECT title FROM story")] == ["Old"]
    assert database.query("SELECT * FROM comparison") == []
    database.close()


def test_a_file_of_a_newer_program_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    Database(path).close()
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    before = path.read_bytes()
    with pytest.raises(StoryError, match=r"newer rnnchat \(format 99.*update rnnchat"):
        Database(path)
    assert path.read_bytes() == before


def test_a_damaged_file_is_put_aside_whole_and_said_so_once(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    path.write_bytes(b"no database at all " * 100)
    database = Database(path)
    assert database.notice is not None
    assert "is damaged: it was kept as a.db.damaged-" in database.notice
    assert database.query("SELECT * FROM story") == []
    database.close()
    (aside,) = tmp_path.glob("a.db.damaged-*")
    assert aside.read_bytes().startswith(b"no database at all")
    database = Database(path)
    assert database.notice is None
    database.close()


def test_damage_that_shows_later_is_told_in_a_sentence(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    Database(path).close()
    content = path.read_bytes()
    path.write_bytes(content[:4096] + b"\xff" * (len(content) - 4096))
    database = Database(path)
    with pytest.raises(StoryError, match="is damaged: move it away"):
        database.query("SELECT * FROM story")
    database.close()


def test_a_transaction_that_fails_leaves_no_trace(tmp_path: Path) -> None:
    database = Database(tmp_path / "a.db")
    rows = [("a",), ("b",), ("a",)]
    with pytest.raises(StoryError, match="UNIQUE"), database.transaction() as connection:
        connection.executemany("INSERT INTO comparison VALUES (?, '', 0, '', 0)", rows)
    with pytest.raises(StoryError, match="FOREIGN KEY"), database.transaction() as connection:
        connection.execute("INSERT INTO vote (comparison, created) VALUES ('nothing', 0)")
    assert database.query("SELECT * FROM comparison") == []
    assert database.query("SELECT * FROM vote") == []
    database.close()


def test_a_full_disk_is_told_in_a_sentence_and_what_was_there_stays(tmp_path: Path) -> None:
    database = Database(tmp_path / "a.db")
    pages = database.query("PRAGMA page_count")[0][0]
    database.query(f"PRAGMA max_page_count = {pages + 2}")
    with pytest.raises(StoryError, match="the disk is full: free some space"), database.transaction() as connection:
        connection.execute("INSERT INTO comparison VALUES ('a', ?, 0, '', 0)", ("x" * 100_000,))
    with database.transaction() as connection:
        connection.execute("INSERT INTO comparison VALUES ('b', '', 0, '', 0)")
    assert [row["id"] for row in database.query("SELECT id FROM comparison")] == ["b"]
    database.close()


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoryError, match="file"):
        Database(tmp_path / "file" / "a.db")


def test_eight_may_create_the_same_file_at_once(tmp_path: Path) -> None:
    barrier = threading.Barrier(8)
    problems: list[StoryError] = []

    def open_and_close() -> None:
        barrier.wait()
        try:
            Database(tmp_path / "a.db").close()
        except StoryError as problem:
            problems.append(problem)

    threads = [threading.Thread(target=open_and_close) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == []


@pytest.mark.skipif(os.name != "posix", reason="permissions of POSIX")
@pytest.mark.parametrize("umask", [0o000, 0o022, 0o777])
def test_the_data_folder_and_the_database_are_for_their_owner_alone(umask: int, home: Path) -> None:
    before = os.umask(umask)
    try:
        database = Database(home / "rnnchat.db")
        with database.transaction() as connection:
            connection.execute("INSERT INTO comparison VALUES ('a', '', 0, '', 0)")
    finally:
        os.umask(before)
    assert home.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in home.iterdir()} == {0o600}
    database.close()


@pytest.mark.skipif(os.name != "posix", reason="permissions of POSIX")
def test_a_database_that_others_could_read_is_closed_to_them(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    Database(path).close()
    path.chmod(0o644)
    Database(path).close()
    assert path.stat().st_mode & 0o777 == 0o600
