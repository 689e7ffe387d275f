import hashlib
import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from typer.testing import Result

from rnnchat import paths
from rnnchat.analysis.score import Score, score_text
from rnnchat.cli.score import REPORT_CHARS, report_progress
from rnnchat.cli.score_view import cut_cells
from rnnchat.generation.language_model import LanguageModel
from rnnchat.model.file import Model, write_model
from rnnchat.model.record import TrainingRecord
from rnnchat.text.tokenizer import fit_tokenizer

Run = Callable[..., Result]


@pytest.fixture
def texts(tmp_path: Path) -> list[Path]:
    """Two texts; the second one has a symbol that the tiny model lacks."""
    paths = [tmp_path / "one.txt", tmp_path / "two.txt"]
    paths[0].write_text("abc def\n" * 40, encoding="utf-8")
    paths[1].write_text("haß bad\n" * 10, encoding="utf-8")
    return paths


def score_here(model: Path, *texts: Path) -> Score:
    opened = LanguageModel.open(model, "float32")
    return score_text(opened.network.predictor, opened.tokenizer, [text.read_text(encoding="utf-8") for text in texts])


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


def read_objects(result: Result) -> list[dict[str, Any]]:
    """One object a line."""
    assert result.exit_code == 0, result.stderr
    return [json.loads(line) for line in result.stdout.splitlines()]


def count_bits(record: dict[str, Any]) -> float:
    return float(record["bits_per_char"] * record["chars"])


def test_lines_come_one_by_one_and_the_score_in_the_last_object(run: Run, tiny_model: Path, texts: list[Path]) -> None:
    *lines, whole = read_objects(run("score", tiny_model, texts[1], "--lines", "--json"))
    assert [line["line"] for line in lines] == list(range(1, 11))
    assert {line["content"] for line in lines} == {"haß bad"}
    assert sum(map(count_bits, lines)) == pytest.approx(count_bits(whole))
    assert whole["bits_per_char"] == pytest.approx(score_here(tiny_model, texts[1]).bits_per_char)


def test_symbols_come_one_by_one_with_what_is_unknown(run: Run, tiny_model: Path, texts: list[Path]) -> None:
    *symbols, whole = read_objects(run("score", tiny_model, texts[1], "--symbols", "--json"))
    assert "".join(symbol["symbol"] for symbol in symbols) == texts[1].read_text(encoding="utf-8")
    assert sum(symbol["bits"] for symbol in symbols) == pytest.approx(count_bits(whole))
    unknown = [symbol for symbol in symbols if symbol["unknown"]]
    assert [(symbol["symbol"], symbol["bits"], symbol["rank"]) for symbol in unknown] == [("ß", 16, None)] * 10
    assert all(symbol["rank"] >= 1 for symbol in symbols if not symbol["unknown"])


@pytest.mark.parametrize(("detail", "key"), [("--lines", "bits_per_char"), ("--symbols", "bits")])
def test_the_worst_are_the_most_surprising_ones_in_order(
    run: Run, tiny_model: Path, texts: list[Path], detail: str, key: str
) -> None:
    texts[0].write_text("abc def\nhgf\n\ndaß ist\ncab\n", encoding="utf-8")
    *everything, _ = read_objects(run("score", tiny_model, *texts, detail, "--json"))
    *worst, _ = read_objects(run("score", tiny_model, *texts, detail, "--worst", 4, "--json"))
    ranked = sorted(everything, key=lambda record: -record[key])
    assert [record[key] for record in worst] == pytest.approx([record[key] for record in ranked[:4]])
    assert {record["text"] for record in everything} == {str(text) for text in texts}


def test_rows_of_lines_tell_number_bits_and_text(run: Run, tiny_model: Path, texts: list[Path]) -> None:
    texts[0].write_text("abc\x08\tdef\nhgf\n", encoding="utf-8")
    result = run("score", tiny_model, texts[0], "--lines")
    rows = [line.split(maxsplit=3) for line in result.stdout.splitlines()[1:3]]
    assert [row[0] for row in rows] == ["1", "2"]
    assert rows[0][3] == "abc␈→def"
    assert float(rows[1][1]) > 0


def test_a_row_is_cut_to_the_cells_of_a_terminal() -> None:
    assert cut_cells("abcdef", 6) == "abcdef"
    assert cut_cells("abcdefg", 6) == "abcde…"
    assert cut_cells("日本語で書く", 6) == "日本…"


def test_several_models_stand_in_a_table_the_best_first(
    run: Run, tiny_model: Path, texts: list[Path], make_model: Callable[..., Model], tmp_path: Path
) -> None:
    tokenizer = fit_tokenizer("word", ["abc def\n" * 20])
    other = tmp_path / "words.safetensors"
    write_model(make_model(tokenizer=tokenizer, seed=3), other)
    result = run("score", tiny_model, texts[0], "--and", other, "--json")
    [record] = read_objects(result)
    models = record["models"]
    assert {model["model"] for model in models} == {str(tiny_model), str(other)}
    assert models[0]["bits_per_char"] < models[1]["bits_per_char"]
    alone = {name: read_objects(run("score", name, texts[0], "--json"))[0] for name in (str(tiny_model), str(other))}
    for model in models:
        assert model["bits_per_char"] == pytest.approx(alone[model["model"]]["bits_per_char"])
    table = run("score", tiny_model, texts[0], "--and", other).stdout
    assert re.search(rf"1 +{re.escape(models[0]['model'])}", table)
    assert "per char" in table
    assert "per word" in table


