"""Figures as people read them."""

import pytest

from rnnchat.desk import figures


@pytest.mark.parametrize(
    ("parameters", "words"), [(86, "86"), (86_000, "86 k"), (720_400, "720 k"), (3_400_000, "3.4 M")]
)
def test_weights_are_counted_in_thousands_and_millions(parameters, words):
    assert figures.format_parameters(parameters) == words


@pytest.mark.parametrize(("size", "words"), [(86, "86 bytes"), (310_000, "310 kB"), (6_900_000, "6.9 MB")])
def test_files_have_a_unit(size, words):
    assert figures.format_bytes(size) == words


@pytest.mark.parametrize(("seconds", "words"), [(0, "0:00"), (67, "1:07"), (7985.4, "2:13:05"), (-3, "0:00")])
def test_durations_read_like_a_clock(seconds, words):
    assert figures.format_duration(seconds) == words


@pytest.mark.parametrize(
    ("elapsed_s", "words"),
    [(3, "just now"), (60, "1 min ago"), (7200, "2 h ago"), (86_400, "1 day ago"), (6 * 86_400, "6 days ago")],
)
def test_moments_are_told_from_now(elapsed_s, words):
    assert figures.format_ago(1_000_000_000 - elapsed_s, now=1_000_000_000) == words


def test_a_moment_long_ago_is_a_date():
    assert figures.format_ago(951_782_400, now=1_000_000_000) in ("28 Feb 2000", "29 Feb 2000")


def test_a_sparkline_keeps_both_ends_whatever_its_width():
    values = [3.0, *([2.0] * 500), 1.0]
    line = figures.draw_sparkline(values, 20)
    assert len(line) == 20
    assert (line[0], line[-1]) == ("█", "▁")


def test_a_flat_or_empty_curve_can_be_drawn():
    assert figures.draw_sparkline([2.0, 2.0], 10) == "▁▁"
    assert figures.draw_sparkline([], 10) == ""
    assert figures.draw_sparkline([1.0], 0) == ""
