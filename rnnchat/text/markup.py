"""The text that a reader of an HTML page sees, without its markup.

Paragraphs end with a blank line, lines of a verse or a list with a line end; scripts, styles, the head and
navigation are left out. Pages are read in pieces of any size, in one pass.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from rnnchat.text.tag import Tag, TagReader

if TYPE_CHECKING:
    from rnnchat.text.file import TextFile

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
# HTML's white space; a no-break space is a character like any other.
_BLANKS = re.compile(r"[ \t\n\r\f]+")


class _PageReader:
    """Collects the text of a page; `take` gives what has been collected since the last time."""

    def __init__(self) -> None:
        self._pieces: list[str] = []
        self._unseen: list[str] = []
        self._open: Counter[str] = Counter()  # how often each name is in `_unseen`
        self._preformatted = 0
        self._breaks = 2  # line ends that stand before the next text; 2 at the beginning, where none is written
        self._has_text = False
        self._has_space = False

    def take(self) -> str:
        """The text since the last call."""
        text = "".join(self._pieces)
        self._pieces.clear()
        return text

    def read(self, part: Tag | str) -> None:
        """Take in the next part of the page."""
        if isinstance(part, str):
            self._read_text(part)
        elif part.is_start:
            self._read_start(part.name, part.is_end)
        else:
            self._read_end(part.name)

    def _read_start(self, tag: str, is_end: bool) -> None:
        """Start a line or a paragraph, or stop listening; ``<script/>`` in XHTML has no end."""
        self._close_unclosed(tag)
        if tag in _UNSEEN and not is_end:
            self._unseen.append(tag)
            self._open[tag] += 1
        self._preformatted += tag == "pre" and not is_end
        self._break_before(tag)

    def _read_end(self, tag: str) -> None:
        """End a line or a paragraph, or listen again."""
        if tag in _NOT_IN_SELECT:
            self._close_unclosed(tag)
        while self._open[tag]:
            # A tag that is never closed ends with the one around it.
            if self._pop() == tag:
                break
        self._preformatted = max(0, self._preformatted - (tag == "pre"))
        if tag != "br":
            self._break_before(tag)

    def _pop(self) -> str:
        name = self._unseen.pop()
        self._open[name] -= 1
        return name

    def _read_text(self, data: str) -> None:
        """Take text in, with its white space made one space outside ``<pre>``."""
        if self._unseen == ["head"] and data.strip():
            self._pop()
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
            self._open.clear()
        elif self._unseen and (
            (self._unseen[-1] == "head" and tag not in _HEAD_PARTS)
            or (self._unseen[-1] == "select" and tag in _NOT_IN_SELECT)
        ):
            self._pop()

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
    tags, reader = TagReader(), _PageReader()
    for piece in pieces:
        for part in tags.feed(piece):
            reader.read(part)
        yield reader.take()
    for part in tags.close():
        reader.read(part)
    yield reader.take() + "\n"


def read_html_file(file: "TextFile") -> Iterator[str]:
    """The text of a page in a file."""
    return read_html(file.decode())
