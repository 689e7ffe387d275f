"""A curve of characters goes where its numbers go."""

from rnnchat.cli.curve import MARK, draw_curve


def test_a_falling_line_falls() -> None:
    rows = draw_curve([(x, 5.0 - x / 20) for x in range(40)], [], width=47, height=6, most_x=40)
    assert len(rows) == 7
    assert {len(row) for row in rows} == {47}
    starts = [row[7:].find("╰") for row in rows[1:6]]
    assert starts == sorted(starts)
    assert starts[0] > 0
    assert rows[0].startswith(" 5.00 ┤─")
    assert rows[5].startswith(" 3.05 ┤")


def test_gaps_between_points_are_bridged() -> None:
    rows = draw_curve([(0, 1.0), (50, 1.0), (99, 1.0)], [], width=57, height=3, most_x=100)
    assert rows[0][7:] == "─" * 50


def test_a_mark_stands_at_its_place() -> None:
    rows = draw_curve([(0, 4.0), (10, 4.0)], [(5, 2.0)], width=18, height=5, most_x=11)
    assert rows[4][7:] == f"     {MARK}     "


def test_the_first_moments_do_not_flatten_the_rest() -> None:
    rows = draw_curve([(0, 100.0), *((x, 3.0 - x / 50) for x in range(1, 50))], [], width=57, height=9, most_x=50)
    assert float(rows[0].split()[0]) < 5
    assert sum("╰" in row for row in rows) > 4


def test_nothing_is_drawn_of_nothing() -> None:
    rows = draw_curve([], [], width=30, height=4, most_x=0.0)
    assert len(rows) == 5
    assert not any("─" in row for row in rows[:4])


def test_one_value_is_a_flat_line() -> None:
    assert draw_curve([(0, 2.0)], [], width=30, height=4, most_x=0.0)[0] == " 2.00 ┤─" + " " * 22
