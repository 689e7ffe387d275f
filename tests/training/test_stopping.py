"""A training ends early where it was asked to, and else only where nothing can make up for what is lost."""

from rnnchat.training.stopping import LONG, find_end

FALLING = [3.0, 2.5, 2.2, 2.0]


def test_patience_counts_looks_since_the_best() -> None:
    assert find_end(FALLING, 2) == 0
    assert find_end([*FALLING, 2.1], 2) == 0
    assert find_end([*FALLING, 2.1, 2.0], 2) == 2  # as good is not better
    assert find_end([*FALLING, 2.1, 1.9], 2) == 0


def test_no_patience_never_ends() -> None:
    assert find_end([2.0, *[9.0 + look for look in range(100)]], 0) == 0


def test_without_a_wish_only_a_lost_training_ends() -> None:
    rising = [2.0 * (1 + 0.02 * look) for look in range(1, LONG + 1)]
    assert find_end([*FALLING, *rising[:-1]], None) == 0
    assert find_end([*FALLING, *rising], None) == LONG
    assert find_end([*FALLING, *reversed(rising)], None) == 0  # on its way down again
    assert find_end([*FALLING, *[2.01 + 0.001 * look for look in range(30)]], None) == 0  # hardly worse
    assert find_end([], None) == 0
