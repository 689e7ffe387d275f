"""Where a space belongs between two texts."""

import pytest

from rnnchat.desk.prose import join_texts, name_symbols, show_stretch


@pytest.mark.parametrize(
    ("before", "text", "joined"),
    [
        ("", "Once", "Once"),
        ("The sea", "was calm", " was calm"),
        ("The sea ", "was calm", "was calm"),
        ("The sea", " was calm", " was calm"),
        ("The sea\n", "was calm", "was calm"),
        ("The sea.", "It was", " It was"),
        ("The sea", ", calm", ", calm"),
        ("She said “", "No", "No"),
        ("half-", "done", "done"),
        ("話說", "天下", "天下"),
    ],
)
def test_a_space_is_put_only_where_words_would_run_together(before: str, text: str, joined: str) -> None:
    assert join_texts(before, text) == joined


def test_symbols_are_named_so_that_each_can_be_told_apart() -> None:
    assert name_symbols(("ä", "\t", "\u200b")) == "ä U+0009 U+200B"
    assert name_symbols(tuple("abcdefghij")) == "a b c d e f g h and 2 more"


@pytest.mark.parametrize(
    ("stretch", "shown"),
    [
        ("e king.\n\nTh", "The king."),
        ("e th", "the"),
        ("ha", "ha"),
        ("\n", "U+000A"),
        (" ", "U+0020"),
        ("a b ", "b a"),
    ],
)
def test_a_stretch_is_shown_from_the_beginning_of_a_line_or_word_on(stretch: str, shown: str) -> None:
    assert show_stretch(stretch) == shown
