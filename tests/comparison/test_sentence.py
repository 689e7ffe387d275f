import numpy as np

from rnnchat.analysis.overlap import Overlap
from rnnchat.comparison.estimate import Estimate, Interval
from rnnchat.comparison.preference import Preference
from rnnchat.comparison.sentence import describe_overlap, describe_preference, describe_verdict
from rnnchat.comparison.verdict import Outcome, Standing, Verdict


def make_verdict(outcome: Outcome = "better", more: int | None = None, names: str = "ab") -> Verdict:
    standings = tuple(Standing(name, 1.31 + number, Interval(1.2, 1.4)) for number, name in enumerate(names))
    interval = Interval(0.79, 0.93) if outcome == "better" else Interval(-0.03, 0.06)
    return Verdict(outcome, standings, Estimate(0.86, interval), 41_200, 10, more)


def test_the_better_one_is_named_with_both_figures_the_interval_and_the_number_of_blocks() -> None:
    assert describe_verdict(make_verdict()) == (
        "a predicts this text better: 1.31 against 2.31 bits/char. Better by 0.79 to 0.93 (95 %, 10 blocks)."
    )


def test_among_three_the_best_is_held_against_the_second() -> None:
    assert "a predicts this text best: 1.31 against 2.31 bits/char for b." in describe_verdict(
        make_verdict(names="abc")
    )


def test_no_difference_says_how_much_more_text_would_tell() -> None:
    assert describe_verdict(make_verdict("equal", 8961)) == (
        "No difference seen: 1.31 and 2.31 bits/char (−0.03 to 0.06, 95 %, 10 blocks). "
        "About 9,000 more characters would tell."
    )
    assert "Even 100 times as much text" in describe_verdict(make_verdict("equal", None))


def test_a_short_text_says_what_would_do() -> None:
    verdict = Verdict("short", make_verdict().standings, None, 37, 0, 1963)
    assert describe_verdict(verdict) == "Too short to tell: 37 characters; about 2,000 are enough."


def test_while_a_text_is_read_the_verdict_says_so() -> None:
    assert describe_verdict(make_verdict(), 90_000).startswith("So far (41,200 of 90,000 characters): a predicts")


def test_overlap_is_told_with_the_verdict_without_it() -> None:
    overlaps = {"a": Overlap(0.04, np.array([True])), "b": Overlap(0.0, np.array([False]))}
    assert describe_overlap(overlaps, make_verdict(), make_verdict()) == (
        "4 % of it is in a’s training text; without that, a is still better, 1.31 against 2.31."
    )
    assert "no difference is seen" in describe_overlap(overlaps, make_verdict(), make_verdict("equal"))


def test_a_training_text_that_is_elsewhere_is_admitted() -> None:
    sentence = describe_overlap({"a": None, "b": None}, make_verdict(), None)
    assert sentence == "Overlap with the training text of a and b is unknown: it is not on this machine."


def test_without_any_overlap_nothing_is_said() -> None:
    assert describe_overlap({"a": Overlap(0.0, np.array([False]))}, make_verdict(), None) == ""


def test_a_preference_says_what_would_settle_it() -> None:
    open_question = Preference(0.79, Interval(0.48, 0.94))
    assert describe_preference("a", open_question, 20) == (
        "a is preferred in 79 % of duels (48 % to 94 %): not settled, about 20 more votes"
    )
    assert describe_preference("a", Preference(0.79, Interval(0.6, 0.94)), 0).endswith(": settled")
