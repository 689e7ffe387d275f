import json
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import Result

from rnnchat.bench import generate as bench_generate
from rnnchat.bench.generate import AIMS
from rnnchat.cli import bench
from rnnchat.cli.bench_view import format_figure

pytestmark = pytest.mark.usefixtures("small_writing")


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
