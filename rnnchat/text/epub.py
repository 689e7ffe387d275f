"""EPUB books: the pages of the spine in reading order, one after the other."""

import posixpath
import urllib.parse
from collections.abc import Iterator
from typing import TYPE_CHECKING

from rnnchat.text.archive import DocumentArchive, open_archive, tag
from rnnchat.text.encoding import UnreadableText, decode_bytes
from rnnchat.text.markup import read_html

if TYPE_CHECKING:
    from rnnchat.text.file import TextFile


def read_epub(file: "TextFile") -> Iterator[str]:
    """The text of a book, a chapter at a time.

    Raises:
        UnreadableText: the file is damaged, protected, too large when unpacked, or not an EPUB.
    """
    with file.open() as stream, open_archive(stream, file.name, "an EPUB book") as book:
        for index, chapter in enumerate(_list_chapters(book)):
            text = "".join(read_html([decode_bytes(book.read(chapter), f"{file.name}, {chapter}")]))
            if text.strip():
                yield f"\n{text}" if index else text


def _list_chapters(book: DocumentArchive) -> list[str]:
    """The names of the book's pages in reading order, each once however often the spine lists it."""
    if "META-INF/rights.xml" in book:
        raise UnreadableText(book.name, "is protected against copying", "choose a copy that is not")
    container = book.parse("META-INF/container.xml")
    package_name = next(e for e in container.iter() if tag(e) == "rootfile").attrib["full-path"]
    package = book.parse(package_name)
    pages = {
        e.attrib["id"]: e.attrib["href"]
        for e in package.iter()
        if tag(e) == "item" and "nav" not in e.get("properties", "").split() and "html" in e.get("media-type", "")
    }
    spine = [e.attrib["idref"] for e in package.iter() if tag(e) == "itemref" and e.get("linear") != "no"]
    folder = posixpath.dirname(package_name)
    names = [posixpath.normpath(posixpath.join(folder, urllib.parse.unquote(pages[id]))) for id in spine if id in pages]
    return list(dict.fromkeys(names))
