import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import Result

from rnnchat.model.file import Model, write_model
from rnnchat.model.record import TrainingRecord
from rnnchat.paths import models_dir

Run = Callable[..., Result]


@pytest.fixture
def other_model(make_model: Callable[..., Model], tmp_path: Path) -> Path:
    path = tmp_path / "other.safetensors"
    write_model(make_model("gru", (6,), seed=1), path)
    return path


def test_two_models_write_from_the_same_prompt_with_the_same_seed(
    run: Run, tiny_model: Path, other_model: Path
) -> None:
    result = run("compare", tiny_model, other_model, "-p", "abc", "--length", 30, "--json")
    samples = json.loads(result.stdout)["samples"]
    assert [sample["model"] for sample in samples] == [str(tiny_model), str(other_model)]
    assert len({sample["seed"] for sample in samples}) == 1
    for sample in samples:
        alone = run("generate", sample["model"], "-p", "abc", "--length", 30, "--seed", sample["seed"], "--json")
        assert json.loads(alone.stdout)["text"] == sample["text"]


def test_one_model_is_compared_at_several_temperatures(run: Run, tiny_model: Path) -> None:
    result = run("compare", tiny_model, "--temperature", 0, "--temperature", 1.5, "--seed", 2, "--json")
    samples = json.loads(result.stdout)["samples"]
    assert [sample["temperature"] for sample in samples] == [0, 1.5]
    assert samples[0]["text"] != samples[1]["text"]


def test_temperatures_that_take_turns_compare_with_a_fixed_one(run: Run, tiny_model: Path) -> None:
    arguments = ("compare", tiny_model, "--temperature", "0.1,1.9", "--temperature", 1, "--seed", 2, "--ban", "h")
    samples = json.loads(run(*arguments, "--json").stdout)["samples"]
    alone = run("generate", tiny_model, "--temperature", "0.1,1.9", "--seed", 2, "--ban", "h", "--json")
    assert samples[0]["text"] == json.loads(alone.stdout)["text"]
    assert "── tiny · temperature 0.1,1.9" in run(*arguments).stdout


def test_a_file_gives_scores_that_the_score_command_gives_too(
    run: Run, tiny_model: Path, other_model: Path, tmp_path: Path
) -> None:
    text = tmp_path / "text.txt"
    text.write_text("abc def\n" * 40)
    result = run("compare", tiny_model, other_model, "--file", text, "--length", 5, "--json")
    for sample in json.loads(result.stdout)["samples"]:
        score = json.loads(run("score", sample["model"], text, "--json").stdout)
        assert sample["bits_per_char"] == pytest.approx(score["bits_per_char"])


def test_without_a_file_the_prompt_is_what_models_are_scored_on(
    run: Run, tiny_model: Path, other_model: Path, tmp_path: Path
) -> None:
    (tmp_path / "prompt.txt").write_text("abc")
    arguments = ("compare", tiny_model, other_model, "-p", "abc", "--length", 5)
    for sample in json.loads(run(*arguments, "--json").stdout)["samples"]:
        score = json.loads(run("score", sample["model"], tmp_path / "prompt.txt", "--json").stdout)
        assert sample["bits_per_char"] == pytest.approx(score["bits_per_char"])
    assert run(*arguments).stdout.count("bits per character of the prompt") == 2


def test_figures_of_different_texts_name_their_texts(
    run: Run, make_model: Callable[..., Model], tmp_path: Path
) -> None:
    for name, corpus in (("v1.2", "plays"), ("v1.3", "letters")):
        model = replace(make_model(), training=TrainingRecord(corpus=corpus, bits_per_char=2.5))
        write_model(model, models_dir() / f"{name}.safetensors")
    output = run("compare", "v1.2", "v1.3", "--length", 5).stdout
    assert "── v1.2 · temperature" in output
    assert "── v1.3 · temperature" in output
    assert "2.500 bits per character of the text held out of plays" in output
    assert "2.500 bits per character of the text held out of letters" in output


def test_standard_input_is_read_once_for_all_models(run: Run, tiny_model: Path, other_model: Path) -> None:
    result = run("compare", tiny_model, other_model, "--file", "-", "--length", 5, "--json", input="abc def\n" * 40)
    scores = [sample["bits_per_char"] for sample in json.loads(result.stdout)["samples"]]
    assert all(scores)
    assert scores[0] != scores[1]


def test_without_a_terminal_samples_stand_below_each_other(run: Run, tiny_model: Path, other_model: Path) -> None:
    lines = run("compare", tiny_model, other_model, "-p", "abc", "--seed", 1).stdout.splitlines()
    assert lines.index("── tiny · temperature 0.8") < lines.index("── other · temperature 0.8")
    assert sum(line.endswith("characters per second") for line in lines) == 2


def test_a_lone_model_is_wrong_usage(run: Run, tiny_model: Path) -> None:
    result = run("compare", tiny_model)
    assert result.exit_code == 2
    assert "second model" in result.stderr


@pytest.fixture
def long_text(tmp_path: Path) -> Path:
    path = tmp_path / "long.txt"
    path.write_text("abc def hag bed\ncab a face\n" * 120)
    return path


