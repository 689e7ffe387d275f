"""Texts while a model writes them, one or several side by side, and when they are done.

Nothing is written before it is asked for: a text stops where its pieces are no longer taken.
"""

from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from rnnchat.errors import UsageError
from rnnchat.generation.lockstep import write_streams
from rnnchat.generation.open_network import OpenNetwork
from rnnchat.generation.settings import MAX_SEED, Settings
from rnnchat.generation.stream import Piece, Place, Steering, Stream


@dataclass(frozen=True)
class Continuation:
    """A text that a model wrote."""

    prompt: str
    """The text it continues."""
    text: str
    """What was written, without the prompt."""
    seed: int
    """With this seed, and the same settings, the model writes it again."""
    reason: str
    """Why it ended: ``length``, ``line``, ``sentence``, ``paragraph``, ``stop``; ``cancelled`` if it was left early."""
    log_prob: float
    """Natural logarithm of the model's own probability for all its symbols, those of a stop text among them."""
    ids: tuple[int, ...] = field(repr=False)
    """Its symbols."""
    loop: str = ""
    """The first stretch that was seen to repeat itself again and again; empty where none does."""


class _Draft:
    """A text that grows."""

    def __init__(self, prompt: str, stream: Stream) -> None:
        self.prompt = prompt
        self.stream = stream
        self.log_prob = 0.0
        self.loop = ""
        self._texts: list[str] = []
        self._ids: list[int] = []

    def add(self, piece: Piece) -> None:
        self._texts.append(piece.text)
        self._ids.append(piece.id)
        self.log_prob += piece.log_prob
        if piece.loop is not None and not self.loop:
            self.loop = self.stream.find_stretch()

    @property
    def text(self) -> str:
        if len(self._texts) > 1:
            self._texts = ["".join(self._texts)]
        return "".join(self._texts)

    @property
    def reason(self) -> str:
        return self.stream.reason or "cancelled"

    def describe(self) -> Continuation:
        seed, ids = self.stream.seed, tuple(self._ids)
        return Continuation(self.prompt, self.text, seed, self.reason, self.log_prob, ids, self.loop)


class _Control:
    """What steers texts that are being written; it may be exchanged on the way."""

    def __init__(self, steering: Steering) -> None:
        self.steering = steering


class Writings(Iterator[list[Piece | None]]):
    """Texts that a model is writing side by side: iterate over them for a piece of each.

    A step gives a list with a piece for each text, in the order of ``texts``; None for a text that has ended.
    """

    def __init__(
        self,
        network: OpenNetwork,
        prompts: Sequence[str],
        places: Sequence[Place],
        settings: Settings,
        count: int = 1,
        alternatives: int = 0,
    ) -> None:
        """Use `LanguageModel.write_all`.

        Args:
            network: what computes.
            prompts: the texts to continue.
            places: their ends.
            settings: how to write; ``change`` changes them on the way.
            count: texts for each prompt. The first has the seed of the settings, the second one more, and so on; each
                is the text that it would be alone.
            alternatives: how many of the likeliest symbols each piece's ``insight`` holds; 0 for no insight.

        Raises:
            UsageError: ``alternatives`` is below 0.
        """
        if alternatives < 0:
            raise UsageError(f"alternatives must be 0 or more, not {alternatives}")
        first = draw_seed() if settings.seed is None else settings.seed
        self._spelling = network.spelling
        self._control = _Control(Steering(network.spelling, settings))
        self._drafts = [
            _Draft(prompt, Stream(network.spelling, place, (first + number) % (MAX_SEED + 1)))
            for prompt, place in zip(prompts, places, strict=True)
            for number in range(count)
        ]
        # It must not refer to this object: what is dropped ends at once, in the thread that drops it.
        self._steps = _write(network, [draft.stream for draft in self._drafts], self._control, alternatives)

    def __next__(self) -> list[Piece | None]:
        pieces = next(self._steps)
        for draft, piece in zip(self._drafts, pieces, strict=True):
            if piece is not None:
                draft.add(piece)
        return pieces

    @property
    def texts(self) -> list[Continuation]:
        """All texts as they stand."""
        return [draft.describe() for draft in self._drafts]

    def change(self, settings: Settings) -> None:
        """Use other settings from the next symbol on; the seeds stay."""
        self._control.steering = Steering(self._spelling, settings)

    def close(self) -> None:
        """End all texts here."""
        self._steps.close()

    def finish(self) -> list[Continuation]:
        """Write what is left; the whole texts."""
        for _ in self:
            pass
        return self.texts


class Writing(Iterator[Piece]):
    """A text that a model is writing: iterate over it for its pieces.

        writing = model.write("ROMEO:")
        for piece in writing:
            print(piece.text, end="")
        print(writing.seed, writing.reason)

    Each piece is a symbol with its ``text``, ``id`` and ``log_prob``. Asking for one raises ModelError if the model's
    numbers overflow, and UsageError if what is banned leaves no symbol to continue with.
    """

    def __init__(
        self, network: OpenNetwork, prompt: str, place: Place, settings: Settings, alternatives: int = 0
    ) -> None:
        """Use `LanguageModel.write`; see `Writings`."""
        self._writings = Writings(network, [prompt], [place], settings, alternatives=alternatives)
        (self._draft,) = self._writings._drafts

    def __next__(self) -> Piece:
        (piece,) = next(self._writings)
        assert piece is not None
        return piece

    @property
    def text(self) -> str:
        """What was written so far, without the prompt."""
        return self._draft.text

    @property
    def seed(self) -> int:
        """The seed of the text: the one of the settings, or the one that was drawn."""
        return self._draft.stream.seed

    @property
    def reason(self) -> str:
        """Why the text ended, as `Continuation.reason`; ``cancelled`` as long as it has not."""
        return self._draft.reason

    @property
    def loop(self) -> str:
        """The stretch that the text repeats just now; empty where it does not."""
        return self._draft.stream.find_stretch()

    @property
    def place(self) -> Place:
        """The end of what was written, as far as it is the end of a symbol; known once the text has ended."""
        return self._draft.stream.place

    def change(self, settings: Settings) -> None:
        """Use other settings from the next symbol on; the seed stays."""
        self._writings.change(settings)

    def close(self) -> None:
        """End the text here."""
        self._writings.close()

    def finish(self) -> Continuation:
        """Write what is left; the whole text."""
        for _ in self:
            pass
        return self._draft.describe()


def draw_seed() -> int:
    """A new seed that is short enough to be copied by hand."""
    return int(np.random.default_rng().integers(min(MAX_SEED, 10**9)))


def _write(
    network: OpenNetwork, streams: list[Stream], control: _Control, alternatives: int
) -> Generator[list[Piece | None], None, None]:
    """Write all streams in step; at the end each stream's place is the end of what it gave out."""
    try:
        yield from write_streams(network.predictor, streams, lambda: control.steering, alternatives)
    finally:
        for stream in streams:
            if stream.has_grown:
                stream.place = stream.find_end(network.predictor)
                network.keep(stream.place)
