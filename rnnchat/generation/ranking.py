"""Which of several continuations is best: how probable it is, how little it repeats, how much it answers.

A score is in nats a symbol: ``(log p(text | prompt) - λ log p(text)) / N - ρ r``. The second term counts for replies
only, and leaves behind what could be said to anybody (Li et al. 2016, A Diversity-Promoting Objective Function for
Neural Conversation Models, equation 10); r is the share of the text that stands in stretches which stood before.

Letters: B texts, T time, V vocabulary, N symbols of a text.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from rnnchat.generation.open_network import OpenNetwork
from rnnchat.generation.stream import Place
from rnnchat.generation.writing import Continuation
from rnnchat.runtime.runtime import BLOCK_SIZE
from rnnchat.text.turn import find_open_turn

UNPROMPTED_WEIGHT = 1.0
"""λ, by ``benchmarks/recall.py``; benchmarks/README.md."""
REPETITION_WEIGHT = 1.0
"""ρ, nats a symbol that a text loses which is nothing but repetition."""
LEAST_STRETCH_CHARS = 20
"""A shorter stretch that stood before is how a language is, not repetition."""
_MAX_NUMBERS = 2**24
"""Of the distributions that are in memory at once."""


class Ranked(NamedTuple):
    """A continuation, and what it is ranked by."""

    continuation: Continuation
    score: float
    """Nats a symbol, the higher the better; minus infinity for a text that is empty."""
    repetition: float
    """Share of the text, 0 to 1, in stretches that stood before."""


def rank(network: OpenNetwork, continuations: Sequence[Continuation]) -> list[Ranked]:
    """Order continuations of one prompt.

    Args:
        network: what wrote them.
        continuations: at least one, all of the same prompt.

    Returns:
        all of them, the best first; equals keep their order.

    Raises:
        ModelError: the network's numbers overflow.
    """
    prompt = continuations[0].prompt
    opening = find_open_turn(prompt)
    unprompted = np.zeros(len(continuations))
    if opening is not None:
        unprompted = measure_log_probs(network, network.find_place(opening), [text.ids for text in continuations])
    ranked = []
    for text, alone in zip(continuations, unprompted.tolist(), strict=True):
        repetition = measure_repetition(text.text, prompt)
        score = score_text(text.log_prob, len(text.ids), repetition, alone) if text.text.strip() else -np.inf
        ranked.append(Ranked(text, score, repetition))
    return sorted(ranked, key=lambda each: -each.score)


def score_text(log_prob: float, num_symbols: int, repetition: float = 0.0, unprompted_log_prob: float = 0.0) -> float:
    """The score of a text, in nats a symbol.

    Args:
        log_prob: of the text after its prompt, in nats.
        num_symbols: N, at least 1.
        repetition: share of the text that stood before.
        unprompted_log_prob: of the text without the prompt; 0 where it is no reply.
    """
    return (log_prob - UNPROMPTED_WEIGHT * unprompted_log_prob) / num_symbols - REPETITION_WEIGHT * repetition


def measure_repetition(text: str, before: str = "") -> float:
    """The share of a text, 0 to 1, in stretches of `LEAST_STRETCH_CHARS` that stood earlier in it or in ``before``."""
    size = LEAST_STRETCH_CHARS
    whole, start = before + text, len(before)
    seen: set[str] = set()
    is_repeated = bytearray(len(whole))
    for place in range(len(whole) - size + 1):
        stretch = whole[place : place + size]
        if stretch in seen:
            is_repeated[place : place + size] = b"\1" * size
        seen.add(stretch)
    return sum(is_repeated[start:]) / max(len(text), 1)


def measure_log_probs(network: OpenNetwork, place: Place, texts: Sequence[Sequence[int]]) -> np.ndarray:
    """How probable texts are at a place, by the network alone, read side by side.

    Args:
        network: what judges.
        place: where each text begins.
        texts: B texts of ids.

    Returns:
        natural logarithms (B,) float64; 0 for a text without symbols.

    Raises:
        ModelError: the network's numbers overflow.
    """
    counts = np.array([len(text) for text in texts])
    ids = np.zeros((len(texts), max(counts.max(), 1)), np.int64)
    for row, text in zip(ids, texts, strict=True):
        row[: len(text)] = text
    is_text = np.arange(ids.shape[1]) < counts[:, None]
    total: np.ndarray = np.where(is_text[:, 0], place.log_probs[ids[:, 0]], 0).astype(np.float64)
    state = place.state.rows([0] * len(texts))
    size = max(1, min(BLOCK_SIZE, _MAX_NUMBERS // (len(texts) * len(place.log_probs))))
    for begin in range(0, ids.shape[1] - 1, size):
        end = min(begin + size, ids.shape[1] - 1)
        log_probs, state = network.predictor.read(ids[:, begin:end], state)  # (B, T, V)
        following = ids[:, begin + 1 : end + 1, None]
        chosen = np.take_along_axis(log_probs, following, axis=2)[:, :, 0]
        total += np.where(is_text[:, begin + 1 : end + 1], chosen, 0).sum(axis=1)
    return total
