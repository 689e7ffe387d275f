import json
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from typer.testing import Result

from rnnchat.cli import bench, bench_generate, plain_loop
from rnnchat.cli.bench_generate import AIMS, choose_reading_way, make_model, measure_samplers
from rnnchat.cli.bench_view import Aim, format_figure, list_aims
from rnnchat.cli.plain_loop import DEFAULT_THREADS, TEMPERATURE, choose_ways, list_loops
from rnnchat.cli.stopwatch import Figure, Way, compare, count_calls, list_thread_counts, measure_rates, summarise
from rnnchat.generation import sampling
from rnnchat.generation.runtime import Runtime
from rnnchat.generation.sampling import PIPELINE, Past, Step, apply_temperature
from rnnchat.generation.settings import Settings
from rnnchat.generation.thread import count_work
from rnnchat.model.config import CELLS, Cell
from rnnchat.model.file import Model


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Little memory to read, no new processes, one thread."""
    monkeypatch.setattr(bench_generate, "READ_BYTES", 2**20)
    monkeypatch.setattr(bench_generate, "write_in_new_process", lambda path: path.stat())
    monkeypatch.setattr(bench_generate, "count_cores", lambda: 1)
    monkeypatch.setattr("rnnchat.generation.thread.count_cores", lambda: 1)


def read_record(result: Result) -> dict:
    assert result.exit_code == 0, result.stderr
    return json.loads(result.stdout)


def test_a_model_is_measured_in_all_ways(run: Callable[..., Result], tiny_model: Path) -> None:
    record = read_record(run("bench", "generate", tiny_model, "--seconds", 0.002, "--rounds", 2, "--json"))
    (model,) = record["models"]
    ways = ["plain torch loop", "best torch loop"]
    for precision in ("float32", "int8"):
        ways += [precision, f"{precision}, 8 candidates", f"{precision}, 64 candidates"]
    assert sorted(model["ways"]) == sorted(ways)
    assert all(len(way["rounds"]) == 2 and min(way["rounds"]) > 0 for way in model["ways"].values())
    assert record["aims"] == []


def test_figures_follow_from_the_rates(run: Callable[..., Result], tiny_model: Path) -> None:
    record = read_record(run("bench", "generate", tiny_model, "--seconds", 0.002, "--rounds", 1, "--json"))
    (model,) = record["models"]
    rates = {name: way["rounds"][0] for name, way in model["ways"].items()}
    figures = {name: figure["median"] for name, figure in model["figures"].items()}
    assert figures["int8 against the plain torch loop"] == pytest.approx(
        rates["int8"] / rates["plain torch loop"], 0.01
    )
    assert figures["float32, 64 candidates against one"] == pytest.approx(
        rates["float32, 64 candidates"] / rates["float32"], 0.01
    )
    used = rates["float32"] * 4 * model["weights_per_step"]
    assert figures["float32, share of the memory limit"] == pytest.approx(used / model["memory_bytes_per_s"], 0.01)


def test_a_chosen_size_is_measured_against_its_aims(
    run: Callable[..., Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(bench_generate.SIZES, "2x512", bench_generate.Size((8, 8)))
    record = read_record(run("bench", "generate", "--size", "2x512", "--seconds", 0.002, "--rounds", 1, "--json"))
    assert [aim["figure"] for aim in record["aims"]] == [aim.figure for aim in AIMS if aim.size == "2x512"]
    (model,) = record["models"]
    for aim in record["aims"]:
        assert aim["median"] == model["figures"][aim["figure"]]["median"]


def test_the_tables_tell_aims_rates_and_figures(run: Callable[..., Result], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(bench_generate.SIZES, "1x128", bench_generate.Size((8,)))
    monkeypatch.setitem(bench_generate.SIZES, "words", bench_generate.Size((8,), 4, words=300))
    result = run("bench", "generate", "--size", "words", "--size", "1x128", "--seconds", 0.002, "--rounds", 1)
    assert result.exit_code == 0, result.stderr
    lines = result.stdout.splitlines()
    assert any(line.startswith("words") and "at most 40 %" in line for line in lines)
    assert any("words (words)" in line and "1x128 (chars)" in line for line in lines)
    assert any(line.startswith("int8 against the best torch loop") and line.count("x") >= 2 for line in lines)


@pytest.mark.parametrize("seconds", ["0", "-1", "nan", "inf"])
def test_a_time_that_cannot_be_is_wrong_usage(run: Callable[..., Result], tiny_model: Path, seconds: str) -> None:
    result = run("bench", "generate", tiny_model, "--seconds", seconds)
    assert result.exit_code == 2
    assert "--seconds" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "word"), [(("--size", "4x9"), "4x9"), (("tiny", "--size", "2x512"), "leave out")]
)
def test_a_size_that_cannot_be_is_wrong_usage(
    run: Callable[..., Result], arguments: tuple[str, ...], word: str
) -> None:
    result = run("bench", "generate", *arguments)
    assert result.exit_code == 2
    assert word in result.stderr


def test_the_command_names_the_sizes_that_there_are() -> None:
    assert tuple(bench_generate.SIZES) == bench.GENERATE_SIZES


def test_each_aim_is_about_a_figure_that_is_measured(make_model: Callable[..., Model], tiny_model: Path) -> None:
    model = make_model()
    reading = Way("reading", lambda: None)
    threads = bench_generate.choose_all_threads(model)
    measured = bench_generate.measure_model("2x512", model, tiny_model, threads, reading, 0.001, 1)
    assert {aim.figure for aim in AIMS} <= measured.figures.keys()
    assert {aim.size for aim in AIMS} <= bench_generate.SIZES.keys()
    assert [aim.size for aim, _ in list_aims(AIMS, [measured])] == ["2x512"] * sum(aim.size == "2x512" for aim in AIMS)


@pytest.mark.parametrize(
    ("is_most", "median", "is_met"), [(False, 5.0, True), (False, 4.99, False), (True, 5.0, True), (True, 5.01, False)]
)
def test_an_aim_is_met_by_the_median(is_most: bool, median: float, is_met: bool) -> None:
    assert Aim("2x512", "anything", 5, is_most).is_met(Figure(median, 1, 9)) is is_met


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("int8 against the best torch loop", "0.25x"),
        ("int8, 8 candidates against one", "0.25x"),
        ("int8, share of the memory limit", "25 %"),
        ("int8, all samplers against a step", "25 %"),
        ("int8, file to first character", "250 ms"),
    ],
)
def test_a_figure_is_shown_in_its_unit(name: str, text: str) -> None:
    assert format_figure(name, 0.25) == text


def test_ratios_are_taken_within_rounds() -> None:
    assert compare([10, 200, 30], [1, 20, 3]) == Figure(10, 10, 10)
    assert summarise([3, 1, 2]) == Figure(2, 1, 3)


def test_ways_take_turns() -> None:
    called: list[str] = []
    ways = [Way(name, lambda: time.sleep(0.002), prepare=lambda name=name: called.append(name)) for name in "ab"]
    rates = measure_rates(ways, seconds=0.001, rounds=3)
    assert called == ["a", "b"] * 3
    assert all(len(rounds) == 3 for rounds in rates.values())


def test_what_a_call_brings_is_counted() -> None:
    calls = []
    rate = measure_rates([Way("a", lambda: calls.append(time.perf_counter()), amount=64)], seconds=0.01, rounds=1)["a"][
        0
    ]
    longest_s, shortest_s = 0.01 + 2 * (calls[-1] - calls[0]), calls[-1] - calls[0]
    assert 64 * len(calls) / longest_s <= rate <= 64 * len(calls) / shortest_s


def test_a_call_that_takes_long_is_made_once() -> None:
    calls: list[None] = []
    count_calls(lambda: (calls.append(None), time.sleep(0.01)), seconds=0.001)
    assert len(calls) == 1


@pytest.mark.parametrize(("cores", "counts"), [(1, [1]), (2, [1, 2]), (6, [1, 2, 4, 6]), (8, [1, 2, 4, 8])])
def test_all_cores_and_half_of_them_and_so_on_are_tried(cores: int, counts: list[int]) -> None:
    assert list_thread_counts(cores) == counts


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize(
    ("hidden_sizes", "embedding_size", "tied", "residual"),
    [((6, 6), 4, True, False), ((7, 5), 0, False, False), ((6, 6), 6, False, True), ((6, 6), 0, False, True)],
)
@pytest.mark.parametrize("has_table", [True, False])
def test_every_torch_loop_computes_the_same_function(
    make_model: Callable[..., Model],
    monkeypatch: pytest.MonkeyPatch,
    cell: Cell,
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


def test_all_of_a_big_array_is_read() -> None:
    reading = choose_reading_way(1, 0.001)
    assert reading.amount == bench_generate.READ_BYTES
    assert float(torch.as_tensor(reading.run()).sum()) == bench_generate.READ_BYTES / 4  # it holds ones


@pytest.mark.parametrize("words", [0, 300])
def test_made_models_are_the_same_each_time(words: int) -> None:
    size = bench_generate.Size((8, 8), 4, words)
    one, other = make_model(size), make_model(size)
    assert one.config.vocab_size == one.tokenizer.vocab_size == (words or 65)
    assert one.weights.keys() == one.config.weight_shapes().keys()
    assert all(np.array_equal(one.weights[name], other.weights[name]) for name in one.weights)


def test_the_largest_size_is_as_it_says() -> None:
    config = make_model(bench_generate.SIZES["2x512"]).config
    assert config.describe() == "lstm 2×512"
    # the first layer's recurrent matrix, the second's two, and the output
    assert count_work(config) == (1 + 2) * 4 * 512 * 512 + 65 * 512


def test_every_sampler_is_used_when_their_cost_is_measured(
    make_model: Callable[..., Model], monkeypatch: pytest.MonkeyPatch
) -> None:
    used: set[str] = set()

    def watch(step: Step) -> Step:
        def is_used(settings: Settings, past: Past) -> bool:
            used.update([step.name] if step.is_used(settings, past) else [])
            return step.is_used(settings, past)

        return step._replace(is_used=is_used)

    monkeypatch.setattr(sampling, "PIPELINE", tuple(map(watch, PIPELINE)))
    model = make_model()
    assert measure_samplers(model, Runtime(model), 0.01) > 0
    assert used >= {step.name for step in PIPELINE} - {"loop escape"}  # which needs a loop
