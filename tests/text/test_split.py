"""What is held out: the end of a text, or blocks spread over it where the end is unlike the rest."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rnnchat.text.split import choose_held_out, count_inside, read_inside, read_outside

WORDS = [f"{first}{middle}{last}" for first in "abcdefghklmnprstvw" for middle in "aeiou" for last in ("n", "st", "le")]


def make_text(words: list[str]) -> str:
    return "\n".join(words) + "\n"


def draw_words(count: int) -> list[str]:
    return random.Random(1).choices(WORDS, k=count)


def test_the_end_of_a_text_like_its_beginning_is_held_out():
    text = make_text(draw_words(20_000))
    ranges, is_spread = choose_held_out([text], len(text), 0.1)
    assert (ranges, is_spread) == (((int(len(text) * 0.9), len(text)),), False)


@pytest.mark.parametrize("pieces", [1, 7])
def test_blocks_of_a_sorted_list_are_held_out(pieces: int):
    text = make_text(sorted(draw_words(20_000)))
    size = len(text) // pieces + 1
    ranges, is_spread = choose_held_out([text[i : i + size] for i in range(0, len(text), size)], len(text), 0.1)
    assert is_spread
    assert len(ranges) == 10
    assert count_inside(ranges) == pytest.approx(len(text) / 10, abs=20)
    assert [start * 10 // len(text) for start, _ in ranges] == list(range(10))


def test_blocks_of_a_collection_in_two_languages_are_held_out():
    text = make_text(draw_words(18_000)) + "却说曹操大军回乡。" * 900
    assert choose_held_out([text], len(text), 0.1)[1]


@settings(deadline=None)
@given(st.text(max_size=60), st.lists(st.integers(0, 60), max_size=8), st.integers(1, 20))
def test_what_is_held_out_and_what_is_left_are_the_text(text: str, places: list[int], size: int):
    ends = sorted({min(place, len(text)) for place in places})
    ranges = tuple(zip(ends[::2], ends[1::2], strict=False))
    pieces = [text[i : i + size] for i in range(0, len(text), size)]
    assert "".join(read_inside(pieces, ranges)) == "".join(text[start:end] for start, end in ranges)
    left, place = "", 0
    for start, end in ranges:
        left += text[place:start]
        place = end
    assert "".join(read_outside(pieces, ranges)) == left + text[place:]
    assert count_inside(ranges) == len(text) - len(left + text[place:])


def test_an_empty_text_has_an_end():
    assert choose_held_out([], 0, 0.1) == (((0, 0),), False)
