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
    assert "2.500 bits per character of the text held back from plays" in output
    assert "2.500 bits per character of the text held back from letters" in output


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
