"""The corpus english: its list, from the source of a book to its text, and the typography that is varied."""

import io
import tarfile
from pathlib import Path

import pytest

from rnnchat.errors import TextError
from rnnchat.text import english
from rnnchat.text.catalogue import fetch
from rnnchat.text.english import Book, convert_book, list_books, vary_typography
from tests.text.conftest import Page, Serve

OPF = """<package xmlns="http://www.idpf.org/2007/opf"><manifest>
<item id="t" href="text/titlepage.xhtml"/><item id="one" href="text/chapter-1.xhtml"/>
<item id="two" href="text/chapter-2.xhtml"/><item id="n" href="text/endnotes.xhtml"/></manifest>
<spine><itemref idref="t"/><itemref idref="one"/><itemref idref="two"/><itemref idref="n"/></spine></package>"""
PAGE = '<html><head><title>x</title></head><body epub:type="{}"><section>{}</section></body></html>'
SOURCES = {
    "content.opf": OPF,
    "text/titlepage.xhtml": PAGE.format("frontmatter", "<h1>The Book</h1>"),
    "text/chapter-1.xhtml": PAGE.format(
        "bodymatter z3998:fiction",
        '<h2 epub:type="ordinal z3998:roman">I</h2>\n<p>“It rained,”\nsaid Mr.\u00a0Bennet\u2060—\u200aonce.'
        '<a href="endnotes.xhtml#note-1" id="noteref-1" epub:type="noteref">1</a></p>\n'
        "<blockquote epub:type='z3998:verse'><p><span>One line,</span><br/><span>another…</span></p></blockquote>",
    ),
    "text/chapter-2.xhtml": PAGE.format("bodymatter", "<h2>II</h2><p>End.</p>"),
    "text/endnotes.xhtml": PAGE.format("backmatter", "<p>A note.</p>"),
}
TEXT = "I\n\n“It rained,” said Mr. Bennet—once.\n\nOne line,\nanother…\n\nII\n\nEnd.\n"


def test_a_book_is_its_body_without_front_matter_and_notes():
    assert convert_book({name: page.encode() for name, page in SOURCES.items()}) == TEXT


def test_the_list_has_every_book_once():
    books = list_books()
    assert len({book.repository for book in books}) == len(books) == 193
    assert all(len(bytes.fromhex(book.commit)) == 6 and book.title for book in books)
    assert sum(book.chars for book in books) > 140_000_000


def make_archive(repository: str, commit: str) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(
        fileobj=stream, mode="w:gz", format=tarfile.PAX_FORMAT, pax_headers={"comment": commit}
    ) as archive:
        for name, page in SOURCES.items():
            member = tarfile.TarInfo(f"{repository}-{commit}/src/epub/{name}")
            member.size = len(page.encode())
            archive.addfile(member, io.BytesIO(page.encode()))
    return stream.getvalue()


@pytest.fixture
def books(monkeypatch: pytest.MonkeyPatch, serve: Serve) -> tuple[Book, ...]:
    """Two small books on a server of our own."""
    books = tuple(Book(name, f"{number:012x}", name.upper(), len(TEXT)) for number, name in enumerate(("a_b", "c_d")))
    monkeypatch.setattr(english, "list_books", lambda: books)
    monkeypatch.setattr(english, "HOST", serve.url)
    serve(
        {
            f"/{book.repository}/archive/{book.commit}.tar.gz": Page(
                make_archive(book.repository, book.commit.ljust(40, "0")), "application/x-gzip"
            )
            for book in books
        }
    )
    return books


def test_the_books_are_downloaded_at_their_commits_and_joined(home: Path, books, serve: Serve):
    steps: list[str] = []
    path = fetch("english", steps.append)
    expected = "".join(vary_typography({book.repository: lambda: TEXT for book in books}))
    assert path.read_text() == expected
    assert steps[:2] == ["Downloading book 1 of 2: A_B", "Downloading book 2 of 2: C_D"]
    assert list((home / "corpora").iterdir()) == [path]


def test_an_interrupted_download_continues(books, serve: Serve):
    second = f"/c_d/archive/{books[1].commit}.tar.gz"
    page = serve.pages.pop(second)
    with pytest.raises(TextError, match=r"c_d/archive/.* cannot be downloaded \(status 404"):
        fetch("english")
    serve.pages[second] = page
    fetch("english")
    assert serve.asked == [f"/a_b/archive/{books[0].commit}.tar.gz", second, second]


def test_another_commit_is_refused(books, serve: Serve):
    serve.pages[f"/a_b/archive/{books[0].commit}.tar.gz"] = Page(make_archive("a_b", "f" * 40))
    with pytest.raises(TextError, match="the source of A_B is not that of commit 000000000000"):
        fetch("english")


def test_typography_varies_from_block_to_block_and_is_the_same_each_time():
    long = "“Well…” he said—‘no’ " * 4 + "and walked on along the wet road until evening came down over the hills."
    book = "\n\n".join([long] * 200)
    books = {f"book-{number}": lambda: book for number in range(300)}
    text = "".join(vary_typography(books))
    assert text == "".join(vary_typography(books))
    blocks = text.strip().split("\n\n\n")
    assert len(blocks) == 300
    share = {
        "straight": sum('"' in block and "—" in block and "road\n" not in block for block in blocks) / 300,
        "typed": sum("--" in block and max(map(len, block.split("\n"))) > 80 for block in blocks) / 300,
        "curly": sum("“" in block for block in blocks) / 300,
        "wrapped": sum(max(map(len, block.split("\n"))) <= 76 for block in blocks) / 300,
    }
    assert share["typed"] == pytest.approx(0.12, abs=0.06)
    assert share["curly"] == pytest.approx(0.15, abs=0.06)
    assert share["wrapped"] == pytest.approx(0.05, abs=0.04)
    assert share["straight"] > 0.6
