"""Editing the text in place, and continuing from within it."""

import pytest

from rnnchat.errors import StoryError
from rnnchat.stories.store import Store
from rnnchat.stories.story import Story


@pytest.fixture
def story() -> Story:
    """Three passages: “The sea”, “ was calm” by a model, “ that day.”"""
    story = Story()
    story.add("person", "The sea")
    story.add("model", " was calm", model="m")
    story.add("person", " that day.")
    return story


def texts(story: Story) -> list[str]:
    return [passage.text for passage in story.path()]


def test_typing_in_the_text_changes_the_passage_and_keeps_the_old_wording_as_a_take(story: Story) -> None:
    story.replace_text(12, 16, "grey")
    assert texts(story) == ["The sea", " was grey", " that day."]
    changed = story.path()[1]
    assert (changed.author, changed.model) == ("model", "m")
    assert [take.text for take in story.takes(changed.id)] == [" was calm", " was grey"]
    story.choose_neighbour(changed.id, -1)
    assert texts(story) == ["The sea", " was calm", " that day."]


def test_typing_on_is_one_take_and_one_step_until_the_wording_is_closed(story: Story) -> None:
    for place, letter in enumerate("deep "):
        story.replace_text(4 + place, 4 + place, letter)
    assert texts(story)[0] == "The deep sea"
    assert len(story.takes(story.path()[0].id)) == 2
    story.close_wording()
    story.replace_text(0, 3, "That")
    assert len(story.takes(story.path()[0].id)) == 3
    story.undo()
    assert story.text() == "The deep sea was calm that day."
    story.undo()
    assert story.text() == "The sea was calm that day."


def test_after_an_undo_typing_is_a_take_of_its_own(story: Story) -> None:
    story.replace_text(0, 0, "x")
    story.undo()
    story.replace_text(0, 0, "y")
    assert story.text() == "yThe sea was calm that day."
    assert [take.text for take in story.takes(story.path()[0].id)] == ["The sea", "xThe sea", "yThe sea"]


def test_a_stretch_over_several_passages_is_replaced_in_one_step(story: Story) -> None:
    story.replace_text(4, 21, "night.")
    assert texts(story) == ["The night.", "", " day."]
    story.undo()
    assert story.text() == "The sea was calm that day."


def test_what_is_inserted_between_two_passages_belongs_to_the_one_before(story: Story) -> None:
    story.replace_text(7, 7, "!")
    assert texts(story)[:2] == ["The sea!", " was calm"]


def test_headings_of_a_chat_stay_whatever_is_deleted_over_them() -> None:
    story = Story(mode="chat")
    story.add("person", "Hello")
    story.add("model", "Good day")
    start = story.text().index("lo")
    story.replace_text(start, story.text().index("day"), "")
    assert story.text() == "ROMEO:\nHel\n\nJULIET:\nday"


def test_typing_in_a_heading_lands_behind_it() -> None:
    story = Story(mode="chat")
    story.add("person", "Hello")
    assert story.replace_text(3, 3, "Oh! ") == len("ROMEO:\n")
    assert story.text() == "ROMEO:\nOh! Hello"


def test_an_empty_story_has_no_text_to_edit() -> None:
    with pytest.raises(StoryError, match="write in the box"):
        Story().replace_text(0, 0, "a")


@pytest.mark.parametrize(("passage", "offset"), [(0, 3), (1, 4), (1, 9), (0, 7), (1, 0)])
def test_what_followed_the_place_one_continues_from_comes_back_with_its_take(
    story: Story, passage: int, offset: int
) -> None:
    before, here = story.text(), story.path()[passage]
    kept = "".join(texts(story)[:passage]) + here.text[:offset]
    new = story.begin_passage(model="m", after=(here.id, offset))
    assert story.prompt_for(new.id) == kept
    story.grow(new.id, " and")
    story.finish(new.id)
    assert story.text() == kept + " and"
    story.choose_neighbour(new.id, -1)
    assert story.text() == before
    story.choose_take(new.id)
    assert story.text() == kept + " and"
    story.undo()
    story.undo()
    story.undo()
    assert story.text() == before


def test_a_passage_is_split_again_where_it_was_split(story: Story) -> None:
    for offset in (6, 2):
        passage = next(passage for passage in story.path() if len(passage.text) > offset and passage.author == "model")
        before = story.text()
        new = story.add("model", "…", model="m", after=(passage.id, offset))
        story.choose_neighbour(new.id, -1)
        assert story.text() == before


def test_a_model_with_nothing_to_add_leaves_no_split_behind(story: Story) -> None:
    before, here = story.text(), story.path()[1]
    new = story.begin_passage(model="m", after=(here.id, 4))
    assert story.finish(new.id) is None
    assert story.text() == before
    assert story.takes(here.id) == [here]


def test_deleting_one_half_leaves_what_the_whole_passage_leads_to(story: Story) -> None:
    before, here = story.text(), story.path()[1]
    story.add("model", "…", model="m", after=(here.id, 4))
    story.delete(story.path()[1].id)
    assert story.text() == before


def test_a_continued_turn_of_a_chat_needs_no_second_heading() -> None:
    story = Story(mode="chat")
    story.add("person", "Hello there")
    here = story.add("model", "Good day to you")
    story.add("model", " all", after=(here.id, 8))
    assert story.text() == "ROMEO:\nHello there\n\nJULIET:\nGood day all"


def test_a_split_story_is_loaded_as_it_was_saved(store: Store) -> None:
    story = store.create()
    story.add("person", "The sea was calm")
    story.add("model", " that day.", model="m")
    new = story.add("model", " was grey.", model="m", after=(story.path()[0].id, 7))
    copy = store.load(story.id)
    assert (copy.text(), copy.notice) == ("The sea was grey.", "")
    copy.choose_neighbour(new.id, -1)
    assert copy.text() == "The sea was calm that day."
