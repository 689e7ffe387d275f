"""The corpus ``english``: 193 books of Standard Ebooks, from the sources of given commits, with varied typography.

``english.tsv`` lists the repositories with commit, title and characters. Of each book the body is kept: front and
back matter, notes and the imprint are left out. A paragraph is a line, with a blank line between paragraphs; curly
quotes, dashes and ellipses are as the editors set them, and characters that only control where a line breaks are
removed.

People type otherwise than editors set. So the books, in an order drawn by chance, are cut into blocks of about 60,000
characters, of which 68 % get straight quotes, 12 % what typewriters have ("--", "..."), 15 % stay as they are, and
5 % are wrapped at 60 to 76 columns. All of it is drawn from one seed: the text is the same on every machine.
"""

import io
import random
import re
import shutil
import tarfile
import textwrap
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from importlib.resources import files
from typing import NamedTuple
from xml.etree import ElementTree

from rnnchat import paths
from rnnchat.errors import TextError
from rnnchat.text import web
from rnnchat.text.archive import tag
from rnnchat.text.download import Report, unpack
from rnnchat.text.markup import read_html

HOST = "https://github.com/standardebooks"
SEED = 20261127
BLOCK_CHARS = 60_000
STRAIGHT, TYPED, CURLY = 0.68, 0.80, 0.95
"""Below these, a number drawn for a block gives it straight quotes, typed marks, no change; above, line ends."""
COLUMNS = (60, 76)
_STRAIGHT = str.maketrans({"“": '"', "”": '"', "‘": "'", "’": "'"})
_TYPED = {"—": "--", "…": "...", "⸺": "----", "―": "--"}
_NOTE_MARK = re.compile(r"<a\b[^>]*epub:type=\"[^\"]*noteref[^\"]*\"[^>]*>.*?</a>", re.DOTALL)
_BODY = re.compile(r"<body\b[^>]*epub:type=\"([^\"]*)\"")
_UNWANTED = re.compile("[\u2060\u2009\u200a\u202f\ufeff]")


class Book(NamedTuple):
    """A line of the list."""

    repository: str
    commit: str
    title: str
    chars: int
    """As they were when the list was made."""


def list_books() -> tuple[Book, ...]:
    """The books, by the names of their repositories."""
    lines = files("rnnchat.text").joinpath("english.tsv").read_text(encoding="utf-8").splitlines()[1:]
    rows = (line.split("\t") for line in lines)
    return tuple(Book(repository, commit, title, int(chars)) for repository, commit, title, chars in rows)


def download_book(book: Book) -> str:
    """The text of a book, from the archive of its source at the commit.

    Raises:
        TextError: there is no network, or what is there is another commit, or no book.
    """
    archive = web.download(f"{HOST}/{book.repository}/archive/{book.commit}.tar.gz")
    _check_commit(archive, book)
    sources = unpack(archive, "*/src/epub/*")
    text = convert_book({name.partition("/src/epub/")[2]: content for name, content in sources.items()})
    if not text.strip():
        raise TextError(f"the source of {book.title} ({book.repository}) holds no chapters: please report this")
    return text


def collect(report: Report) -> Iterator[str]:
    """Download what is not here yet, and give the whole corpus in pieces; an interrupted download continues.

    Raises:
        TextError: as `download_book`.
    """
    books = list_books()
    folder = paths.corpora_dir() / "english.parts"
    kept = {book.repository: folder / f"{book.repository}.txt" for book in books}
    for number, book in enumerate(books, 1):
        path = kept[book.repository]
        if path.is_file():
            continue
        report(f"Downloading book {number} of {len(books)}: {book.title}")
        text = download_book(book)
        if abs(len(text) - book.chars) > 0.01 * book.chars:
            report(f"{book.title} has {len(text):,} characters instead of {book.chars:,}")
        paths.write_text_atomically(path, text)
    report("Varying the typography")
    yield from vary_typography({name: partial(path.read_text, encoding="utf-8") for name, path in kept.items()})
    shutil.rmtree(folder, ignore_errors=True)


def convert_book(sources: Mapping[str, bytes]) -> str:
    """The body of a book as text.

    Args:
        sources: the files of ``src/epub`` by their path in it: ``content.opf`` and the pages that it lists.
    """
    package = ElementTree.fromstring(sources["content.opf"])
    pages = {e.attrib["id"]: e.attrib["href"] for e in package.iter() if tag(e) == "item"}
    spine = [pages[e.attrib["idref"]] for e in package.iter() if tag(e) == "itemref" and e.attrib["idref"] in pages]
    texts = []
    for name in spine:
        page = sources.get(name, b"").decode("utf-8", "replace")
        kind = _BODY.search(page)
        if kind and "bodymatter" in kind[1].split():
            texts.append("".join(read_html([_NOTE_MARK.sub("", page)])).strip())
    text = _UNWANTED.sub("", "\n\n".join(text for text in texts if text)).replace("\u00a0", " ")
    return text + "\n"


def vary_typography(books: Mapping[str, Callable[[], str]], seed: int = SEED) -> Iterator[str]:
    """The corpus, a block at a time.

    Args:
        books: by the names of their repositories, what gives each book's text.
        seed: of the order and of the blocks' typography.
    """
    rng = random.Random(seed)
    names = sorted(books, key=lambda name: f"{name}.txt.xz")
    rng.shuffle(names)
    for name in names:
        for block in _cut_blocks(books[name]().strip().split("\n\n")):
            yield _vary(block, rng) + "\n\n"
        yield "\n"


def _cut_blocks(paragraphs: Sequence[str]) -> Iterator[str]:
    """Paragraphs joined to blocks, each a paragraph longer than `BLOCK_CHARS` at most."""
    block: list[str] = []
    size = 0
    for paragraph in paragraphs:
        block.append(paragraph)
        size += len(paragraph)
        if size > BLOCK_CHARS:
            yield "\n\n".join(block)
            block, size = [], 0
    if block:
        yield "\n\n".join(block)


def _vary(block: str, rng: random.Random) -> str:
    drawn = rng.random()
    if drawn < STRAIGHT:
        return _straighten(block)
    if drawn < TYPED:
        return _type(block)
    if drawn < CURLY:
        return block
    text = rng.choice((_straighten, _type))(block)
    return _wrap(text, rng.randint(*COLUMNS))


def _straighten(text: str) -> str:
    return text.translate(_STRAIGHT)


def _type(text: str) -> str:
    text = _straighten(text)
    for mark, typed in _TYPED.items():
        text = text.replace(mark, typed)
    return text


def _wrap(text: str, columns: int) -> str:
    def wrap(line: str) -> str:
        return "\n".join(textwrap.wrap(line, columns, break_long_words=False, break_on_hyphens=False))

    return "\n".join(wrap(line) if line.strip() else "" for line in text.split("\n"))


def _check_commit(archive: bytes, book: Book) -> None:
    """Make sure that an archive says it is of the commit: ``git archive`` writes that into a comment."""
    try:
        with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
            commit = tar.pax_headers.get("comment", "")
    except (tarfile.TarError, EOFError, OSError) as e:
        raise TextError(f"the source of {book.title} is damaged ({e}): try again") from e
    if not commit.startswith(book.commit):
        raise TextError(
            f"the source of {book.title} is not that of commit {book.commit}, so it was discarded: try again"
        )
