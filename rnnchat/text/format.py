"""Which files hold a text in a form of their own, and what reads each: a new format is one module and one line here.

A reader takes a `TextFile` and gives its text in pieces, with ``\\n`` at line ends. Files of other suffixes are plain
text.
"""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, NamedTuple

from rnnchat.text.epub import read_epub
from rnnchat.text.markup import read_html_file
from rnnchat.text.notebook import read_notebook
from rnnchat.text.office import read_docx, read_odt
from rnnchat.text.pdf import read_pdf
from rnnchat.text.rtf import read_rtf

if TYPE_CHECKING:
    from rnnchat.text.file import TextFile


class Format(NamedTuple):
    """A form in which files hold a text."""

    read: Callable[["TextFile"], Iterator[str]]
    label: str = ""
    """What is shown in place of an encoding for a file whose bytes are no characters; "" for one that has one."""


FORMATS: dict[str, Format] = {
    ".html": Format(read_html_file),
    ".htm": Format(read_html_file),
    ".xhtml": Format(read_html_file),
    ".epub": Format(read_epub, "epub"),
    ".ipynb": Format(read_notebook),
    ".rtf": Format(read_rtf),
    ".docx": Format(read_docx, "docx"),
    ".odt": Format(read_odt, "odt"),
    ".pdf": Format(read_pdf, "pdf"),
}
