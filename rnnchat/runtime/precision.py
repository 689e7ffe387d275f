"""What int8 costs a model in quality, and which precision it writes in.

Letters: B streams, T time, V vocabulary.
"""

import math
from collections.abc import Iterable

import numpy as np

from rnnchat.errors import ModelError, TextError
from rnnchat.model.file import Model, ModelHeader, suits_int8
from rnnchat.runtime.constant import Precision
from rnnchat.runtime.runtime import Runtime

MAX_CHARS = 20_000
_MAX_MULTIPLICATIONS = 3e10
"""Of one reading; about a second in float32."""
_STREAMS = 16
_MAX_BLOCK_NUMBERS = 2**22
"""Log-probabilities in memory at once."""


def choose_precision(model: Model | ModelHeader, wanted: Precision | None = None) -> Precision:
    """What a person wants; else int8 where that loses next to nothing, by the figure in the model file."""
    return wanted or ("int8" if suits_int8(model) else "float32")


def measure_int8_loss(model: Model, pieces: Iterable[str]) -> float:
    """How many bits per character more the model needs for a text in int8 than in float32.

    The beginning of the text is read in parallel streams, each from nothing, so that it takes about a second: the
    precisions read the same, and their difference is all that is asked.

    Args:
        model: any model.
        pieces: the text; at most ``MAX_CHARS`` of it are read.

    Returns:
        the loss, mostly above 0; chance can make it a little less.

    Raises:
        TextError: there are not two symbols of the text that the model knows.
        ModelError: the model's numbers overflow.
    """
    text = ""
    for piece in pieces:
        text += piece[: MAX_CHARS - len(text)]
        if len(text) == MAX_CHARS:
            break
    ids = model.tokenizer.encode(text)
    if len(ids) < 2:
        raise TextError("the text is too short to measure the loss of int8 on: give one with a few lines")
    affordable = max(1000, int(_MAX_MULTIPLICATIONS / model.config.parameters))
    streams = _make_streams(ids[:affordable])
    scored = streams.shape[0] * (streams.shape[1] - 1)
    exact = _read(Runtime(model, "float32"), streams)
    rounded = _read(Runtime(model, "int8"), streams)
    if not math.isfinite(exact + rounded):
        raise ModelError("the model's numbers overflow on this text: train it again with a lower rate")
    bits_per_symbol = (rounded - exact) / math.log(2) / scored
    return float(bits_per_symbol * len(ids) / len(text))


def _make_streams(ids: np.ndarray) -> np.ndarray:
    """The ids as (B, T), T at least 2: as many streams as are still long ones."""
    count = max(1, min(_STREAMS, len(ids) // 64))
    length = len(ids) // count
    return ids[: count * length].reshape(count, length)


def _read(runtime: Runtime, streams: np.ndarray) -> float:
    """Nats of all symbols of streams (B, T) but the first of each."""
    count, length = streams.shape
    block = max(1, _MAX_BLOCK_NUMBERS // (count * runtime.config.vocab_size))
    state = runtime.initial_state(count)
    nats = 0.0
    for begin in range(0, length - 1, block):
        end = min(begin + block, length - 1)
        log_probs, state = runtime.read(streams[:, begin:end], state)  # (B, T', V)
        goals = streams[:, begin + 1 : end + 1, None].astype(np.int64)
        nats -= float(np.take_along_axis(log_probs, goals, axis=2).sum(dtype=np.float64))
    return nats
