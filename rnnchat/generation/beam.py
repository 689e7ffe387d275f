"""Beam search: the continuations that a model finds most probable as a whole, instead of symbol by symbol.

Letters: B beams, V vocabulary, W width.

Source: Lowerre 1976; length normalisation as in Wu et al. 2016, §7, with the length in characters, so that texts of
words and of pieces compare. Everything that shapes a distribution and that ends a text holds here as well; temperature,
seed and ``draw_at`` do not: nothing is drawn.
"""

from dataclasses import dataclass

import numpy as np

from rnnchat.errors import UsageError
from rnnchat.generation.ending import find_most
from rnnchat.generation.lockstep import look_back, recollect
from rnnchat.generation.open_network import OpenNetwork
from rnnchat.generation.past import Marks
from rnnchat.generation.sampling import shape_scores
from rnnchat.generation.settings import Settings
from rnnchat.generation.stream import Place, Steering, Stream

MAX_WIDTH = 256


@dataclass(frozen=True)
class Beam:
    """A continuation that was found."""

    text: str
    ids: tuple[int, ...]
    log_prob: float
    """Natural logarithm of the model's probability for all its symbols."""
    score: float
    """What beams are ranked by: what settings make of log_prob, for each character ** length_penalty."""
    reason: str
    """Why it ended, as ``Continuation.reason``."""


@dataclass
class _Candidate:
    """A beam on its way."""

    stream: Stream
    text: str = ""
    log_prob: float = 0.0
    gain: float = 0.0
    """What settings make of log_prob."""

    def finish(self, length_penalty: float) -> Beam:
        chars = max(len(self.text), 1)
        ids = tuple(self.stream.written)
        return Beam(self.text, ids, self.log_prob, self.gain / chars**length_penalty, self.stream.reason)


def search(
    network: OpenNetwork, place: Place, settings: Settings, width: int, length_penalty: float = 1.0
) -> list[Beam]:
    """Find the most probable continuations of a place in a text.

    Args:
        network: what computes.
        place: where the text continues.
        settings: all count but the temperature, ``draw_at`` and the seed.
        width: how many beams go on at a time; 1 takes the most probable symbol always.
        length_penalty: 0 ranks by probability, which favours short texts; 1 by probability a character.

    Returns:
        at most ``width`` different continuations, the best first.

    Raises:
        UsageError: ``width`` or ``length_penalty`` is out of range, or what is banned leaves nothing to write.
        ModelError: the network's numbers overflow.
    """
    if not 1 <= width <= MAX_WIDTH:
        raise UsageError(f"beams must be from 1 to {MAX_WIDTH}, not {width}")
    if not 0 <= length_penalty <= 5:
        raise UsageError(f"length-penalty must be from 0 to 5, not {length_penalty}")
    steering = Steering(network.spelling, settings)
    candidates = [_Candidate(Stream(network.spelling, place, 0))]
    state, log_probs = place.state, place.log_probs[None]
    finished: list[Beam] = []
    while candidates:
        expected = recollect([candidate.stream for candidate in candidates], log_probs)
        candidates, rows, ids = _grow(candidates, expected, steering, width)
        ended = [candidate for candidate in candidates if candidate.stream.reason]
        finished = _keep_best([*finished, *(candidate.finish(length_penalty) for candidate in ended)], width)
        going_on = [number for number, candidate in enumerate(candidates) if not candidate.stream.reason]
        candidates = [candidates[number] for number in going_on]
        if candidates and not _is_decided(candidates, finished, steering, width, length_penalty):
            log_probs, state = network.predictor.step(ids[going_on], state.rows(rows[going_on].tolist()))
        else:
            break
    return finished


def _grow(
    candidates: list[_Candidate], log_probs: np.ndarray, steering: Steering, width: int
) -> tuple[list[_Candidate], np.ndarray, np.ndarray]:
    """The ``width`` best ways to go on by one symbol, the row that each comes from, and its symbol."""
    past = look_back([candidate.stream for candidate in candidates], steering)
    is_alive = _find_alive(past.banned, log_probs.shape)
    if is_alive.any() and not is_alive.all():  # a beam that cannot continue is given up
        alive = np.flatnonzero(is_alive)
        grown, rows, ids = _grow([candidates[row] for row in alive], log_probs[alive], steering, width)
        return grown, alive[rows], ids
    scores = shape_scores(log_probs, steering.settings, past)
    gains = scores.astype(np.float64) + np.array([candidate.gain for candidate in candidates])[:, None]  # (B, V)
    count = min(width, int(np.isfinite(gains).sum()))
    best = np.argpartition(-gains, count - 1, axis=None)[:count]
    best = best[np.argsort(-gains.ravel()[best], kind="stable")]
    rows, ids = np.divmod(best, gains.shape[1])
    grown = []
    for row, id in zip(rows.tolist(), ids.tolist(), strict=True):
        parent = candidates[row]
        stream = parent.stream.fork()
        text = stream.take(id, steering.settings)
        log_prob = parent.log_prob + float(log_probs[row, id])
        grown.append(_Candidate(stream, parent.text + text, log_prob, float(gains[row, id])))
    return grown, rows, ids


def _find_alive(banned: Marks, shape: tuple[int, ...]) -> np.ndarray:
    """Whether each of B beams has a symbol, of V, that is not banned, (B,) bool."""
    is_left = np.ones(shape, bool)
    is_left[banned.rows, banned.ids] = False
    alive: np.ndarray = np.logical_or.reduce(is_left, axis=1)
    return alive


def _keep_best(beams: list[Beam], width: int) -> list[Beam]:
    """The best ``width`` of different texts; pieces may spell the same one in several ways."""
    best: dict[str, Beam] = {}
    for beam in sorted(beams, key=lambda beam: -beam.score):
        best.setdefault(beam.text, beam)
    return list(best.values())[:width]


def _is_decided(
    candidates: list[_Candidate], finished: list[Beam], steering: Steering, width: int, length_penalty: float
) -> bool:
    """Can no text that continues come to be among the best? Where settings only cut, a score never rises."""
    if len(finished) < width or not steering.only_cuts:
        return False
    longest = find_most(steering.settings)
    best_gain = max(candidate.gain for candidate in candidates)
    return bool(best_gain / longest**length_penalty < finished[-1].score)
