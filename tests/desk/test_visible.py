"""No text commands a terminal."""

from hypothesis import given
from hypothesis import strategies as st

from rnnchat.desk.visible import make_visible, picture_controls


@given(st.text())
def test_nothing_that_is_shown_moves_the_cursor_or_turns_the_writing_round(text):
    for shown in (picture_controls(text), make_visible(text)):
        assert not any(ord(c) < 32 or 0x7F <= ord(c) < 0xA0 for c in shown if c not in "\n\t")
        assert not set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069") & set(shown)


def test_lines_stay_lines_and_a_row_stays_a_row():
    assert picture_controls("a\tb\n\x1b[2J") == "a\tb\n␛[2J"
    assert make_visible("a\tb\n\x1b") == "a    b␛"


def test_text_that_can_be_shown_is_left_alone():
    assert picture_controls("Ὀδυσσεύς, 話說天下 👩‍👩‍👧") == "Ὀδυσσεύς, 話說天下 👩‍👩‍👧"
