"""Where every text begins: behind a line end, so that a model has something to go by.

Letters: V vocabulary.
"""

import math

import numpy as np

from rnnchat.runtime.predictor import Predictor, State
from rnnchat.text.tokenizer import Tokenizer


def read_start(runtime: Predictor, tokenizer: Tokenizer) -> tuple[np.ndarray, State]:
    """What is thought before any text: after a line end where the vocabulary has one, else of V equals.

    Returns:
        log-probabilities of the first symbol, (V,) float32, and the state before it.
    """
    state = runtime.initial_state()
    start = find_start(tokenizer)
    if len(start):
        log_probs, state = runtime.step(start.astype(np.int64), state)
        return log_probs[0], state
    size = tokenizer.vocab_size
    return np.full(size, -math.log(size), np.float32), state


def find_start(tokenizer: Tokenizer) -> np.ndarray:
    """What is read before any text: a line end, (1,) int32, or nothing where the vocabulary has none, (0,)."""
    line_end = tokenizer.encode("\n")
    is_known = len(line_end) == 1 and line_end[0] != tokenizer.unknown_id
    return line_end if is_known else line_end[:0]
