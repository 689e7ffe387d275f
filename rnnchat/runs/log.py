"""The log of a run's events: one JSON object a line, appended by the training and tailed by its watchers."""

import json
from pathlib import Path
from typing import BinaryIO

from rnnchat import paths
from rnnchat.runs.event import Event, parse_event
from rnnchat.typed_record import parse_json


def append_event(path: Path, event: Event) -> None:
    """Append one line to the log at ``path`` and flush it.

    A partial line left by a crash is ended first, so that only that line is lost.
    """
    with path.open("ab+") as file:
        if file.tell() and not _ends_line(file):
            file.write(b"\n")
        file.write(json.dumps(event.to_json(), ensure_ascii=False).encode() + b"\n")


def read_events(path: Path, offset: int = 0) -> tuple[list[Event], int]:
    """The events from byte ``offset`` on, and the offset to continue from; a partial line is left for the next call.

    Of a log that cannot be read there are none.
    """
    try:
        with paths.open_regular(path) as file:
            file.seek(offset)
            content = file.read()
    except OSError:
        return [], offset
    content = content[: content.rfind(b"\n") + 1]
    return [event for line in content.splitlines() if (event := _parse_line(line))], offset + len(content)


def _ends_line(file: BinaryIO) -> bool:
    file.seek(-1, 2)
    return file.read(1) == b"\n"


def _parse_line(line: bytes) -> Event | None:
    """The event of a line; None for a line cut short by a crash, or of a kind unknown to this version."""
    try:
        return parse_event(parse_json(line))
    except (ValueError, KeyError, TypeError):
        return None
