"""One file as a stream of text: compressed or not, plain, HTML or EPUB, in any encoding, with any line ends."""

import bz2
import gzip
import hashlib
import io
import lzma
import zlib
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import BinaryIO, cast

from rnnchat.text.encoding import Encoding, UnreadableText, find_encoding, refuse_reading
from rnnchat.text.markup import read_epub, read_html

PIECE_CHARS = 1 << 20
"""Text is read in pieces of about this many characters."""

_COMPRESSED_SUFFIXES = {".gz", ".bz2", ".xz"}
_HTML_SUFFIXES = {".html", ".htm", ".xhtml"}
_DAMAGED = (EOFError, gzip.BadGzipFile, zlib.error, lzma.LZMAError)


class TextFile:
    """A file that holds text. Reading it again and again gives the same characters."""

    def __init__(self, path: Path, name: str | None = None) -> None:
        """Args: the file, and what people call it where that is not its path."""
        self.path = path
        self.name = name or str(path)
        suffixes = [suffix.lower() for suffix in path.suffixes]
        while suffixes and suffixes[-1] in _COMPRESSED_SUFFIXES:
            suffixes.pop()
        self._suffix = suffixes[-1] if suffixes else ""

    @cached_property
    def encoding(self) -> Encoding:
        """How its bytes become characters; finding out reads the whole file once.

        Raises:
            UnreadableText: the file is empty, binary, damaged or in no known encoding, or cannot be opened.
        """
        if self._suffix == ".epub":
            return Encoding("utf-8")  # each of a book's pages has its own, found when it is read
        try:
            return find_encoding(self._open, self.name)
        except _DAMAGED as e:
            raise UnreadableText(self.name, "is damaged and cannot be decompressed to its end", "fetch it again") from e
        except OSError as e:
            raise refuse_reading(self.name, e) from e

    def check(self) -> None:
        """Make sure that there is text in the file.

        Raises:
            UnreadableText: there is none; says why.
        """
        pieces = self.read()
        if not any(piece.strip() for piece in pieces):
            reason = "has no text in it" if self.size_bytes else "is empty"
            raise UnreadableText(self.name, reason, "choose a file that holds text")
        if self._suffix == ".epub":
            for _ in pieces:  # a chapter may fail where others have not, and is decoded only when it is read
                pass

    def read(self) -> Iterator[str]:
        """The text in pieces of about `PIECE_CHARS`, with line ends made ``\\n`` and without a byte-order mark.

        Raises:
            UnreadableText: as `encoding`.
        """
        encoding = self.encoding
        if self._suffix == ".epub":
            return read_epub(self.path)
        pieces = self._decode(encoding)
        return read_html(pieces) if self._suffix in _HTML_SUFFIXES else pieces

    @property
    def size_bytes(self) -> int:
        """The size on the disk."""
        return self.path.stat().st_size

    def hash(self) -> str:
        """The SHA-256 of the file's bytes."""
        with self.path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()

    def _decode(self, encoding: Encoding) -> Iterator[str]:
        with io.TextIOWrapper(self._open(), encoding.codec, encoding.errors, newline=None) as text:
            while piece := text.read(PIECE_CHARS):
                yield piece

    def _open(self) -> BinaryIO:
        """Open the file, decompressing as its first bytes say, whatever it is called."""
        with self.path.open("rb") as file:
            magic = file.read(6)
        if magic.startswith(b"\x1f\x8b"):
            return cast(BinaryIO, gzip.open(self.path))
        if magic.startswith(b"BZh"):
            return cast(BinaryIO, bz2.open(self.path))
        if magic == b"\xfd7zXZ\x00":
            return cast(BinaryIO, lzma.open(self.path))
        return self.path.open("rb")