def test_models_that_are_equal_share_a_place(run: Run, tiny_model: Path, texts: list[Path]) -> None:
    table = run("score", tiny_model, *texts, "--and", tiny_model).stdout.splitlines()
    assert [line.split()[0] for line in table[1:3]] == ["1=", "1="]
    assert sum(str(texts[0]) in line for line in table) == 1  # each text has a row, with a column for each model


def test_details_of_several_models_tell_whose_they_are(run: Run, tiny_model: Path, texts: list[Path]) -> None:
    records = read_objects(run("score", tiny_model, texts[1], "--and", tiny_model, "--lines", "--json"))
    assert [record.get("model") for record in records] == [str(tiny_model)] * 20 + [None]
    rows = run("score", tiny_model, texts[1], "--and", tiny_model, "--lines").stdout
    assert rows.count(f"── {tiny_model}") == 2


def test_a_folder_and_a_pattern_stand_for_each_text_in_them(
    run: Run, tiny_model: Path, texts: list[Path], tmp_path: Path
) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    for text in texts:
        text.rename(folder / text.name)
    (folder / "picture.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(range(256)))
    for source in (folder, folder / "*"):
        result = run("score", tiny_model, source, "--json")
        [record] = read_objects(result)
        assert [Path(text["text"]).name for text in record["texts"]] == ["one.txt", "two.txt"]
        assert "picture.png is an image" in result.stderr


def test_the_fast_way_says_how_much_it_differs(run: Run, tiny_model: Path, tmp_path: Path) -> None:
    text = tmp_path / "long.txt"
    text.write_text("abc def\nbad hag " * 400, encoding="utf-8")
    [exact] = read_objects(run("score", tiny_model, text, "--json"))
    [fast] = read_objects(run("score", tiny_model, text, "--fast", "--precision", "float32", "--json"))
    assert (fast["chars"], fast["tokens"]) == (exact["chars"], exact["tokens"])
    assert fast["bits_per_char"] == pytest.approx(exact["bits_per_char"], abs=1e-3)
    assert fast["fast"]["difference_chars"] == 2048
    assert abs(fast["fast"]["difference_bits_per_char"]) < 1e-3
    assert "fast" not in exact
    told = run("score", tiny_model, text, "--fast").stdout
    assert "fast: int8, 32 streams, 512 symbols of warm-up; on the first 2,048 characters" in told


def test_what_is_copied_is_told_with_the_longest_stretch(run: Run, tiny_model: Path, tmp_path: Path) -> None:
    source, text = tmp_path / "source.txt", tmp_path / "text.txt"
    copy = "the sea was wide and blue\non that bright day"
    source.write_text(f"once upon a time {copy}, they say", encoding="utf-8")
    text.write_text(f"my own\nwords: {copy}! Is it so?", encoding="utf-8")
    [record] = read_objects(run("score", tiny_model, text, "--copied-from", source, "--json"))
    copied = record["texts"][0]["copied"]
    assert copied["longest"]["content"] == f" {copy}"
    assert copied["share"] == pytest.approx((len(copy) + 1) / len(text.read_text(encoding="utf-8")))
    told = run("score", tiny_model, text, "--copied-from", source).stdout
    assert f"the longest has {len(copy) + 1}, in line 2" in told
    assert "blue↵on that" in told


def test_the_training_text_is_found_where_it_is_at_hand(
    run: Run, make_model: Callable[..., Model], texts: list[Path], tmp_path: Path
) -> None:
    learnt = "abc def bad " * 20
    digest = hashlib.sha256(learnt.encode()).hexdigest()
    path = tmp_path / "taught.safetensors"
    write_model(replace(make_model(), training=TrainingRecord(corpus="names", sha256=(digest,))), path)
    result = run("score", path, texts[0], "--copied")
    assert result.exit_code == 1
    assert "(names) is not on this machine" in result.stderr
    paths.corpora_dir().mkdir(parents=True)
    (paths.corpora_dir() / "names.txt").write_text(learnt, encoding="utf-8")
    [record] = read_objects(run("score", path, texts[0], "--copied", "--json"))
    assert record["texts"][0]["copied"]["longest"]["content"] == "abc def"


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (["--lines", "--symbols"], "exclude each other"),
        (["--worst", "3"], "add --lines or --symbols"),
        (["--lines", "--worst", "0"], "--worst"),
    ],
)
def test_options_that_cannot_be_are_told(
    run: Run, tiny_model: Path, texts: list[Path], options: list[str], reason: str
) -> None:
    result = run("score", tiny_model, texts[0], *options)
    assert result.exit_code == 2
    assert reason in result.stderr
    assert not result.stdout


def test_nothing_is_scored_before_all_texts_and_models_are_there(run: Run, tiny_model: Path, texts: list[Path]) -> None:
    for arguments in ((tiny_model, texts[0], "missing.txt"), (tiny_model, texts[0], "--and", "missing")):
        result = run("score", *arguments, "--lines")
        assert result.exit_code == 1
        assert "missing" in result.stderr
        assert not result.stdout
