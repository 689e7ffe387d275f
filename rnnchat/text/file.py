"""One file as a stream of text: compressed or not, in a format of its own or plain, with any line ends."""

import bz2
import gzip
import hashlib
import io
import lzma
import zlib
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import IO, BinaryIO, cast

from rnnchat.text.control import drop_codes
from rnnchat.text.encoding import Encoding, UnreadableText, find_encoding, refuse_reading
from rnnchat.text.format import FORMATS

PIECE_CHARS = 1 << 20
"""Text is read in pieces of about this many characters."""
MAX_UNPACKED_BYTES = 1_000_000_000
MAX_RATIO = 200
"""A compressed file that unpacks to more than both of these is no text: text is never repeated so often."""

_COMPRESSED_SUFFIXES = {".gz", ".bz2", ".xz"}
_DAMAGED = (EOFError, gzip.BadGzipFile, zlib.error, lzma.LZMAError)


class TextFile:
    """A file that holds text. Reading it again and again gives the same characters."""

    def __init__(self, path: Path, name: str | None = None, encoding: str | None = None) -> None:
        """Describe a file; nothing is opened yet.

        Args:
            path: the file.
            name: what people call it where that is not its path.
            encoding: what a person says that it is in; None to find out.
        """
        self.path = path
        self.name = name or str(path)
        self._named_encoding = encoding
        suffixes = [suffix.lower() for suffix in path.suffixes]
        while suffixes and suffixes[-1] in _COMPRESSED_SUFFIXES:
            suffixes.pop()
        self._format = FORMATS.get(suffixes[-1]) if suffixes else None

    @cached_property
    def encoding(self) -> Encoding:
        """How its bytes become characters; finding out reads the whole file once.

        Raises:
            UnreadableText: the file is empty, binary, damaged or in no known encoding, or cannot be opened.
        """
        if self._format and self._format.label:
            return Encoding(self._format.label)
        try:
            return find_encoding(self.open, self.name, self._named_encoding)
        except _DAMAGED as e:
            raise self._refuse_damaged() from e
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
        if self._format:
            for _ in pieces:  # a chapter may fail where others have not, and is decoded only when it is read
                pass

    def read(self) -> Iterator[str]:
        """The text in pieces of about `PIECE_CHARS`, with line ends made ``\\n`` and without a byte-order mark.

        Raises:
            UnreadableText: as `encoding`.
        """
        try:
            yield from self._format.read(self) if self._format else drop_codes(self.decode())
        except _DAMAGED as e:
            raise self._refuse_damaged() from e
        except OSError as e:
            raise refuse_reading(self.name, e) from e

    def decode(self) -> Iterator[str]:
        """The characters of the file in pieces, with line ends made ``\\n``, for a format that is made of text."""
        encoding = self.encoding
        with io.TextIOWrapper(self.open(), encoding.codec, encoding.errors, newline=None) as text:
            while piece := text.read(PIECE_CHARS):
                yield piece

    @property
    def size_bytes(self) -> int:
        """The size on the disk."""
        return self.path.stat().st_size

    def hash(self) -> str:
        """The SHA-256 of the file's bytes."""
        with self.path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()

    def open(self) -> BinaryIO:
        """Open the file, decompressing as its first bytes say, whatever it is called."""
        with self.path.open("rb") as file:
            magic = file.read(6)
        if magic.startswith(b"\x1f\x8b"):
            return self._limit(gzip.open(self.path))
        if magic.startswith(b"BZh"):
            return self._limit(bz2.open(self.path))
        if magic == b"\xfd7zXZ\x00":
            return self._limit(lzma.open(self.path))
        return self.path.open("rb")

    def _limit(self, file: IO[bytes] | gzip.GzipFile) -> BinaryIO:
        return cast(BinaryIO, _Unpacked(file, self.name, max(MAX_UNPACKED_BYTES, MAX_RATIO * self.size_bytes)))

    def _refuse_damaged(self) -> UnreadableText:
        return UnreadableText(self.name, "is damaged and cannot be decompressed to its end", "download it again")


class _Unpacked(io.BufferedIOBase):
    """A compressed file that must end within a limit."""

    def __init__(self, file: IO[bytes] | gzip.GzipFile, name: str, limit: int) -> None:
        super().__init__()
        self._file, self._name, self._limit = file, name, limit

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def read(self, size: int | None = -1) -> bytes:
        content = self._file.read(-1 if size is None else size)
        if self._file.tell() > self._limit:
            reason = f"unpacks to more than {self._limit / 1e9:,.0f} GB, which no text does"
            raise UnreadableText(self._name, reason, "leave it out")
        return content

    def read1(self, size: int = -1) -> bytes:
        return self.read(io.DEFAULT_BUFFER_SIZE if size < 0 else size)

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        return self._file.tell()

    def close(self) -> None:
        self._file.close()
        super().close()
