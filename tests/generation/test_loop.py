"""A loop is a stretch that stands at the end of a text three times or more."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from rnnchat.generation.loop import find_loop


def find_slowly(symbols, least_length, least_repeats=3):
    """The oracle: try every period."""
    for period in range(1, len(symbols) // least_repeats + 1):
        needed = max(least_repeats * period, least_length)
        if needed <= len(symbols) and all(symbols[-i] == symbols[-i - period] for i in range(1, needed - period + 1)):
            return period
    return None


@given(st.text("ab", max_size=30), st.text("ab", min_size=1, max_size=8), st.integers(1, 12))
def test_it_agrees_with_trying_every_period(before, stretch, count):
    text = before + stretch * count
    loop = find_loop(text, 12)
    assert (loop.period if loop else None) == find_slowly(text, 12)


@given(st.text("abcdefgh ", min_size=5, max_size=40), st.integers(4, 8))
def test_the_stretch_and_its_repeats_are_told(stretch, count):
    assume(find_slowly(stretch * 3, 0) == len(stretch))  # it is no loop itself
    assume(len(stretch) * count >= 20)
    loop = find_loop("XYZ" + stretch * count, 20)
    assert loop == (len(stretch), count)


@pytest.mark.parametrize("text", ["", "aaa", "-" * 59, "To be, or not to be, that is the question: " * 2])
def test_what_people_write_is_no_loop(text):
    assert find_loop(text, 60) is None


def test_a_random_text_is_no_loop():
    random = np.random.default_rng(0)
    assert all(find_loop("".join(random.choice(list("abcd"), 300)), 40) is None for _ in range(20))
