"""A stream that can be read only once, such as standard input, kept as a file that never stays behind."""

import shutil
import sys
import tempfile
from pathlib import Path
from typing import IO

from rnnchat.errors import TextError

MAX_SPOOL_BYTES = 16_000_000_000
"""What is kept of a stream, at most: one that never ends must not fill the disk."""
_CHUNK_SIZE = 1 << 20


def spool_stream(stream: IO[bytes], name: str) -> tuple[IO[bytes], Path]:
    """Copy a stream to a temporary file.

    Args:
        stream: read to its end.
        name: what people call it.

    Returns:
        The file, whose text is gone once it is closed, and a path under which to open it again until then.

    Raises:
        TextError: the stream is longer than half of the room in the temporary folder, or has no end.
    """
    spool, path = _open_spool()
    limit = min(MAX_SPOOL_BYTES, shutil.disk_usage(tempfile.gettempdir()).free // 2)
    while chunk := stream.read(_CHUNK_SIZE):
        if spool.tell() + len(chunk) > limit:
            spool.close()
            raise TextError(
                f"{name} does not end within {limit:,} bytes, all that the temporary folder may hold: "
                "save the text as a file and name that"
            )
        spool.write(chunk)
    spool.flush()
    return spool, path


def _open_spool() -> tuple[IO[bytes], Path]:
    """A temporary file that is gone with the process, whatever ends it, where the system has such files."""
    if sys.platform == "linux":
        nameless = tempfile.TemporaryFile()  # noqa: SIM115  (closed by whoever wanted it)
        return nameless, Path(f"/proc/self/fd/{nameless.fileno()}")
    named = tempfile.NamedTemporaryFile(prefix="rnnchat-")  # noqa: SIM115
    return named, Path(named.name)
