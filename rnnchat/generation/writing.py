"""Texts while a model writes them, one or several side by side, and when they are done.

Nothing is written before it is asked for: a text stops where its pieces are no longer taken.
"""

from collections.abc import Generator as PieceGenerator
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import cast

from rnnchat.generation.stream import Piece, Stream


@dataclass(frozen=True)
class Continuation:
    """A text that a model wrote."""

    prompt: str
    """What it goes on from."""
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


class _Draft:
    """A text that grows."""

    def __init__(self, prompt: str, stream: Stream) -> None:
        self.prompt = prompt
        self.log_prob = 0.0
        self._stream = stream
        self._texts: list[str] = []
        self._ids: list[int] = []

    def add(self, piece: Piece) -> None:
        self._texts.append(piece.text)
        self._ids.append(piece.id)
        self.log_prob += piece.log_prob

    @property
    def text(self) -> str:
        if len(self._texts) > 1:
            self._texts = ["".join(self._texts)]
        return "".join(self._texts)

    @property
    def seed(self) -> int:
        return self._stream.seed

    @property
    def reason(self) -> str:
        return self._stream.reason or "cancelled"

    def describe(self) -> Continuation:
        return Continuation(self.prompt, self.text, self.seed, self.reason, self.log_prob, tuple(self._ids))


class Writing(Iterator[Piece]):
    """A text that a model is writing: iterate over it for its pieces.

        writing = model.write("ROMEO:")
        for piece in writing:
            print(piece.text, end="")
        print(writing.seed, writing.reason)

    Each piece is a symbol with its ``text``, ``id`` and ``log_prob``. Asking for one raises ModelError if the model's
    numbers overflow, and UsageError if what is banned leaves no symbol to go on with.
    """

    def __init__(self, pieces: Iterator[Piece], prompt: str, stream: Stream) -> None:
        self._pieces = cast("PieceGenerator[Piece, None, None]", pieces)
        self._draft = _Draft(prompt, stream)

    def __next__(self) -> Piece:
        piece = next(self._pieces)
        self._draft.add(piece)
        return piece

    @property
    def text(self) -> str:
        """What was written so far, without the prompt."""
        return self._draft.text

    @property
    def seed(self) -> int:
        """The seed of the text: the one of the settings, or the one that was drawn."""
        return self._draft.seed

    @property
    def reason(self) -> str:
        """Why the text ended, as `Continuation.reason`; ``cancelled`` as long as it has not."""
        return self._draft.reason

    def close(self) -> None:
        """End the text here."""
        self._pieces.close()

    def finish(self) -> Continuation:
        """Write what is left; the whole text."""
        for _ in self:
            pass
        return self._draft.describe()


class Writings(Iterator[list[Piece | None]]):
    """Texts that a model is writing side by side: iterate over them for a piece of each.

    A step gives a list with a piece for each text, in the order of ``texts``; None for a text that has ended.
    """

    def __init__(self, steps: Iterator[list[Piece | None]], prompts: Sequence[str], streams: Sequence[Stream]) -> None:
        self._steps = cast("PieceGenerator[list[Piece | None], None, None]", steps)
        self._drafts = [_Draft(prompt, stream) for prompt, stream in zip(prompts, streams, strict=True)]

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

    def close(self) -> None:
        """End all texts here."""
        self._steps.close()

    def finish(self) -> list[Continuation]:
        """Write what is left; the whole texts."""
        for _ in self:
            pass
        return self.texts
