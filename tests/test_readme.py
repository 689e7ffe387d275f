"""The README is run: its commands exist, the cheap ones work, and what it points to is there."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
PAGES = [ROOT / "README.md", ROOT / "models" / "README.md", *sorted((ROOT / "docs").glob("*.md"))]

COSTLY = ("train", "corpus fetch", "compare shakespeare mine", "compare mine", "generate mine")
"""Commands that need the network or minutes, or a model that such a command made."""


def find_commands(page: Path) -> list[str]:
    """The ``rnnchat`` commands of a page's code blocks, without their comments."""
    blocks = re.findall(r"```(?:sh|console)\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)
    lines = [line.removeprefix("$ ").split(" #")[0].strip() for block in blocks for line in block.splitlines()]
    return [line for line in lines if line.startswith("rnnchat ")]


COMMANDS = sorted({command for page in PAGES for command in find_commands(page)})


def run(arguments: list[str], folder: Path = ROOT) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "rnnchat", *arguments],
        capture_output=True,
        text=True,
        cwd=folder,
        check=False,
        timeout=120,
    )


def test_the_readme_shows_commands():
    assert len(find_commands(ROOT / "README.md")) >= 4


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_that_is_shown_has_help_and_knows_its_options(command):
    words = shlex.split(command)[1:]
    names = words[:2] if words[0] in ("models", "runs", "corpus", "bench") else words[:1]
    done = run([*names, "--help"])
    assert done.returncode == 0, done.stderr
    for option in (word for word in words if word.startswith("--")):
        assert option.split("=")[0] in done.stdout


@pytest.mark.parametrize("command", [c for c in COMMANDS if not c.removeprefix("rnnchat ").startswith(COSTLY)])
def test_a_cheap_command_works(command, tmp_path):
    text = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")  # prose, for the texts that a reader would have
    (tmp_path / "letters").mkdir()
    for name in ("chapter.txt", "letters/anna.txt"):
        (tmp_path / name).write_text(text, encoding="utf-8")
    words = [str(ROOT / word) if (ROOT / word).is_file() else word for word in shlex.split(command)[1:]]
    done = run(words, tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip()


@pytest.mark.parametrize("row", re.findall(r"^\| `rnnchat ([^|]*)\|", README, re.MULTILINE))
def test_every_command_of_the_table_exists(row):
    first, *others = re.findall(r"[a-z]+", re.sub(r"\[[^]]*\]|[A-Z…]+|-p", "", row)) or ["--help"]
    if first in ("models", "runs", "corpus"):
        for name in others:
            assert run([first, name, "--help"]).returncode == 0
    else:
        assert run([first, "--help"]).returncode == 0


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_and_pictures_are_there(page):
    for target in re.findall(r"\]\(([^)#]+?)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
        if "://" not in target:
            assert (page.parent / target).exists(), target


def test_the_tree_names_every_folder_of_the_package():
    folders = {path.parent.name for path in (ROOT / "rnnchat").glob("*/__init__.py")}
    assert all(re.search(rf"^\s+{folder}/\s", README, re.MULTILINE) for folder in folders)
