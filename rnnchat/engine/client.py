"""The front end's side of an engine: start the process, ask, receive, end it.

Everything runs on the event loop that called :meth:`EngineClient.start`. Processes are started with asyncio,
never with multiprocessing, whose spawn fails inside a running Textual application. Nothing here loads a model
or an inference library.
"""

import asyncio
import contextlib
import itertools
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from pathlib import Path
from typing import TypeVar

from rnnchat.engine.process import StderrTail, await_loaded, describe_end, rebuild_error, spawn
from rnnchat.engine.protocol import (
    Cancel,
    Change,
    Chunk,
    Explain,
    Explained,
    Failed,
    Measure,
    Measured,
    Message,
    ModelInfo,
    Offer,
    Offered,
    Remember,
    Remembered,
    Score,
    ScoreInfo,
    Write,
    decode_line,
    encode_line,
)
from rnnchat.errors import EngineError
from rnnchat.generation.settings import Settings

_CLOSE_TIMEOUT_S = 2.0
"""How long an engine may take to see that its input ended before it is killed."""

_Answer = TypeVar("_Answer", bound=Message)
_Answers = asyncio.Queue[Message | None]
"""What the reader hands to whoever asked; None: the process is gone."""


class EngineClient:
    """One model in a process of its own. Make it with :meth:`start`, end it with :meth:`close`."""

    info: ModelInfo
    """The model that was loaded."""

    def __init__(self, process: asyncio.subprocess.Process, info: ModelInfo, stderr: StderrTail) -> None:
        self.info = info
        self._process = process
        self._stderr = stderr
        self._numbers = itertools.count(1)
        self._waiting: dict[int, _Answers] = {}
        self._writing = 0
        self._failure: EngineError | None = None
        self._is_closing = False
        self._reader = asyncio.create_task(self._read_responses())

    @classmethod
    async def start(cls, model: str | Path, precision: str | None = None) -> "EngineClient":
        """Start a process, load ``model`` (a name, a path, or "" for the default) in it and wait until it listens.

        Without a precision the model gets the one that suits it; ``info.precision`` tells which.

        Raises:
            ModelError: there is no such model, or its file is damaged.
            EngineError: the process did not start, or ended while loading.

        Note: when the caller is cancelled meanwhile, the process is killed.
        """
        process = await spawn(str(model), precision)
        stderr = StderrTail(process)
        try:
            info = await await_loaded(process, stderr, str(model))
        except BaseException:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()
            await stderr.finish()
            raise
        return cls(process, info, stderr)

    @property
    def alive(self) -> bool:
        """Whether the process still answers."""
        return self._failure is None and not self._is_closing

    async def write(
        self, prompt: str, settings: Settings, own: tuple[tuple[int, int], ...] = ()
    ) -> AsyncIterator[Chunk]:
        """Go on from ``prompt``: yield chunks of text until one is ``finished``.

        One text at a time: a second write ends the first, whose last chunk says ``cancelled``. A prompt that
        extends one that was read or written before costs only what is new. Leaving the loop early cancels.
        ``own`` says where a model wrote the prompt: begins and ends.

        Raises:
            EngineError: the process ended; the chunks already yielded are all there is.
            UsageError: the settings are refused for this model.
        """
        with self._ask() as (request, answers):
            self._writing = request
            is_finished = False
            try:
                await self._send(Write(request, prompt, settings, own))
                while not is_finished:
                    chunk = await self._receive(answers)
                    assert isinstance(chunk, Chunk)
                    is_finished = chunk.finished
                    yield chunk
            finally:
                if not is_finished and self.alive:
                    self._post(Cancel(request))

    async def change(self, settings: Settings) -> None:
        """Use ``settings`` from the next symbol of the running write on; no effect when nothing is written."""
        if self.alive:
            await self._send(Change(settings))

    async def cancel(self) -> None:
        """End the running write: its iterator still yields what is made, then a chunk that says ``cancelled``."""
        if self.alive:
            await self._send(Cancel(self._writing))

    async def score(self, text: str) -> ScoreInfo:
        """Say how well the model predicts ``text``; a running write pauses meanwhile.

        Raises:
            EngineError: the process ended.
            TextError: the text is empty.
        """
        return await self._question(lambda request: Score(request, text), ScoreInfo)

    async def remember(self, texts: Sequence[str]) -> Remembered:
        """Keep these texts in memory beside the story, and no others: files, folders, names of the catalogue.

        Raises:
            EngineError: the process ended.
            TextError: a text cannot be read; what was remembered before still is.
            UsageError: they are too long to be remembered.
        """
        return await self._question(lambda request: Remember(request, tuple(texts)), Remembered)

    async def measure(self, text: str) -> AsyncIterator[Measured]:
        """Read ``text`` and yield what its cells cost, until one answer is ``finished``; leaving the loop ends it.

        Raises:
            EngineError: the process ended.
            TextError: the text is empty.
        """
        with self._ask() as (request, answers):
            is_finished = False
            try:
                await self._send(Measure(request, text))
                while not is_finished:
                    answer = await self._receive(answers)
                    assert isinstance(answer, Measured)
                    is_finished = answer.finished
                    yield answer
            finally:
                if not is_finished and self.alive:
                    self._post(Cancel(request))

    async def offer(self, text: str, count: int = 5, settings: Settings | None = None) -> Offered:
        """Say the ``count`` likeliest symbols after ``text``, and what ``settings`` make of their probabilities.

        Raises:
            EngineError: the process ended.
            UsageError: what the settings ban leaves no symbol to go on with.
        """
        return await self._question(lambda request: Offer(request, text, count, settings), Offered)

    async def explain(self, text: str, top: int = 5) -> Explained:
        """Say what the model thinks of each symbol of ``text``, with ``top`` alternatives for each.

        Raises:
            EngineError: the process ended.
            TextError: the model knows nothing of the text, or it is empty.
            UsageError: the text is too long, or ``top`` below 0.
        """
        return await self._question(lambda request: Explain(request, text, top), Explained)

    async def close(self) -> None:
        """End the process and wait until it is gone; running writes raise EngineError. Again is harmless."""
        self._is_closing = True
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            await asyncio.wait_for(asyncio.shield(self._reader), _CLOSE_TIMEOUT_S)
        except TimeoutError:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()
            await self._reader

    async def _question(self, make: Callable[[int], Message], kind: type[_Answer]) -> _Answer:
        """Ask what has one answer; ``make`` gives the message with a request number."""
        with self._ask() as (request, answers):
            await self._send(make(request))
            answer = await self._receive(answers)
        assert isinstance(answer, kind)
        return answer

    @contextlib.contextmanager
    def _ask(self) -> Iterator[tuple[int, _Answers]]:
        """Give a request number and the queue where the reader puts its answers."""
        request = next(self._numbers)
        answers: _Answers = asyncio.Queue()
        self._waiting[request] = answers
        try:
            yield request, answers
        finally:
            del self._waiting[request]

    def _post(self, message: Message) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(encode_line(message))

    async def _send(self, message: Message) -> None:
        if self._failure is not None:
            raise self._failure
        self._post(message)
        assert self._process.stdin is not None
        # A process that just died is reported by the reader, with its reason.
        with contextlib.suppress(ConnectionError):
            await self._process.stdin.drain()

    async def _receive(self, answers: _Answers) -> Message:
        if self._failure is not None and answers.empty():
            raise self._failure
        answer = await answers.get()
        if answer is None:
            assert self._failure is not None
            raise self._failure
        if isinstance(answer, Failed):
            raise rebuild_error(answer)
        return answer

    async def _read_responses(self) -> None:
        """Hand each line to whoever asked; at the end of the process, tell everybody who still waits."""
        assert self._process.stdout is not None
        while line := await self._process.stdout.readline():
            response = decode_line(line)
            answers = self._waiting.get(getattr(response, "request", None) or 0)
            if answers is not None:
                answers.put_nowait(response)
        status = await self._process.wait()
        reason = "it was closed" if self._is_closing else describe_end(status, await self._stderr.finish())
        self._failure = EngineError(
            f"the process that held the model {self.info.name} is gone, {reason}: load the model again to continue"
        )
        for answers in self._waiting.values():
            answers.put_nowait(None)
