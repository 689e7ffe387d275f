"""The process that holds one model: reads requests on stdin, answers on stdout, ends when stdin does.

    python -m rnnchat.engine.host [--precision int8|float32] MODEL      (an empty name: the default model)

One thread reads lines and puts them into an inbox; the main thread does everything else, and looks into the inbox
between symbols and between blocks of a prompt. So a change of settings, a cancellation or a new prompt acts on the
next symbol, and no two threads ever touch the model. Nothing but messages goes to stdout: whatever a library
prints there goes to stderr.
"""

import argparse
import math
import os
import signal
import sys
import threading
import time
from collections import abc
from contextlib import closing
from pathlib import Path
from queue import SimpleQueue
from typing import BinaryIO, cast, get_args

from rnnchat.engine.protocol import (
    Cancel,
    Change,
    Chunk,
    Failed,
    Loaded,
    Message,
    ModelInfo,
    Offer,
    Offered,
    Reason,
    Score,
    ScoreInfo,
    Write,
    decode_line,
    encode_line,
)
from rnnchat.errors import ModelError, RnnchatError
from rnnchat.generation.generator import Generator, Piece
from rnnchat.generation.graph import Precision
from rnnchat.generation.score import score_text
from rnnchat.generation.settings import Settings
from rnnchat.model.file import read_model
from rnnchat.model.library import default_model, find_model, model_name

FLUSH_INTERVAL_S = 0.03
"""A screen that draws more often than this only gets slower."""

PieceGenerator = abc.Generator[Piece, None, None]


class Host:
    """Answers requests with one model.

    Args:
        generator: the model; nobody else uses it.
        inbox: where the reading thread puts requests.
        output: where answers go.
    """

    def __init__(self, generator: Generator, inbox: "SimpleQueue[Message]", output: BinaryIO) -> None:
        self._generator = generator
        self._inbox = inbox
        self._output = output
        self._next: Write | None = None
        self._is_cancelled = False
        self._settings = Settings()

    def serve(self) -> None:
        """Answer requests until the process ends."""
        while True:
            request, self._next = self._next or self._inbox.get(), None
            if isinstance(request, Write):
                self._write(request)
            else:
                self._answer(request)

    def _answer(self, request: Message) -> None:
        """Answer what needs no writing; cancellations and changes come too late here."""
        try:
            match request:
                case Score(number, text):
                    score = score_text(self._generator.runtime, self._generator.tokenizer, [text])
                    unknown = score.unknown_chars
                    answer: Message = ScoreInfo(
                        score.bits_per_char, score.perplexity, score.chars, score.tokens, unknown, number
                    )
                case Offer():
                    answer = self._offer(request)
                case Failed():
                    answer = request
                case _:
                    return
        except RnnchatError as e:
            answer = Failed(str(e), getattr(request, "request", None), type(e).__name__)
        self._send(answer)

    def _offer(self, request: Offer) -> Offered:
        """The likeliest symbols after a text; a text being written stays where it is."""
        generator, tokenizer = self._generator, self._generator.tokenizer
        before = generator.place
        generator.seek(request.text)
        ids, log_probs = generator.place.ids[-8:].tolist(), generator.place.log_probs
        generator.return_to(before)
        best = [int(id) for id in (-log_probs).argsort(kind="stable")[: request.count]]
        return Offered(
            tuple(tokenizer.label(id) for id in best),
            tuple(tokenizer.start_decoding(ids).feed(id) for id in best),
            tuple(math.exp(log_probs[id]) for id in best),
            request.request,
        )

    def _write(self, request: Write) -> None:
        """Read the prompt, then write, sending what is made every 30 ms."""
        generator = self._generator
        self._is_cancelled, self._settings = False, request.settings
        unknown = generator.seek(request.prompt, should_stop=lambda: self._must_stop(request))
        batch = _Batch(request.request, tuple(unknown))
        if self._must_stop(request):
            self._send(batch.take(0, "cancelled"))
            return
        try:
            with closing(cast(PieceGenerator, generator.write(self._settings))) as pieces:
                for piece in pieces:
                    batch.add(piece)
                    if batch.is_due():
                        self._send(batch.take(generator.seed))
                    if self._must_stop(request):
                        break
            self._send(batch.take(generator.seed, generator.reason))
        except RnnchatError as e:
            self._send(batch.take(generator.seed))
            self._send(Failed(str(e), request.request, type(e).__name__))

    def _must_stop(self, running: Write) -> bool:
        """Look into the inbox; say whether ``running`` has to end."""
        while not self._inbox.empty() and self._next is None:
            match self._inbox.get():
                case Cancel(number):
                    self._is_cancelled |= number == running.request
                case Change(settings):
                    self._settings = settings
                    self._generator.change(settings)
                case Write() as following:
                    self._next = following
                case other:
                    self._answer(other)
        return self._is_cancelled or self._next is not None

    def _send(self, message: Message) -> None:
        try:
            self._output.write(encode_line(message))
            self._output.flush()
        except BrokenPipeError:
            os._exit(0)  # the front end is gone


