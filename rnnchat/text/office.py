"""Word and OpenDocument texts: a paragraph a line with a blank line between, tables a row a line.

Own code, because what there is for it needs a compiled XML library and does not limit what a file unpacks to.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING
from xml.etree import ElementTree

from rnnchat.text.archive import open_archive, tag

if TYPE_CHECKING:
    from rnnchat.text.file import TextFile

_BREAKS = {"tab": "\t", "br": "\n", "cr": "\n", "line-break": "\n", "noBreakHyphen": "-"}
_NOT_TEXT = {"instrText", "delText", "del", "pPr", "rPr", "annotation", "note", "tracked-changes", "Fallback"}
"""Field codes, deleted text, formats, comments, notes and the second version of a drawing."""


def read_docx(file: "TextFile") -> Iterator[str]:
    """The text of a Word document (Office Open XML, ECMA-376)."""
    return _read(file, "a Word document", "word/document.xml", paragraphs=("p",))


def read_odt(file: "TextFile") -> Iterator[str]:
    """The text of an OpenDocument text (ISO/IEC 26300)."""
    return _read(file, "an OpenDocument text", "content.xml", paragraphs=("p", "h"))


def _read(file: "TextFile", kind: str, member: str, paragraphs: tuple[str, ...]) -> Iterator[str]:
    with file.open() as stream, open_archive(stream, file.name, kind) as document:
        root = document.parse(member)
    is_first = True
    for element in root.iter():
        if tag(element) in paragraphs and (text := _write_out(element).strip()):
            yield text if is_first else f"\n\n{text}"
            is_first = False
    yield "\n"


def _write_out(paragraph: ElementTree.Element) -> str:
    """What one paragraph says."""
    pieces: list[str] = []
    stack = [(paragraph, True)]
    while stack:
        element, is_start = stack.pop()
        name = tag(element)
        if not is_start:
            pieces.append(element.tail or "")
            continue
        if element is not paragraph:
            stack.append((element, False))
        if name in _NOT_TEXT:
            continue
        pieces.append(_BREAKS.get(name, ""))
        if name == "s":  # several spaces of an OpenDocument text
            pieces.append(" " * min(1_000, int(element.get(f"{element.tag.rpartition('}')[0]}}}c") or 1)))
        pieces.append(element.text or "")
        stack += [(child, True) for child in reversed(element)]
    return "".join(pieces)
