"""A network with its vocabulary, open for any number of texts at once.

It stands nowhere: a place in a text is a value (`Place`) that calls take and give back, and the same network serves
all of them. What was read before costs nothing again, because the places at the ends of earlier prompts and
continuations are kept.

Letters: V vocabulary.
"""

import copy
import itertools
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence

import numpy as np

from rnnchat.generation.lockstep import look_back
from rnnchat.generation.phrase import Spelling
from rnnchat.generation.sampling import find_probabilities
from rnnchat.generation.settings import Settings
from rnnchat.generation.stream import Place, Steering, Stream
from rnnchat.runtime.predictor import Predictor
from rnnchat.runtime.runtime import BLOCK_SIZE
from rnnchat.runtime.start import read_start
from rnnchat.text.lexicon import find_words
from rnnchat.text.tokenizer import Tokenizer

MAX_PLACES = 256
"""How many places of texts are kept to come back to; one costs 4 bytes a symbol of its text and two states."""

Watch = Callable[[int, int], None]
"""Told while a long text is read how many symbols are read, of how many; what it raises ends the reading."""


def ignore(done: int, count: int) -> None:
    """Watch nothing."""


class OpenNetwork:
    """What computes, what spells, and the places that were reached so far: shared by all who read and write."""

    def __init__(self, tokenizer: Tokenizer, predictor: Predictor, words: Sequence[str] = ()) -> None:
        """Make it ready.

        Args:
            tokenizer: the vocabulary.
            predictor: the network.
            words: those that the model has learned, where its symbols are smaller.
        """
        self.tokenizer = tokenizer
        self.predictor = predictor
        self.spelling = Spelling(tokenizer, words)
        log_probs, state = read_start(predictor, tokenizer)
        self.start = Place(np.zeros(0, np.int32), state, log_probs)
        """Before any text."""
        self._places: OrderedDict[bytes, Place] = OrderedDict()  # by the ids' bytes, the last used at the end

    def learn_words(self, texts: Iterable[str]) -> "OpenNetwork":
        """The same network, which may also write the words of these texts where it writes only words that it knows."""
        if self.spelling.lexicon is None:
            return self
        twin = copy.copy(self)
        words = itertools.chain.from_iterable(map(find_words, texts))
        twin.spelling = Spelling(self.tokenizer, sorted({*self.spelling.words, *words}))
        return twin

    def find_place(self, text: str, watch: Watch = ignore) -> Place:
        """The end of ``text``: only what no kept place has read already is read.

        Args:
            text: everything before the continuation. Symbols that the vocabulary lacks are passed over, or read as
                the unknown symbol where the model has learnt one.
            watch: told between the blocks of a long text.

        Raises:
            ModelError: the network's numbers overflow.
        """
        ids, held_back = self.tokenizer.encode_prompt(text)
        place = self.read_on(self._find_nearest(ids), ids, watch)._replace(held_back=held_back)
        self.keep(place)
        return place

    def read_on(self, place: Place, ids: np.ndarray, watch: Watch = ignore) -> Place:
        """The end of a text, from a place on its way: ``ids`` (N,) are all of its symbols, those of ``place`` first."""
        state, log_probs = place.state, place.log_probs
        for begin in range(len(place.ids), len(ids), BLOCK_SIZE):
            watch(begin, len(ids))
            block = ids[begin : begin + BLOCK_SIZE]
            batch_log_probs, state = self.predictor.read(block[None], state, last_only=True)
            log_probs = batch_log_probs[0, -1]
        return Place(ids, state, log_probs)

    def keep(self, place: Place) -> None:
        """Keep a place: texts that begin like its text need not be read from their beginning."""
        key = place.ids.astype(np.int32).tobytes()
        self._places[key] = place
        self._places.move_to_end(key)
        if len(self._places) > MAX_PLACES:
            self._places.popitem(last=False)

    def preview(self, place: Place, settings: Settings) -> tuple[np.ndarray, np.ndarray]:
        """What may come next at a place.

        Returns:
            the model's own log-probabilities (V,), and the probabilities (V,) that ``settings`` make of them.

        Raises:
            UsageError: what is banned leaves no symbol to continue with.
        """
        stream = Stream(self.spelling, place, 0)
        past = look_back([stream], Steering(self.spelling, settings))
        own = place.next_log_probs
        if settings.temperature_cycle:
            settings = settings.change(temperature=settings.temperature_cycle[0])
        probabilities = find_probabilities(own[None], settings, past)
        if settings.draw_at == "word" and not stream.begins_word(int(probabilities.argmax())):
            probabilities = find_probabilities(own[None], settings.change(temperature=0.0), past)
        return own, probabilities[0]

    def _find_nearest(self, ids: np.ndarray) -> Place:
        """The kept place that has read most of ``ids`` and nothing else."""
        data = ids.astype(np.int32).tobytes()
        found = [key for key in self._places if data.startswith(key)]
        if not found:
            return self.start
        key = max(found, key=len)
        self._places.move_to_end(key)
        return self._places[key]
