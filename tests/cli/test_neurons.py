import json
import random
from collections.abc import Callable
from pathlib import Path

import pytest
from rich.cells import cell_len
from rich.console import Console
from typer.testing import Result

from rnnchat.cli import neurons
from rnnchat.cli.neurons import lay_out, print_activity

Run = Callable[..., Result]


@pytest.fixture
def text(tmp_path: Path) -> Path:
    dice = random.Random(0)
    path = tmp_path / "text.txt"
    path.write_text("".join(dice.choices("\n  abcdefgh", k=3000)), encoding="utf-8")
    return path


def test_units_are_listed_and_the_best_are_shown_at_work(run: Run, tiny_model: Path, text: Path) -> None:
    result = run("models", "neurons", tiny_model, text, "--top", 1)
    assert result.exit_code == 0
    record = json.loads(run("models", "neurons", tiny_model, text, "--top", 1, "--json").stdout)
    assert record["symbols"] == 3000
    for found in record["features"]:
        assert f"{found['correlation']:+.3f}" in result.stdout
        assert found["layer"] in (0, 1)
    best = record["features"][0]
    assert result.stdout.count(f"{best['feature']}: layer {best['layer']}, unit {best['unit']}\n") == 1
    assert ["excerpt" in found for found in record["features"]] == [True] + [False] * (len(record["features"]) - 1)
    assert len(best["excerpt"]["symbols"]) == len(best["excerpt"]["activity"]) > 100
    assert "".join(best["excerpt"]["symbols"]) in text.read_text(encoding="utf-8")
    assert "digit" in record["skipped"]
    assert neurons.LEGEND in result.stdout


def test_one_unit_is_shown_over_the_whole_text(run: Run, tiny_model: Path, text: Path) -> None:
    record = json.loads(run("models", "neurons", tiny_model, text, "--unit", "1:4", "--json").stdout)
    assert "".join(record["symbols"]) == text.read_text(encoding="utf-8")
    assert len(record["activity"]) == 3000
    shown = run("models", "neurons", tiny_model, text, "--unit", "1:4").stdout.splitlines()
    assert "".join(shown[:-2:2]).count("↵") == text.read_text(encoding="utf-8").count("\n")


@pytest.mark.parametrize("unit", ["1", "a:1", "1:-1", "2:0", "0:7", ":", "1:" + "9" * 50])
def test_a_unit_that_is_not_there_is_told_in_a_sentence(run: Run, tiny_model: Path, text: Path, unit: str) -> None:
    result = run("models", "neurons", tiny_model, text, "--unit", unit)
    assert result.exit_code == 2
    assert " must be " in result.stderr
    assert result.stdout == ""


def test_a_line_of_marks_lies_below_each_line_of_text(capsys: pytest.CaptureFixture[str]) -> None:
    print_activity([("a", 0.55), ("bc", -0.31), ("漢", 1.7), ("\n", 0.05), ("\x1b", -1.0)])
    assert capsys.readouterr().out.splitlines() == ["abc漢↵", "5cc9 ·", "␛", "i"]


def test_long_lines_are_cut_at_the_width() -> None:
    lines = list(lay_out([("漢字 and more", 0.5)] * 40))
    assert all(cell_len("".join(glyph for glyph, _ in line)) <= neurons.WIDTH for line in lines)
    assert "".join(glyph for line in lines for glyph, _ in line) == "漢字 and more" * 40


def test_colours_go_from_red_over_white_to_blue(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("rich.console.Console", lambda **options: Console(
        **options, force_terminal=True, color_system="truecolor", no_color=False))  # fmt: skip
    print_activity([("a", -3.0), ("b", 0.0), ("c", 1.0)])
    shown = capsys.readouterr().out
    for colour in (neurons.RED, (255, 255, 255), neurons.BLUE):
        assert "48;2;" + ";".join(map(str, colour)) in shown
    assert shown.count("\n") == 1  # no marks below
