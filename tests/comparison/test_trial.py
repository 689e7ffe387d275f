import numpy as np
import pytest

from rnnchat.analysis.cell import CELL_CHARS
from rnnchat.analysis.overlap import Overlap
from rnnchat.comparison.trial import Trial

CELLS = 100
TEXT = "x" * (CELLS * CELL_CHARS)


@pytest.fixture
def trial() -> Trial:
    return Trial(TEXT, ["a", "b"])


def make_cells(bits_per_char: float, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(bits_per_char * CELL_CHARS, 2, CELLS)


def test_a_verdict_on_a_part_says_so_and_the_last_one_does_not(trial: Trial) -> None:
    for name, bits in (("a", 2.0), ("b", 3.0)):
        trial.add(name, make_cells(bits)[:60])
    assert trial.describe()[0].startswith("So far (3,000 of 5,000 characters): a predicts this text better")
    for name, bits in (("a", 2.0), ("b", 3.0)):
        trial.add(name, make_cells(bits)[60:])
    assert trial.is_complete
    assert trial.describe()[0].startswith("a predicts this text better")


def test_before_anything_is_read_it_is_too_short_to_tell(trial: Trial) -> None:
    assert "Too short to tell" in trial.describe()[0]
    assert len(trial.measure_curve("a")) == 0


def test_the_verdict_is_repeated_without_what_a_model_learnt_from(trial: Trial) -> None:
    copied = np.arange(CELLS) < 40
    trial.add("a", np.where(copied, 0.0, make_cells(3.0)))
    trial.add("b", make_cells(2.5, seed=1))
    trial.set_overlap("a", Overlap(0.4, copied))
    trial.set_overlap("b", Overlap(0.0, np.zeros(CELLS, bool)))
    assert trial.judge().best.name == "a"
    assert trial.describe()[1].startswith("40 % of it is in a’s training text; without that, b is better")


def test_a_model_that_begins_again_is_read_from_the_start(trial: Trial) -> None:
    trial.add("a", make_cells(9.0))
    trial.restart("a")
    assert len(trial.read("a")) == 0


def test_the_curve_has_the_mean_of_the_text(trial: Trial) -> None:
    trial.add("a", make_cells(2.0))
    assert trial.measure_curve("a").mean() == pytest.approx(2.0, rel=0.02)
