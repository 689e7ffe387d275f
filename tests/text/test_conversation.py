"""Conversations: two people, nothing private, no names of theirs."""

import json

import pytest

from rnnchat.text.conversation import is_fit, make_chat, replace_names

SMALL_TALK = ["Hi", "Hello", "How are you?", "Fine, and you?", "Fine.", "Bye"]


def turns_of(*texts: str) -> list[tuple[str, str]]:
    return [("first" if index % 2 == 0 else "second", text) for index, text in enumerate(texts)]


def test_turns_become_lines_of_a_and_b():
    def record(*turns: tuple[str, list[str]]):
        return {"messages": [[{"sender": who, "text": text} for text in texts] for who, texts in turns]}

    talk = [("x", ["Hi  there", "you"]), ("y", [" "]), ("x", ["again"]), ("y", ["Hm"])] + [
        ("x", ["a"]),
        ("y", ["b"]),
    ] * 2
    dataset = {"1": record(*talk), "2": record(("x", ["alone"])), "3": record(*talk)}
    text = make_chat({"dataset.json": json.dumps(dataset).encode()})
    conversation = "A: Hi there you again\nB: Hm\nA: a\nB: b\nA: a\nB: b\n"
    assert text == f"{conversation}\n{conversation}"


def test_short_talks_and_talks_of_three_are_left_out():
    assert is_fit(turns_of(*SMALL_TALK))
    assert not is_fit(turns_of(*SMALL_TALK[:5]))
    assert not is_fit([*turns_of(*SMALL_TALK), ("third", "Hi")])


@pytest.mark.parametrize(
    "text",
    [
        "me@example.org",
        "see www.example.org",
        "http://x",
        "(808) 555-1234",
        "call 808-555-1234",
        "porn",
        "Shit!",
        "a" * 1001,
    ],
)
def test_what_nobody_should_say_again_leaves_the_talk_out(text):
    assert not is_fit(turns_of(*SMALL_TALK, f"well, {text}"))


@pytest.mark.parametrize("text", ["I pay 300-400 a year", "born in 2014-2016", "Dickens", "hell, the skills", "Sussex"])
def test_harmless_words_stay(text):
    assert is_fit(turns_of(*SMALL_TALK, text))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (["My name is Mireya", "Hi Mireya, I'm Zazu", "zazu?"], ["My name is Sam", "Hi Sam, I'm Alex", "Alex?"]),
        (["What's your name?", "Becky, and yours?", "tommy"], ["What's your name?", "Alex, and yours?", "Sam"]),
        (["call me Will", "will you come, Will?"], ["call me Sam", "will you come, Sam?"]),
        (["I'm Korean", "I'm Happy"], ["I'm Korean", "I'm Happy"]),
        (["my name is the best", "im from Utah"], ["my name is the best", "im from Utah"]),
    ],
)
def test_names_of_the_speakers_are_replaced(before, after):
    assert replace_names(turns_of(*before), {"will", "happy", "the", "from"}) == turns_of(*after)
