"""Laws that hold whatever a person and a model do to a story, in whatever order."""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rnnchat.stories.store import Store
from rnnchat.stories.story import Story

Deed = tuple[str, int, str]
NAMES = (
    "add", "page", "chat", "retake", "stream", "cancel", "choose", "walk", "edit", "delete", "undo", "redo",
    "type", "continue", "give up",
)  # fmt: skip


def do_deed(story: Story, deed: Deed) -> None:
    """Do something to a story: its name, a number that picks a passage, a text."""
    name, number, text = deed
    passages = [id for id in story.passages if id not in story.deleted]
    picked = passages[number % len(passages)] if passages else None
    if name == "add":
        story.add("person" if number % 2 else "model", text, model=None if number % 2 else "m")
    elif name in ("page", "chat"):
        story.mode = "chat" if name == "chat" else "page"
    elif name in ("stream", "cancel") or (name == "retake" and picked):
        passage = story.begin_passage(model="m", take_of=picked if name == "retake" else None)
        for piece in (text[:3], text[3:]) if name != "cancel" else ():
            story.grow(passage.id, piece, {"seed": number})
        story.finish(passage.id)
    elif name == "undo":
        story.undo()
    elif name == "redo":
        story.redo()
    elif picked and name == "choose":
        story.choose_take(picked)
    elif picked and name == "walk":
        story.choose_neighbour(picked, number - 6)
    elif picked and name == "edit":
        story.edit(picked, text)
    elif picked and name == "delete":
        story.delete(picked)
    elif story.path() and name == "type":
        start = number % (len(story.text()) + 1)
        story.replace_text(start, start + len(text) // 2, text)
        story.close_wording()
    elif story.path() and name in ("continue", "give up"):
        path = story.path()
        here = path[number % len(path)]
        passage = story.begin_passage(model="m", after=(here.id, len(text) % (len(here.text) + 1)))
        story.grow(passage.id, text if name == "continue" else "")
        story.finish(passage.id)


TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
DEED = st.tuples(st.sampled_from(NAMES), st.integers(0, 12), TEXTS)
DEEDS = st.lists(DEED, max_size=30)


def look_at(story: Story) -> tuple[object, ...]:
    """All that a person can see of a story."""
    shown = [passage.id for passage in story.path()]
    return story.text(), shown, set(story.deleted), [[take.id for take in story.takes(id)] for id in shown]


@given(DEEDS)
def test_undo_takes_back_exactly_what_was_done_and_redo_does_it_again(deeds: list[Deed]) -> None:
    story = Story()
    for deed in deeds:
        mode, before, done = story.mode, story.text(), story.steps_done
        path = story.path()
        do_deed(story, deed)
        if deed[0] in ("undo", "redo") or story.steps_done == done:
            continue
        after = look_at(story)
        story.mode = mode
        assert story.steps_done == done + 1
        story.undo()
        assert (story.text(), story.path()) == (before, path)
        story.redo()
        assert look_at(story) == after


@given(DEEDS)
def test_undoing_everything_leaves_nothing_to_see_and_redoing_everything_brings_it_back(deeds: list[Deed]) -> None:
    story = Story()
    for deed in deeds:
        do_deed(story, deed)
    while story.redo():
        pass
    after = look_at(story)
    while story.undo():
        pass
    assert (story.text(), story.path()) == ("", [])
    # Only what ended before its first character stays out of sight, with what was split for it.
    in_sight = [passage.text for id, passage in story.passages.items() if id not in story.deleted]
    assert all(any(story.passages[id].text in text for text in ["", *in_sight]) for id in story.deleted)
    while story.redo():
        pass
    assert look_at(story) == after


@given(DEEDS)
def test_no_passage_ever_vanishes_or_changes_and_each_can_be_shown_again(deeds: list[Deed]) -> None:
    story = Story()
    for deed in deeds:
        before = dict(story.passages)
        do_deed(story, deed)
        assert before.items() <= dict(story.passages).items()
    for passage in list(story.passages.values()):
        story.choose_take(passage.id)
        assert passage in story.path()
        assert not story.deleted & {shown.id for shown in story.path()}


@given(DEEDS)
def test_the_path_is_a_line_of_the_tree_without_deleted_passages(deeds: list[Deed]) -> None:
    story = Story()
    for deed in deeds:
        do_deed(story, deed)
        path = story.path()
        places = [None, *(passage.place for passage in path)]
        assert [passage.parent for passage in path] == places[:-1]
        assert len(set(places)) == len(places)
        assert not story.deleted & {passage.id for passage in path}
        assert story.text() == "".join(segment.heading + segment.text for segment in story.segments())


@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(DEEDS, st.integers(0, 30))
def test_a_story_that_is_loaded_is_the_story_that_was_left(store: Store, deeds: list[Deed], reload_at: int) -> None:
    story = store.create()
    for number, deed in enumerate(deeds):
        do_deed(story, deed)
        if number == reload_at:
            story = check_copy(store, story)
    copy = check_copy(store, story)
    while copy.undo():
        assert story.undo()
        assert look_at(copy) == look_at(story)
    assert not story.can_undo


@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.lists(st.tuples(st.booleans(), DEED), max_size=30))
def test_two_programs_in_one_story_may_mix_its_history_but_lose_no_text(
    store: Store, deeds: list[tuple[bool, Deed]]
) -> None:
    one = store.create()
    one.add("person", "x")
    two = store.load(one.id)
    for is_first, deed in deeds:
        do_deed(one if is_first else two, deed)
    story = store.load(one.id)
    assert dict(story.passages) == dict(one.passages) | dict(two.passages)
    for deed in [deed for _, deed in deeds]:
        do_deed(story, deed)
    while story.undo():
        story.text()
    for passage in list(story.passages.values()):
        story.choose_take(passage.id)
        assert passage in story.path()


def check_copy(store: Store, story: Story) -> Story:
    """The story as the store has it, which must be the same."""
    store.save(story)
    copy = store.load(story.id)
    assert dict(copy.passages) == dict(story.passages)
    assert list(copy.passages) == list(story.passages)
    assert look_at(copy) == look_at(story)
    assert (list(copy.steps), copy.steps_done) == (list(story.steps), story.steps_done)
    assert (copy.mode, copy.chat, copy.title) == (story.mode, story.chat, story.title)
    return copy
