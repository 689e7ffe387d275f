"""The axes of a learning curve."""

from hypothesis import given
from hypothesis import strategies as st

from rnnchat.desk.axes import find_limits, mark_times, mark_values


def test_the_first_losses_may_lie_above_the_picture():
    curve = [(1.0, 7.0), *((float(second), 2.0) for second in range(20, 100))]
    low, high = find_limits([curve], 100.0)
    assert low < 2.0 < high < 3.0


def test_the_picture_stays_put_while_a_curve_grows_a_little():
    first = find_limits([[(50.0, 2.05), (60.0, 1.9)]], 100.0)
    later = find_limits([[(50.0, 2.05), (60.0, 1.9), (70.0, 1.85)]], 100.0)
    assert first == later


def test_without_points_there_is_still_a_picture():
    low, high = find_limits([[], []], 60.0)
    assert low < high


@given(st.lists(st.tuples(st.floats(0, 1000), st.floats(0, 30)), min_size=1))
def test_limits_hold_every_late_point_and_leave_room(points):
    low, high = find_limits([points], 1000.0)
    assert 0 <= low < high
    late = [value for elapsed_s, value in points if elapsed_s >= 80]
    assert all(low <= value <= high for value in late)


@given(st.floats(1, 10 * 86_400), st.integers(1, 20))
def test_times_are_round_and_few(end_s, count):
    marks, words = mark_times(end_s, count)
    assert marks[0] == 0
    assert marks[-1] <= end_s
    assert len(marks) == len(words) == len(set(words)) <= count + 1


@given(st.integers(0, 40), st.integers(1, 40), st.integers(2, 20))
def test_values_are_round_and_few(low, span, count):
    marks, words = mark_values(low / 4, (low + span) / 4, count)
    assert all(low / 4 <= mark <= (low + span) / 4 for mark in marks)
    assert len(marks) == len(set(words)) <= count + 1
