"""The process that holds one model: reads requests on stdin, answers on stdout, ends when stdin does.

    python -m rnnchat.engine.host [--precision int8|float32] MODEL      (an empty name: the default model)

Without a precision the model gets the one that suits it.

One thread reads lines and puts them into an inbox; the main thread does everything else, and looks into the inbox
between symbols and between blocks of a prompt. So a change of settings, a cancellation or a new prompt acts on the
next symbol, and no two threads ever touch the model. Nothing but messages goes to stdout: whatever a library
prints there goes to stderr.
"""

import argparse
import os
import signal
import sys
import threading
from contextlib import closing
from pathlib import Path
from queue import SimpleQueue
from typing import BinaryIO, get_args

import numpy as np

from rnnchat.analysis.overlap import find_overlap
from rnnchat.engine.chunk import Gathering
from rnnchat.engine.protocol import (
    Cancel,
    Change,
    Explain,
    Explained,
    Failed,
    Loaded,
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
from rnnchat.errors import ModelError, RnnchatError, UsageError
from rnnchat.generation.language_model import LanguageModel
from rnnchat.generation.settings import Settings
from rnnchat.generation.writing import Writing
from rnnchat.model.library import default_model, find_model
from rnnchat.model.name import name_model
from rnnchat.runtime.constant import Precision
from rnnchat.text.whole import read_whole

MAX_EXPLAINED = 20_000
"""Characters of a text that is explained at once: the answer is a line of some hundred bytes for each symbol."""
MAX_ALTERNATIVES = 50


class _StopError(Exception):
    """A text is not to be read any further."""


class Host:
    """Answers requests with one model.

    Args:
        model: nobody else uses it.
        inbox: where the reading thread puts requests.
        output: where answers go.
    """

    def __init__(self, model: LanguageModel, inbox: "SimpleQueue[Message]", output: BinaryIO) -> None:
        self._opened = self._model = model
        self._inbox = inbox
        self._output = output
        self._next: Write | Measure | None = None
        self._is_cancelled = False
        self._settings = Settings()
        self._writing: Writing | None = None

    def serve(self) -> None:
        """Answer requests until the process ends."""
        while True:
            request, self._next = self._next or self._inbox.get(), None
            if isinstance(request, Write):
                self._write(request)
            elif isinstance(request, Measure):
                self._measure(request)
            else:
                self._answer(request)

    def _answer(self, request: Message) -> None:
        """Answer what needs no writing; cancellations and changes come too late here."""
        try:
            match request:
                case Score(number, text):
                    score = self._model.score(text)
                    unknown = score.unknown_chars
                    answer: Message = ScoreInfo(
                        score.bits_per_char, score.perplexity, score.chars, score.tokens, unknown, number
                    )
                case Remember(number, texts):
                    answer = self._remember(texts, number)
                case Offer():
                    answer = self._offer(request)
                case Explain():
                    answer = self._explain(request)
                case Failed():
                    answer = request
                case _:
                    return
        except RnnchatError as e:
            answer = Failed(str(e), getattr(request, "request", None), type(e).__name__)
        self._send(answer)

    def _remember(self, texts: tuple[str, ...], number: int) -> Remembered:
        """Take texts into memory in the place of those before."""
        contents = [read_whole(text) for text in texts]
        self._model = self._opened.remember(*contents) if contents else self._opened
        return Remembered(sum(map(len, contents)), number)

    def _offer(self, request: Offer) -> Offered:
        """The likeliest symbols after a text; a text being written stays where it is."""
        tokenizer, reading = self._model.tokenizer, self._model.read(request.text)
        ids, held_back = reading.place.ids[-8:].tolist(), reading.place.held_back
        own, shaped = reading.expect(request.settings)
        if request.settings is None:
            shaped = own
        best = np.argsort(-np.maximum(own, shaped), kind="stable")[: request.count]
        best = best[np.argsort(-own[best], kind="stable")]
        return Offered(
            tuple(tokenizer.label(id) for id in best.tolist()),
            tuple(tokenizer.start_decoding(ids).feed(id).removeprefix(held_back) for id in best.tolist()),
            tuple(own[best].tolist()),
            tuple(shaped[best].tolist()),
            request.request,
        )

    def _explain(self, request: Explain) -> Explained:
        """What the model thinks of each symbol of a text."""
        if len(request.text) > MAX_EXPLAINED:
            raise UsageError(
                f"a text of {len(request.text):,} characters is too long to be explained at once: "
                f"choose a part of at most {MAX_EXPLAINED:,}"
            )
        top = min(request.top, MAX_ALTERNATIVES)
        found = self._model.explain(request.text, top)
        rows = zip(found.top_ids.tolist(), found.top_log_probs.tolist(), strict=True)
        return Explained(
            found.symbols,
            tuple(found.log_probs.tolist()),
            tuple(found.ranks.tolist()),
            tuple(found.entropies.tolist()),
            tuple(tuple(zip(map(found.labels.__getitem__, ids), nats, strict=True)) for ids, nats in rows),
            request.request,
        )

    def _write(self, request: Write) -> None:
        """Read the prompt, then write, sending what is made every 30 ms."""
        self._is_cancelled, self._settings, self._writing = False, request.settings, None

        def watch(done: int, count: int) -> None:
            if self._must_stop(request):
                raise _StopError

        try:
            reading = self._model.read(request.prompt, watch, memory=request.settings.memory, own=request.own)
            chunks = Gathering(request.request, reading.unknown)
            watch(1, 1)
        except _StopError:
            self._send(Gathering(request.request, ()).take(0, "cancelled"))
            return
        self._writing = writing = reading.write(self._settings)
        try:
            with closing(writing):
                for piece in writing:
                    chunks.add(piece)
                    if chunks.is_due():
                        self._send(chunks.take(writing.seed, loop=writing.loop))
                    if self._must_stop(request):
                        break
            self._send(chunks.take(writing.seed, writing.reason, writing.loop))
        except RnnchatError as e:
            self._send(chunks.take(writing.seed))
            self._send(Failed(str(e), request.request, type(e).__name__))

    def _measure(self, request: Measure) -> None:
        """Send what cells cost as they are read, then what of the text the model was trained on."""
        self._is_cancelled = False
        try:
            for cells in self._model.score_cells(request.text, exact=False):
                self._send(Measured(tuple(cells.tolist()), request=request.request))
                if self._must_stop(request):
                    self._send(Measured((), finished=True, request=request.request))
                    return
            overlap = find_overlap(request.text, self._model.model.training)
        except RnnchatError as e:
            self._send(Failed(str(e), request.request, type(e).__name__))
            return
        share, copied = (
            (None, ()) if overlap is None else (overlap.share, tuple(np.flatnonzero(overlap.cells).tolist()))
        )
        self._send(Measured((), True, share, copied, request.request))

    def _must_stop(self, running: Write | Measure) -> bool:
        """Look into the inbox; say whether ``running`` has to end."""
        while not self._inbox.empty() and self._next is None:
            match self._inbox.get():
                case Cancel(number):
                    self._is_cancelled |= number == running.request
                case Change(settings):
                    self._settings = settings
                    if self._writing is not None:
                        self._writing.change(settings)
                case Write() | Measure() as following:
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


def main() -> None:
    """Load the model named on the command line and serve it until stdin ends."""
    parser = argparse.ArgumentParser("rnnchat.engine.host")
    parser.add_argument("model")
    parser.add_argument("--precision", choices=get_args(Precision))
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
        model, info = _load(find_model(name), arguments.precision)
    except RnnchatError as e:
        output.write(encode_line(Failed(str(e), error=type(e).__name__)))
        output.flush()
        sys.exit(1)
    output.write(encode_line(Loaded(info)))
    output.flush()
    Host(model, inbox, output).serve()


def _read_requests(inbox: "SimpleQueue[Message]") -> None:
    """Put each line of stdin into the inbox; end the process with stdin, whatever it is doing."""
    with os.fdopen(os.dup(0), "rb") as lines:
        for line in lines:
            try:
                inbox.put(decode_line(line))
            except (ValueError, RnnchatError) as e:
                inbox.put(Failed(str(e)))
    os._exit(0)


def _load(path: Path, precision: Precision | None) -> tuple[LanguageModel, ModelInfo]:
    # One thread: the screen needs a core of its own to answer keys at once.
    opened = LanguageModel.open(path, precision)
    config, training = opened.model.config, opened.model.training
    turns = training.turns or opened.model.card.turns
    info = ModelInfo(
        name=name_model(path),
        path=str(path.absolute()),
        level=opened.tokenizer.level,
        cell=config.cell,
        hidden_sizes=config.hidden_sizes,
        parameters=config.parameters,
        size_bytes=path.stat().st_size,
        vocab_size=config.vocab_size,
        bits_per_char=training.bits_per_char,
        corpus=training.corpus,
        precision=opened.precision,
        turns=None if turns is None else turns.to_json(),
    )
    return opened, info


if __name__ == "__main__":
    main()
