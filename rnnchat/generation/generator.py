"""Writing text with a model, symbol by symbol: one text, or many side by side.

Letters: B streams, V vocabulary.

A generator always stands somewhere in a text: after everything it has read and written. ``seek`` brings it
to the end of any text; what it has read before costs nothing again, because the states at the ends of earlier
prompts and continuations are kept. ``write`` goes on from there.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np

from rnnchat.errors import UsageError
from rnnchat.generation.lockstep import look_back, write_streams
from rnnchat.generation.phrase import Spelling
from rnnchat.generation.sampling import find_probabilities
from rnnchat.generation.settings import MAX_SEED, Settings
from rnnchat.generation.stream import Piece as Piece
from rnnchat.generation.stream import Place as Place
from rnnchat.generation.stream import Steering, Stream
from rnnchat.model.file import Model, read_model
from rnnchat.runtime.constant import Precision
from rnnchat.runtime.runtime import BLOCK_SIZE, Predictor, Runtime
from rnnchat.runtime.start import read_start
from rnnchat.text.tokenizer import Tokenizer

MAX_PLACES = 256
"""How many places of texts are kept to come back to; one costs 4 bytes a symbol of its text and two states."""


class Generator:
    """A model with its vocabulary, standing at a place of a text."""

    def __init__(
        self, model: Model, precision: Precision = "int8", threads: int = 1, runtime: Predictor | None = None
    ) -> None:
        """Args: the model; how exact, and with how many threads it runs; a network in place of its own."""
        self.tokenizer: Tokenizer = model.tokenizer
        self.runtime: Predictor = runtime or Runtime(model, precision, threads)
        self.spelling = Spelling(self.tokenizer)
        self.seed: int | None = None
        """The seed of the last continuation, the first of its streams."""
        self.reason = ""
        """Why the last continuation ended; ``cancelled`` while it has not come to its end."""
        self.streams: list[Stream] = []
        """The texts of the last continuation, or of those that are written side by side."""
        self._places: OrderedDict[bytes, Place] = OrderedDict()  # by the ids' bytes, the last used at the end
        log_probs, state = read_start(self.runtime, self.tokenizer)
        self._start = self.place = Place(np.zeros(0, np.int32), state, log_probs)
        self._steering = Steering(self.spelling, Settings())

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
        self.place = Place(ids, state, log_probs, held_back)
        self._remember(self.place)
        return self.tokenizer.find_unknown(text)

    def return_to(self, place: Place) -> None:
        """Go to a place that ``place`` gave earlier."""
        self.place = place

    def preview(self, settings: Settings) -> tuple[np.ndarray, np.ndarray]:
        """What may come next at the present place.

        Returns:
            the model's own log-probabilities (V,), and the probabilities (V,) that ``settings`` make of them.

        Raises:
            UsageError: what is banned leaves no symbol to go on with.
        """
        stream = Stream(self.spelling, self.place, 0)
        past = look_back([stream], Steering(self.spelling, settings))
        own = self.place.log_probs
        if settings.temperature_cycle:
            settings = settings.change(temperature=settings.temperature_cycle[0])
        probabilities = find_probabilities(own[None], settings, past)
        if settings.draw_at == "word" and not stream.begins_word(int(probabilities.argmax())):
            probabilities = find_probabilities(own[None], settings.change(temperature=0.0), past)
        return own, probabilities[0]

    def change(self, settings: Settings) -> None:
        """Take other settings from the next symbol on; the seed stays until the next ``write``."""
        self._steering = Steering(self.spelling, settings)

    def write(self, settings: Settings, alternatives: int = 0) -> Iterator[Piece]:
        """Go on from the present place; stopping is not asking for the next piece.

        Whenever it stops, the generator stands at the end of the text that was given out. ``seed`` and
        ``reason`` tell of the last continuation.

        Args:
            settings: what steers the text; ``change`` changes them on the way.
            alternatives: how many of the likeliest symbols each piece's ``insight`` tells; 0 for no insight.

        Raises:
            ModelError: the network's numbers overflow.
            UsageError: what is banned leaves no symbol to go on with, or ``alternatives`` is below 0.
        """
        batches = self._begin([self.place], settings, 1, alternatives)
        return self._write_one(batches)

    def write_candidates(self, settings: Settings, count: int, alternatives: int = 0) -> Iterator[list[Piece | None]]:
        """Write ``count`` continuations of the present place side by side, in one batch.

        The first has the seed of the settings, the second one more, and so on; each is the text that it would be
        alone. The generator stays where it is; going on from any of them later costs nothing.

        Yields:
            a piece of each text, a symbol at a time; None for those that have ended.
        """
        return self._begin([self.place], settings, count, alternatives)

    def write_all(
        self, prompts: Iterable[str], settings: Settings, count: int = 1, alternatives: int = 0
    ) -> Iterator[list[Piece | None]]:
        """Go on from several prompts side by side, with ``count`` texts for each; see ``write_candidates``."""
        before = self.place
        places = []
        for prompt in prompts:
            self.seek(prompt)
            places.append(self.place)
        self.place = before
        return self._begin(places, settings, count, alternatives)

    def _begin(
        self, places: Sequence[Place], settings: Settings, count: int, alternatives: int
    ) -> Iterator[list[Piece | None]]:
        if alternatives < 0:
            raise UsageError(f"{alternatives} alternatives cannot be: ask for 0 or more")
        self.change(settings)
        self.seed = draw_seed() if settings.seed is None else settings.seed
        self.reason = "cancelled"
        seeds = [(self.seed + number) % (MAX_SEED + 1) for number in range(count)]
        self.streams = [Stream(self.spelling, place, seed) for place in places for seed in seeds]
        return self._write(self.streams, alternatives)

    def _write_one(self, batches: Iterator[list[Piece | None]]) -> Iterator[Piece]:
        (stream,) = self.streams
        try:
            for (piece,) in batches:
                assert piece is not None
                self.reason = stream.reason or "cancelled"
                yield piece
        finally:
            batches.close()  # type: ignore[attr-defined]
            self.place = stream.place

    def _write(self, streams: list[Stream], alternatives: int) -> Iterator[list[Piece | None]]:
        """Write all streams in step; at the end each stream's place is the end of what it gave out."""
        try:
            yield from write_streams(self.runtime, streams, lambda: self._steering, alternatives)
        finally:
            for stream in streams:
                if stream.has_grown:
                    stream.place = stream.find_end(self.runtime)
                    self._remember(stream.place)

    def _find_place(self, ids: np.ndarray) -> Place:
        """The kept place that has read most of ``ids`` and nothing else."""
        data = ids.tobytes()
        found = [key for key in self._places if data.startswith(key)]
        if not found:
            return self._start
        key = max(found, key=len)
        self._places.move_to_end(key)
        return self._places[key]

    def _remember(self, place: Place) -> None:
        key = place.ids.astype(np.int32).tobytes()
        self._places[key] = place
        self._places.move_to_end(key)
        if len(self._places) > MAX_PLACES:
            self._places.popitem(last=False)


def draw_seed() -> int:
    """A new seed that is short enough to be copied by hand."""
    return int(np.random.default_rng().integers(min(MAX_SEED, 10**9)))
