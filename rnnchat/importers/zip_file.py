"""A zip in memory, without trust in what it says about sizes."""

import zipfile
from io import BytesIO

FREE_BYTES = 2**20
"""Configurations are small, and may be compressed well; weights do not get smaller by being compressed."""


class Archive:
    """Reads members of a zip, no more than twice its size in all.

    Raises:
        ValueError: it is no zip, or damaged.
    """

    def __init__(self, content: bytes) -> None:
        try:
            self._zip = zipfile.ZipFile(BytesIO(content))
        except (zipfile.BadZipFile, OSError, ValueError, EOFError, NotImplementedError, UnicodeDecodeError) as e:
            raise ValueError("it is a damaged zip archive") from e
        self._left = FREE_BYTES + 2 * len(content)
        self.names = self._zip.namelist()

    def read(self, name: str) -> bytes:
        """The content of a member.

        Raises:
            ValueError: there is none, it is damaged or encrypted, or larger than it has a reason to be.
        """
        if name not in self.names:
            raise ValueError(f"it has no {name[-80:]!r}")
        member = self._zip.getinfo(name)
        self._left -= member.file_size
        if self._left < 0:
            raise ValueError("it would expand to many times its size")
        try:
            with self._zip.open(member) as file:
                content = file.read(member.file_size)
        except Exception as e:  # zipfile and the decompressors raise what comes to them
            raise ValueError(f"{name[-80:]!r} in it is damaged") from e
        if len(content) < member.file_size:
            raise ValueError(f"it ends inside {name[-80:]!r}")
        return content
