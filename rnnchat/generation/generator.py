"""Writing text with a model, symbol by symbol.

A generator always stands somewhere in a text: after everything it has read and written. ``seek`` brings it
to the end of any text; what it has read before costs nothing again, because the states at the ends of earlier
prompts and continuations are kept. ``write`` goes on from there.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np

from rnnchat.errors import ModelError
from rnnchat.generation.ending import Ending
from rnnchat.generation.graph import Precision
from rnnchat.generation.runtime import BLOCK_SIZE, Runtime, State
from rnnchat.generation.sampling import REPETITION_WINDOW, choose
from rnnchat.generation.settings import MAX_SEED, Settings
from rnnchat.model.file import Model, read_model
from rnnchat.text.tokenizer import Tokenizer

MAX_PLACES = 64
"""How many places of texts are kept to come back to; one costs 4 bytes a symbol of its text and two states."""


@dataclass(frozen=True)
class Piece:
    """A symbol that was written."""

    text: str
    """What can be shown now: empty while a character is incomplete or the text may be a stop text."""
    id: int
    log_prob: float
    """Natural logarithm of the model's own probability for the symbol, before all settings."""


class Place(NamedTuple):
    """A point in a text: everything the model needs to go on from there. A value that callers may hold."""

    ids: np.ndarray
    """(N,) int32: the text up to here."""
    state: State
    log_probs: np.ndarray
    """(V,) of the next symbol."""
    held_back: str = ""
    """End of the text that the model will write itself: a space before a word."""


class Generator:
    """A model with its vocabulary, standing at a place of a text."""

    def __init__(self, model: Model, precision: Precision = "int8", threads: int = 1) -> None:
        self.tokenizer: Tokenizer = model.tokenizer
        self.runtime = Runtime(model, precision, threads)
        self.seed: int | None = None
        """The seed of the last continuation."""
        self.reason = ""
        """Why the last continuation ended; ``cancelled`` while it has not come to its end."""
        self._places: OrderedDict[bytes, Place] = OrderedDict()  # by the ids' bytes, the last used at the end
        self._start = self._find_start()
        self.place = self._start
        self._settings = Settings()

    @classmethod
    def open(cls, path: Path, precision: Precision = "int8", threads: int = 1) -> "Generator":
        """Read the model file at ``path`` and make it ready to write.

        Raises:
            ModelError: the file cannot be read or used.
        """
        return cls(read_model(path), precision, threads)

    def seek(self, text: str, should_stop: Callable[[], bool] = lambda: False) -> list[str]:
        """Go to the end of ``text``, reading only what no kept place has read already.

        Args:
            text: everything before the continuation. Symbols that the vocabulary lacks are passed over, or read
                as the unknown symbol where the model has learnt one.
            should_stop: asked between blocks of a long text; True leaves the generator where it was.

        Returns:
            the symbols that the vocabulary lacks, in order of appearance.
        """
        ids, held_back = self.tokenizer.encode_prompt(text)
        place = self._find_place(ids)
        state, log_probs, position = place.state, place.log_probs, len(place.ids)
        while position < len(ids):
            if should_stop():
                return []
            block = ids[position : position + BLOCK_SIZE]
            batch_log_probs, state = self.runtime.read(block[None], state, last_only=True)
            log_probs = batch_log_probs[0, -1]
            position += len(block)
        self._keep(Place(ids, state, log_probs, held_back))
        return self.tokenizer.find_unknown(text)

    def return_to(self, place: Place) -> None:
        """Go to a place that ``place`` gave earlier."""
        self.place = place

    def change(self, settings: Settings) -> None:
        """Take other settings from the next symbol on; the seed stays until the next ``write``."""
        self._settings = settings

    def write(self, settings: Settings) -> Iterator[Piece]:
        """Go on from the present place; stopping is not asking for the next piece.

        Whenever it stops, the generator stands at the end of the text that was given out. ``seed`` and
        ``reason`` tell of the last continuation.

        Raises:
            ModelError: the network's numbers overflow.
        """
        self.change(settings)
        self.seed = draw_seed() if settings.seed is None else settings.seed
        self.reason = "cancelled"
        return self._write(np.random.Generator(np.random.PCG64(self.seed)))

    def _write(self, random: np.random.Generator) -> Iterator[Piece]:
        ids, state, log_probs, held_back = self.place
        written: list[int] = []
        recent = ids[-REPETITION_WINDOW:].tolist()
        decoder = self.tokenizer.start_decoding(recent)
        expected = held_back  # what the first symbol brings, and is not given out
        ending = Ending()
        shown: tuple[int, State, np.ndarray] = (0, state, log_probs)  # symbols, state: at the end of what is given out
        try:
            while True:
                if np.isnan(log_probs[0]):  # all of them are NaN if one is
                    raise ModelError("the model's numbers overflow on this text: train it again with a lower rate")
                banned = self.tokenizer.find_banned(expected, recent)
                id = choose(log_probs, self._settings, recent, banned, random)
                log_prob = float(log_probs[id])
                text = decoder.feed(id)
                if expected and text:
                    text, expected = text.removeprefix(expected), ""
                given, reason = ending.feed(text, self._settings) if text else ("", "")
                batch_log_probs, state = self.runtime.step(np.array([id], np.int64), state)
                log_probs = batch_log_probs[0]
                written.append(id)
                recent = [*recent[1 - REPETITION_WINDOW :], id]
                if text and given.endswith(text) and not ending.held:
                    shown = (len(written), state, log_probs)
                if reason:
                    self.reason = reason
                yield Piece(given, id, log_prob)
                if reason:
                    return
        finally:
            count, state, log_probs = shown
            all_ids = np.concatenate([ids, np.array(written[:count], np.int32)])
            self._keep(Place(all_ids, state, log_probs, "" if count else held_back))

    def _find_start(self) -> Place:
        """The place before any text: after a line end if the model knows one, so that it has something to go by."""
        state = self.runtime.initial_state()
        nothing = np.zeros(0, np.int32)
        line_end = self.tokenizer.encode("\n")
        if len(line_end) == 1 and line_end[0] != self.tokenizer.unknown_id:
            log_probs, state = self.runtime.step(line_end.astype(np.int64), state)
            return Place(nothing, state, log_probs[0])
        # Every symbol is as good as any other: the first one is drawn at random.
        size = self.tokenizer.vocab_size
        return Place(nothing, state, np.full(size, -np.log(size), np.float32))

    def _find_place(self, ids: np.ndarray) -> Place:
        """The kept place that has read most of ``ids`` and nothing else."""
        data = ids.tobytes()
        found = [key for key in self._places if data.startswith(key)]
        if not found:
            return self._start
        key = max(found, key=len)
        self._places.move_to_end(key)
        return self._places[key]

    def _keep(self, place: Place) -> None:
        self.place = place
        key = place.ids.astype(np.int32).tobytes()
        self._places[key] = place
        self._places.move_to_end(key)
        if len(self._places) > MAX_PLACES:
            self._places.popitem(last=False)


def draw_seed() -> int:
    """A new seed that is short enough to be copied by hand."""
    return int(np.random.default_rng().integers(min(MAX_SEED, 10**9)))
