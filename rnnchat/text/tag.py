"""HTML as a sequence of tags and text, in one pass over pieces of any size.

Own code, because the standard library's parser takes quadratic time for pages full of unclosed tags or comments, and
parsers in C hold the whole page as a tree. Follows the states of the HTML standard (§13.2.5) as far as text needs:
comments, declarations, quoted attributes, and elements whose content is not markup.
"""

import html
import re
from collections.abc import Iterator
from typing import NamedTuple

_MAX_TAG_CHARS = 65_536
"""In a longer tag, quotation marks no longer hide its end."""
_START = re.compile(r"<([a-zA-Z][^\s/>]*+)((?:=\s*+(?:\"[^\"]*+\"|'[^']*+')|=(?!\s*+[\"'])|[^>=])*+)>")
_END = re.compile(r"</([a-zA-Z][^\s/>]*+)")
_RAW = {"script", "style", "title", "xmp", "noembed", "noframes"}
_COMMENT_END, _ANY_END = re.compile("-->"), re.compile(">")
_OPEN_ENTITY = re.compile(r"&[#\w]{0,40}\Z")


class Tag(NamedTuple):
    """A start tag, an end tag, or one that is both, such as ``<br/>``."""

    name: str
    is_start: bool
    is_end: bool


class TagReader:
    """Cuts a page that comes in pieces."""

    def __init__(self) -> None:
        self._rest = ""
        self._skip_to: re.Pattern[str] | None = None  # what ends the thing that is being left out
        self._keeps_end = False  # is that end to be read as a tag?

    def feed(self, piece: str) -> Iterator[Tag | str]:
        """The tags and the texts (with entities resolved) that ``piece`` completes."""
        text, self._rest = self._rest + piece, ""
        place = 0
        while place < len(text):
            if self._skip_to is not None:
                place = self._skip(text, place)
                continue
            start = text.find("<", place)
            if start != place:
                yield from self._write(text[place : None if start < 0 else start], is_cut=start < 0)
                place = start if start >= 0 else len(text)
                continue
            found, place = self._read_tag(text, place)
            if found is not None:
                yield found

    def close(self) -> Iterator[str]:
        """What is left at the end of the page: text, but not an unfinished tag."""
        rest, self._rest = self._rest, ""
        if rest and self._skip_to is None and (rest == "<" or not re.match("<[a-zA-Z/!?]", rest)):
            yield html.unescape(rest)

    def _write(self, text: str, is_cut: bool) -> Iterator[str]:
        if is_cut and (entity := _OPEN_ENTITY.search(text, max(0, len(text) - 42))):
            self._rest = entity[0]
            text = text[: entity.start()]
        if text:
            yield html.unescape(text)

    def _skip(self, text: str, place: int) -> int:
        """The place behind what is left out; the end of the text if that does not end in it."""
        assert self._skip_to is not None
        if end := self._skip_to.search(text, place):
            self._skip_to = None
            return end.start() if self._keeps_end else end.end()
        self._rest = text[max(place, len(text) - 12) :]
        return len(text)

    def _read_tag(self, text: str, start: int) -> tuple[Tag | str | None, int]:
        """What begins with the "<" at ``start``, if it is anything, and the place behind it."""
        if text.startswith("<!--", start):
            return None, self._leave_out(_COMMENT_END, start + 2)
        after = text[start + 1 : start + 2]
        if not after or "<!--".startswith(text[start : start + 4]) or (after == "/" and len(text) < start + 3):
            return self._wait(text, start)
        if after == "/" and (end := _END.match(text, start)):
            if end.end() == len(text) and len(text) - start < _MAX_TAG_CHARS:
                return self._wait(text, start)
            return Tag(end[1].lower(), False, True), self._leave_out(_ANY_END, end.end())
        if after in "/!?":
            return None, self._leave_out(_ANY_END, start + 1)
        if not ("a" <= after.lower() <= "z"):
            return "<", start + 1
        found = _START.match(text, start, start + _MAX_TAG_CHARS)
        if found is None:
            if len(text) - start < _MAX_TAG_CHARS:
                return self._wait(text, start)
            return None, self._leave_out(_ANY_END, start + 1)
        name, is_closed = found[1].lower(), found[2].endswith("/")
        if name in _RAW and not is_closed:
            self._leave_out(re.compile(f"</{name}(?=[\\s/>])", re.IGNORECASE), found.end(), keeps_end=True)
        return Tag(name, True, is_closed), found.end()

    def _wait(self, text: str, start: int) -> tuple[None, int]:
        self._rest = text[start:]
        return None, len(text)

    def _leave_out(self, end: re.Pattern[str], place: int, keeps_end: bool = False) -> int:
        self._skip_to, self._keeps_end = end, keeps_end
        return place
