"""How commands open a model: all in the same way."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rnnchat.errors import UsageError

if TYPE_CHECKING:
    from rnnchat.generation.language_model import LanguageModel
    from rnnchat.runtime.constant import Precision

MAX_MEMORY_CHARS = 50_000_000
"""Of all texts that are remembered: some 600 MB of memory and ten seconds."""


def open_model(
    name: str,
    precision: "Precision | None" = None,
    streams: int = 1,
    memory: Sequence[str] | None = None,
    forget: bool = False,
) -> "LanguageModel":
    """Open a model by name or file, with as many threads as are fastest for that many streams.

    Args:
        name: of a model or a run, or a file.
        precision: what suits the model by default.
        streams: texts that are written side by side.
        memory: texts to remember, as a corpus names them.
        forget: leave out what the model's own file remembers.

    Raises:
        ModelError: there is no such model, or its file is damaged.
        TextError: a text cannot be read, or there is nothing in it.
        UsageError: the texts are too long to be remembered.
    """
    from rnnchat.generation.language_model import LanguageModel  # ONNX Runtime: 0.2 s
    from rnnchat.model.library import find_model

    texts = [read_memory(text) for text in memory or ()]
    model = LanguageModel.open(find_model(name), precision, threads=None, streams=streams)
    if forget:
        model = model.forget()
    return model.remember(*texts) if texts else model


def read_memory(name: str) -> str:
    """A text to remember.

    Raises:
        TextError: it cannot be read, or there is nothing in it.
        UsageError: it is too long.
    """
    from rnnchat.text.corpus import Corpus

    pieces, chars = [], 0
    for piece in Corpus([name]).read_pieces():
        pieces.append(piece)
        chars += len(piece)
        if chars > MAX_MEMORY_CHARS:
            raise UsageError(
                f"{name} has more than {MAX_MEMORY_CHARS:,} characters, too many to remember: give a part of it, or "
                "train a model on it"
            )
    return "".join(pieces)
