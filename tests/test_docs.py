"""The pages of docs/ that show Python: what they show is run, and prints what they say."""

import contextlib
import io
import re
from pathlib import Path
from typing import Any

import pytest

import rnnchat

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"```python\n(?P<code>.*?)```(?:\n\n```text\n(?P<printed>.*?)```)?", re.DOTALL)


@pytest.fixture
def shipped_models(monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
    """The models that come along, which tests do not see otherwise."""
    monkeypatch.setattr("rnnchat.paths.shipped_models_dir", lambda: ROOT / "models")


@pytest.mark.usefixtures("shipped_models")
def test_the_page_of_the_library_prints_what_it_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {}
    blocks = list(BLOCK.finditer(PAGE))
    assert len(blocks) > 10
    for block in blocks:
        with contextlib.redirect_stdout(io.StringIO()) as printed:
            exec(compile(block["code"], "docs/api.md", "exec"), names)
        assert _strip(printed.getvalue()) == _strip(block["printed"] or ""), block["code"]


@pytest.mark.parametrize("name", ["LanguageModel", "Reading", "Writing", "Writings"])
def test_every_public_method_is_on_the_page(name: str) -> None:
    methods = {method for method in vars(getattr(rnnchat, name)) if not method.startswith("_")} - {"open"}
    assert methods
    assert {method for method in methods if not re.search(rf"\b{method}\b", PAGE)} == set()


def test_every_setting_is_on_the_page() -> None:
    for setting in rnnchat.Settings().to_json():
        assert re.search(rf"^\| .*`{setting}`.* \|", PAGE, re.MULTILINE), setting


def _strip(text: str) -> list[str]:
    """The lines without spaces at their ends, and without empty lines at the text's ends."""
    return [line.rstrip() for line in text.strip("\n").splitlines()]
