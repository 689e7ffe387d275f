"""Stories: writing, takes, wordings, deletions, one by one."""

import pytest

from rnnchat.errors import StoryError
from rnnchat.stories.story import Story


@pytest.fixture
def story() -> Story:
    """The text "abc": a person's passage, a model's and a person's."""
    story = Story()
    story.add("person", "a")
    story.add("model", "b", model="m", settings={"seed": 1})
    story.add("person", "c")
    return story


def ids(story: Story) -> list[str]:
    return [passage.id for passage in story.path()]


def test_a_page_is_its_passages_one_after_the_other(story: Story) -> None:
    assert story.text() == "abc"
    assert [passage.author for passage in story.path()] == ["person", "model", "person"]
    assert story.leaf is story.path()[-1]
    assert Story().leaf is None


def test_another_take_keeps_the_old_one_and_what_followed_it(story: Story) -> None:
    old = story.path()[1]
    new = story.begin_passage(model="m", take_of=old.id)
    assert story.prompt_for(new.id) == "a"
    story.grow(new.id, "B")
    story.finish(new.id)
    assert story.text() == "aB"
    assert [take.text for take in story.takes(new.id)] == ["b", "B"]
    story.choose_neighbour(new.id, -1)
    assert story.text() == "abc"


def test_each_take_remembers_what_followed_it(story: Story) -> None:
    old = story.path()[1]
    new = story.add("model", "B", model="m", take_of=old.id)
    story.add("person", "D")
    story.choose_take(old.id)
    assert story.text() == "abc"
    story.choose_take(new.id)
    assert story.text() == "aBD"


def test_neighbours_end_at_the_first_and_the_last_take(story: Story) -> None:
    leaf = story.leaf
    assert leaf is not None
    done = story.steps_done
    assert story.choose_neighbour(leaf.id, 5) == leaf
    assert story.choose_neighbour(leaf.id, -5) == leaf
    assert story.steps_done == done


def test_the_beginning_of_a_story_has_takes_too(story: Story) -> None:
    story.add("person", "A", take_of=story.path()[0].id)
    assert story.text() == "A"
    assert [take.text for take in story.continuations(None)] == ["a", "A"]
    story.undo()
    assert story.text() == "abc"


def test_another_take_of_a_passage_out_of_sight_leads_the_path_there(story: Story) -> None:
    hidden = story.leaf
    assert hidden is not None
    story.add("model", "B", model="m", take_of=story.path()[1].id)
    new = story.begin_passage(model="m", take_of=hidden.id)
    assert story.prompt_for(new.id) == "ab"


def test_growing_text_is_shown_and_keeps_the_seed(story: Story) -> None:
    passage = story.begin_passage(model="m", settings={"temperature": 0.8})
    assert story.is_growing(passage.id)
    story.grow(passage.id, "d", {"temperature": 0.8, "seed": 7})
    story.grow(passage.id, "e ")
    assert story.text() == "abcde "
    finished = story.finish(passage.id)
    assert finished is not None
    assert (finished.text, finished.settings) == ("de ", {"temperature": 0.8, "seed": 7})
    assert not story.is_growing(passage.id)


def test_a_passage_that_ends_empty_leaves_no_take_and_no_step(story: Story) -> None:
    model = story.path()[1]
    before = (story.text(), story.steps_done, story.takes(model.id))
    passage = story.begin_passage(model="m", take_of=model.id)
    assert story.finish(passage.id) is None
    assert (story.text(), story.steps_done, story.takes(model.id)) == before


def test_an_empty_passage_stays_where_something_was_built_on_it(story: Story) -> None:
    passage = story.begin_passage(model="m")
    story.add("person", "d")
    assert story.finish(passage.id) is not None
    assert story.text() == "abcd"


def test_growth_goes_on_out_of_sight(story: Story) -> None:
    passage = story.begin_passage(model="m")
    story.undo()
    story.grow(passage.id, "d")
    story.finish(passage.id)
    assert story.text() == "abc"
    story.redo()
    assert story.text() == "abcd"


def test_undo_takes_one_step_back_and_redo_brings_it_again(story: Story) -> None:
    assert [story.undo().kind, story.text()] == ["wrote", "ab"]
    assert [story.undo().kind, story.text()] == ["wrote", "a"]
    story.redo()
    assert story.text() == "ab"
    story.redo()
    assert story.text() == "abc"
    assert story.redo() is None


def test_undo_at_the_beginning_says_that_there_is_nothing() -> None:
    story = Story()
    assert not story.can_undo
    assert story.undo() is None


def test_writing_after_an_undo_loses_nothing_but_the_redo(story: Story) -> None:
    story.undo()
    story.add("person", "C")
    assert not story.can_redo
    assert [take.text for take in story.takes(ids(story)[-1])] == ["c", "C"]


def test_words_taken_back_and_sent_again_make_no_second_take(story: Story) -> None:
    before = ids(story)
    story.undo()
    assert story.add("person", "c").id == before[-1]
    assert ids(story) == before
    # A model that writes the same again does so with another seed: that is a take of its own.
    story.add("model", "d", model="m")
    story.undo()
    story.add("model", "d", model="m")
    assert len(story.takes(ids(story)[-1])) == 2


