import numpy as np
import pytest

from rnnchat.analysis.cell import CELL_CHARS
from rnnchat.comparison.verdict import MAX_BLOCKS, MIN_BLOCKS, MIN_CHARS, cut_blocks, judge

CELLS = 1600
CHARS = CELLS * CELL_CHARS


def make_cells(bits_per_char: float, seed: int, count: int = CELLS) -> np.ndarray:
    """Costs of a model: what the text makes easy or hard for all, and what is the model's own."""
    shared = np.random.default_rng(0).gamma(9, 1 / 9, CELLS)[:count]
    own = np.random.default_rng(seed).normal(0, 0.1, CELLS)[:count]
    return (shared + own) * bits_per_char * CELL_CHARS


def test_the_model_with_fewer_bits_is_better_by_an_interval_that_holds_the_difference() -> None:
    verdict = judge({"worse": make_cells(2.2, 1), "better": make_cells(2.0, 2)}, CHARS)
    assert verdict.outcome == "better"
    assert [standing.name for standing in verdict.standings] == ["better", "worse"]
    assert verdict.best.bits_per_char == pytest.approx(make_cells(2.0, 2).sum() / CHARS)
    assert verdict.difference is not None
    assert verdict.difference.interval.low < 0.2 < verdict.difference.interval.high
    assert verdict.more_chars is None


def test_what_makes_a_text_hard_for_both_models_does_not_blur_their_difference() -> None:
    verdict = judge({"a": make_cells(2.2, 1), "b": make_cells(2.0, 2)}, CHARS)
    assert verdict.difference is not None
    assert verdict.best.interval is not None
    assert verdict.difference.interval.half_width < 0.7 * verdict.best.interval.half_width


def test_the_same_model_twice_shows_no_difference_and_no_amount_of_text_would() -> None:
    verdict = judge({"a": make_cells(2.0, 1), "a again": make_cells(2.0, 1)}, CHARS)
    assert verdict.outcome == "equal"
    assert verdict.more_chars is None


def test_equal_models_are_called_different_in_5_percent_of_1000_texts() -> None:
    random = np.random.default_rng(11)
    alarms = 0
    for _ in range(1000):
        costs = random.normal(100, 20, (2, CELLS)) + random.normal(0, 30, CELLS)
        alarms += judge({"a": costs[0], "b": costs[1]}, CHARS).outcome == "better"
    assert 0.03 <= alarms / 1000 <= 0.07


def test_among_six_equal_models_none_is_called_the_best_more_often_than_between_two() -> None:
    random = np.random.default_rng(12)
    texts = (random.normal(100, 20, (6, CELLS)) for _ in range(200))
    alarms = [judge({str(m): each for m, each in enumerate(costs)}, CHARS).outcome == "better" for costs in texts]
    assert np.mean(alarms) <= 0.07


def test_a_short_text_says_how_much_would_do() -> None:
    verdict = judge({"a": np.array([100.0]), "b": np.array([50.0])}, 37)
    assert verdict.outcome == "short"
    assert verdict.chars == 37
    assert verdict.more_chars == MIN_CHARS - 37
    assert verdict.best.name == "b"
    assert verdict.best.bits_per_char == pytest.approx(50 / 37)


def test_nothing_read_yet_is_too_short() -> None:
    assert judge({"a": np.array([]), "b": np.array([1.0])}, CHARS).outcome == "short"


def test_the_text_said_to_be_needed_settles_most_small_differences() -> None:
    """Half the texts of the length that is said to do are expected to; more where the first look was unlucky."""
    random = np.random.default_rng(13)
    settled = 0
    asked = 0
    for _ in range(100):
        difference = random.normal(1.0, 20, CELLS * 40)
        first = judge({"a": np.zeros(CELLS), "b": difference[:CELLS]}, CHARS)
        if first.outcome == "better" or first.more_chars is None or first.best.name != "a":
            continue
        count = CELLS + first.more_chars // CELL_CHARS
        if count > len(difference):
            continue
        asked += 1
        settled += judge({"a": np.zeros(count), "b": difference[:count]}, count * CELL_CHARS).outcome == "better"
    assert asked > 10
    assert settled / asked > 0.35


def test_the_estimate_narrows_as_more_is_read() -> None:
    def measure_width(count: int) -> float:
        pairs = [{"a": make_cells(2.0, seed, count), "b": make_cells(2.1, seed + 1, count)} for seed in range(1, 40, 2)]
        differences = [judge(cells, CHARS).difference for cells in pairs]
        return sum(difference.interval.half_width for difference in differences if difference) / len(pairs)

    assert measure_width(1600) < measure_width(400) < measure_width(100)


def test_models_that_have_read_unequally_far_are_compared_on_what_both_have_read() -> None:
    ahead = judge({"a": make_cells(2.0, 1), "b": make_cells(2.1, 2, 100)}, CHARS)
    assert ahead == judge({"a": make_cells(2.0, 1, 100), "b": make_cells(2.1, 2, 100)}, CHARS)
    assert ahead.chars == 100 * CELL_CHARS


def test_cells_that_are_left_out_do_not_count() -> None:
    left_out = np.arange(CELLS) < 400
    one, other = make_cells(2.0, 1), make_cells(2.1, 2)
    cheat = np.where(left_out, 0.0, other)
    assert judge({"one": one, "cheat": cheat}, CHARS).best.name == "cheat"
    without = judge({"one": one, "cheat": cheat}, CHARS, left_out)
    assert without.best.name == "one"
    assert without.chars == CHARS - 400 * CELL_CHARS


@pytest.mark.parametrize(
    ("chars", "blocks"), [(2000, MIN_BLOCKS), (40_000, 10), (80_000, MAX_BLOCKS), (1_000_000, MAX_BLOCKS)]
)
def test_blocks_are_as_long_as_the_text_allows(chars: int, blocks: int) -> None:
    sizes = np.full(chars // CELL_CHARS, float(CELL_CHARS))
    edges = cut_blocks(sizes)
    assert len(edges) == blocks
    lengths = np.add.reduceat(sizes, edges)
    assert lengths.max() - lengths.min() <= CELL_CHARS
