"""How commands open a model: all in the same way."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rnnchat.generation.language_model import LanguageModel
    from rnnchat.runtime.constant import Precision


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
    from rnnchat.text.whole import read_whole

    texts = [read_whole(text) for text in memory or ()]
    model = LanguageModel.open(find_model(name), precision, threads=None, streams=streams)
    if forget:
        model = model.forget()
    return model.remember(*texts) if texts else model
