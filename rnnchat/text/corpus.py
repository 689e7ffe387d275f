"""The text that a person names to learn from: files, folders, patterns, standard input, the catalogue.

A corpus is a stream. It is read in pieces, as often as needed, and memory does not grow with it. What a person
named must be readable; what merely lies in a folder that they named is left out if it is not text, and listed.
"""

import difflib
import glob
import os
import stat
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import numpy as np

from rnnchat import paths
from rnnchat.errors import TextError
from rnnchat.text import catalogue
from rnnchat.text.code_point import CODE_POINTS, to_code_points
from rnnchat.text.encoding import UnreadableText, refuse_reading
from rnnchat.text.file import PIECE_CHARS, TextFile
from rnnchat.text.special import check_kind, is_pipe, is_system, open_pipe
from rnnchat.text.spool import spool_stream
from rnnchat.text.summary import CorpusFile, CorpusSummary, LeftOut
from rnnchat.text.web import fetch_url, is_url

STANDARD_INPUT = "-"


@dataclass(frozen=True)
class _Source:
    """A file of the corpus, and whether the person named it: then it must be readable."""

    file: TextFile
    is_named: bool


class Corpus:
    """The texts that some sources name.

    A source is a file, a folder (all files in it and below, in the order of their names, hidden ones left
    out), a pattern (``letters/**/*.txt``), ``-`` for standard input, a URL, or a name of the catalogue, which goes
    before a file of the same name (write ``./names`` for that).
    """

    def __init__(self, sources: Sequence[str], encoding: str | None = None) -> None:
        """Find the files; standard input is read to its end, into a temporary file without a name.

        Args:
            sources: what a person named.
            encoding: of all files that are plain text, HTML or another format made of text; found out by default.

        Raises:
            TextError: a source names nothing, or a folder with no file in it.
        """
        self._encoding = encoding
        self._spools: list[IO[bytes]] = []  # temporary files that last as long as the corpus
        self._left_out: dict[str, LeftOut] = {}
        self._checked = False
        self._names = tuple(sources)
        found: dict[str, _Source] = {}  # by their true path: a file that is named twice is learnt from once
        for source in (source for name in sources for source in self._expand(name)):
            found.setdefault(os.path.realpath(source.file.path), source)
        self._sources = list(found.values())

    @property
    def name(self) -> str:
        """A short label for people: "letters (3 files)"."""
        names = ["standard input" if name == STANDARD_INPUT else _shorten(name) for name in self._names]
        shown = ", ".join(names[:2]) + (f" and {len(names) - 2} more" if len(names) > 2 else "")
        shown = f"{shown} ({len(self._sources)} files)" if len(self._sources) > len(names) else shown
        return os.fsencode(shown).decode("utf-8", "replace")  # a name of a file need not be UTF-8

    def leave_out(self, other: "Corpus") -> int:
        """Take the files of another corpus out of this one, and say how many they were.

        Raises:
            TextError: nothing would be left.
        """
        held = {os.path.realpath(source.file.path) for source in other._sources}
        kept = [source for source in self._sources if os.path.realpath(source.file.path) not in held]
        if not kept:
            raise TextError(f"nothing of {self.name} is left to learn from: all of it is held out; hold out less")
        count = len(self._sources) - len(kept)
        self._sources = kept
        return count

    def read_pieces(self) -> Iterator[str]:
        """The text in pieces of about a million characters that end at line ends where there are any.

        Byte-order marks are gone, line ends are ``\\n``, and a blank line stands between files. Each call
        begins anew.

        Raises:
            UnreadableText: a file that was named is empty, binary, or cannot be decoded.
            TextError: nothing in a folder is text.
        """
        self._check()
        return _cut_at_lines(piece for _, piece in self._read_files())

    def summarize(self) -> CorpusSummary:
        """Read all of it once, and say what it holds.

        Raises:
            TextError: as `read_pieces`.
        """
        self._check()
        chars = dict.fromkeys(range(len(self._sources)), 0)
        total = 0
        is_there = np.zeros(CODE_POINTS, bool)
        for index, piece in self._read_files():
            total += len(piece)
            is_there[to_code_points(piece)] = True
            if index is not None:
                chars[index] += len(piece)
        files = tuple(_describe(source.file, chars[index]) for index, source in enumerate(self._sources))
        return CorpusSummary(
            name=self.name,
            files=files,
            left_out=tuple(self._left_out.values()),
            chars=total,
            bytes_read=sum(file.bytes_read for file in files),
            distinct_chars=int(is_there.sum()),
        )

    def _expand(self, name: str) -> list[_Source]:
        """The files that one source stands for."""
        if not name:
            raise TextError("a text without a name cannot be found: name a file, a folder, or - for standard input")
        if name == STANDARD_INPUT:
            return [self._open(self._spool(sys.stdin.buffer, "standard input"), "standard input")]
        if name in catalogue.CATALOGUE:
            return [_Source(TextFile(catalogue.require_corpus_path(name)), True)]
        if is_url(name):
            return [self._open(fetch_url(name), name)]
        path = paths.expand(name)
        if path.is_dir():
            return self._require(self._list_folder(path), f"the folder {path}")
        if is_pipe(path):
            with open_pipe(path, name) as stream:
                return [self._open(self._spool(stream, name), name)]
        if path.exists():
            check_kind(path)
            return [self._open(path)]
        if glob.has_magic(name):
            return self._list_matches(str(path))
        raise _not_found(name, path)

    def _open(self, path: Path, name: str | None = None, is_named: bool = True) -> _Source:
        return _Source(TextFile(path, name, self._encoding), is_named)

    def _spool(self, stream: IO[bytes], name: str) -> Path:
        """Keep a stream that can be read only once, as long as the corpus lasts."""
        file, path = spool_stream(stream, name)
        self._spools.append(file)
        return path

    def _list_folder(self, folder: Path) -> list[_Source]:
        """All files in and below a folder, sorted, hidden ones left out; what cannot be looked into is listed."""
        files = []
        for parent, folders, names in os.walk(folder, onerror=self._leave_out):
            folders[:] = sorted(name for name in folders if not name.startswith(".") and not is_system(parent, name))
            paths = (Path(parent, name) for name in sorted(names) if not name.startswith("."))
            files += [self._open(path, is_named=False) for path in paths if self._is_file(path)]
        return files

    def _list_matches(self, pattern: str) -> list[_Source]:
        """All files that a pattern matches, and those in the folders that it matches."""
        files = []
        for path in map(Path, sorted(glob.glob(pattern, recursive=True))):
            if path.is_dir():
                files += self._list_folder(path)
            elif self._is_file(path):
                files.append(self._open(path, is_named=False))
        if not files and not self._left_out:
            raise TextError(f"no file matches {pattern}: look at the pattern, and put it in quotes in a shell")
        return self._require(files, pattern)

    def _require(self, files: list[_Source], place: str) -> list[_Source]:
        if files:
            return files
        reason = next((f"{left.path} {left.reason}" for left in self._left_out.values()), "it holds no file")
        raise TextError(f"no text in {place}: {reason}; name a file or folder that holds text")

    def _is_file(self, path: Path) -> bool:
        """Whether it is a file that can be read as often as needed; a link to nothing is none."""
        try:
            return stat.S_ISREG(path.stat().st_mode) and not is_system(str(path))
        except FileNotFoundError:
            return False
        except OSError as e:
            self._leave_out(e)
            return False

    def _leave_out(self, error: OSError) -> None:
        path = os.fsdecode(error.filename)
        self._left_out[path] = LeftOut(path, refuse_reading(path, error).reason)

    def _check(self) -> None:
        """Set aside what is not text, once."""
        if self._checked:
            return
        readable = []
        for source in self._sources:
            try:
                source.file.check()
            except UnreadableText as e:
                if source.is_named:
                    raise
                self._left_out[source.file.name] = LeftOut(
                    os.fsencode(source.file.name).decode("utf-8", "replace"), e.reason
                )
            else:
                readable.append(source)
        if not readable:
            first = next(iter(self._left_out.values()))
            others = f", and so on for {len(self._left_out) - 1} more" if len(self._left_out) > 1 else ""
            raise TextError(
                f"no text in {self.name}: {first.path} {first.reason}{others}; name a file or folder that holds text"
            )
        self._sources = readable
        self._checked = True

    def _read_files(self) -> Iterator[tuple[int | None, str]]:
        """Pieces with the number of their file; ``None`` for what joins two files."""
        end = ""
        for index, source in enumerate(self._sources):
            if index:
                yield None, "\n" * (2 - (len(end) - len(end.rstrip("\n"))))
            end = ""
            for piece in source.file.read():
                yield index, piece
                end = (end + piece)[-2:]


