import numpy as np
import pytest

from rnnchat.analysis.cell import CELL_CHARS
from rnnchat.analysis.overlap import Overlap, join_overlaps, measure_overlap


def test_cells_that_hold_a_copied_stretch_are_marked_and_others_are_not(text: str) -> None:
    learnt = text[:2000]
    judged = "#" * 500 + text[300:600] + "#" * 500
    overlap = measure_overlap(judged, [learnt])
    assert overlap.share == pytest.approx(300 / 1300)
    assert np.flatnonzero(overlap.cells).tolist() == list(range(500 // CELL_CHARS, 800 // CELL_CHARS))


def test_a_text_of_its_own_overlaps_with_nothing(text: str) -> None:
    overlap = measure_overlap("0123456789" * 100, [text])
    assert overlap.share == 0
    assert join_overlaps([overlap, None]) is None


def test_what_any_model_learnt_from_is_left_out_for_all() -> None:
    one = Overlap(0.5, np.array([True, False, False]))
    other = Overlap(0.5, np.array([False, False, True]))
    joined = join_overlaps([one, None, other])
    assert joined is not None
    assert joined.tolist() == [True, False, True]
