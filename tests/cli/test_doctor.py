import errno
import json
import sqlite3
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import Result

from rnnchat.cli import doctor
from rnnchat.paths import database_path, models_dir

Run = Callable[..., Result]
REAL_PROBE = doctor.TORCH_PROBE


@pytest.fixture(autouse=True)
def sound_machine(monkeypatch: pytest.MonkeyPatch, tiny_model: Path) -> None:
    """Spare the seconds of torch; take the tiny model for the one that came along, and any disk for large enough."""
    monkeypatch.setattr(doctor, "TORCH_PROBE", "print('2.9.0', 'with')")
    monkeypatch.setattr(doctor, "MIN_FREE_BYTES", 0)
    monkeypatch.setattr("rnnchat.paths.shipped_models_dir", lambda: tiny_model.parent)


def check(run: Run) -> dict[str, dict[str, object]]:
    return {finding["name"]: finding for finding in json.loads(run("doctor", "--json").stdout)["checks"]}


def test_all_is_well_on_a_sound_machine(run: Run) -> None:
    result = run("doctor")
    assert "problem" not in result.stdout
    assert result.exit_code == 0
    assert "model tiny" in result.stdout


def test_a_damaged_model_is_a_problem_with_its_reason(run: Run, tiny_model: Path) -> None:
    models_dir().mkdir(parents=True)
    (models_dir() / "bad.safetensors").write_bytes(b"bad")
    finding = check(run)["model bad"]
    assert not finding["is_ok"]
    assert "bad.safetensors" in str(finding["detail"])
    assert run("doctor").exit_code == 1


def test_a_damaged_database_is_a_problem(run: Run) -> None:
    database_path().parent.mkdir(parents=True)
    database_path().write_bytes(b"no database at all" * 100)
    finding = check(run)["stories"]
    assert not finding["is_ok"]
    assert finding["advice"]


def test_a_sound_database_is_told_with_its_size(run: Run) -> None:
    database_path().parent.mkdir(parents=True)
    with sqlite3.connect(database_path()) as connection:
        connection.execute("CREATE TABLE story (id)")
    assert check(run)["stories"]["is_ok"]


def test_a_torch_that_cannot_be_loaded_is_a_problem_with_its_last_words(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doctor, "TORCH_PROBE", "raise ImportError('libgomp.so.1 is missing')")
    finding = check(run)["torch"]
    assert not finding["is_ok"]
    assert "libgomp.so.1 is missing" in str(finding["detail"])


def test_the_real_torch_answers_the_probe(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "TORCH_PROBE", REAL_PROBE)
    (finding,) = doctor._check_torch()
    assert finding.is_ok
    assert finding.detail[0].isdigit()


@pytest.mark.skipif(sys.platform == "win32", reason="permissions of POSIX")
def test_a_folder_that_cannot_be_written_is_a_problem(run: Run, monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
    monkeypatch.setattr("os.access", lambda path, mode: False)
    assert not check(run)["data folder"]["is_ok"]


def test_what_a_check_is_refused_is_its_finding(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> None:
        raise PermissionError(errno.EACCES, "Permission denied", "/models")

    monkeypatch.setattr("rnnchat.model.library.list_models", refuse)
    finding = check(run)["models"]
    assert not finding["is_ok"]
    assert finding["detail"] == "/models cannot be used (Permission denied)"
    assert str(finding["advice"]).startswith("change its permissions")
