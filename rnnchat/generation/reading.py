"""A model that has read a text: it goes on reading or writing, says what may come next, forks and goes back.

Letters: V vocabulary.
"""

import copy
from collections import deque
from collections.abc import Sequence
from typing import NamedTuple, Unpack

import numpy as np

from rnnchat.analysis.insight import find_best
from rnnchat.errors import UsageError
from rnnchat.generation.beam import Beam, search
from rnnchat.generation.keyword import SettingKeywords, make_settings
from rnnchat.generation.open_network import OpenNetwork, Watch, ignore
from rnnchat.generation.settings import Settings
from rnnchat.generation.stream import Place
from rnnchat.generation.writing import Continuation, Writing, Writings
from rnnchat.runtime.predictor import Recall

MAX_STEPS_BACK = 32
"""So many readings and writings can be taken back; each keeps 4 bytes a symbol of its text, and a state."""
MAX_SIDE_BY_SIDE = 4_096
"""The most texts that are written side by side."""


class Guess(NamedTuple):
    """A symbol that may come next."""

    text: str
    """What it would add to the text: "e", " the"; empty for a byte inside a character."""
    probability: float
    label: str
    """How it is shown to a person: "e", "␣", "↵"."""
    id: int


class _Step(NamedTuple):
    """Where a reading stood."""

    chars: int
    place: Place
    unknown: tuple[str, ...]
    memory: Recall | None
    held_back: str


