from collections.abc import Callable

import numpy as np
import pytest
import torch

from rnnchat.bench import plain_loop
from rnnchat.bench.plain_loop import DEFAULT_THREADS, TEMPERATURE, choose_ways, list_loops
from rnnchat.generation.sampling import apply_temperature
from rnnchat.model.cell import OFFERED_CELLS
from rnnchat.model.file import Model
from rnnchat.runtime.runtime import Runtime


@pytest.mark.parametrize("cell", OFFERED_CELLS)
@pytest.mark.parametrize(
    ("hidden_sizes", "embedding_size", "tied", "residual"),
    [((6, 6), 4, True, False), ((7, 5), 0, False, False), ((6, 6), 6, False, True), ((6, 6), 0, False, True)],
)
@pytest.mark.parametrize("has_table", [True, False])
def test_every_torch_loop_computes_the_same_function(
    make_model: Callable[..., Model],
    monkeypatch: pytest.MonkeyPatch,
    cell: str,
    hidden_sizes: tuple[int, ...],
    embedding_size: int,
    tied: bool,
    residual: bool,
    has_table: bool,
) -> None:
    monkeypatch.setattr(plain_loop, "has_table", lambda _config: has_table)
    model = make_model(cell, hidden_sizes, embedding_size=embedding_size, tied=tied, residual=residual)
    runtime = Runtime(model)
    for name, loop in list_loops(model):
        ids = [0, *(loop.step() for _ in range(6))]
        state = runtime.initial_state()
        for id in ids[:-1]:
            log_probs, state = runtime.step(np.array([id]), state)
        expected = apply_temperature(log_probs, TEMPERATURE)[0]
        np.testing.assert_allclose(loop.probabilities, expected / expected.sum(), atol=1e-5, err_msg=name)


def test_the_torch_loops_draw_by_their_distributions(make_model: Callable[..., Model]) -> None:
    # 1,000 draws of a model whose symbols do not depend on what was read: by chance a count is off by 6 standard
    # deviations once in 500 million times.
    model = make_model(hidden_sizes=(3,))
    model.weights["output.weight"][:] = 0
    torch.manual_seed(1)
    for name, loop in list_loops(model):
        counts = np.bincount([loop.step() for _ in range(1000)], minlength=model.config.vocab_size)
        p = loop.probabilities.numpy()
        assert (abs(counts - 1000 * p) <= 6 * np.sqrt(1000 * p * (1 - p)) + 1).all(), name


def test_the_fastest_loop_and_number_of_threads_are_the_best(
    make_model: Callable[..., Model], monkeypatch: pytest.MonkeyPatch
) -> None:
    before = torch.get_num_threads()

    def count(step: Callable[[], int], _seconds: float) -> float:
        is_cells = isinstance(step.__self__, plain_loop.CellLoop)  # type: ignore[attr-defined]
        return torch.get_num_threads() + 10 * is_cells

    monkeypatch.setattr(plain_loop, "count_calls", count)
    try:
        plain, best, name = choose_ways(make_model(), cores=2, seconds=1)
        assert (name, best.threads, plain.threads) == ("nn.LSTMCell", 2, DEFAULT_THREADS)
        best.prepare()
        assert torch.get_num_threads() == 2
        plain.prepare()
        assert torch.get_num_threads() == DEFAULT_THREADS
    finally:
        torch.set_num_threads(before)
