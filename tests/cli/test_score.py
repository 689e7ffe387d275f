import json
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import Result

from rnnchat.cli.score import REPORT_CHARS, report_progress
from rnnchat.generation.generator import Generator
from rnnchat.generation.score import Score, score_text

Run = Callable[..., Result]


@pytest.fixture
def texts(tmp_path: Path) -> list[Path]:
    """Two texts; the second one has a symbol that the tiny model lacks."""
    paths = [tmp_path / "one.txt", tmp_path / "two.txt"]
    paths[0].write_text("abc def\n" * 40, encoding="utf-8")
    paths[1].write_text("haß bad\n" * 10, encoding="utf-8")
    return paths


def score_here(model: Path, *texts: Path) -> Score:
    generator = Generator.open(model, "float32")
    return score_text(generator.runtime, generator.tokenizer, [text.read_text(encoding="utf-8") for text in texts])


def test_json_has_the_figures_of_the_library(run: Run, tiny_model: Path, texts: list[Path]) -> None:
    record = json.loads(run("score", tiny_model, texts[1], "--json").stdout)
    expected = score_here(tiny_model, texts[1])
    assert record["bits_per_char"] == pytest.approx(expected.bits_per_char)
    assert record["perplexity"] == pytest.approx(expected.perplexity)
    assert (record["chars"], record["tokens"], record["unknown"]) == (80, 70, 10)


def test_several_texts_make_a_table_and_a_total(run: Run, tiny_model: Path, texts: list[Path]) -> None:
    result = run("score", tiny_model, *texts)
    lines = result.stdout.splitlines()
    assert len(lines) == 4
    assert f"{score_here(tiny_model, texts[0]).bits_per_char:.4f}" in lines[1]
    record = json.loads(run("score", tiny_model, *texts, "--json").stdout)
    nats = sum(score_here(tiny_model, text).bits_per_char * len(text.read_text(encoding="utf-8")) for text in texts)
    assert record["bits_per_char"] == pytest.approx(nats / 400)
    assert [text["chars"] for text in record["texts"]] == [320, 80]


def test_one_text_is_told_line_by_line(run: Run, tiny_model: Path, texts: list[Path]) -> None:
    result = run("score", tiny_model, texts[1])
    assert result.exit_code == 0
    assert "perplexity per char" in result.stdout
    assert "10 (12.50%)" in result.stdout


def test_a_text_from_stdin_scores_like_a_file(run: Run, tiny_model: Path, texts: list[Path]) -> None:
    from_file = json.loads(run("score", tiny_model, texts[0], "--json").stdout)
    text = texts[0].read_text(encoding="utf-8")
    from_stdin = json.loads(run("score", tiny_model, "-", "--json", input=text).stdout)
    assert from_stdin["bits_per_char"] == pytest.approx(from_file["bits_per_char"])


def test_a_missing_or_empty_text_is_one_sentence(run: Run, tiny_model: Path, tmp_path: Path) -> None:
    (tmp_path / "empty.txt").touch()
    for name in ("missing.txt", "empty.txt"):
        result = run("score", tiny_model, tmp_path / name)
        assert result.exit_code == 1
        assert name in result.stderr
        assert result.stderr.count("\n") == 1


def test_reporting_progress_changes_no_text() -> None:
    pieces = ["line\n" * REPORT_CHARS, "no end of line" * REPORT_CHARS, "\n", "last"]
    parts = list(report_progress(pieces, "text"))
    assert "".join(parts) == "".join(pieces)
    assert len(parts) > len(pieces)
