import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from typer.testing import Result

from rnnchat.cli.bench import TEMPERATURE, PlainLoop
from rnnchat.generation.runtime import Runtime
from rnnchat.generation.sampling import apply_temperature
from rnnchat.model.config import CELLS, Cell
from rnnchat.model.file import Model


def test_both_ways_are_measured(run: Callable[..., Result], tiny_model: Path) -> None:
    record = json.loads(run("bench", "generate", tiny_model, "--seconds", 0.02, "--json").stdout)
    assert record["ratio"] == pytest.approx(record["symbols_per_s"] / record["plain_loop_symbols_per_s"], rel=0.01)


@pytest.mark.parametrize("seconds", ["0", "-1", "nan", "inf"])
def test_a_time_that_cannot_be_is_wrong_usage(run: Callable[..., Result], tiny_model: Path, seconds: str) -> None:
    result = run("bench", "generate", tiny_model, "--seconds", seconds)
    assert result.exit_code == 2
    assert "--seconds" in result.stderr


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize(("hidden_sizes", "embedding_size", "tied"), [((6, 6), 4, True), ((7, 5), 0, False)])
def test_the_plain_loop_computes_the_same_function(
    make_model: Callable[..., Model], cell: Cell, hidden_sizes: tuple[int, ...], embedding_size: int, tied: bool
) -> None:
    model = make_model(cell, hidden_sizes, embedding_size=embedding_size, tied=tied)
    loop, runtime = PlainLoop(model), Runtime(model)
    ids = [0, *(loop.step() for _ in range(6))]
    state = runtime.initial_state()
    for id in ids[:-1]:
        log_probs, state = runtime.step(np.array([id]), state)
    expected = apply_temperature(log_probs[0], TEMPERATURE)
    np.testing.assert_allclose(loop.probabilities, expected / expected.sum(), atol=1e-5)