class Reading:
    """A text, and the model at its end.

        reading = model.read("To be")
        reading.next(3)
        other = reading.fork()
        reading.write_text(length=40)
        reading.rewind()

    What it remembers of the text is a state of fixed size, so that forking and going back take the same moment
    however long the text is. A reading stands where a model stands that has read the whole ``text`` at once,
    whatever parts it came in. Every call but those for ``text`` and ``unknown`` ends a writing that is under way.
    """

    def __init__(
        self,
        network: OpenNetwork,
        text: str = "",
        watch: Watch = ignore,
        memory: Recall | None = None,
        own: Sequence[tuple[int, int]] = (),
    ) -> None:
        """Use `LanguageModel.read`.

        Args:
            network: what computes.
            text: the beginning.
            watch: see there.
            memory: of other texts, or of nothing yet; None to remember nothing at all.
            own: where a model wrote the text, begins and ends.
        """
        self._network = network
        self._text = text
        self._memory = memory
        self._held_back = ""  # the end of what was read, as far as it belongs to a symbol that is to come
        self._place = network.find_place(text, watch)
        parts, done = [], 0
        for begin, end in own:
            parts += [(text[done:begin], True), (text[begin:end], False)]
            done = end
        self._remember(*parts, (text[done:], True))
        self._unknown = tuple(network.tokenizer.find_unknown(text))
        self._writing: Writing | None = None
        self._earlier: deque[_Step] = deque(maxlen=MAX_STEPS_BACK)

    @property
    def text(self) -> str:
        """All that was read and written."""
        return self._text + (self._writing.text if self._writing else "")

    @property
    def unknown(self) -> tuple[str, ...]:
        """The symbols that were read and are not in the model's vocabulary, in order of appearance."""
        return self._unknown

    @property
    def place(self) -> Place:
        """What the model knows at the end of the text.

        ``ids`` (N,), the text's symbols; ``state``, for each layer (1, H); ``log_probs`` (V,) of the next symbol.
        """
        self._settle()
        return self._place

    def read(self, text: str, *, remember: bool = True) -> "Reading":
        """Read on; the same reading, so that calls can follow each other.

        Args:
            text: what comes next.
            remember: whether it is the person's, and may come up again word for word; what a model wrote should not.

        Raises:
            ModelError: the model's numbers overflow.
        """
        self._settle()
        before = self._note()
        network = self._network
        unknown = network.tokenizer.find_unknown(text)
        if network.tokenizer.level in ("char", "byte"):
            ids = np.concatenate([self._place.ids, network.tokenizer.encode(text)])
            self._place = network.read_on(self._place, ids)
        else:  # where symbols are several characters, those at the seam may change
            self._place = network.find_place(self._text + text)
            unknown = network.tokenizer.find_unknown(self._text + text)
        self._unknown = tuple(dict.fromkeys((*self._unknown, *unknown)))
        self._text += text
        self._remember((text, remember))
        self._earlier.append(before)
        return self

    def write(
        self, settings: Settings | None = None, *, alternatives: int = 0, **keywords: Unpack[SettingKeywords]
    ) -> Writing:
        """Write on, piece by piece; the reading follows, and stands wherever the writing stops.

        Args:
            settings: how to write; the default ones if there are none.
            alternatives: how many of the likeliest symbols each piece's ``insight`` tells; 0 for no insight.
            keywords: single settings, such as ``length=300``; they come before ``settings``.

        Raises:
            UsageError: a setting is unknown, out of range, or contradicts another.
        """
        wanted = make_settings(settings, keywords)
        self._settle()
        before = self._note()
        writing = Writing(self._network, self._text, self._place, wanted, alternatives)
        self._earlier.append(before)
        self._writing = writing
        return self._writing

    def write_text(self, settings: Settings | None = None, **keywords: Unpack[SettingKeywords]) -> str:
        """Write on, and give what was written; see ``write``."""
        return self.write(settings, **keywords).finish().text

    def candidates(
        self, count: int = 8, settings: Settings | None = None, **keywords: Unpack[SettingKeywords]
    ) -> list[Continuation]:
        """Several ways to go on, side by side; the reading stays where it is. See `LanguageModel.candidates`."""
        wanted = make_settings(settings, keywords)
        check_count(1, count)
        self._settle()
        return Writings(self._network, [self._text], [self._place], wanted, count).finish()

    def search(
        self,
        width: int = 8,
        settings: Settings | None = None,
        *,
        length_penalty: float = 1.0,
        **keywords: Unpack[SettingKeywords],
    ) -> list[Beam]:
        """The most probable ways to go on; the reading stays where it is. See `LanguageModel.search`."""
        wanted = make_settings(settings, keywords)
        self._settle()
        return search(self._network, self._place, wanted, width, length_penalty)

    def next(
        self, count: int = 5, settings: Settings | None = None, **keywords: Unpack[SettingKeywords]
    ) -> list[Guess]:
        """The likeliest next symbols, the best first.

        Args:
            count: how many; at most V.
            settings: with these, or with keywords, the probabilities are those that writing draws with, and symbols
                that it cannot draw are left out; without any they are the model's own.
            keywords: single settings.

        Raises:
            UsageError: ``count`` is below 0; a setting is unknown, out of range, or contradicts another.
        """
        self._settle()
        if settings or keywords:
            _, probabilities = self._network.preview(self._place, make_settings(settings, keywords))
        else:
            probabilities = np.exp(self._place.next_log_probs)
        ids = find_best(probabilities[None], count)[0].tolist()
        return [self._describe(id, float(probabilities[id])) for id in ids if probabilities[id] > 0]

    def expect(
        self, settings: Settings | None = None, **keywords: Unpack[SettingKeywords]
    ) -> tuple[np.ndarray, np.ndarray]:
        """What is expected next, for all symbols: the model's own probabilities (V,), and those with settings (V,)."""
        self._settle()
        own, shaped = self._network.preview(self._place, make_settings(settings, keywords))
        return np.exp(own.astype(np.float64)), shaped

    def fork(self) -> "Reading":
        """The same reading once more: the two go on independently of each other."""
        self._settle()
        twin = copy.copy(self)
        twin._earlier = self._earlier.copy()
        return twin

    def rewind(self, steps: int = 1) -> "Reading":
        """Go back to before the last ``steps`` calls of ``read`` and ``write``; the same reading.

        Raises:
            UsageError: there are not that many steps, or they are no longer remembered (the last 32 are).
        """
        self._settle()
        if not 0 <= steps <= len(self._earlier):
            raise UsageError(f"steps back must be from 0 to {len(self._earlier)}, not {steps}")
        for _ in range(steps):
            chars, self._place, self._unknown, self._memory, self._held_back = self._earlier.pop()
            self._text = self._text[:chars]
        return self

    def __repr__(self) -> str:
        end = self.text[-30:]
        return f"<Reading of {len(self.text):,} characters: {'…' if len(end) < len(self.text) else ''}{end!r}>"

    def _note(self) -> _Step:
        return _Step(len(self._text), self._place, self._unknown, self._memory, self._held_back)

    def _remember(self, *parts: tuple[str, bool]) -> None:
        """Take texts into the memory, where there is one, each with whether it is the person's; stand at their end."""
        if self._memory is not None:
            grown = self._memory
            for text, is_read in parts:
                ids, self._held_back = self._network.tokenizer.encode_prompt(self._held_back + text)
                grown = grown.read(ids) if is_read else grown.follow(ids)
            self._memory = grown.stand_after(self._place.ids)  # once all is read: in between, the end is elsewhere
            self._place = self._place._replace(memory=None if self._memory.is_empty else self._memory)

    def _settle(self) -> None:
        """End a writing that is under way, and stand at its end."""
        if self._writing is None:
            return
        self._writing.close()
        written, self._place, self._writing = self._writing.text, self._writing.place, None
        self._text += written
        if self._network.tokenizer.level not in ("char", "byte"):  # the text may have ended inside a symbol
            self._place = self._network.find_place(self._text)
        self._remember((written, False))

    def _describe(self, id: int, probability: float) -> Guess:
        place, tokenizer = self._place, self._network.tokenizer
        text = tokenizer.start_decoding(place.ids[-4:].tolist()).feed(id).removeprefix(place.held_back)
        return Guess(text, probability, tokenizer.label(id), id)


def check_count(num_prompts: int, count: int) -> None:
    """Make sure that this many texts can be written side by side.

    Raises:
        UsageError: they are none, or too many.
    """
    if count < 1:
        raise UsageError(f"texts for a prompt must be at least 1, not {count}")
    if num_prompts * count > MAX_SIDE_BY_SIDE:
        raise UsageError(
            f"{num_prompts * count:,} texts side by side are too many: choose at most {MAX_SIDE_BY_SIDE:,}"
        )
