"""The text that a reader of an HTML page or an EPUB book sees, without its markup.

Paragraphs end with a blank line, lines of a verse or a list with a line end; scripts, styles, the head and
navigation are left out. Pages are read in pieces of any size; a book is read chapter by chapter.
"""

import posixpath
import re
import urllib.parse
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

from rnnchat.text.encoding import UnreadableText, decode_bytes, refuse_reading

_UNSEEN = {
    "head",
    "title",
    "script",
    "style",
    "template",
    "noscript",
    "nav",
    "svg",
    "math",
    "iframe",
    "object",
    "select",
}
# What may stand in a head: anything else begins the page, because `</head>` may be left out.
_HEAD_PARTS = {"title", "meta", "link", "base", "script", "style", "template", "noscript"}
_PARAGRAPHS = {
    *("p", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "pre", "table", "ul", "ol", "dl", "figure", "hr"),
    *("section", "article", "header", "footer", "main", "aside", "form"),
}
_LINES = {"div", "br", "li", "tr", "dt", "dd", "figcaption", "caption", "option"}
_CELLS = {"td", "th"}
_NOT_IN_SELECT = (_PARAGRAPHS | _LINES | _CELLS) - {"option", "hr", "br"}
_DAMAGES = (
    *(zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError),
    *(ElementTree.ParseError, KeyError, StopIteration),
)
# HTML's white space; a no-break space is a character like any other.
_BLANKS = re.compile(r"[ \t\n\r\f]+")


class _PageReader(HTMLParser):
    """Collects the text of a page; `take` gives what has been collected since the last time."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._pieces: list[str] = []
        self._unseen: list[str] = []
        self._preformatted = 0
        self._breaks = 2  # line ends that stand before the next text; 2 at the beginning, where none is written
        self._has_text = False
        self._has_space = False

    def take(self) -> str:
        """The text since the last call."""
        text = "".join(self._pieces)
        self._pieces.clear()
        return text

    def handle_starttag(self, tag: str, attrs: object) -> None:
        """Start a line or a paragraph, or stop listening."""
        self._close_unclosed(tag)
        if tag in _UNSEEN:
            self._unseen.append(tag)
        self._preformatted += tag == "pre"
        self._break_before(tag)

    def handle_endtag(self, tag: str) -> None:
        """End a line or a paragraph, or listen again."""
        if tag in _NOT_IN_SELECT:
            self._close_unclosed(tag)
        if tag in self._unseen:
            # A tag that is never closed ends with the one around it.
            while self._unseen.pop() != tag:
                pass
        self._preformatted = max(0, self._preformatted - (tag == "pre"))
        if tag != "br":
            self._break_before(tag)

    def handle_startendtag(self, tag: str, attrs: object) -> None:
        """``<br/>`` and its like; ``<script/>`` in XHTML has no end."""
        self._close_unclosed(tag)
        self._break_before(tag)

    def handle_data(self, data: str) -> None:
        """Take text in, with its white space made one space outside ``<pre>``."""
        if self._unseen == ["head"] and data.strip():
            self._unseen.clear()
        if self._unseen:
            return
        if self._preformatted:
            self._write(data)
            return
        text = _BLANKS.sub(" ", data)
        self._has_space = self._has_space or text[:1] == " "
        if stripped := text.strip(" "):
            self._write(stripped)
            self._has_space = text[-1] == " "

    def _close_unclosed(self, tag: str) -> None:
        """End a head or a list of choices in which ``tag`` cannot stand: their own ends were left out."""
        if tag == "body":
            self._unseen.clear()
        elif self._unseen and (
            (self._unseen[-1] == "head" and tag not in _HEAD_PARTS)
            or (self._unseen[-1] == "select" and tag in _NOT_IN_SELECT)
        ):
            self._unseen.pop()

    def _write(self, text: str) -> None:
        if self._breaks:
            self._pieces.append("\n" * self._breaks if self._has_text else "")
        elif self._has_space:
            self._pieces.append(" ")
        self._pieces.append(text)
        self._breaks, self._has_space, self._has_text = 0, False, True

    def _break_before(self, tag: str) -> None:
        if self._unseen:
            return
        if tag in _PARAGRAPHS:
            self._breaks = 2
        elif tag == "br":
            self._breaks = min(2, self._breaks + 1)
        elif tag in _LINES:
            self._breaks = max(1, self._breaks)
        self._has_space = self._has_space or tag in _CELLS


def read_html(pieces: Iterable[str]) -> Iterator[str]:
    """The text of a page that comes in pieces."""
    reader = _PageReader()
    for piece in pieces:
        reader.feed(piece)
        yield reader.take()
    reader.close()
    yield reader.take() + "\n"


def read_epub(path: Path) -> Iterator[str]:
    """The text of a book, a chapter at a time, in the order of its spine.

    Raises:
        UnreadableText: the file is damaged, protected, or not an EPUB.
    """
    try:
        with zipfile.ZipFile(path) as book:
            for index, chapter in enumerate(_list_chapters(book, str(path))):
                text = "".join(read_html([decode_bytes(book.read(chapter), f"{path}, {chapter}")]))
                if text.strip():
                    yield f"\n{text}" if index else text
    except _DAMAGES as e:
        reason = f"is not an EPUB book that can be read ({str(e) or 'it lists no pages'})"
        raise UnreadableText(str(path), reason, "fetch it again, or save it as text") from e
    except OSError as e:
        raise refuse_reading(str(path), e) from e


def _list_chapters(book: zipfile.ZipFile, path: str) -> list[str]:
    """The names of the book's pages, in reading order."""
    if "META-INF/rights.xml" in book.namelist():
        raise UnreadableText(path, "is protected against copying", "choose a copy that is not")
    container = ElementTree.fromstring(book.read("META-INF/container.xml"))
    package_name = next(e for e in container.iter() if _tag(e) == "rootfile").attrib["full-path"]
    package = ElementTree.fromstring(book.read(package_name))
    pages = {
        e.attrib["id"]: e.attrib["href"]
        for e in package.iter()
        if _tag(e) == "item" and "nav" not in e.get("properties", "").split() and "html" in e.get("media-type", "")
    }
    spine = [e.attrib["idref"] for e in package.iter() if _tag(e) == "itemref" and e.get("linear") != "no"]
    folder = posixpath.dirname(package_name)
    return [posixpath.normpath(posixpath.join(folder, urllib.parse.unquote(pages[id]))) for id in spine if id in pages]


def _tag(element: ElementTree.Element) -> str:
    """The name of a tag without its name space."""
    return element.tag.rpartition("}")[2]
