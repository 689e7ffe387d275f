import pytest

from rnnchat.comparison.trait import collect_lexicon, describe_samples, find_nonwords, measure_distinct, split_words


def test_words_keep_their_apostrophes_and_leave_figures_and_marks() -> None:
    assert list(split_words("Don't go-- the 3 well-known Ends.")) == ["don't", "go", "the", "well-known", "ends"]


def test_scripts_without_spaces_are_taken_character_by_character() -> None:
    assert list(split_words("天下大勢 and")) == ["天", "下", "大", "勢", "and"]


def test_distinct_is_the_share_of_different_sequences() -> None:
    assert measure_distinct([["a", "b", "a", "b"]], 1) == pytest.approx(2 / 4)
    assert measure_distinct([["a", "b", "a", "b"]], 2) == pytest.approx(2 / 3)
    assert measure_distinct([[]], 1) is None


def test_repetition_counts_what_a_sample_has_said_before_and_not_what_another_said() -> None:
    assert describe_samples(["one two three four five one two three four"]).repetition == pytest.approx(1 / 6)
    assert describe_samples(["one two three four", "one two three four"]).repetition == 0


def test_words_in_no_known_text_are_named_without_the_first_and_last_which_may_be_cut() -> None:
    lexicon = collect_lexicon(["The cat sat on the mat."])
    assert find_nonwords(["e cat blorf on the m"], lexicon) == ["blorf"]
    trait = describe_samples(["e cat blorf on the m"], lexicon)
    assert trait.nonwords == pytest.approx(1 / 6)
    assert trait.nonword_examples == ("blorf",)


def test_without_a_lexicon_nothing_is_said_of_words() -> None:
    assert describe_samples(["a b c"]).nonwords is None


def test_an_empty_sample_has_no_traits() -> None:
    trait = describe_samples([""], {"a"})
    assert (trait.distinct_1, trait.distinct_2, trait.repetition, trait.nonwords) == (None,) * 4
