"""What an importer is given: a foreign file, and what a person says about it."""

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from rnnchat.errors import ModelError
from rnnchat.model.container import open_file
from rnnchat.model.file import Model

MAX_FILE_BYTES = 2**33
"""Four times the largest network: room for what an optimiser kept beside it."""


@dataclass(frozen=True)
class Hints:
    """What a person says about a file that does not say it itself."""

    vocab: Path | None = None
    """A file that lists the symbols in the order of their ids."""
    texts: tuple[Path, ...] = ()
    """What the model was trained on, to build the vocabulary from."""
    cell: str | None = None
    """``rnn-tanh`` or ``rnn-relu``, where a file has a simple network and does not say which."""


@dataclass(frozen=True)
class Source:
    """A foreign file or folder."""

    path: Path
    hints: Hints = field(default_factory=Hints)

    @cached_property
    def content(self) -> bytes:
        """The whole file; empty for a folder.

        Raises:
            OSError: it cannot be read.
            ValueError: it is a pipe or a device, or too large.
        """
        if self.path.is_dir():
            return b""
        with open_file(self.path) as file:
            if os.fstat(file.fileno()).st_size > MAX_FILE_BYTES:
                raise ValueError("it is larger than any recurrent network that fits here")
            return file.read()

    def find_beside(self, *names: str) -> Path | None:
        """The first of these files that lies in the file's folder."""
        return next((path for name in names if (path := self.path.parent / name).is_file()), None)

    def refuse(self, what: str) -> ModelError:
        """An error that says what the file is, and that it cannot be opened."""
        return ModelError(f"{self.path} {what}")


@dataclass(frozen=True)
class Importer:
    """How one kind of foreign file becomes a model: one line of the table in `rnnchat.importers.importer`."""

    kind: str
    """What a person calls such files."""
    recognises: Callable[[Source], bool]
    """Whether a file is of this kind, by its first bytes and its names; the first that says yes reads it."""
    read: Callable[[Source], Model]
    """The model. Raises ModelError where the file is something else or leaves something open, ValueError where it is
    damaged."""
