import json
import os
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from foreign import VOCAB, write_ml5, write_safetensors
from typer.testing import Result

from rnnchat.model.file import Model, read_model, write_model
from rnnchat.model.record import ModelCard, TrainingRecord
from rnnchat.paths import models_dir, runs_dir

Run = Callable[..., Result]


@pytest.fixture(autouse=True)
def no_shipped_models(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("rnnchat.paths.shipped_models_dir", lambda: tmp_path / "none")


def list_names(run: Run) -> list[str]:
    return [model["name"] for model in json.loads(run("models", "list", "--json").stdout)["models"]]


def test_a_model_goes_in_is_listed_shown_goes_out_and_is_removed(run: Run, tiny_model: Path, tmp_path: Path) -> None:
    assert run("models", "import", tiny_model, "--name", "mine").exit_code == 0
    assert list_names(run) == ["mine"]
    table = run("models", "list").stdout
    assert "lstm 7, 5" in table
    shown = json.loads(run("models", "show", "mine", "--json").stdout)
    assert shown["level"] == "char"
    assert shown["path"] == str(models_dir() / "mine.safetensors")
    assert run("models", "export", "mine", tmp_path / "copy.safetensors").exit_code == 0
    assert (tmp_path / "copy.safetensors").read_bytes() == tiny_model.read_bytes()
    assert run("models", "remove", "mine", "--yes").exit_code == 0
    assert list_names(run) == []


def test_removing_asks_first(run: Run, tiny_model: Path) -> None:
    run("models", "import", tiny_model)
    assert run("models", "remove", "tiny", input="n\n").exit_code == 1
    assert list_names(run) == ["tiny"]
    assert run("models", "remove", "tiny", input="y\n").exit_code == 0
    assert list_names(run) == []


def test_a_name_is_taken_until_replacing_is_allowed(run: Run, tiny_model: Path) -> None:
    run("models", "import", tiny_model)
    assert run("models", "import", tiny_model).exit_code == 1
    assert run("models", "import", tiny_model, "--replace").exit_code == 0


def test_a_damaged_model_is_listed_with_its_problem(run: Run, tiny_model: Path) -> None:
    run("models", "import", tiny_model)
    (models_dir() / "bad.safetensors").write_bytes(tiny_model.read_bytes()[:100])
    result = run("models", "list")
    assert result.exit_code == 0
    assert "tiny" in result.stdout
    assert "bad.safetensors is not a readable model file" in result.stderr


def test_show_tells_what_the_file_says(run: Run, tiny_model: Path) -> None:
    result = run("models", "show", tiny_model)
    assert "10 symbols (char)" in result.stdout
    assert "lstm 7, 5" in result.stdout
    assert run("models", "show", "missing").exit_code == 1


def test_a_file_from_anywhere_cannot_command_the_terminal(
    run: Run, make_model: Callable[..., Model], tmp_path: Path
) -> None:
    model = replace(
        make_model(),
        card=ModelCard(title="\x1b]0;mine\x07 \x9b31m"),
        training=TrainingRecord(corpus="\x1b[2Jgone"),
    )
    write_model(model, tmp_path / "odd.safetensors")
    run("models", "import", tmp_path / "odd.safetensors")
    for arguments in (("models", "show", "odd"), ("models", "list"), ("compare", "odd", "odd", "--length", "3")):
        output = run(*arguments).stdout
        assert "\x1b" not in output
        assert "\x9b" not in output
    assert "␛]0;mine" in run("models", "show", "odd").stdout


def test_removing_a_model_tells_of_the_training_that_keeps_one(run: Run, tiny_model: Path) -> None:
    run("models", "import", tiny_model)
    best = runs_dir() / "tiny" / "best.safetensors"
    best.parent.mkdir(parents=True)
    best.write_bytes(tiny_model.read_bytes())
    assert "`rnnchat runs remove tiny`" in run("models", "remove", "tiny", "--yes").stderr


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="permissions of POSIX, which bind root not")
def test_a_model_without_permission_is_told_as_such(run: Run, tiny_model: Path) -> None:
    tiny_model.chmod(0)
    assert "cannot be read (Permission denied): change its permissions" in run("models", "show", tiny_model).stderr


def test_an_empty_library_says_what_to_do(run: Run) -> None:
    result = run("models", "list")
    assert result.stdout == ""
    assert "rnnchat train" in result.stderr


def test_a_model_goes_out_for_onnx_and_for_torch(run: Run, tiny_model: Path, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    result = run("models", "export", tiny_model, "--onnx", tmp_path / "out", "--torch", tmp_path / "mine.pt")
    assert result.stdout.split() == [str(tmp_path / "out" / "tiny.onnx"), str(tmp_path / "mine.pt")]
    assert all(Path(path).stat().st_size for path in result.stdout.split())
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["tiny.onnx"]  # and no model file


def test_an_export_replaces_nothing_unasked(run: Run, tiny_model: Path, tmp_path: Path) -> None:
    (tmp_path / "mine.onnx").write_text("dear")
    result = run("models", "export", tiny_model, "--onnx", tmp_path / "mine.onnx")
    assert result.exit_code == 1
    assert "already exists" in result.stderr
    assert (tmp_path / "mine.onnx").read_text() == "dear"
    assert run("models", "export", tiny_model, "--onnx", tmp_path / "mine.onnx", "--replace").exit_code == 0
    assert (tmp_path / "mine.onnx").read_bytes() != b"dear"


def test_show_tells_what_8_bits_lose_where_it_was_measured(
    run: Run, tiny_model: Path, make_model: Callable[..., Model], tmp_path: Path
) -> None:
    write_model(replace(make_model(), training=TrainingRecord(int8_loss=0.0123)), tmp_path / "measured.safetensors")
    assert "0.0123 bits per character" in run("models", "show", tmp_path / "measured.safetensors").stdout
    assert json.loads(run("models", "show", tmp_path / "measured.safetensors", "--json").stdout)["int8_loss"] == 0.0123
    assert "int8 loss" not in run("models", "show", tiny_model).stdout


def test_a_model_of_another_program_writes_after_one_command(run: Run, tmp_path: Path) -> None:
    file = write_ml5(tmp_path)
    assert run("models", "import", file.path, "--name", "darwin").exit_code == 0
    assert list_names(run) == ["darwin"]
    assert len(run("generate", "darwin", "-p", "a cab", "--length", "20", "--seed", "1").stdout) >= 20


def test_what_a_foreign_file_leaves_open_is_asked_for_by_option(run: Run, tmp_path: Path) -> None:
    file = write_safetensors(tmp_path)
    result = run("models", "import", file.path)
    assert result.exit_code == 1
    assert "--text FILE" in result.stderr
    (tmp_path / "text.txt").write_text(VOCAB, encoding="utf-8")
    assert run("models", "import", file.path, "--text", tmp_path / "text.txt").exit_code == 0


def test_a_model_goes_out_for_keras_and_comes_back_as_it_was(
    run: Run, make_model: Callable[..., Model], tmp_path: Path
) -> None:
    for cell in ("lstm", "gru", "rnn-relu"):
        write_model(make_model(cell), tmp_path / "first.safetensors")
        assert run("models", "export", tmp_path / "first.safetensors", "--keras", tmp_path, "--replace").exit_code == 0
        assert run("models", "import", tmp_path / "first.keras", "--replace").exit_code == 0
        first, second = read_model(tmp_path / "first.safetensors"), read_model(models_dir() / "first.safetensors")
        assert second.tokenizer.to_json() == first.tokenizer.to_json()
        for name, weight in first.weights.items():
            if "bias_" not in name:
                np.testing.assert_array_equal(second.weights[name], weight)
