"""A curve of characters goes where its numbers go."""

from rnnchat.cli.curve import MARK, Cell, draw_curve, draw_curves


def test_a_falling_line_falls() -> None:
    rows = draw_curve([(x, 5.0 - x / 20) for x in range(40)], [], width=47, height=6, max_x=40)
    assert len(rows) == 7
    assert {len(row) for row in rows} == {47}
    starts = [row[7:].find("╰") for row in rows[1:6]]
    assert starts == sorted(starts)
    assert starts[0] > 0
    assert rows[0].startswith(" 5.00 ┤─")
    assert rows[5].startswith(" 3.00 ┤")


def test_gaps_between_points_are_bridged() -> None:
    rows = draw_curve([(0, 1.0), (50, 1.0), (99, 1.0)], [], width=57, height=3, max_x=100)
    assert "─" * 50 in [row[7:] for row in rows]


def test_a_mark_stands_at_its_place() -> None:
    rows = draw_curve([(0, 4.0), (10, 4.0)], [(5, 2.0)], width=18, height=5, max_x=11)
    assert rows[4][7:] == f"     {MARK}     "


def test_the_first_moments_do_not_flatten_the_rest() -> None:
    rows = draw_curve([(0, 100.0), *((x, 3.0 - x / 50) for x in range(1, 50))], [], width=57, height=9, max_x=50)
    assert float(rows[0].split()[0]) < 5
    assert sum("╰" in row for row in rows) > 4


def test_nothing_is_drawn_of_nothing() -> None:
    rows = draw_curve([], [], width=30, height=4, max_x=0.0)
    assert len(rows) == 5
    assert not any("─" in row for row in rows[:4])


def test_one_value_is_a_flat_line() -> None:
    rows = draw_curve([(0, 2.0)], [], width=30, height=3, max_x=0.0)
    assert [row[7:] for row in rows[:3]] == [" " * 23, "─" + " " * 22, " " * 23]


def place(rows: list[list[Cell]], sign: str) -> list[tuple[int, int]]:
    """(column, row) of a sign, from left to right."""
    line = ["".join(cell.text for cell in row)[7:] for row in rows[:-1]]
    return sorted((column, row) for row, text in enumerate(line) for column, each in enumerate(text) if each == sign)


def test_the_lower_of_two_curves_lies_lower() -> None:
    upper, lower = ([(x, start - x / 50) for x in range(50)] for start in (4.0, 2.0))
    rows = draw_curves([("a", lower), ("b", upper)], width=57, height=8, max_x=50)
    assert len(rows) == 9
    assert min(row for _, row in place(rows, "a")) > max(row for _, row in place(rows, "b"))


def test_curves_that_run_together_show_the_signs_of_all() -> None:
    same = [(x, 2.0 - x / 100) for x in range(100)]
    rows = draw_curves([(sign, same) for sign in "abc"], width=67, height=8, max_x=100)
    columns = [[column for column, _ in place(rows, sign)] for sign in "abc"]
    assert all(len(found) > 3 for found in columns)
    assert not set(columns[0]) & set(columns[1]) & set(columns[2])


def test_a_curve_ends_where_its_points_end() -> None:
    rows = draw_curves([("a", [(0, 3.0), (20, 2.0)]), ("b", [(0, 3.0), (99, 2.0)])], 107, 6, 100)
    assert max(column for column, _ in place(rows, "a")) == 20
    assert max(column for column, _ in place(rows, "b")) == 99


def test_every_cell_knows_its_curve() -> None:
    rows = draw_curves([("a", [(0, 2.0), (9, 1.0)]), ("b", [(0, 3.0), (9, 2.0)])], 30, 6, 10)
    signs = {cell.text: cell.owner for row in rows for cell in row if cell.text in ("a", "b")}
    assert signs == {"a": 0, "b": 1}


def test_no_curves_leave_an_empty_frame() -> None:
    rows = draw_curves([("a", [])], 30, 4, 0.0)
    assert [len(row) for row in rows] == [24, 24, 24, 24, 1]
    assert not place(rows, "a")
