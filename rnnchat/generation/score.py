"""How well a model foretells a text.

Letters: B batch (1 here), T time, V vocabulary.

Scores compare across vocabularies: nats are summed over symbols and divided by characters, in bits. What a
vocabulary lacks is charged at 8 bits for each byte of UTF-8, as if it were spelt out without any model, so that a
model gains nothing from calling a word unknown.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from rnnchat.errors import TextError
from rnnchat.generation.runtime import BLOCK_SIZE, Runtime
from rnnchat.text.coverage import BITS_PER_UNKNOWN_BYTE, find_missing
from rnnchat.text.tokenizer import Tokenizer


@dataclass(frozen=True)
class Score:
    """What a model makes of a text, read in one stream with the state carried all the way."""

    bits_per_char: float
    """The text's cost for each character, symbols that the vocabulary lacks charged at 8 bits a byte."""
    perplexity: float
    """exp of the mean nats for each symbol of the model's level; unknown symbols count as one symbol each."""
    chars: int
    tokens: int
    nats: float
    """Summed over all symbols, without the charge for unknown ones."""
    unknown_chars: int
    """Characters of the text that the vocabulary lacks."""


def score_text(runtime: Runtime, tokenizer: Tokenizer, pieces: Iterable[str]) -> Score:
    """Score a text that comes in pieces, in memory that does not grow with it.

    The text is read as if it stood after a line end; where the vocabulary has none, the first symbol is charged
    as one of V equals.

    Raises:
        TextError: the text is empty.
    """
    state = runtime.initial_state()
    start = tokenizer.encode("\n")
    has_start = len(start) == 1 and start[0] != tokenizer.unknown_id
    last_log_probs = np.full(tokenizer.vocab_size, -math.log(tokenizer.vocab_size))
    if has_start:
        start_log_probs, state = runtime.step(start.astype(np.int64), state)
        last_log_probs = start_log_probs[0]
    nats, chars, tokens, unknown_chars, unknown_bytes = 0.0, 0, 0, 0, 0
    previous: list[int] = []
    for piece in pieces:
        ids = tokenizer.encode(piece, previous)
        missing = find_missing(tokenizer, piece, ids, previous)
        unknown_chars += missing[0]
        unknown_bytes += missing[1]
        chars += len(piece)
        tokens += len(ids)
        for begin in range(0, len(ids), BLOCK_SIZE):
            block = ids[begin : begin + BLOCK_SIZE]
            batch_log_probs, state = runtime.read(block[None], state)
            log_probs = batch_log_probs[0]  # (T, V)
            nats -= float(last_log_probs[block[0]])
            nats -= float(log_probs[np.arange(len(block) - 1), block[1:]].sum(dtype=np.float64))
            last_log_probs = log_probs[-1]
        if len(ids):
            previous = ids[-4:].tolist()
    if not chars:
        raise TextError("the text to score is empty: give one with at least one character")
    bits = nats / math.log(2) + BITS_PER_UNKNOWN_BYTE * unknown_bytes
    perplexity = math.exp(min(nats / tokens, 700)) if tokens else math.inf
    return Score(bits / chars, perplexity, chars, tokens, nats, unknown_chars)
