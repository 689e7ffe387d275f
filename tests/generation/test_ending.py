import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rnnchat.generation.ending import GRACE_CHARS, Ending
from rnnchat.generation.settings import Settings


def run(text, settings, cuts=()):
    """Feed ``text`` in the pieces between ``cuts``; give all that was given out, and the reason."""
    ending = Ending()
    given_out = ""
    places = [0, *sorted(cuts), len(text)]
    for begin, end in itertools.pairwise(places):
        if begin < end:
            given, reason = ending.feed(text[begin:end], settings)
            given_out += given
            if reason:
                return given_out, reason
    return given_out, ""


def one_by_one(text, settings):
    return run(text, settings, range(1, len(text)))


def test_a_length_ends_right_there():
    assert one_by_one("abcdef", Settings(length=4)) == ("abcd", "length")


def test_a_length_keeps_the_last_word_whole():
    assert run("one three", Settings(length=5), [3]) == ("one three", "length")


def test_a_line_ends_at_the_first_line_end_after_the_length():
    assert one_by_one("ab\ncdef\ngh", Settings(length=4, until="line")) == ("ab\ncdef\n", "line")
    assert one_by_one("ab\ncd", Settings(length=0, until="line")) == ("ab\n", "line")


def test_a_paragraph_ends_at_a_blank_line():
    assert one_by_one("ab\ncd\n\nef", Settings(length=1, until="paragraph")) == ("ab\ncd\n\n", "paragraph")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("He came. She went.", "He came."),
        ("“Come!” he said. Then", "“Come!”"),
        ("Pi is 3.14 or so. Yes", "Pi is 3.14 or so."),
        ("Really?! Yes.", "Really?!"),
        ("Mr. J. Hay met Mrs. Lee. They left.", "Mr. J. Hay met Mrs. Lee."),
        ("他来了。她走了。", "他来了。"),
        ("他说：“来！”她走了。", "他说：“来！”"),
    ],
)
def test_a_sentence_ends_with_its_mark_and_what_closes_it(text, expected):
    assert one_by_one(text, Settings(length=1, until="sentence")) == (expected, "sentence")


@pytest.mark.parametrize(
    ("text", "expected", "reason"),
    [
        ("One. Two, three. Four.", "One. Two, three.", "sentence"),  # the first that ends after 85 %
        ("One. Two, three and a half. Four.", "One. Two, three", "length"),
        ("Twelve lines\n\nof a poem", "Twelve lines\n", "paragraph"),
        ("He said: “Oh!” Then", "He said: “Oh!”", "sentence"),
        ("一二三四五六七八九十一二三四五六七八九十", "一二三四五六七八九十一二三四五", "length"),
        ("x" * 100, "x" * 55, "length"),
    ],
)
def test_near_its_length_a_text_ends_with_a_sentence_or_at_least_with_a_word(text, expected, reason):
    length = 12
    settings = Settings(length=length, until="near-sentence")
    assert one_by_one(text, settings) == (expected, reason)
    assert run(text, settings) == (expected, reason)


def test_an_end_that_never_comes_is_given_up_after_a_grace():
    text, reason = one_by_one("x" * 3000, Settings(length=10, until="line"))
    assert (len(text), reason) == (10 + GRACE_CHARS, "length")


@pytest.mark.parametrize("until", ["line", "sentence", "paragraph", "near-sentence"])
def test_nothing_ends_a_text_before_its_least_length(until):
    text, length = "Ab.\n\n" * 10, 40 if until == "near-sentence" else 2
    for least in range(40):
        given_out, reason = one_by_one(text, Settings(length=length, min_length=least, until=until, stop=("b.",)))
        assert len(given_out) >= least
        assert reason in (until, "stop") or (until == "near-sentence" and reason in ("sentence", "paragraph"))


def test_the_grace_begins_at_the_least_length():
    text, reason = one_by_one("x" * 4000, Settings(length=0, min_length=2000, until="line"))
    assert (len(text), reason) == (2000 + GRACE_CHARS, "length")


def test_a_stop_text_is_not_given_out_nor_is_its_beginning():
    settings = Settings(length=100, stop=("END", "\n\n"))
    assert one_by_one("abEN ENDcd", settings) == ("abEN ", "stop")
    ending = Ending()
    assert ending.feed("abE", settings) == ("ab", "")
    assert ending.held == "E"


def test_what_looked_like_a_stop_text_is_given_out_when_it_is_none():
    assert one_by_one("E EN END", Settings(length=100, stop=("ENDING",))) == ("E EN ", "")


@given(st.text("ab\n.!E ", max_size=60), st.sets(st.integers(1, 60)), st.integers(1, 30), st.data())
def test_pieces_do_not_matter_where_the_end_is_exact(text, cuts, length, data):
    until = data.draw(st.sampled_from(["line", "sentence", "paragraph", "near-sentence"]))
    settings = Settings(length=length, until=until, stop=data.draw(st.sampled_from([(), ("EE",), ("a\n", "b b")])))
    cuts = {cut for cut in cuts if cut < len(text)}
    assert run(text, settings, cuts) == one_by_one(text, settings)


@given(st.text("abc", min_size=1, max_size=40), st.text("abc", min_size=1, max_size=3))
def test_a_stop_text_never_appears_in_what_is_given_out(text, stop):
    assert stop not in one_by_one(text, Settings(length=1000, stop=(stop,)))[0]


@pytest.mark.parametrize(
    "sentence",
    [
        "वह घर आया।",
        "सोऽपि गतः॥",
        "وہ گھر آیا۔",
        "هل جاء؟",
        "Նա եկավ։",
        "သူလာသည်။",
        "គាត់មក។",
        "猫が寝た｡",
        "猫睡了．",
        "Really‽",
        "Τι είναι;",
        "„Es regnet.“",
        "»Es regnet.«",
        "«Il pleut.»",
        "《下雨了。》",
        "*It rains.*",
        "_It rains._",
    ],
)
def test_a_sentence_ends_in_every_script(sentence: str):
    ending = Ending()
    settings = Settings(until="sentence", length=1)
    given = ""
    for char in f"{sentence} And more.":
        text, reason = ending.feed(char, settings)
        given += text
        if reason:
            break
    assert (given, reason) == (sentence, "sentence")


def test_a_semicolon_ends_no_sentence_outside_greek():
    ending = Ending()
    reasons = [ending.feed(char, Settings(until="sentence", length=1))[1] for char in "It rains; it pours"]
    assert set(reasons) == {""}
