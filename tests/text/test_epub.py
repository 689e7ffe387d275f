"""EPUB books: their pages in reading order, and one sentence for those that cannot be read."""

import zipfile
from pathlib import Path

import pytest

from rnnchat.text import archive
from rnnchat.text.encoding import UnreadableText
from rnnchat.text.file import TextFile


def read(path: Path) -> str:
    return "".join(TextFile(path).read())


def write_book(path: Path, **others: str) -> None:
    """A book of two chapters, a page of navigation, and a note outside the flow."""
    item = '<item id="{0}" href="{1}" media-type="application/xhtml+xml" properties="{2}"/>'
    manifest = "".join(
        item.format(*fields)
        for fields in [
            ("n", "nav.xhtml", "nav"),
            ("two", "Text/2.xhtml", ""),
            ("one", "Text/the%20first.xhtml", ""),
            ("note", "note.xhtml", ""),
        ]
    )
    spine = '<itemref idref="n"/><itemref idref="one"/><itemref idref="two"/><itemref idref="note" linear="no"/>'
    files = {
        "META-INF/container.xml": '<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>'
        '<rootfile full-path="OEBPS/book.opf"/></rootfiles></container>',
        "OEBPS/book.opf": f'<package xmlns="http://www.idpf.org/2007/opf"><manifest>{manifest}</manifest>'
        f"<spine>{spine}</spine></package>",
        "OEBPS/nav.xhtml": "<html><body><p>Contents</p></body></html>",
        "OEBPS/note.xhtml": "<html><body><p>Note</p></body></html>",
        "OEBPS/Text/the first.xhtml": "<html><head><script/></head><body><p>Chapter one</p></body></html>",
        "OEBPS/Text/2.xhtml": "\ufeff<html><body><p>Chapter two é</p></body></html>",
    }
    with zipfile.ZipFile(path, "w") as book:
        for name, content in {**files, **others}.items():
            book.writestr(name, content)


def test_a_book_is_its_chapters_in_reading_order(tmp_path: Path):
    write_book(tmp_path / "book.epub")
    assert read(tmp_path / "book.epub") == "Chapter one\n\nChapter two é\n"


def test_a_protected_book_is_told_apart(tmp_path: Path):
    write_book(tmp_path / "book.epub", **{"META-INF/rights.xml": ""})
    with pytest.raises(UnreadableText, match="is protected"):
        read(tmp_path / "book.epub")


@pytest.mark.parametrize("others", [{"META-INF/container.xml": "<not xml"}, {"META-INF/container.xml": "<a/>"}])
def test_a_damaged_book_is_told_in_one_sentence(tmp_path: Path, others):
    write_book(tmp_path / "book.epub", **others)
    with pytest.raises(UnreadableText, match="is not an EPUB book that can be read"):
        read(tmp_path / "book.epub")


def test_a_chapter_that_is_listed_often_is_read_once(tmp_path: Path):
    spine = '<itemref idref="one"/>' * 5_000
    item = '<item id="one" href="one.xhtml" media-type="application/xhtml+xml"/>'
    package = f"<package><manifest>{item}</manifest><spine>{spine}</spine></package>"
    write_book(tmp_path / "book.epub", **{"OEBPS/book.opf": package, "OEBPS/one.xhtml": "<p>Chapter one"})
    assert read(tmp_path / "book.epub") == "Chapter one\n"


@pytest.mark.parametrize("limit", ["MAX_MEMBER_BYTES", "MAX_TOTAL_BYTES"])
def test_a_book_that_unpacks_to_more_than_a_book_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit):
    monkeypatch.setattr(archive, limit, 1_000_000)
    write_book(tmp_path / "book.epub", **{"OEBPS/Text/2.xhtml": f"<p>{' ' * 1_000_000}"})
    with pytest.raises(UnreadableText, match=r"unpacks to more than the \d MB .*: leave it out"):
        read(tmp_path / "book.epub")