class _Batch:
    """Gathers symbols into chunks: the first at once, then one every 30 ms."""

    def __init__(self, request: int, unknown: tuple[str, ...]) -> None:
        self._request = request
        self._unknown = unknown
        self._started_s = time.monotonic()
        self._taken_s = -math.inf
        self._chars = 0
        self._text = ""
        self._log_probs: list[float] = []

    def add(self, piece: Piece) -> None:
        """Take one symbol."""
        self._text += piece.text
        self._log_probs.append(piece.log_prob)

    def is_due(self) -> bool:
        """Is there text that has waited long enough?"""
        return bool(self._text) and time.monotonic() - self._taken_s >= FLUSH_INTERVAL_S

    def take(self, seed: int | None, reason: str = "") -> Chunk:
        """Give what was gathered as a chunk, the last one if there is a reason for the text to end."""
        self._taken_s = time.monotonic()
        self._chars += len(self._text)
        chunk = Chunk(
            text=self._text,
            chars=self._chars,
            chars_per_s=self._chars / max(self._taken_s - self._started_s, 1e-9),
            seed=seed or 0,
            unknown=self._unknown,
            finished=bool(reason),
            reason=cast(Reason, reason),
            log_probs=tuple(self._log_probs),
            request=self._request,
        )
        self._text, self._log_probs, self._unknown = "", [], ()
        return chunk


def main() -> None:
    """Load the model named on the command line and serve it until stdin ends."""
    parser = argparse.ArgumentParser("rnnchat.engine.host")
    parser.add_argument("model")
    parser.add_argument("--precision", choices=get_args(Precision), default="int8")
    arguments = parser.parse_args()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the front end
    output = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    inbox: SimpleQueue[Message] = SimpleQueue()
    threading.Thread(target=_read_requests, args=(inbox,), daemon=True).start()
    try:
        name = arguments.model or default_model()
        if name is None:
            raise ModelError("there is no model on this machine yet: train one, or open a model file")
        generator, info = _load(find_model(name), arguments.precision)
    except RnnchatError as e:
        output.write(encode_line(Failed(str(e), error=type(e).__name__)))
        output.flush()
        sys.exit(1)
    output.write(encode_line(Loaded(info)))
    output.flush()
    Host(generator, inbox, output).serve()


def _read_requests(inbox: "SimpleQueue[Message]") -> None:
    """Put each line of stdin into the inbox; end the process with stdin, whatever it is doing."""
    with os.fdopen(os.dup(0), "rb") as lines:
        for line in lines:
            try:
                inbox.put(decode_line(line))
            except (ValueError, RnnchatError) as e:
                inbox.put(Failed(str(e)))
    os._exit(0)


def _load(path: Path, precision: Precision) -> tuple[Generator, ModelInfo]:
    model = read_model(path)
    info = ModelInfo(
        name=model_name(path),
        path=str(path.absolute()),
        level=model.tokenizer.level,
        cell=model.config.cell,
        hidden_sizes=model.config.hidden_sizes,
        parameters=model.config.parameters,
        size_bytes=path.stat().st_size,
        vocab_size=model.config.vocab_size,
        bits_per_char=model.training.bits_per_char,
        corpus=model.training.corpus,
        precision=precision,
    )
    return Generator(model, precision), info


if __name__ == "__main__":
    main()
