"""The code itself: format, lint, types and layers are tests like any other."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

CHECKS = {
    "formatted": ["ruff", "format", "--check", "."],
    "free of lint": ["ruff", "check", "."],
    "typed": ["mypy"],
    "layered": ["lint-imports"],
}


@pytest.mark.parametrize("quality", CHECKS)
def test_the_code_is(quality):
    tool, *arguments = CHECKS[quality]
    program = shutil.which(tool, path=str(Path(sys.executable).parent))
    assert program, f"{tool} is not installed: pip install -e '.[test]'"
    done = subprocess.run([program, *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
