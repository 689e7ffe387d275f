import json
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import Result

from rnnchat.paths import models_dir

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
    assert "char, 10 known" in result.stdout
    assert "lstm 7, 5" in result.stdout
    assert run("models", "show", "missing").exit_code == 1


def test_an_empty_library_says_what_to_do(run: Run) -> None:
    result = run("models", "list")
    assert result.stdout == ""
    assert "rnnchat train" in result.stderr
