"""Curves of braille go where their numbers go."""

from itertools import pairwise

from rnnchat.desk.axes import mark_counts, place_signs
from rnnchat.tui.canvas import Canvas


def draw(points, end=100.0, limits=(1.0, 3.0), sign=None) -> list[str]:
    canvas = Canvas(54, 12, end, limits, ([1.0, 2.0, 3.0], ["1.0", "2.0", "3.0"]))
    canvas.draw_line(points, "")
    if sign:
        canvas.put_sign(sign, "a", "")
    return canvas.build(([0.0, 50.0, 100.0], ["0", "0:50", "1:40"]), "").plain.split("\n")


def find_row(rows: list[str], column: int) -> int:
    """The one row in which something is drawn in a column of the picture."""
    (row,) = (row for row, line in enumerate(rows[:10]) if line[4 + column] != " ")
    return row


def test_the_picture_is_as_wide_and_high_as_was_asked() -> None:
    rows = draw([(0, 3.0), (100, 1.0)])
    assert [len(row) for row in rows] == [54] * 12


def test_a_falling_line_falls_without_a_gap() -> None:
    rows = draw([(0, 3.0), (100, 1.0)])
    heights = [min(row for row in range(10) if rows[row][4 + column] != " ") for column in range(50)]
    assert (heights[0], heights[-1]) == (0, 9)
    assert all(0 <= after - before <= 1 for before, after in pairwise(heights))


def test_a_steep_fall_is_joined() -> None:
    rows = draw([(0, 3.0), (50, 3.0), (51, 1.0), (100, 1.0)])
    assert all(max(line[4:]) > "\u2800" for line in rows[:10])


def test_a_sign_stands_on_its_line() -> None:
    for y in (1.0, 1.37, 2.0, 2.81, 3.0):
        rows = draw([(0, y), (100, y)], sign=(50, y))
        assert rows[find_row(rows, 0)].count("a") == 1


def test_values_stand_beside_their_rows() -> None:
    rows = draw([(0, 2.0), (100, 2.0)])
    assert rows[0].startswith("3.0┤")
    assert rows[9].startswith("1.0┤")
    assert rows[find_row(rows, 0)].startswith("2.0┤")


def test_what_lies_outside_is_not_drawn() -> None:
    rows = draw([(0, 9.0), (40, 9.0), (60, 2.0), (100, 2.0)], sign=(0, 9.0))
    assert all(line[4:24].strip() == "" for line in rows[:10])
    assert not any("a" in line for line in rows)


def test_a_point_alone_is_a_dot() -> None:
    rows = draw([(50, 2.0)])
    assert sum(sign != " " for line in rows[:10] for sign in line[4:]) == 1


def test_times_stand_under_their_marks() -> None:
    foot, words = draw([(0, 2.0)])[10:]
    assert [place for place, sign in enumerate(foot) if sign == "┬"] == [4, 29, 53]
    assert words.split() == ["0", "0:50", "1:40"]


def test_signs_of_curves_that_run_together_stand_side_by_side() -> None:
    curve = [(0.0, 3.0), (40.0, 2.0), (100.0, 1.0)]
    signs = [place_signs(curve, place, 3, 100.0, 60)[:-1] for place in range(3)]
    places = [x for each in signs for x, _ in each]
    assert len(places) == len(set(places)) > 6
    assert all(y == 3.0 - x / 40 for each in signs for x, y in each if x <= 40)


def test_counts_are_marked_at_round_numbers() -> None:
    for end in (7, 950, 12_345, 2_500_000, 8e9):
        marks, words = mark_counts(end, 5)
        assert 2 <= len(marks) <= 7
        assert len(set(words)) == len(words)
    assert mark_counts(2_000_000, 4)[1] == ["0", "500 k", "1 M", "1.5 M", "2 M"]