def test_a_text_gives_a_verdict_with_interval_and_blocks(
    run: Run, tiny_model: Path, other_model: Path, long_text: Path
) -> None:
    arguments = ("compare", tiny_model, other_model, "--file", long_text, "--length", 5)
    verdict = json.loads(run(*arguments, "--json").stdout)["verdict"]
    assert verdict["outcome"] == "better"
    assert verdict["chars"] == 27 * 120
    low, high = verdict["difference"]["interval"]
    best, second = verdict["models"]
    assert 0 < low < second["bits_per_char"] - best["bits_per_char"] < high
    output = run(*arguments).stdout
    assert output.startswith(verdict["sentence"])
    assert f"{verdict['blocks']} blocks" in output
    assert output.count("●") == 2


def test_several_files_are_one_text(run: Run, tiny_model: Path, other_model: Path, long_text: Path) -> None:
    other = long_text.with_name("other.txt")
    other.write_text("face bad\n" * 10)
    arguments = ("compare", tiny_model, other_model, "--file", long_text, "--file", other, "--length", 5, "--json")
    record = json.loads(run(*arguments).stdout)
    assert record["files"] == [str(long_text), str(other)]
    assert record["verdict"]["chars"] > 27 * 120 + 90


def test_the_same_model_twice_shows_no_difference(run: Run, tiny_model: Path, long_text: Path) -> None:
    twin = tiny_model.with_name("twin.safetensors")
    twin.write_bytes(tiny_model.read_bytes())
    record = json.loads(run("compare", tiny_model, twin, "--file", long_text, "--length", 5, "--json").stdout)
    assert record["verdict"]["outcome"] == "equal"


def test_each_line_of_a_file_of_prompts_is_continued(run: Run, tiny_model: Path, other_model: Path) -> None:
    prompts = tiny_model.with_name("prompts.txt")
    prompts.write_text("abc\n\nbed\n")
    result = run("compare", tiny_model, other_model, "--prompts", prompts, "--length", 5, "--seed", 3, "--json")
    samples = json.loads(result.stdout)["samples"]
    assert [(Path(one["model"]).stem, one["prompt"]) for one in samples] == [
        ("tiny", "abc"), ("tiny", "bed"), ("other", "abc"), ("other", "bed"),
    ]  # fmt: skip
    alone = run("generate", tiny_model, "-p", "bed", "--length", 5, "--seed", 3, "--json")
    assert json.loads(alone.stdout)["text"] == samples[1]["text"]


def test_a_file_without_a_prompt_is_wrong_usage(run: Run, tiny_model: Path, other_model: Path) -> None:
    prompts = tiny_model.with_name("prompts.txt")
    prompts.write_text("\n \n")
    assert run("compare", tiny_model, other_model, "--prompts", prompts).exit_code in (1, 2)


@pytest.mark.parametrize("content", [b"", bytes(range(256)) * 20], ids=["empty", "binary"])
def test_a_file_that_is_no_text_is_refused_in_a_sentence(
    run: Run, tiny_model: Path, other_model: Path, content: bytes
) -> None:
    path = tiny_model.with_name("no-text.bin")
    path.write_bytes(content)
    result = run("compare", tiny_model, other_model, "--file", path)
    assert result.exit_code == 1
    assert "no-text.bin" in result.stderr
    assert result.stdout == ""


def test_a_report_is_one_page_with_all_that_was_found_and_runs_nothing_a_model_wrote(
    run: Run, make_model: Callable[..., Model], long_text: Path
) -> None:
    paths = [long_text.with_name(f"{name}.safetensors") for name in ("one", "two")]
    for seed, path in enumerate(paths):
        write_model(make_model(symbols="\n <b>adefhcg", seed=seed), path)
    page = long_text.with_name("report.html")
    assert run("compare", *paths, "--file", long_text, "-p", "<b>", "--html", page).exit_code == 0
    content = page.read_text()
    for wanted in ("predicts this text better", "<polyline", "<circle", "one · temperature 0.8", "reads", "&lt;b&gt;"):
        assert wanted in content
    assert "<b>" not in content
    assert "http" not in content
    assert "<script" not in content


def test_markdown_has_a_row_for_each_model(run: Run, tiny_model: Path, other_model: Path, long_text: Path) -> None:
    output = run("compare", tiny_model, other_model, "--file", long_text, "--length", 5, "--markdown").stdout
    rows = [line for line in output.splitlines() if line.startswith("| /")]
    assert len(rows) == 2
    assert "| model | bits/char | 95 % |" in output


def test_a_script_learns_from_the_exit_status_whether_the_first_model_is_worse(
    run: Run, tiny_model: Path, other_model: Path, long_text: Path
) -> None:
    arguments = ("--file", long_text, "--length", 5)
    record = json.loads(run("compare", tiny_model, other_model, *arguments, "--json").stdout)
    best, second = (one["model"] for one in record["verdict"]["models"])
    assert run("compare", best, second, *arguments, "--fail-if-worse", 0).exit_code == 0
    failed = run("compare", second, best, *arguments, "--fail-if-worse", 0)
    assert failed.exit_code == 1
    assert "is worse than" in failed.stderr
    assert run("compare", second, best, *arguments, "--fail-if-worse", 5).exit_code == 0
    assert run("compare", best, second, "--fail-if-worse", 0).exit_code == 2


def test_the_matrix_holds_every_model_on_every_models_samples(run: Run, tiny_model: Path, other_model: Path) -> None:
    result = run("compare", tiny_model, other_model, "-p", "abc", "--length", 40, "--json")
    matrix = json.loads(result.stdout)["matrix"]
    assert all(list(row) == [str(tiny_model), str(other_model)] for row in matrix.values())
