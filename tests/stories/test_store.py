"""The store: stories survive whatever dies, are listed, named, deleted, and shared by two programs."""

import sqlite3
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from rnnchat.database import Database
from rnnchat.errors import StoryError
from rnnchat.stories.chat import ChatFormat
from rnnchat.stories.store import Store

GROW_FOREVER = """
import itertools, sys
from pathlib import Path
from rnnchat.stories.store import Store
story = Store(Path(sys.argv[1])).create()
story.add("person", "Count: ")
passage = story.begin_passage(model="m")
print(story.id, flush=True)
for number in itertools.count():
    story.grow(passage.id, f"{number} ", {"seed": 7})
    print(number, flush=True)
"""

ADD_PASSAGES = """
import sys
from pathlib import Path
from rnnchat.stories.store import Store
store = Store(Path(sys.argv[1]))
shared, own = store.load(sys.argv[2]), store.create()
for number in range(100):
    shared.add("person", f"{sys.argv[3]}{number} ")
    own.add("person", f"{number} ")
    shared.undo(), shared.redo()
print(own.id)
"""


def test_text_outlives_the_program_that_was_killed_while_it_grew(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    writer = subprocess.Popen(
        [sys.executable, "-c", GROW_FOREVER, path], stdout=subprocess.PIPE, encoding="utf-8", bufsize=1
    )
    assert writer.stdout
    story_id = writer.stdout.readline().strip()
    while (said := int(writer.stdout.readline())) < 200:
        pass
    writer.kill()  # SIGKILL: nothing of the program runs after this
    writer.wait()
    story = Store(path).load(story_id)
    numbers = [int(number) for number in story.text().removeprefix("Count: ").split()]
    assert numbers == list(range(len(numbers)))
    assert len(numbers) > said
    leaf = story.leaf
    assert leaf
    assert not story.is_growing(leaf.id)
    assert leaf.settings == {"seed": 7}
    story.undo()
    assert story.text() == "Count: "


def test_two_programs_write_at_once_and_lose_nothing(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    store = Store(path)
    shared = store.create("shared")
    programs = [
        subprocess.Popen([sys.executable, "-c", ADD_PASSAGES, path, shared.id, name], stdout=subprocess.PIPE, text=True)
        for name in "ab"
    ]
    own = [program.communicate()[0].strip() for program in programs]
    assert [program.returncode for program in programs] == [0, 0]
    for story_id in own:
        assert store.load(story_id).text() == "".join(f"{number} " for number in range(100))
    both = {passage.text for passage in store.load(shared.id).passages.values()}
    assert both == {f"{name}{number} " for name in "ab" for number in range(100)}
    database = Database(path)
    assert [row[0] for row in database.query("PRAGMA integrity_check")] == ["ok"]
    assert database.query("PRAGMA foreign_key_check") == []


def test_a_story_keeps_what_is_no_step(store: Store) -> None:
    story = store.create("A")
    story.mode, story.chat, story.settings = "chat", ChatFormat.lines("X", "Y"), {"temperature": 0.5}
    store.save(story)
    store.save_draft(story, "not sent yet\n")
    copy = store.load(story.id)
    assert (copy.mode, copy.chat, copy.settings, copy.draft) == (
        "chat",
        ChatFormat.lines("X", "Y"),
        {"temperature": 0.5},
        "not sent yet\n",
    )


def test_the_list_has_the_story_changed_last_first(store: Store) -> None:
    first, second = store.create("first"), store.create("second")
    second.add("person", "12")
    first.add("person", "12")
    first.add("model", "345", model="m")
    rows = store.list_stories()
    assert [(row.title, row.chars, row.model) for row in rows] == [("first", 5, "m"), ("second", 2, None)]
    first.undo()
    assert (store.list_stories()[0].chars, store.list_stories()[0].model) == (2, None)


def test_a_story_is_named_after_its_first_words_and_not_listed_before(store: Store) -> None:
    story = store.create()
    assert store.list_stories() == []
    story.add("person", "\n \n")
    assert store.list_stories() == []
    story.add("person", "The sea was grey that morning, and the boats lay on the sand.")
    assert [row.title for row in store.list_stories()] == ["The sea was grey that morning, and the…"]
    assert story.title == store.load(story.id).title
    story.undo()
    assert story.title.startswith("The sea")


def test_a_title_without_spaces_is_cut_anywhere(store: Store) -> None:
    story = store.create()
    story.add("person", "話說天下大勢分久必合合久必分" * 5)
    assert story.title == ("話說天下大勢分久必合合久必分" * 5)[:40] + "…"


def test_a_draft_alone_is_listed(store: Store) -> None:
    story = store.create()
    store.save_draft(story, "an idea")
    assert [row.title for row in store.list_stories()] == ["Untitled"]


def test_titles_get_numbers_where_they_are_taken(store: Store) -> None:
    assert [store.create("Tempest").title for _ in range(3)] == ["Tempest", "Tempest 2", "Tempest 3"]
    other = store.create("other")
    assert store.rename(other.id, " tempest ") == "tempest 4"
    assert store.rename(other.id, "TEMPEST 4") == "TEMPEST 4"
    assert store.load(other.id).title == "TEMPEST 4"
    with pytest.raises(StoryError, match="at least one character"):
        store.rename(other.id, "  ")


def test_saving_a_story_does_not_bring_its_old_title_back(store: Store) -> None:
    story = store.create("old")
    store.rename(story.id, "new")
    story.add("person", "x")
    assert store.load(story.id).title == "new"


def test_a_deleted_story_comes_back_whole(store: Store) -> None:
    story = store.create("gone")
    story.add("person", "text")
    store.delete(story.id)
    assert store.list_stories() == []
    assert store.search("text") == []
    assert [row.title for row in store.list_stories(is_deleted=True)] == ["gone"]
    assert store.create("gone").title == "gone"
    store.restore(story.id)
    assert store.load(story.id).text() == "text"
    assert store.load(story.id).title == "gone 2"


def test_an_erased_story_leaves_nothing_behind(store: Store, tmp_path: Path) -> None:
    story = store.create("secret")
    story.add("person", "a secret text")
    story.edit(story.path()[0].id, "another secret text")
    story.add("model", "and more", model="m")
    store.erase(story.id)
    database = Database(tmp_path / "stories.db")
    for table in ("story", "passage", "step", "passage_index"):
        assert database.query(f"SELECT * FROM {table}") == []
    with pytest.raises(StoryError, match="erased"):
        store.load(story.id)
    with pytest.raises(StoryError, match="“secret” was erased in another rnnchat: export it"):
        story.add("person", "more")
    assert story.text().endswith("more"), "what was written stays in memory"


def test_a_story_is_found_by_title_or_id(store: Store) -> None:
    story = store.create("The Tempest")
    assert store.find("the tempest") == store.find(story.id) == story.id
    with pytest.raises(StoryError, match="no story “The Tempets”: did you mean “The Tempest”"):
        store.find("The Tempets")


def test_what_could_not_be_saved_is_saved_with_the_next_change(store: Store) -> None:
    story = store.create("full")
    pages = store._database.query("PRAGMA page_count")[0][0]
    store._database.query(f"PRAGMA max_page_count = {pages + 1}")
    with pytest.raises(StoryError, match="disk is full"):
        story.add("person", "x" * 100_000)
    assert store.load(story.id).text() == ""
    store._database.query("PRAGMA max_page_count = 1000000")
    story.add("person", "y")
    copy = store.load(story.id)
    assert copy.text() == story.text() == "x" * 100_000 + "y"
    assert list(copy.steps) == list(story.steps)


def test_a_cancelled_passage_is_no_take_after_a_restart_either(store: Store) -> None:
    story = store.create("a")
    story.add("person", "x")
    passage = story.begin_passage(model="m")
    story.finish(passage.id)
    copy = store.load(story.id)
    assert (copy.continuations(copy.path()[0].id), copy.steps_done) == ([], 1)


def test_a_passage_whose_program_died_before_its_first_character_is_no_take(store: Store) -> None:
    story = store.create("a")
    story.add("person", "x")
    story.begin_passage(model="m")
    copy = store.load(story.id)
    copy.add("person", "y")
    assert store.load(story.id).text() == "xy"
    assert len(copy.takes(copy.path()[1].id)) == 1


def test_loading_a_story_does_not_disturb_the_program_that_writes_in_it(store: Store) -> None:
    story = store.create("a")
    story.add("person", "x")
    passage = story.begin_passage(model="m")
    for piece in ("", "one ", "two"):
        story.grow(passage.id, piece)
        assert store.load(story.id).text() == story.text()
    story.finish(passage.id)
    assert store.load(story.id).text() == "xone two"
    assert store.load(story.id).steps_done == 2


def test_a_passage_that_another_program_took_for_dead_is_alive_when_it_goes_on(store: Store) -> None:
    story = store.create("a")
    story.add("person", "x")
    passage = story.begin_passage(model="m")
    store.load(story.id).add("person", "meanwhile")
    story.grow(passage.id, "y")
    story.finish(passage.id)
    copy = store.load(story.id)
    assert copy.deleted == set()
    assert passage.id in copy.passages


def test_a_history_that_two_programs_cut_shorter_than_either_knew_can_be_undone(store: Store) -> None:
    one = store.create("a")
    one.add("person", "x")
    two = store.load(one.id)
    for text in "yz":
        one.add("person", text)
    two.undo()
    two.add("person", "w")
    one.undo()
    copy = store.load(one.id)
    assert copy.steps_done == len(copy.steps) == 1
    copy.undo()
    assert not copy.can_undo


def test_threads_may_share_a_store(store: Store) -> None:
    def write(name: str) -> None:
        story = store.create(name)
        for number in range(50):
            story.add("person", f"{number} ")

    threads = [threading.Thread(target=write, args=(name,)) for name in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {row.title: row.chars for row in store.list_stories()} == dict.fromkeys("abcd", 140)


def test_the_store_is_where_the_paths_say(home: Path) -> None:
    store = Store()
    store.create("a")
    store.close()
    assert [path.name for path in home.iterdir()] == ["rnnchat.db"]


def test_half_a_character_never_keeps_a_story_from_being_saved(store: Store) -> None:
    story = store.create("half \ud83d", "chat", ChatFormat("\ud83d", "B", ": ", "\n"))
    story.add("person", "a \ud83d b")
    passage = story.begin_passage(settings={"stop": ["\udc00"]})
    story.grow(passage.id, "c \udc00")
    story.finish(passage.id)
    story.edit(passage.id, "d \ud83d\ude00")
    store.save_draft(story, "\ud83d")
    store.rename(story.id, "\ud83d")
    assert [passage.text for passage in store.load(story.id).path()] == ["a \ufffd b", "d 😀"]
    assert store.load(story.id).text() == story.text().replace("\ud83d", "\ufffd")


def test_a_story_that_a_model_begins_is_listed_from_its_first_character(store: Store) -> None:
    story = store.create()
    passage = story.begin_passage(model="m")
    assert store.list_stories() == []
    story.grow(passage.id, "O")
    assert [(row.title, row.chars) for row in store.list_stories()] == [("O", 1)]
    story.grow(passage.id, " Romeo")
    assert [(row.title, row.chars) for row in store.list_stories()] == [("O Romeo", 7)]
    story.finish(passage.id)
    assert store.list_stories()[0].title == story.title == "O Romeo"
    assert store.find("o romeo") == story.id


def test_a_store_says_where_another_program_put_a_story(store: Store, tmp_path: Path) -> None:
    story, other = store.create("old"), Store(tmp_path / "stories.db")
    assert store.locate(story) == "listed"
    other.rename(story.id, "new")
    assert (store.locate(story), story.title) == ("listed", "new")
    other.delete(story.id)
    assert store.locate(story) == "deleted"
    other.restore(story.id)
    assert store.locate(story) == "listed"
    other.erase(story.id)
    assert store.locate(story) == "erased"
    other.close()


def test_the_last_one_to_close_leaves_a_single_file_that_holds_everything(tmp_path: Path) -> None:
    store = Store(tmp_path / "a.db", is_background=True)
    store.create("kept").add("person", "text")
    assert store.close()
    assert [path.name for path in tmp_path.iterdir()] == ["a.db"]
    copy = Store(tmp_path / "a.db")
    assert copy.load(copy.find("kept")).text() == "text"
    copy.close()


def test_saving_in_the_background_waits_for_no_other_program_and_keeps_the_order(tmp_path: Path) -> None:
    store = Store(tmp_path / "a.db", is_background=True)
    store.create("first")
    assert store.flush()
    other = sqlite3.connect(tmp_path / "a.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    story = store.create("second")
    passage = story.begin_passage(model="m")
    for number in range(200):  # each would wait for seconds
        story.grow(passage.id, f"{number} ")
        story.draft = f"draft {number}"
        store.save_draft(story, story.draft)
    story.finish(passage.id)
    story.add("person", "end")
    story.undo()
    assert [row.title for row in store.list_stories()] == ["first"]
    other.execute("ROLLBACK")
    assert store.flush(60)
    copy = store.load(story.id)
    assert copy is not story
    assert copy.text() == story.text() == "".join(f"{number} " for number in range(200))
    assert list(copy.steps) == list(story.steps)
    assert (copy.draft, copy.title, copy.steps_done) == ("draft 199", "second", 1)
    assert store.close()
    other.close()


def test_a_file_that_cannot_be_used_is_a_problem_that_lasts_until_it_can(tmp_path: Path) -> None:
    (tmp_path / "folder").write_text("in the way")
    problems: list[str | None] = []
    store = Store(tmp_path / "folder" / "a.db", is_background=True)
    store.on_problem = problems.append
    story = store.create()
    story.add("person", "not lost")
    assert not store.flush()
    assert "cannot be created" in (store.problem or "")
    assert store.load(story.id) is story, "what cannot be saved is there as long as the program is"
    with pytest.raises(StoryError, match="cannot be created"):
        store.list_stories()
    (tmp_path / "folder").unlink()
    while store.problem is not None:
        time.sleep(0.01)
    assert store.flush()
    assert [row.title for row in store.list_stories()] == ["not lost"]
    assert [problem is None for problem in problems] == [False, True]
    assert store.close()


def test_an_erased_story_does_not_keep_the_others_from_being_saved(tmp_path: Path) -> None:
    store = Store(tmp_path / "a.db", is_background=True)
    gone, kept = store.create("gone"), store.create("kept")
    assert store.flush()
    other = Store(tmp_path / "a.db")
    other.erase(gone.id)
    gone.add("person", "x")
    store.flush()
    assert "was erased in another rnnchat" in (store.problem or "")
    kept.add("person", "y")
    while other.load(kept.id).text() != "y":
        time.sleep(0.01)
    other.close()
    assert store.close()
