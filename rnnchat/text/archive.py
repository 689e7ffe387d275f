"""Books and office documents are ZIP archives: opening one, and reading its members within limits.

A few kilobytes can claim to hold gigabytes. So what is unpacked is counted, whatever the archive says of itself.
"""

import contextlib
import zipfile
import zlib
from collections.abc import Iterator
from typing import BinaryIO
from xml.etree import ElementTree

from rnnchat.text.encoding import UnreadableText

MAX_MEMBER_BYTES = 64_000_000
"""One page or document, unpacked: about ten times the longest novel."""
MAX_TOTAL_BYTES = 256_000_000
"""All that is read of an archive, unpacked."""
_DAMAGES = (
    *(zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, RecursionError),
    *(ElementTree.ParseError, KeyError, StopIteration, ValueError),
)


class DocumentArchive:
    """A ZIP archive whose members are read one at a time, as long as all of them together stay within limits."""

    def __init__(self, zip: zipfile.ZipFile, name: str) -> None:
        """Args: the open archive, and what people call its file."""
        self.name = name
        self._zip = zip
        self._left = MAX_TOTAL_BYTES

    def __contains__(self, member: str) -> bool:
        """Whether it has a member of that name."""
        return member in self._zip.NameToInfo

    def read(self, member: str) -> bytes:
        """One member, unpacked.

        Raises:
            UnreadableText: it unpacks to more than text does.
            KeyError: there is no such member.
        """
        limit = min(MAX_MEMBER_BYTES, self._left)
        with self._zip.open(member) as file:
            content = file.read(limit + 1)
        if len(content) > limit:
            reason = f"unpacks to more than the {limit // 1_000_000:,} MB that its text may have"
            raise UnreadableText(self.name, reason, "leave it out, or save its text as .txt")
        self._left -= len(content)
        return content

    def parse(self, member: str) -> ElementTree.Element:
        """One member as XML."""
        return ElementTree.fromstring(self.read(member))


@contextlib.contextmanager
def open_archive(file: BinaryIO, name: str, kind: str) -> Iterator[DocumentArchive]:
    """Open an archive; whatever is wrong with it while it is read becomes one sentence.

    Args:
        file: the archive.
        name: what people call it.
        kind: what it should be, as in "an EPUB book".

    Raises:
        UnreadableText: it is damaged, protected, or something else.
    """
    try:
        with zipfile.ZipFile(file) as zip:
            yield DocumentArchive(zip, name)
    except _DAMAGES as e:
        reason = f"is not {kind} that can be read ({str(e) or 'parts of it are missing'})"
        raise UnreadableText(name, reason, "download or save it again, or save it as text") from e


def tag(element: ElementTree.Element) -> str:
    """The name of an element without its name space."""
    return element.tag.rpartition("}")[2]
