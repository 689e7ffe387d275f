"""Turns laid out as a play and as a chat."""

import pytest

from rnnchat.stories.chat import ChatFormat
from rnnchat.stories.story import Story
from rnnchat.text.turn import TurnLayout


def talk(chat: ChatFormat) -> Story:
    story = Story(mode="chat", chat=chat)
    story.add("person", "Who is there?")
    story.add("model", "Nay, answer me.", model="m")
    return story


def test_a_play_has_the_name_on_its_own_line_and_a_blank_line_after_the_speech() -> None:
    story = talk(ChatFormat.play("BERNARDO", "FRANCISCO"))
    assert story.text() == "BERNARDO:\nWho is there?\n\nFRANCISCO:\nNay, answer me."
    assert story.chat.stop == ("\n\n",)


@pytest.mark.parametrize(
    ("turns", "text", "stop"),
    [
        (None, "A: Who is there?\nB: Nay, answer me.", ("\n",)),
        (TurnLayout(("a", "b"), "[12:01] <", "> "), "[12:01] <a> Who is there?\n[12:01] <b> Nay, answer me.", ("\n",)),
        (
            TurnLayout(("a", "b"), "[1/3/24, 8:40] ", ": ", is_one_line=False),
            "[1/3/24, 8:40] a: Who is there?\n[1/3/24, 8:40] b: Nay, answer me.",
            ("\n[",),
        ),
        (TurnLayout(("a", "b"), is_one_line=False), "a: Who is there?\nb: Nay, answer me.", ("\na:", "\nb:")),
    ],
    ids=["none", "IRC", "WhatsApp", "transcript"],
)
def test_a_chat_looks_like_the_turns_that_the_model_has_learnt_and_ends_where_the_next_begins(turns, text, stop):
    story = talk(ChatFormat.after(turns))
    assert story.text() == text
    assert story.chat.stop == stop
    assert ChatFormat.from_json(story.chat.to_json()) == story.chat


def test_a_chat_has_one_line_for_a_turn() -> None:
    story = talk(ChatFormat.lines("A", "B"))
    assert story.text() == "A: Who is there?\nB: Nay, answer me."
    assert story.chat.stop == ("\n",)


@pytest.mark.parametrize(
    ("chat", "end"), [(ChatFormat.play(), "JULIET:\n"), (ChatFormat.lines(), "\nB:")], ids=["play", "lines"]
)
def test_the_prompt_ends_where_the_model_speaks(chat: ChatFormat, end: str) -> None:
    story = talk(chat)
    reply = story.begin_passage(model="m")
    # A space after the name is the model's to write: it learnt it as the beginning of the first word.
    assert story.prompt_for(reply.id) == talk(chat).text() + ("\n\n" if "\n" in chat.name_end else "") + end


@pytest.mark.parametrize("chat", [ChatFormat.play(), ChatFormat.lines()], ids=["play", "lines"])
def test_the_text_after_a_reply_continues_what_the_model_has_read(chat: ChatFormat) -> None:
    story = talk(chat)
    reply = story.begin_passage(model="m")
    prompt = story.prompt_for(reply.id)
    gap = story.text()[len(prompt) :]
    story.grow(reply.id, gap + "Ay, ")
    story.grow(reply.id, "so.")
    story.finish(reply.id)
    assert story.text() == f"{prompt}{gap}Ay, so."


def test_a_reply_keeps_neither_the_white_space_before_it_nor_after_it() -> None:
    story = talk(ChatFormat.play())
    reply = story.begin_passage(model="m")
    for piece in ("\n", "  ", "Ay,", " so.", "\n"):
        story.grow(reply.id, piece)
    assert story.finish(reply.id).text == "Ay, so."


def test_a_turn_that_was_cut_short_goes_on_without_a_name() -> None:
    story = talk(ChatFormat.play())
    before = story.text()
    more = story.begin_passage(model="m", is_same_turn=True)
    assert story.prompt_for(more.id) == before
    story.grow(more.id, " Stand and unfold yourself.")
    assert story.text() == before + " Stand and unfold yourself."


def test_what_ends_a_turn_already_is_not_written_twice() -> None:
    story = Story(mode="chat")
    story.add("person", "One.\n")
    story.add("person", "Two.\n\n")
    story.add("person", "Three.")
    assert story.text() == "ROMEO:\nOne.\n\nROMEO:\nTwo.\n\nROMEO:\nThree."


def test_a_turn_may_follow_a_page_and_a_page_a_turn() -> None:
    story = Story()
    story.add("person", "It was night.")
    story.mode = "chat"
    story.add("person", "Hark!")
    story.mode = "page"
    story.add("model", " The bell rang.", model="m")
    assert story.text() == "It was night.\n\nROMEO:\nHark! The bell rang."


def test_empty_passages_do_not_hide_the_end_of_the_text() -> None:
    story = talk(ChatFormat.play())
    for word in ("a", "b", "c"):
        passage = story.add("model", word, model="m", is_same_turn=True)
        story.edit(passage.id, "")
    story.add("person", "Long live the king.")
    assert story.text().endswith("answer me.\n\nROMEO:\nLong live the king.")


def test_a_segment_says_where_its_passage_stands_in_the_text() -> None:
    story = talk(ChatFormat.play())
    text = story.text()
    assert [text[s.start : s.start + len(s.text)] for s in story.segments()] == [p.text for p in story.path()]


def test_a_format_survives_being_written_down() -> None:
    for chat in (ChatFormat.play("X", "Y"), ChatFormat.lines()):
        assert ChatFormat.from_json(chat.to_json()) == chat


def test_the_text_with_a_turn_begun_is_what_it_becomes_once_that_turn_is_added() -> None:
    story = Story(mode="chat")
    assert story.text_with_turn("") == "ROMEO:\n"
    story.add("person", "Hello")
    story.add("model", "Good day")
    begun = story.text_with_turn("How are")
    assert story.text().endswith("Good day")
    story.add("person", "How are")
    assert begun == story.text()