def test_the_same_words_begin_anew_where_something_follows_them() -> None:
    story = Story()
    first = story.add("person", "a")
    other = story.edit(first.id, "A")
    story.choose_take(first.id)
    story.add("person", "b")
    story.add("person", "c")
    story.choose_take(other.id)
    assert story.text() == "A"
    story.add("person", "b")
    assert story.text() == "Ab"


def test_an_edit_is_a_take_followed_by_all_that_followed_the_old_wording(story: Story) -> None:
    old = story.path()[1]
    story.add("model", "C", model="m", take_of=story.path()[2].id)
    new = story.edit(old.id, "BB")
    assert story.text() == "aBBC"
    assert (new.author, new.model, new.edit_of) == ("model", "m", old.id)
    assert [take.text for take in story.takes(new.id)] == ["b", "BB"]
    assert [take.text for take in story.takes(ids(story)[-1])] == ["c", "C"]
    story.choose_neighbour(ids(story)[-1], -1)
    assert story.text() == "aBBc"
    story.choose_take(old.id)
    assert story.text() == "abC", "the old wording remembers what followed it"


def test_what_is_written_after_an_edit_may_follow_the_old_wording(story: Story) -> None:
    old = story.path()[2]
    new = story.edit(story.edit(old.id, "C").id, "CC")
    last = story.add("person", "d")
    assert new.edit_of == old.id
    assert last in story.continuations(old.id)
    story.choose_take(old.id)
    assert story.text() == "abc"
    story.choose_take(last.id)
    assert story.text().endswith("d")


def test_choosing_a_take_keeps_the_wording_that_is_shown_before_it(story: Story) -> None:
    old = story.path()[1]
    last = story.leaf
    assert last
    story.add("person", "C", take_of=last.id)
    story.edit(old.id, "B")
    story.choose_take(old.id)
    assert story.text() == "abC"
    story.choose_take(last.id)
    assert story.text() == "abc"


def test_an_edit_to_nothing_takes_a_passage_out_of_the_middle(story: Story) -> None:
    story.edit(story.path()[1].id, "")
    assert story.text() == "ac"
    story.undo()
    assert story.text() == "abc"


def test_a_deletion_shows_the_take_before_or_after_it(story: Story) -> None:
    first = story.path()[1]
    second = story.add("model", "B", model="m", take_of=first.id)
    third = story.add("model", "bb", model="m", take_of=first.id)
    story.delete(second.id)
    assert story.text() == "abb"
    story.delete(third.id)
    assert story.text() == "abc"
    story.delete(first.id)
    assert story.text() == "a"
    for text in ("abc", "abb", "abb"):
        story.undo()
        assert story.text() == text
    assert len(story.takes(first.id)) == 3


def test_what_follows_a_deleted_passage_goes_out_of_sight_with_it(story: Story) -> None:
    _, b, c = ids(story)
    story.delete(b)
    assert story.deleted == {b, c}
    story.choose_take(c)
    assert (story.text(), story.deleted) == ("abc", set())
    story.undo()
    assert (story.text(), story.deleted) == ("a", {b, c})
    with pytest.raises(StoryError, match="deleted already"):
        story.delete(b)


def test_a_deleted_passage_comes_back_with_what_followed_it(story: Story) -> None:
    _, b, _ = ids(story)
    story.delete(b)
    story.choose_take(b)
    assert (story.text(), story.deleted) == ("abc", set())


def test_what_follows_a_deleted_wording_stays_with_the_other(story: Story) -> None:
    _, b, c = ids(story)
    new = story.edit(b, "B")
    story.delete(b)
    assert (story.text(), story.deleted) == ("aBc", {b})
    story.delete(new.id)
    assert (story.text(), story.deleted) == ("a", {b, new.id, c})


def test_a_passage_that_is_not_there_is_named(story: Story) -> None:
    for call in (story.takes, story.choose_take, story.delete, lambda id: story.edit(id, "x")):
        with pytest.raises(StoryError, match="no passage nothing"):
            call("nothing")
    with pytest.raises(StoryError, match="not in the text shown"):
        story.prompt_for("nothing")


def test_every_change_is_told(story: Story) -> None:
    told: list[str] = []
    story.on_change = lambda story: told.append(story.text())
    passage = story.begin_passage(model="m")
    story.grow(passage.id, "d")
    story.finish(passage.id)
    story.undo()
    story.redo()
    assert told == ["abc", "abcd", "abcd", "abc", "abcd"]


def test_a_story_knows_what_of_a_prompt_models_wrote() -> None:
    story = Story()
    story.add("person", "Once ")
    story.add("model", "upon a time ")
    story.add("person", "there ")
    last = story.add("model", "was")
    prompt = story.prompt_for(last.id)
    assert [prompt[begin:end] for begin, end in story.find_own_text(last.id)] == ["upon a time "]
