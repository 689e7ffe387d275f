"""PDF: the text that its pages hold, as pypdf finds it.

A PDF is a program more than a text, and a hostile one can take any time and memory. So it is read by a process of
its own, which has limits of both.
"""

import contextlib
import io
import subprocess
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

from rnnchat.child import python_command
from rnnchat.text.encoding import UnreadableText

if TYPE_CHECKING:
    from rnnchat.text.file import TextFile

MAX_FILE_BYTES = 256_000_000
MAX_CHARS = 64_000_000
"""More text than that is no book."""
TIMEOUT_S = 120
_MAX_MEMORY_BYTES = 4_000_000_000
_PROTECTED, _DAMAGED, _TOO_LONG = 3, 4, 5
_REASONS = {
    _PROTECTED: ("is protected by a password", "save a copy without one"),
    _TOO_LONG: (f"has more than {MAX_CHARS:,} characters", "split it, or save its text as .txt"),
}
_UNREADABLE = ("is not a PDF that can be read", "save its text as .txt, for instance with pdftotext")
_SLOW = (f"takes more than {TIMEOUT_S} s to read", "save its text as .txt, for instance with pdftotext")


def read_pdf(file: "TextFile") -> Iterator[str]:
    """The text of its pages, a blank line between them.

    Raises:
        UnreadableText: it is damaged, protected or too large, or takes too long.
    """
    with file.open() as stream:
        content = stream.read(MAX_FILE_BYTES + 1)
    if len(content) > MAX_FILE_BYTES:
        raise UnreadableText(file.name, f"has more than {MAX_FILE_BYTES // 1_000_000} MB", _SLOW[1])
    try:
        command = python_command("rnnchat.text.pdf")
        result = subprocess.run(command, input=content, capture_output=True, timeout=TIMEOUT_S, check=False)
    except subprocess.TimeoutExpired as e:
        raise UnreadableText(file.name, *_SLOW) from e
    if result.returncode:
        raise UnreadableText(file.name, *_REASONS.get(result.returncode, _UNREADABLE))
    if text := result.stdout.decode("utf-8", "replace").strip():
        yield text + "\n"
    else:
        advice = "run it through a program for text recognition (OCR) first"
        raise UnreadableText(file.name, "holds no text, only pictures of pages", advice)


def _extract(content: bytes) -> int:
    """Write the text of a PDF to standard output; gives the exit status."""
    from pypdf import PdfReader
    from pypdf.errors import PyPdfError

    try:
        document = PdfReader(io.BytesIO(content))
        if document.is_encrypted and not document.decrypt(""):
            return _PROTECTED
        chars = 0
        for page in document.pages:
            text = page.extract_text().strip()
            chars += len(text)
            if chars > MAX_CHARS:
                return _TOO_LONG
            sys.stdout.buffer.write(text.encode("utf-8", "replace") + b"\n\n")
    except (PyPdfError, ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError, MemoryError):
        return _DAMAGED
    return 0


def _limit_memory() -> None:
    """Let a PDF that asks for everything fail, not the machine; Windows has no such limit."""
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (_MAX_MEMORY_BYTES, _MAX_MEMORY_BYTES))


if __name__ == "__main__":
    import logging

    logging.disable(logging.CRITICAL)
    _limit_memory()
    sys.exit(_extract(sys.stdin.buffer.read()))
