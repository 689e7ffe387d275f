import time

import pytest

from rnnchat.bench.stopwatch import Figure, Way, compare, count_calls, list_thread_counts, measure_rates, summarise


def test_ratios_are_taken_within_rounds() -> None:
    assert compare([10, 200, 30], [1, 20, 3]) == Figure(10, 10, 10)
    assert summarise([3, 1, 2]) == Figure(2, 1, 3)


def test_ways_take_turns() -> None:
    called: list[str] = []
    ways = [Way(name, lambda: time.sleep(0.002), prepare=lambda name=name: called.append(name)) for name in "ab"]
    rates = measure_rates(ways, seconds=0.001, rounds=3)
    assert called == ["a", "b"] * 3
    assert all(len(rounds) == 3 for rounds in rates.values())


def test_what_a_call_brings_is_counted() -> None:
    calls = []
    rate = measure_rates([Way("a", lambda: calls.append(time.perf_counter()), amount=64)], seconds=0.01, rounds=1)["a"][
        0
    ]
    longest_s, shortest_s = 0.01 + 2 * (calls[-1] - calls[0]), calls[-1] - calls[0]
    assert 64 * len(calls) / longest_s <= rate <= 64 * len(calls) / shortest_s


def test_a_call_that_takes_long_is_made_once() -> None:
    calls: list[None] = []
    count_calls(lambda: (calls.append(None), time.sleep(0.01)), seconds=0.001)
    assert len(calls) == 1


@pytest.mark.parametrize(("cores", "counts"), [(1, [1]), (2, [1, 2]), (6, [1, 2, 4, 6]), (8, [1, 2, 4, 8])])
def test_all_cores_and_half_of_them_and_so_on_are_tried(cores: int, counts: list[int]) -> None:
    assert list_thread_counts(cores) == counts
