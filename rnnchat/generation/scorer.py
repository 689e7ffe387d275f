"""A model that says how well it predicts a text, and what it thinks of each symbol.

Letters: C cells.
"""

from collections.abc import Callable, Iterable, Iterator
from functools import cached_property

import numpy as np

from rnnchat.analysis import cell_score, insight, score
from rnnchat.analysis.insight import Explanation
from rnnchat.analysis.memory_reader import MemoryReader
from rnnchat.analysis.score import Reader, Score
from rnnchat.generation.open_network import OpenNetwork
from rnnchat.memory.default import find_default
from rnnchat.memory.memory import Memory
from rnnchat.memory.recollection import Recollection
from rnnchat.model.file import Model
from rnnchat.runtime.constant import Precision
from rnnchat.runtime.predictor import Predictor, Recall
from rnnchat.text.tokenizer import Tokenizer


class Scorer:
    """A model that judges texts; `rnnchat.generation.language_model.LanguageModel` writes as well.

    What it says about a text is a figure to compare and to quote, and is always computed in float32.
    """

    def __init__(
        self,
        model: Model,
        name: str,
        network: OpenNetwork,
        make_exact: Callable[[], Predictor],
        memory: Recall | None = None,
    ) -> None:
        """Use `rnnchat.load`.

        Args:
            model: what is in the file.
            name: what it is called.
            network: what writes.
            make_exact: gives the network in float32 when it is asked for.
            memory: of the texts that it remembers; of none by default.
        """
        self.model = model
        """What is in the file: ``config``, ``tokenizer``, ``weights``, ``training``, ``card``. Of a mixture, that of
        its first model."""
        self.name = name
        self.network = network
        """What reads and writes, shared by all readings and writings."""
        self._make_exact = make_exact
        self.memory = memory or _start_memory(model)
        """What it remembers before it reads anything."""

    @property
    def tokenizer(self) -> Tokenizer:
        """The vocabulary: text to ids and back."""
        return self.model.tokenizer

    @property
    def precision(self) -> Precision:
        """How the model writes: ``int8``, fast, or ``float32``, exact."""
        return self.network.predictor.precision

    @cached_property
    def exact(self) -> Predictor:
        """The network in float32: what scores and explains."""
        return self._make_exact()

    def score(self, text: str | Iterable[str]) -> Score:
        """How well the model predicts a text: ``score(text).bits_per_char``, the lower the better.

        Args:
            text: whole, or in pieces that end at line ends, such as an open file; memory does not grow with it.

        Raises:
            TextError: the text is empty.
            ModelError: the model's numbers overflow.
        """
        pieces = [text] if isinstance(text, str) else text
        return score.score_text(self.exact, self.tokenizer, pieces, self.make_reader())

    def score_cells(self, text: str, exact: bool = True) -> Iterator[np.ndarray]:
        """The bits of each cell (`rnnchat.analysis.cell`) of a text, (C,) at a time, as it is read.

        Args:
            text: the whole text.
            exact: read in float32; else in the model's ``precision``, three to four times as fast.

        Raises:
            TextError: the text is empty.
            ModelError: the model's numbers overflow.
        """
        predictor = self.exact if exact else self.network.predictor
        return cell_score.score_cells(predictor, self.tokenizer, [text])

    def explain(self, text: str, top: int = 5, with_hidden: bool = False) -> Explanation:
        """What the model thought of each symbol of a text, as arrays.

        Args:
            text: at least one symbol that the model knows.
            top: how many alternatives are told for each symbol.
            with_hidden: give the units of all layers too?

        Raises:
            TextError: the text is empty, or the vocabulary has nothing of it.
            UsageError: ``top`` is below 0.
            ModelError: the model's numbers overflow.
        """
        memory = None if self.memory.is_empty else self.memory
        return insight.explain(self.exact, self.tokenizer, text, top, with_hidden, memory)

    def make_reader(self) -> Reader | None:
        """How texts are read to be scored: with its memory where it remembers any text; None for the network alone."""
        if self.memory.is_empty:
            return None
        return MemoryReader(self.exact, self.tokenizer, self.memory)


def _start_memory(model: Model) -> Recollection:
    """A memory of nothing, which counts as much as the model has learned."""
    vocab_size = model.config.vocab_size
    return Recollection(Memory.of(vocab_size), model.mixing or find_default(vocab_size))
