"""What a corpus holds: its files, how each was read, and what was left out."""

import dataclasses
from collections import Counter
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class CorpusFile:
    """One file of a corpus, as it was read."""

    path: str
    bytes_read: int
    """Its size on the disk."""
    chars: int
    encoding: str
    sha256: str
    is_guess: bool = False
    """Whether the encoding was recognised by the bytes alone."""


@dataclass(frozen=True)
class LeftOut:
    """A file or folder in a folder that is not part of the corpus."""

    path: str
    reason: str
    """The rest of a sentence that begins with the path: "is a binary file, not text"."""


@dataclass(frozen=True)
class CorpusSummary:
    """What a corpus holds."""

    name: str
    files: tuple[CorpusFile, ...]
    left_out: tuple[LeftOut, ...]
    chars: int
    """All characters that `Corpus.read_pieces` gives."""
    bytes_read: int
    distinct_chars: int

    def to_json(self) -> dict[str, Any]:
        """The summary as a record for JSON."""
        return dataclasses.asdict(self)

    def describe_encodings(self) -> str:
        """The encodings of the files and which are guesses, in words; "" where all of them are UTF-8."""
        counts = Counter((file.encoding, file.is_guess) for file in self.files)
        if {encoding for encoding, _ in counts} <= {"utf-8"}:
            return ""
        named = (
            f"{encoding}{' (a guess)' if is_guess else ''}" + (f" in {count:,} files" if len(counts) > 1 else "")
            for (encoding, is_guess), count in counts.most_common()
        )
        return ", ".join(named)
