"""One text that is being written: all that is known of it besides the network's state."""

import copy
from array import array
from collections import deque
from functools import lru_cache
from itertools import islice
from typing import NamedTuple

import numpy as np

from rnnchat.analysis.insight import Insight
from rnnchat.generation.ending import Ending
from rnnchat.generation.known_word import KnownWords, find_known_words
from rnnchat.generation.loop import LEAST_REPEATS, MAX_PERIOD, Loop, find_loop
from rnnchat.generation.past import NO_MARKS, Marks, Past
from rnnchat.generation.penalty import Use
from rnnchat.generation.phrase import Phrases, Spelling
from rnnchat.generation.sampling import find_steps
from rnnchat.generation.settings import Settings
from rnnchat.runtime.predictor import Predictor, Recall, State
from rnnchat.text.tokenizer import Level
from rnnchat.text.utf8 import MOST_BEFORE_LAST, find_pending

LEAST_LOOP: dict[Level, int] = {"char": 60, "byte": 60, "bpe": 24, "word": 20}
"""Symbols that are repeated before it is called a loop: a row of dashes is not yet one."""
LOOP_INTERVAL = 8
_LOOP_MEMORY = MAX_PERIOD * LEAST_REPEATS
_ONE, _UNIT = np.zeros(1, np.int64), np.ones(1, np.float32)
_SOME_MARKS, _SOME_USE = Marks(_ONE, _ONE, _UNIT), Use(_ONE, _ONE, _UNIT, _UNIT)
"""What a text may come to hold, to ask the sampling steps whether they would use it."""


class Piece(NamedTuple):
    """A symbol that was written."""

    text: str
    """What can be shown now: empty while a character is incomplete or the text may be a stop text."""
    id: int
    log_prob: float
    """Natural logarithm of the model's own probability for the symbol, before all settings."""
    loop: Loop | None = None
    """The loop that the text has fallen into; looked for every ``LOOP_INTERVAL`` symbols."""
    insight: Insight | None = None
    """What else the model thought of; only where it was asked for."""
    hidden: tuple[np.ndarray, ...] = ()
    """For each layer the hidden units (H_l,) after the symbol was read; only where insight was asked for."""


class Place(NamedTuple):
    """A point in a text: everything the model needs to go on from there. A value that callers may hold."""

    ids: np.ndarray
    """(N,) int32: the text up to here."""
    state: State
    log_probs: np.ndarray
    """(V,) of the next symbol, by the network alone."""
    held_back: str = ""
    """End of the text that the model will write itself: a space before a word."""
    memory: Recall | None = None
    """What else was read, if that is remembered."""

    @property
    def next_log_probs(self) -> np.ndarray:
        """(V,) of the next symbol, by the network and its memory."""
        return self.log_probs if self.memory is None else self.memory.mix(self.log_probs)


class End(NamedTuple):
    """What the network makes of a text: a row of a batch, and symbols still to be read."""

    state: State
    log_probs: np.ndarray
    """(B, V); unused where symbols are to be read."""
    row: int
    unread: np.ndarray
    """(N,) int64"""


class Steering:
    """Settings, made ready for a vocabulary."""

    def __init__(self, spelling: Spelling, settings: Settings) -> None:
        """Args: the vocabulary; what a person asked for."""
        self.settings = settings
        has_phrases = settings.ban or settings.bias or (settings.stop and settings.min_length)
        self.phrases = Phrases(spelling, settings) if has_phrases else None
        self.knows_words = settings.words == "known" and spelling.lexicon is not None
        """Whether only known words are written."""
        phrases = self.phrases
        steps = find_steps(
            settings,
            Past(
                find_use=lambda: _SOME_USE,
                banned=_SOME_MARKS if phrases and (phrases.banned or phrases.stops) else NO_MARKS,
                biased=_SOME_MARKS if phrases and phrases.biased else NO_MARKS,
                loops=_SOME_MARKS if settings.escape_loops else NO_MARKS,
                unknown=_UNIT if self.knows_words else None,
            ),
        )
        self.is_plain = not steps and settings.draw_at == "symbol"
        """Whether nothing but the temperature steers."""
        self.only_cuts = all(step.only_cuts for step in steps)
        """Whether no symbol becomes more probable by it than the model has it."""


