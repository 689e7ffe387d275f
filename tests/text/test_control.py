"""Colour codes and stray control characters are no part of a text."""

import pytest

from rnnchat.text.control import drop_codes

CODED = (
    "\x1b[1;31mred\x1b[0m \x0304,12hello\x03 \x02bold\x0f\x1d \x1b]0;title\x07a\x1b]8;;u\x1b\\b\0c\x1b(Bd \x031x\x1f"
)
TEXT = "red hello bold abcd x"


@pytest.mark.parametrize("size", [1, 2, 3, 5, 100])
def test_codes_of_terminals_and_chat_programs_are_left_out_wherever_a_text_is_cut(size):
    assert "".join(drop_codes(CODED[i : i + size] for i in range(0, len(CODED), size))) == TEXT


def test_a_text_without_codes_stays_as_it_is():
    assert list(drop_codes(["a\tb\n", "c\fd"])) == ["a\tb\n", "c\fd"]
