"""Search: across passages, in any script, from one character on."""

import pytest

from rnnchat.stories.store import Store


def find(store: Store, text: str) -> list[str]:
    """The hits as their snippets, with the text found between brackets."""
    hits = store.search(text)
    return [f"{h.snippet[: h.marked[0]]}[{h.snippet[slice(*h.marked)]}]{h.snippet[h.marked[1] :]}" for h in hits]


def test_a_text_is_found_whatever_its_case_with_what_stands_around_it(store: Store) -> None:
    story = store.create("a")
    story.add("person", f"{'x' * 100}\nÜber den Wellen der SEE{'y' * 100}")
    assert find(store, " über den ") == [f"{'x' * 39} [Über den] Wellen der SEE{'y' * 25}"]
    (hit,) = store.search("see")
    assert story.path()[0].text[hit.start :].startswith("SEE")
    assert (hit.story_id, hit.title, hit.passage_id) == (story.id, "a", story.path()[0].id)


def test_characters_that_end_a_text_for_sqlite_are_found(store: Store) -> None:
    store.create("a").add("model", "before\0after")
    assert find(store, "e\0a") == ["befor[e\0a]fter"]
    assert find(store, "\0") == ["before[\0]after"]
    assert find(store, "\0none") == find(store, "\ud83d") == []


@pytest.mark.parametrize("text", ["天下大勢", "天下大", "天下", "勢"])
def test_chinese_is_found_from_one_character_on(store: Store, text: str) -> None:
    store.create("三國").add("person", "話說天下大勢,分久必合")
    assert len(store.search(text)) == 1
    assert find(store, "三國") == ["[三國]"]


def test_a_phrase_is_found_where_one_passage_goes_over_into_the_next(store: Store) -> None:
    story = store.create("a")
    story.add("person", "The sea was ")
    reply = story.begin_passage(model="m")
    for piece in ("gr", "ey and ", "wide."):
        story.grow(reply.id, piece)
    story.finish(reply.id)
    story.add("person", " The boats")
    assert find(store, "was grey and wide. the") == ["The sea [was grey and wide. The] boats"]
    (hit,) = store.search("sea was grey")
    assert (hit.passage_id, hit.start) == (reply.id, 0)
    assert len(store.search("grey and")) == 1, "not once more in the passage after it"


def test_a_phrase_is_found_across_an_edit(store: Store) -> None:
    story = store.create("a")
    story.add("person", "grey ")
    story.add("person", "sea")
    story.edit(story.path()[0].id, "blue ")
    assert find(store, "blue sea") == ["[blue sea]"]


def test_other_takes_and_undone_passages_are_found_and_can_be_shown(store: Store) -> None:
    story = store.create("a")
    story.add("person", "one two three")
    story.add("person", "four five", take_of=story.path()[0].id)
    story.undo()
    (hit,) = store.search("five")
    assert hit.passage_id
    story.choose_take(hit.passage_id)
    assert story.text() == "four five"
    story.delete(hit.passage_id)
    assert store.search("five") == []


def test_signs_of_the_query_language_are_letters_like_others(store: Store) -> None:
    story = store.create("a")
    story.add("person", 'a "quoted" 100% (of) AND* it_ \\ 0')
    for text in ('"quoted"', "100%", "%", "_", "\\", "(of)", "AND*", '"', "'"):
        assert len(store.search(text)) == (0 if text == "'" else 1), text
    assert store.search("t_o") == store.search("1%0") == []


def test_nothing_is_found_for_nothing(store: Store) -> None:
    store.create("a").add("person", "text")
    assert store.search("") == store.search(" \n") == []


def test_titles_come_first_then_the_story_changed_last(store: Store) -> None:
    old, new, named = store.create("old"), store.create("new"), store.create("the sea")
    named.add("person", "-")
    old.add("person", "sea")
    new.add("person", "sea, sea")
    assert [hit.title for hit in store.search("sea")] == ["the sea", "new", "old"]
    assert [hit.title for hit in store.search("sea", limit=2)] == ["the sea", "new"]


def test_a_passage_that_was_growing_when_its_program_died_is_found_once_its_story_goes_on(store: Store) -> None:
    story = store.create("a")
    passage = story.begin_passage(model="m")
    story.grow(passage.id, "half a sent")
    store.load(story.id).add("person", "ence")
    assert find(store, "half a") == ["[half a] sent"]
