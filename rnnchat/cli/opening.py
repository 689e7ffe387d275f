"""How commands open a model: all in the same way."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rnnchat.generation.language_model import LanguageModel
    from rnnchat.runtime.constant import Precision


def open_model(name: str, precision: "Precision | None" = None, streams: int = 1) -> "LanguageModel":
    """Open a model by name or file, with as many threads as are fastest for that many streams.

    Raises:
        ModelError: there is no such model, or its file is damaged.
    """
    from rnnchat.generation.language_model import LanguageModel  # ONNX Runtime: 0.2 s
    from rnnchat.model.library import find_model

    return LanguageModel.open(find_model(name), precision, threads=None, streams=streams)
