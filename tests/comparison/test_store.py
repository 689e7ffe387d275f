"""Comparisons and votes: kept, and counted."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from rnnchat.comparison.comparison import Column, Comparison, Contender
from rnnchat.comparison.store import TIE, ComparisonStore, Standing
from rnnchat.errors import StoryError, UsageError
from rnnchat.stories.store import Store


@pytest.fixture
def store(tmp_path: Path) -> Iterator[ComparisonStore]:
    """A store without comparisons."""
    store = ComparisonStore(tmp_path / "a.db")
    yield store
    store.close()


def compare(*contenders: Contender) -> Comparison:
    """A comparison in which each contender wrote its name."""
    columns = tuple(Column(contender, contender.label, 1.5, 9000.0, 123) for contender in contenders)
    return Comparison("The sea was", 7, {"temperature": 0.8, "stop": []}, columns)


A, B, HOT = Contender("a"), Contender("b"), Contender("a", {"temperature": 1.2})


def test_a_comparison_comes_back_as_it_was(store: ComparisonStore) -> None:
    one, other = compare(A, HOT), Comparison("", 1, {}, (Column(B, ""), Column(A, "x")))
    store.save(one)
    store.save(other)
    assert store.load(one.id) == one
    assert store.list_comparisons() == [other, one]
    with pytest.raises(StoryError, match="no comparison nothing"):
        store.load("nothing")


def test_a_comparison_may_be_saved_again_and_keeps_its_vote(store: ComparisonStore) -> None:
    first = compare(A, B)
    store.save(first)
    store.vote(first.id, 1)
    longer = Comparison(first.prompt, first.seed, {}, first.columns[::-1], first.id, first.created)
    store.save(longer)
    assert store.load(first.id) == longer
    vote = store.find_vote(first.id)
    assert vote
    assert vote.preferred == 1


def test_the_last_vote_counts(store: ComparisonStore) -> None:
    comparison = compare(A, B)
    store.save(comparison)
    assert store.find_vote(comparison.id) is None
    store.vote(comparison.id, 0)
    assert store.vote(comparison.id, TIE) == store.find_vote(comparison.id)
    assert store.count_wins() == [Standing("a", 0, 1, 0), Standing("b", 0, 1, 0)]


def test_wins_are_counted_over_all_comparisons_that_were_voted_on(store: ComparisonStore) -> None:
    for contenders, preferred in (((A, B), 0), ((B, A), 1), ((A, B, HOT), 2), ((A, B), TIE)):
        comparison = compare(*contenders)
        store.save(comparison)
        store.vote(comparison.id, preferred)
    store.save(compare(A, B))
    assert store.count_wins() == [Standing("a", 2, 1, 1), Standing("a T 1.2", 1, 0, 0), Standing("b", 0, 1, 3)]


@pytest.mark.parametrize("number", [-1, 2])
def test_there_is_no_vote_for_a_column_that_is_not_there(store: ComparisonStore, number: int) -> None:
    comparison = compare(A, B)
    store.save(comparison)
    with pytest.raises(UsageError, match="choose 1 to 2, or a tie"):
        store.vote(comparison.id, number)


def test_stories_and_comparisons_share_one_file(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    stories, comparisons = Store(path), ComparisonStore(path)
    stories.create("a").add("person", "x")
    comparisons.save(compare(A, B))
    assert len(stories.list_stories()) == len(comparisons.list_comparisons()) == 1