class Stream:
    """One text that grows symbol by symbol.

    Args:
        spelling: the model's vocabulary.
        place: where the text goes on.
        seed: of its random numbers.
    """

    def __init__(self, spelling: Spelling, place: Place, seed: int) -> None:
        self.place = place
        self.seed = seed
        self.reason = ""
        """Why the text ended; empty while it goes on."""
        self.loop: Loop | None = None
        self.written = array("i")
        self.memory = place.memory
        self._chars = 0  # of the written symbols' text, given out or not
        self._ends: list[
            tuple[int, int, End, Recall | None]
        ] = []  # symbols, characters: where the given text may come to end
        self._spelling = spelling
        self._tokenizer = tokenizer = spelling.tokenizer
        self._random = np.random.Generator(np.random.PCG64(seed))
        self._uniforms: deque[float] = deque()  # drawn ahead
        self._before = place.ids[-_LOOP_MEMORY:].tolist()  # as far as anything looks back
        self._tail = "".join(map(chr, self._before))  # the last symbols, a character for each; LOOP_INTERVAL at a time
        self._decoder = tokenizer.start_decoding(self._before)
        self._expected = place.held_back  # what the first symbol brings, and is not given out
        self._ending = Ending()
        self._last_text = tokenizer.decode(self._before[-4:]) or "\n"
        self._known: KnownWords | None = None  # made when it is asked for
        self._last_chars = tokenizer.decode(self._before[-100:])
        self._banned: np.ndarray | None = None  # where it is always the same

    def fork(self) -> "Stream":
        """The same text once more, to go on differently; the random numbers are shared."""
        twin = copy.copy(self)
        twin.written = self.written[:]
        twin._decoder = self._tokenizer.start_decoding(self.recall(4))
        twin._ending = copy.copy(self._ending)
        return twin

    def list_uniforms(self, count: int) -> list[float]:
        """The next random numbers, from 0 to below 1; ``take`` uses up one."""
        if len(self._uniforms) < count:
            self._uniforms.extend(self._random.random(count - len(self._uniforms)).tolist())
        return list(islice(self._uniforms, count))

    def recall(self, count: int) -> list[int]:
        """The last ids, at most ``count``, the newest last."""
        recent = self.written[-count:].tolist()
        missing = count - len(recent)
        return self._before[-missing:] + recent if missing else recent

    def find_banned(self) -> np.ndarray:
        """The ids (N,) that the vocabulary itself rules out here."""
        if self._banned is not None:
            return self._banned
        banned = _to_array(tuple(self._tokenizer.find_banned(self._expected, self.recall(4))))
        if self.is_free:
            self._banned = banned
        return banned

    @property
    def is_free(self) -> bool:
        """Does the vocabulary rule out the same symbols here and ever after?"""
        return not self._expected and self._spelling.has_steady_bans

    @property
    def vocab_size(self) -> int:
        """V, of its vocabulary."""
        return self._tokenizer.vocab_size

    @property
    def chars(self) -> int:
        """Characters given out."""
        return self._ending.chars

    def find_marks(self, steering: Steering) -> tuple[list[np.ndarray], list[tuple[np.ndarray, float]]]:
        """The ids that a person's texts ban here, and those that they bias."""
        phrases = steering.phrases
        if phrases is None:
            return [], []
        symbols = self._spelling.symbols
        memory = phrases.memory
        tail = "".join(symbols[id] for id in self.recall(memory)) if memory else ""
        has_stops = self._ending.chars < steering.settings.min_length
        return phrases.find_banned(tail, has_stops), phrases.find_biased(tail)

    def mask_unknown_words(self) -> np.ndarray:
        """(V,) float32: -inf for what would make a word known neither to the model nor from the text before; 0 else."""
        if self._known is None:
            self._known = find_known_words(self._spelling, self.place.ids)
        is_byte_level = self._tokenizer.level == "byte"
        return self._known.find_mask(
            self._last_chars, find_pending(self.recall(MOST_BEFORE_LAST)) if is_byte_level else b""
        )

    def find_loop_symbol(self) -> int | None:
        """The symbol that would go on with the loop that the text is in; None outside a loop."""
        return self.recall(self.loop.period)[0] if self.loop else None

    def find_stretch(self) -> str:
        """The text of one round of the loop that the text is in; empty outside a loop."""
        return self._tokenizer.decode(self.recall(self.loop.period)) if self.loop else ""

    def begins_word(self, likeliest: int) -> bool:
        """Does a word begin with the next symbol? Where a space belongs to its word, the likeliest symbol tells."""
        level = self._tokenizer.level
        if level == "word" or self._last_text[-1].isspace():
            return True
        return level == "bpe" and self._spelling.symbols[likeliest][:1].isspace()

    def take(self, id: int, settings: Settings, end: "End | None" = None) -> str:
        """Add a symbol.

        Args:
            id: the symbol.
            settings: as they are now.
            end: what the network makes of the text with it; needed by whoever wants to go on from there.

        Returns:
            the text that it makes certain; ``reason`` is set if the text ends with it.
        """
        text = self._decoder.feed(id)
        self.written.append(id)
        if self.memory is not None:
            self.memory = self.memory.write(id)
        if self._uniforms:
            self._uniforms.popleft()
        self._last_chars = (self._last_chars + text)[-100:]
        count = len(self.written)
        if self.loop is not None and self.recall(self.loop.period + 1)[0] != id:
            self.loop = None
        if count % LOOP_INTERVAL == 0:
            self._tail = (self._tail + "".join(map(chr, self.written[-LOOP_INTERVAL:])))[-_LOOP_MEMORY:]
            self.loop = find_loop(self._tail, LEAST_LOOP[self._tokenizer.level])
        if not text:
            return ""
        if self._expected:
            text, self._expected = text.removeprefix(self._expected), ""
            if not text:
                return ""
        given, self.reason = self._ending.feed(text, settings)
        self._last_text = text
        self._chars += len(text)
        if end is not None:
            ends = self._ends
            ends.append((count, self._chars, end, self.memory))
            while len(ends) > 1 and ends[1][1] <= self._ending.chars:
                del ends[0]
        return given

    @property
    def has_grown(self) -> bool:
        """Was the end of a symbol given out?"""
        return bool(self._ends) and self._ends[0][1] <= self._ending.chars

    def find_end(self, predictor: Predictor) -> Place:
        """The end of the text that was given out, as far as it is the end of a symbol."""
        count, _, (state, log_probs, row, unread), memory = self._ends[0]
        state, log_probs = state.rows([row]), log_probs[row : row + 1].copy()
        for id in unread:
            log_probs, state = predictor.step(np.array([id]), state)
        ids = np.concatenate([self.place.ids, np.array(self.written[:count], np.int32)])
        return Place(ids, state, log_probs[0], memory=memory)


@lru_cache(maxsize=64)
def _to_array(ids: tuple[int, ...]) -> np.ndarray:
    return np.array(ids, np.int64)
