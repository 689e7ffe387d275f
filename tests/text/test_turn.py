"""Conversations are recognised by how their turns are laid out."""

import itertools

import pytest

from rnnchat.text.turn import TurnLayout, find_open_turn, find_turns, split_turns

SPEECHES = ["hello", "who is there?", "it rains: again", "the soup is ready", "lovely 🙂"]


def lay_out(pattern: str, names: tuple[str, ...], turns: int = 40) -> str:
    """A conversation in which the names take turns; ``{n}`` is the number of the turn."""
    spoken = zip(range(turns), itertools.cycle(names), itertools.cycle(SPEECHES), strict=False)
    return "".join(pattern.format(n=10 + n % 50, name=name, text=text) for n, name, text in spoken)


@pytest.mark.parametrize(
    ("pattern", "name_start", "name_end", "turn_end"),
    [
        ("{name}: {text}\n", "", ": ", "\n"),
        ("{name}:\n{text}\n\n", "", ":\n", "\n\n"),
        ("[01/03/2024, 8:{n}:53 AM] {name}: {text}\n", "[01/03/2024, 8:49:53 AM] ", ": ", "\n"),
        ("12.03.24, 10:{n} - {name}: {text}\n", "12.03.24, 10:49 - ", ": ", "\n"),
        ("[00:{n}] <{name}> {text}\n", "[00:49] <", "> ", "\n"),
        ("<{name}> {text}\n", "<", "> ", "\n"),
        ("{name}：{text}\n", "", "：", "\n"),
        ("> {name}: {text}\n", "> ", ": ", "\n"),
    ],
    ids=[
        "chat",
        "play",
        "WhatsApp on iOS",
        "WhatsApp on Android",
        "IRC",
        "IRC without times",
        "fullwidth colon",
        "quoted",
    ],
)
def test_a_conversation_is_recognised_with_its_speakers_and_its_layout(pattern, name_start, name_end, turn_end):
    turns = find_turns(lay_out(pattern, ("Mira", "Tom 🐢" if "<" not in pattern else "tom")))
    assert turns is not None
    assert turns.speakers[0] == "Mira"
    assert (turns.name_start, turns.name_end, turns.turn_end) == (name_start, name_end, turn_end)
    assert turns.is_dialogue
    assert TurnLayout.from_json(turns.to_json()) == turns


def test_messages_of_several_lines_end_only_where_the_next_one_begins():
    pattern = "[01/03/2024, 8:{n}:53 AM] {name}: {text}\n"
    text = lay_out(pattern, ("Mira", "Tom")).replace("soup is", "soup\nis")
    turns = find_turns("\ufeff" + text)
    assert turns is not None
    assert not turns.is_one_line
    assert find_turns(lay_out(pattern, ("Mira", "Tom"))).is_one_line


def test_a_play_of_many_is_laid_out_in_turns_but_is_no_dialogue():
    turns = find_turns(lay_out("{name}:\n{text}\n\n", ("ROMEO", "JULIET", "NURSE", "MERCUTIO")))
    assert turns is not None
    assert turns.speakers == ("ROMEO", "JULIET")
    assert not turns.is_dialogue


@pytest.mark.parametrize(
    "text",
    [
        "",
        "In the beginning God created the heaven and the earth.\n" * 30,
        "He said: no.\nShe went on for a while, and said nothing.\nIt rained.\n" * 20,
        "import os\n\n\ndef main():\n    return os\n\n\nclass Story:\n    pass\n" * 3,
        "".join(f"Item {number}: {number} kg\n" for number in range(40)),
        lay_out("{name}: {text}\n", ("Anna",)),
    ],
    ids=["nothing", "prose", "prose with speech", "code", "a list", "a monologue"],
)
def test_what_is_no_conversation_has_no_turns(text):
    assert find_turns(text) is None


@pytest.mark.parametrize("broken", [{"speakers": ["A"]}, {"speakers": 3}, {"turn_end": ""}, {"name_end": None}])
def test_a_record_that_cannot_separate_turns_is_refused(broken):
    record = TurnLayout(("A", "B")).to_json() | broken
    if broken == {"name_end": None}:
        del record["name_end"]
    with pytest.raises((KeyError, TypeError, ValueError)):
        TurnLayout.from_json(record)


def test_a_few_turns_are_enough_to_see_how_they_are_laid_out():
    examples = ("A: Hi! How are you?\nB: ", "A: What do you like to do on weekends?\nB: ")
    assert find_turns("\n\n".join(examples)) == TurnLayout(("A", "B"))
    play = find_turns("ROMEO:\n\n\nHAMLET:\nTo be, or \n\nACT I\n\nSCENE I. A wood near Athens.\n\n")
    assert play is not None
    assert (play.speakers, play.name_end, play.turn_end) == (("ROMEO", "HAMLET"), ":\n", "\n\n")


@pytest.mark.parametrize("pattern", ["{name}: {text}\n", "{name}:\n{text}\n\n", "[00:{n}] <{name}> {text}\n"])
def test_turns_are_split_into_speakers_and_speeches(pattern: str) -> None:
    turns = split_turns(lay_out(pattern, ("ANNA", "BEN"), 10))
    assert turns == list(zip(["ANNA", "BEN"] * 5, SPEECHES * 2, strict=True))
    assert split_turns("Once upon a time there was a king.\n") == []


@pytest.mark.parametrize(
    ("text", "opening"),
    [
        ("A: Hi!\nB:", "B:"),
        ("A: Hi!\nB: ", "B: "),
        ("ROMEO:\nWho is there?\n\nJULIET:\n", "JULIET:\n"),
        ("[12:01] <anna> hi\n[12:02] <ben> ", "[12:02] <ben> "),
        ("A: Hi!\n", ""),
        ("ROMEO:\nWho is there?\n\n", ""),
        ("ROMEO:\n", None),  # nobody has spoken
        ("A: Hi!\nB: I am", None),
        ("It was a dark night.", None),
        ("", None),
    ],
)
def test_what_stands_there_of_a_reply_is_found(text: str, opening: str | None) -> None:
    assert find_open_turn(text) == opening
