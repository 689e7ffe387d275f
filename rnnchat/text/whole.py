"""A text as a whole, for those who have to hold all of it."""

from rnnchat.errors import TextError, UsageError
from rnnchat.text.corpus import Corpus

MAX_CHARS = 20_000_000
"""In a memory they take 240 MB and four seconds."""


def read_whole(name: str) -> str:
    """All of a text: a file, a folder, a pattern, or a text of the catalogue.

    Raises:
        TextError: it cannot be read, or there is nothing in it.
        UsageError: it is too long.
    """
    pieces, chars = [], 0
    for piece in Corpus([name]).read_pieces():
        pieces.append(piece)
        chars += len(piece)
        if chars > MAX_CHARS:
            raise UsageError(f"{name} must have at most {MAX_CHARS:,} characters to be remembered: give a part of it")
    if not chars:
        raise TextError(f"{name} is empty: give a text with at least one character")
    return "".join(pieces)
