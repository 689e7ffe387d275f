"""Word wrap: growing text is wrapped as if it had been there from the start, and no character is lost."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rnnchat.desk.piece import Piece
from rnnchat.desk.visible import make_visible
from rnnchat.tui.text_layout import TextLayout, measure

TEXTS = st.text(alphabet="ab  \n\té漢字\x07​", max_size=120)
WIDTHS = st.integers(4, 20)


def lay_out(text: str, width: int) -> TextLayout:
    return TextLayout([Piece(text, "model", "p")], width)


@given(TEXTS, WIDTHS)
def test_rows_hold_every_character_and_are_not_too_wide(text: str, width: int) -> None:
    layout = lay_out(text, width)
    assert "".join(part.text for row in range(len(layout)) for part in layout.row_parts(row)) == text
    for row in range(len(layout)):
        shown = "".join(part.text for part in layout.row_parts(row)).rstrip("\n")
        assert measure(shown) <= width + shown.endswith(" ")


@given(st.lists(TEXTS, max_size=6), WIDTHS)
def test_a_text_that_grows_is_wrapped_like_one_that_was_whole(pieces: list[str], width: int) -> None:
    grown = TextLayout([], width)
    for piece in pieces:
        grown.append(Piece(piece, "model", "p"))
    assert grown.starts == lay_out("".join(pieces), width).starts


@given(
    st.lists(TEXTS, min_size=1, max_size=4), TEXTS, st.integers(0, 9), st.tuples(st.integers(0), st.integers(0)), WIDTHS
)
def test_a_text_that_is_changed_is_laid_out_like_the_one_it_becomes(
    texts: list[str], new: str, picked: int, ends: tuple[int, int], width: int
) -> None:
    pieces = [Piece(text, "model", str(n)) for n, text in enumerate(texts)]
    layout = TextLayout(pieces, width)
    picked %= len(pieces)
    words = texts[picked]
    first, last = sorted(end % (len(words) + 1) for end in ends)
    offset = sum(map(len, texts[:picked]))
    is_done = layout.replace(offset + first, offset + last, new, str(picked))
    if is_done:
        pieces[picked] = Piece(words[:first] + new + words[last:], "model", str(picked))
    whole = TextLayout(pieces, width)
    assert is_done == bool(words and pieces[picked].text and (words[:first] + new + words[last:]))
    assert (layout.text, layout.starts, layout.pieces, layout.piece_starts) == (
        whole.text,
        whole.starts,
        whole.pieces,
        whole.piece_starts,
    )


@given(st.lists(st.tuples(TEXTS, st.sampled_from(["person", "model"])), max_size=6), WIDTHS)
def test_every_character_knows_whose_it_is(pieces: list, width: int) -> None:
    layout = TextLayout([Piece(text, kind, str(n)) for n, (text, kind) in enumerate(pieces)], width)
    owners = [(part.kind, part.passage) for row in range(len(layout)) for part in layout.row_parts(row)
              for _ in part.text]  # fmt: skip
    assert owners == [(kind, str(n)) for n, (text, kind) in enumerate(pieces) for _ in text]


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("the quick brown fox", ["the quick ", "brown fox"]),
        ("0123456789abc", ["0123456789", "abc"]),
        ("0123456789 abc", ["0123456789 ", "abc"]),
        ("one\n\ntwo\n", ["one\n", "\n", "two\n", ""]),
        ("話說天下大勢分久必合", ["話說天下大", "勢分久必合"]),
        ("", [""]),
    ],
)
def test_rows_break_between_words_and_between_wide_characters(text: str, rows: list[str]) -> None:
    layout = lay_out(text, 10)
    assert ["".join(part.text for part in layout.row_parts(row)) for row in range(len(layout))] == rows


def test_growing_changes_only_the_last_row_and_those_after_it() -> None:
    layout = lay_out("word " * 100, 20)
    before = list(layout.starts)
    changed = layout.append(Piece("more words here", "model", "p"))
    assert changed == len(before) - 1
    assert layout.starts[: len(before)] == before


def test_the_rows_of_a_passage_are_those_that_hold_something_of_it() -> None:
    layout = TextLayout([Piece("one two\n", "person", "a"), Piece("three", "model", "b")], 4)
    assert list(layout.rows_of("a")) == [0, 1]
    assert list(layout.rows_of("b")) == [2, 3]
    assert list(layout.rows_of("c")) == []


def test_symbols_that_would_move_the_cursor_are_shown_as_pictures() -> None:
    assert make_visible("a\x1b[2Jb\x07\tc\n") == "a␛[2Jb␇    c"
    assert make_visible("\u202eabc") == "�abc"
