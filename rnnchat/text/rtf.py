r"""Rich Text Format: its text, without fonts, styles, pictures and fields (RTF specification 1.9.1).

Own code: a control word, a group or a character at a time, in one pass. ``\'e9`` is a byte in the code page of the
document, ``\u233?`` a character with a stand-in for older programs.
"""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from rnnchat.text.encoding import UnreadableText, is_text_codec

if TYPE_CHECKING:
    from rnnchat.text.file import TextFile

_TOKEN = re.compile(
    r"\\'([0-9a-fA-F]{2})|\\([a-zA-Z]{1,32})(-?\d{1,10})? ?|\\(.)|([{}])|[\r\n]+|([^\\{}\r\n]+)", re.DOTALL
)
_WRITTEN = {
    "par": "\n",
    "line": "\n",
    "sect": "\n",
    "page": "\n",
    "row": "\n",
    "tab": "\t",
    "cell": "\t",
    "emdash": "—",
    "endash": "–",
    "lquote": "‘",
    "rquote": "’",
    "ldblquote": "“",
    "rdblquote": "”",
    "bullet": "•",
    "emspace": " ",
    "enspace": " ",
}
_UNSEEN = {
    *("fonttbl", "colortbl", "stylesheet", "info", "pict", "object", "header", "footer", "headerl", "headerr"),
    *("footerl", "footerr", "footnote", "annotation", "fldinst", "themedata", "listtable", "listoverridetable"),
    *("generator", "datastore", "xmlnstbl", "rsidtbl", "nonshppict", "bkmkstart", "bkmkend"),
}


def read_rtf(file: "TextFile") -> Iterator[str]:
    """The text, a paragraph a line.

    Raises:
        UnreadableText: the file is not RTF.
    """
    reader = _Reader()
    rest = ""
    for piece in file.decode():
        text = rest + piece
        if not reader.has_begun and not text.lstrip().startswith("{\\rtf"):
            raise UnreadableText(file.name, "is not RTF", "name it .txt if it is plain text")
        cut = max(0, len(text) - 64)  # a control word is not cut between pieces
        cut = max(text.rfind(" ", 0, cut), text.rfind("\n", 0, cut)) + 1 if cut else 0
        yield reader.feed(text[:cut])
        rest = text[cut:]
    yield reader.feed(rest) + "\n"


class _Reader:
    """What is known at a place in a document: the groups around it, the code page, bytes that wait for more."""

    def __init__(self) -> None:
        self.has_begun = False
        self._codec = "cp1252"
        self._groups: list[tuple[bool, int]] = []  # is the text seen, and stand-ins after \u
        self._is_seen, self._stand_ins = True, 1
        self._skip = 0  # stand-ins still to be left out
        self._bytes = bytearray()
        self._high = 0  # the first half of a character beyond U+FFFF

    def feed(self, rtf: str) -> str:
        """The text of the next piece of a document, which ends between two tokens."""
        self.has_begun = True
        return "".join(self._read(match) for match in _TOKEN.finditer(rtf))

    def _read(self, match: "re.Match[str]") -> str:
        code, word, number, symbol, brace, text = match.groups()
        if code is not None:
            return self._write_byte(int(code, 16))
        before = self._flush()
        if brace == "{":
            self._groups.append((self._is_seen, self._stand_ins))
        elif brace == "}":
            self._skip = 0
            if self._groups:
                self._is_seen, self._stand_ins = self._groups.pop()
        elif word is not None:
            return before + self._obey(word, number)
        elif symbol is not None:
            return before + self._write_symbol(symbol)
        elif text is not None:
            left_out = min(self._skip, len(text))
            self._skip -= left_out
            return before + (text[left_out:] if self._is_seen else "")
        return before

    def _obey(self, word: str, number: str | None) -> str:
        if word in _UNSEEN:
            self._is_seen = False
        elif word == "ansicpg" and number and is_text_codec(f"cp{number}"):
            self._codec = f"cp{number}"
        elif word == "mac":
            self._codec = "mac_roman"
        elif word == "uc":
            self._stand_ins = min(8, max(0, int(number or 1)))
        elif word == "u" and number:
            self._skip = self._stand_ins
            return self._write_unit(int(number) % 0x10000)
        return _WRITTEN.get(word, "") if self._is_seen else ""

    def _write_symbol(self, symbol: str) -> str:
        if symbol == "*":  # what a program may leave out if it does not know it
            self._is_seen = False
        if not self._is_seen:
            return ""
        return {"~": "\u00a0", "_": "\u2011", "-": "", "\n": "\n", "\r": "\n", "*": ""}.get(symbol, symbol)

    def _write_byte(self, byte: int) -> str:
        if self._skip:
            self._skip -= 1
        elif self._is_seen:
            self._bytes.append(byte)
        return ""

    def _write_unit(self, unit: int) -> str:
        """A UTF-16 unit."""
        if 0xD800 <= unit < 0xDC00:
            self._high = unit
            return ""
        high, self._high = self._high, 0
        if not self._is_seen:
            return ""
        if 0xDC00 <= unit < 0xE000:
            return chr(0x10000 + ((high - 0xD800) << 10) + unit - 0xDC00) if high else "\ufffd"
        return chr(unit)

    def _flush(self) -> str:
        """The characters of the bytes so far: East Asian ones have two."""
        if not self._bytes:
            return ""
        text = bytes(self._bytes).decode(self._codec, "replace")
        self._bytes.clear()
        return text
