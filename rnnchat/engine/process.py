"""The process of an engine: how it starts, what it says on stderr, why it ended."""

import asyncio
import signal
from collections import deque

from rnnchat import errors
from rnnchat.child import python_command
from rnnchat.engine.protocol import PROTOCOL, Failed, Loaded, ModelInfo, decode_line
from rnnchat.errors import EngineError, RnnchatError

_LINE_LIMIT = 1 << 26
"""Bytes: asyncio refuses longer lines, and its own limit of 64 kB is less than a long answer."""


class StderrTail:
    """The last lines a process wrote to stderr: they tell why it died."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        assert process.stderr is not None
        self._stream = process.stderr
        self._lines: deque[str] = deque(maxlen=20)
        self._task = asyncio.create_task(self._read())

    async def _read(self) -> None:
        while line := await self._stream.readline():
            self._lines.append(line.decode("utf-8", "replace").rstrip())

    async def finish(self) -> str:
        """Wait for the end of the stream and give its last line that says anything."""
        await self._task
        return next((line.strip() for line in reversed(self._lines) if line.strip()), "")


async def spawn(model: str, precision: str | None) -> asyncio.subprocess.Process:
    """Start the process of an engine that loads ``model``.

    Raises:
        EngineError: the system refuses another process.
    """
    options = ["--precision", precision] if precision else []
    try:
        return await asyncio.create_subprocess_exec(
            *python_command("rnnchat.engine.host", *options, "--", model),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            limit=_LINE_LIMIT,
            # Its own session: Ctrl-C and closing the terminal are for the front end to handle.
            start_new_session=True,
        )
    except OSError as e:
        raise EngineError(
            f"no process could be started for the model {model} ({e}): close programs and try again"
        ) from e


async def await_loaded(process: asyncio.subprocess.Process, stderr: StderrTail, model: str) -> ModelInfo:
    """Wait until an engine has loaded ``model``, and give what it says of it.

    Raises:
        ModelError: there is no such model, or its file is damaged.
        EngineError: the process ended, or is of another version.
    """
    assert process.stdout is not None
    line = await process.stdout.readline()
    if not line:
        reason = describe_end(await process.wait(), await stderr.finish())
        raise EngineError(
            f"the process that was to load the model {model} ended, {reason}: try again, or load another model"
        )
    response = decode_line(line)
    if isinstance(response, Failed):
        raise rebuild_error(response)
    if not isinstance(response, Loaded) or response.protocol != PROTOCOL:
        raise EngineError("rnnchat was replaced by another version while it ran: leave it and start it again")
    return response.info


def rebuild_error(failed: Failed) -> RnnchatError:
    """Turn a failure that was told over the pipe into the error it was on the other side."""
    kind = getattr(errors, failed.error, EngineError)
    error: RnnchatError = kind(failed.message)
    return error


def describe_end(status: int, last_words: str) -> str:
    """Say in a few words why a process ended with ``status`` (negative: a signal, as subprocess has it)."""
    if status < 0:
        name = signal.Signals(-status).name
        advice = " (often: the machine ran out of memory)" if name == "SIGKILL" else ""
        return f"stopped by {name}{advice}"
    return last_words or f"exit status {status}"
