"""rnnchat where torch is not installed: everything but training works, and what needs torch says so in a sentence."""

import subprocess
import sys
from pathlib import Path

import pytest

from rnnchat.model.file import write_model

WITHOUT_TORCH = "import sys; sys.modules['torch'] = None; from rnnchat.cli.main import main; main()"


def run(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", WITHOUT_TORCH, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.fixture
def model_file(make_model, tmp_path: Path) -> Path:
    path = tmp_path / "tiny.safetensors"
    write_model(make_model(), path)
    return path


def test_a_model_writes_and_scores_without_torch(model_file: Path, text_file: Path) -> None:
    for arguments in (
        ("generate", model_file, "-p", "a", "--length", 5),
        ("score", model_file, text_file),
        ("models", "show", model_file),
        ("runs", "list"),
    ):
        done = run(*arguments)
        assert done.returncode == 0, done.stderr


def test_what_needs_torch_says_how_to_install_it(model_file: Path, text_file: Path, home: Path) -> None:
    for arguments in (("train", text_file), ("models", "export", model_file, "--torch", home / "a.pt")):
        done = run(*arguments)
        assert (done.returncode, done.stdout) == (1, "")
        assert done.stderr.startswith("rnnchat: this needs torch, which is not installed: run `pip install torch`")
        assert done.stderr.count("\n") == 1
    assert not list((home / "runs").glob("*")), "nothing was begun"
