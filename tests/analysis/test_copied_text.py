"""Copied stretches: the fast search agrees with looking for every stretch of the text."""

import random
import tracemalloc
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rnnchat.analysis import copied_text
from rnnchat.analysis.copied_text import Copy, find_copies, find_longest_copy, share_copied
from rnnchat.errors import UsageError

few_letters = st.text("ab ", max_size=60)
any_text = st.text(max_size=30) | few_letters
pieces_of_text = st.lists(st.text("ab ", max_size=9) | st.text(max_size=5), max_size=12)


def find_naively(text: str, corpus: str) -> Copy:
    """Look for every stretch, the longest first."""
    for length in range(len(text), 0, -1):
        found = [
            (corpus.index(text[start : start + length]), start)
            for start in range(len(text) - length + 1)
            if text[start : start + length] in corpus
        ]
        if found:
            place, start = min(found)
            return Copy(start, length, place)
    return Copy(0, 0, 0)


def share_naively(text: str, corpus: str, min_length: int) -> float:
    covered = [False] * len(text)
    for start in range(len(text) - min_length + 1):
        if text[start : start + min_length] in corpus:
            covered[start : start + min_length] = [True] * min_length
    return sum(covered) / len(text) if text else 0.0


@pytest.fixture(params=[8, 64, 1 << 16], autouse=True, scope="module")
def block_chars(request):
    """Small blocks, so that stretches cross their borders."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(copied_text, "BLOCK_CHARS", request.param)
        yield


@given(any_text, pieces_of_text)
def test_the_longest_copy_is_what_looking_for_every_stretch_finds(text, pieces):
    assert find_longest_copy(text, pieces) == find_naively(text, "".join(pieces))


@given(any_text, pieces_of_text, st.integers(1, 12))
def test_the_share_is_what_looking_for_every_stretch_gives(text, pieces, min_length):
    assert share_copied(text, pieces, min_length) == pytest.approx(share_naively(text, "".join(pieces), min_length))


@given(few_letters, few_letters, st.lists(st.integers(0, 60), max_size=5))
def test_how_the_corpus_is_cut_changes_nothing(text, corpus, cuts):
    edges = [0, *sorted(cuts), len(corpus)]
    pieces = [corpus[begin:end] for begin, end in pairwise(edges)]
    assert find_longest_copy(text, pieces) == find_longest_copy(text, [corpus])
    assert share_copied(text, pieces, 4) == share_copied(text, [corpus], 4)


def test_a_copy_in_a_long_corpus_is_found_where_it_stands():
    draw = random.Random(1)
    corpus = "".join(draw.choices("etaoin shrdlu\n", k=300_000))
    copied = corpus[200_100:200_180]
    text = f"X{copied}YZ{corpus[55:75]}"
    pieces = [corpus[begin : begin + 777] for begin in range(0, len(corpus), 777)]
    # That a longer stretch of random letters stands there by chance has odds of 14^-60.
    assert find_longest_copy(text, pieces) == Copy(1, 80, 200_100)
    assert share_copied(text, pieces, 20) == 100 / len(text)
    assert share_copied(text, pieces, 81) == 0


def test_a_text_that_is_all_copied_needs_no_more_of_the_corpus():
    def pieces():
        yield "x" * copied_text.BLOCK_CHARS + "the sea was wide" * 20_000
        raise AssertionError("read on")

    assert find_longest_copy("the sea was wide", pieces()).length == 16


@pytest.mark.parametrize(("text", "pieces"), [("", ["abc"]), ("abc", []), ("abc", ["", ""]), ("", [])])
def test_nothing_has_no_copies(text, pieces):
    assert find_longest_copy(text, pieces) == Copy(0, 0, 0)
    assert share_copied(text, pieces, 1) == 0


def test_a_stretch_of_no_characters_is_refused():
    with pytest.raises(UsageError, match="at least 1"):
        share_copied("abc", ["abc"], 0)


def test_memory_does_not_grow_with_the_corpus():
    draw = random.Random(2)
    text = "".join(draw.choices("abcd ", k=500))
    piece = "".join(draw.choices("abcd ", k=300_000))
    peaks = []
    for count in (1, 8):
        tracemalloc.start()
        find_longest_copy(text, (piece for _ in range(count)))
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.2 * peaks[0]


@given(any_text, pieces_of_text)
def test_one_reading_finds_the_longest_copy_and_the_share(text: str, pieces: list[str]) -> None:
    copies = find_copies(text * 3, (piece for piece in pieces * 3))
    assert copies.longest == find_longest_copy(text * 3, pieces * 3)
    assert copies.share == pytest.approx(share_copied(text * 3, pieces * 3))


def test_a_text_that_stands_whole_in_a_corpus_is_copied_whole() -> None:
    text = "the sea was wide and blue on that day"
    assert find_copies(text, ["x" * 70_000, text, "y" * 70_000]).share == 1
    assert find_copies(text[:29], ["x" * 70_000, text]).share == 0
