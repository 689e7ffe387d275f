import json
from collections.abc import Callable

import pytest
from typer.testing import Result

from rnnchat.bench.train import SIZES, choose_aims
from rnnchat.cli import bench

pytestmark = pytest.mark.usefixtures("small_training")


def read_record(result: Result) -> dict:
    assert result.exit_code == 0, result.stderr
    return json.loads(result.stdout)


def test_every_size_is_measured_against_its_aims(run: Callable[..., Result]) -> None:
    record = read_record(run("bench", "train", "--seconds", 0.001, "--rounds", 2, "--json"))
    assert [network["name"] for network in record["networks"]] == list(SIZES)
    for network in record["networks"]:
        assert list(network["ways"]) == ["rnnchat", *SIZES[network["name"]].others]
        assert all(len(way["rounds"]) == 2 and min(way["rounds"]) > 0 for way in network["ways"].values())
    figures = {network["name"]: network["figures"] for network in record["networks"]}
    assert [(aim["size"], aim["figure"]) for aim in record["aims"]] == [aim[:2] for aim in choose_aims()]
    assert all(aim["median"] == figures[aim["size"]][aim["figure"]]["median"] for aim in record["aims"])
    assert record["machine"]["cores"] > 0


def test_figures_are_ratios_of_the_rates(run: Callable[..., Result]) -> None:
    record = read_record(run("bench", "train", "--seconds", 0.001, "--rounds", 1, "--json"))
    for network in record["networks"]:
        rates = {name: way["rounds"][0] for name, way in network["ways"].items()}
        ratios = [rates["rnnchat"] / rates[other] for other in SIZES[network["name"]].others]
        assert [figure["median"] for figure in network["figures"].values()] == pytest.approx(ratios, rel=0.01)


def test_only_the_sizes_that_are_asked_for_are_shown(run: Callable[..., Result]) -> None:
    result = run("bench", "train", "--size", "128-64", "--size", "2x100", "--seconds", 0.001, "--rounds", 1)
    assert result.exit_code == 0, result.stderr
    lines = result.stdout.splitlines()
    assert any(line.startswith("128-64") and "60.0x" in line for line in lines)
    assert any(line.startswith("windows with one target") and "–" in line for line in lines)
    assert "512" not in result.stdout


@pytest.mark.parametrize(
    ("arguments", "word"),
    [(("--seconds", 0), "--seconds"), (("--seconds", "nan"), "--seconds"), (("--size", "9"), "9")],
)
def test_what_cannot_be_measured_is_wrong_usage(
    run: Callable[..., Result], arguments: tuple[object, ...], word: str
) -> None:
    result = run("bench", "train", *arguments)
    assert result.exit_code == 2
    assert word in result.stderr


def test_the_command_names_the_sizes_that_there_are() -> None:
    assert tuple(SIZES) == bench.TRAIN_SIZES