def _shorten(name: str) -> str:
    """The own name of a file or folder; a pattern with the folder that it looks in."""
    path = Path(name)
    if is_url(name):
        return name.partition("?")[0].rstrip("/").rpartition("/")[2] or name
    if not glob.has_magic(name):
        return path.name or name
    while glob.has_magic(str(path.parent)):
        path = path.parent
    return str(Path(name).relative_to(path.parent.parent))


def _not_found(name: str, path: Path) -> TextError:
    """The sentence for a source that names nothing, with the names most like it."""
    folder = path.parent
    if not folder.is_dir():
        return TextError(f"no file {name}, because there is no folder {folder}: look at the spelling")
    names = {entry: str(folder / entry) for entry in os.listdir(folder)} | {
        entry: entry for entry in catalogue.CATALOGUE
    }
    near = difflib.get_close_matches(path.name, names, n=3, cutoff=0.6)
    advice = f"did you mean {' or '.join(names[entry] for entry in near)}?" if near else "look at the spelling"
    return TextError(f"no file, folder or corpus {name}: {advice}")


def _describe(file: TextFile, chars: int) -> CorpusFile:
    encoding = file.encoding
    return CorpusFile(file.name, file.size_bytes, chars, encoding.label, file.hash(), encoding.is_guess)


def _cut_at_lines(pieces: Iterator[str]) -> Iterator[str]:
    """Join and cut pieces so that they end at a line end, or else at a space, where there is one."""
    text = ""
    for piece in pieces:
        text += piece
        if len(text) >= PIECE_CHARS:
            cut = text.rfind("\n") + 1 or text.rfind(" ") + 1 or len(text)
            yield text[:cut]
            text = text[cut:]
    if text:
        yield text
