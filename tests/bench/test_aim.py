import pytest

from rnnchat.bench.aim import Aim
from rnnchat.bench.stopwatch import Figure


@pytest.mark.parametrize(
    ("is_most", "median", "is_met"), [(False, 5.0, True), (False, 4.99, False), (True, 5.0, True), (True, 5.01, False)]
)
def test_an_aim_is_met_by_the_median(is_most: bool, median: float, is_met: bool) -> None:
    assert Aim("2x512", "anything", 5, is_most).is_met(Figure(median, 1, 9)) is is_met
