"""Who takes part in a comparison."""

import pytest

from rnnchat.comparison.comparison import Contender, plan_contenders
from rnnchat.errors import UsageError


def test_models_meet_at_the_temperature_they_share() -> None:
    assert plan_contenders(["a", "b", "c"]) == (Contender("a"), Contender("b"), Contender("c"))
    assert [contender.label for contender in plan_contenders(["a", "b"])] == ["a", "b"]


def test_one_model_meets_itself_at_several_temperatures() -> None:
    contenders = plan_contenders(["a"], [0.5, 1.0])
    assert [contender.label for contender in contenders] == ["a T 0.5", "a T 1.0"]
    assert [contender.changes for contender in contenders] == [{"temperature": 0.5}, {"temperature": 1.0}]


def test_two_models_at_two_temperatures_are_four() -> None:
    labels = [contender.label for contender in plan_contenders(["a", "b"], [0.5, 1.0])]
    assert labels == ["a T 0.5", "a T 1.0", "b T 0.5", "b T 1.0"]


@pytest.mark.parametrize(
    ("models", "temperatures", "count"),
    [([], [], 0), (["a"], [], 1), (["a"], [0.5], 1), (list("abcdefg"), [], 7), (["a", "b"], [0.1, 0.2, 0.3, 0.4], 8)],
)
def test_fewer_than_two_or_more_than_six_are_refused(models: list[str], temperatures: list[float], count: int) -> None:
    with pytest.raises(UsageError, match=f"2 to 6 columns and this one would have {count}:"):
        plan_contenders(models, temperatures)


@pytest.mark.parametrize(("models", "temperatures"), [(["a", "b", "a"], []), (["a"], [0.5, 0.5])])
def test_nobody_takes_part_twice(models: list[str], temperatures: list[float]) -> None:
    with pytest.raises(UsageError, match="would stand in two columns"):
        plan_contenders(models, temperatures)
