"""Writing several streams in step, a symbol of each at a time.

Letters: B streams, T time, V vocabulary.

Where nothing but the temperature steers, symbols are drawn by the network's graph, several in one call; every other
way of steering is the pipeline of `rnnchat.generation.sampling`, a symbol a call.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import numpy as np

from rnnchat.analysis.insight import look_at
from rnnchat.generation.past import NO_MARKS, Marks, Past
from rnnchat.generation.penalty import Use, weigh_use
from rnnchat.generation.sampling import choose, find_best, shape_few
from rnnchat.generation.settings import Settings
from rnnchat.generation.stream import End, Piece, Steering, Stream
from rnnchat.runtime.predictor import Predictor, State
from rnnchat.runtime.runtime import LEAST_TEMPERATURE, Runtime

MAX_BLOCK = 32
"""The most symbols of one call."""
BLOCK_S = 0.01
"""A call takes about so long at most: nobody waits for it to end."""
MAX_BLOCK_VOCAB = 1024
"""The graph's draw looks at every symbol twice; with more of them the pipeline's is faster."""


class _Block(NamedTuple):
    """T symbols of B streams, and where they lead."""

    ids: np.ndarray
    """(T, B) int64"""
    chosen: np.ndarray
    """(T, B): the symbols' log-probabilities"""
    log_probs: np.ndarray
    """(B, V) after the last."""
    state: State


def write_streams(
    predictor: Predictor, streams: Sequence[Stream], find_steering: Callable[[], Steering], alternatives: int
) -> Iterator[list[Piece | None]]:
    """Write until all streams have ended.

    Args:
        predictor: the network.
        streams: each continues from its place.
        find_steering: asked at each symbol, for what steers may change on the way.
        alternatives: of each piece's insight; 0 for no insight.

    Yields:
        a piece of each stream; None for those that have ended.
    """
    state = State.join([stream.place.state for stream in streams], np.concatenate)
    log_probs = np.stack([stream.place.log_probs for stream in streams])  # (B, V)
    drawer = _Drawer(predictor)
    active = list(range(len(streams)))
    while active:
        running = [streams[index] for index in active]
        steering = find_steering()
        expected = recollect(running, log_probs)
        block = drawer.write_block(running, state, expected, steering, alternatives > 0)
        for step in range(len(block.ids)):
            pieces: list[Piece | None] = [None] * len(streams)
            for row, (index, stream) in enumerate(zip(active, running, strict=True)):
                if not stream.reason:
                    end = _find_end(state, log_probs, block, step, row)
                    pieces[index] = _take_piece(stream, block, step, steering.settings, end, expected, alternatives)
            yield pieces
            if step + 1 < len(block.ids) and find_steering() is not steering:
                block = drawer.cut_block(state, block, step + 1)
                break
            if all(stream.reason for stream in running):
                return
        state, log_probs = block.state, block.log_probs
        if any(stream.reason for stream in running):
            rows_left = [row for row, stream in enumerate(running) if not stream.reason]
            active = [active[row] for row in rows_left]
            state, log_probs = state.rows(rows_left), log_probs[rows_left]


def _find_end(state: State, log_probs: np.ndarray, block: _Block, step: int, row: int) -> End:
    """Where a stream stands that stops at a step of a block, which began with ``state`` and ``log_probs``."""
    if step + 1 == len(block.ids):
        return End(block.state, block.log_probs, row, block.ids[:0, row])
    return End(state, log_probs, row, block.ids[: step + 1, row])


def _take_piece(
    stream: Stream, block: _Block, step: int, settings: Settings, end: End, expected: np.ndarray, alternatives: int
) -> Piece:
    """Give a stream its symbol of one step of a block, and say what was ``expected`` (B, V) in its place."""
    row = end.row
    id, log_prob = int(block.ids[step, row]), float(block.chosen[step, row])
    text = stream.take(id, settings, end)
    if not alternatives:
        return Piece(text, id, log_prob, stream.loop)
    hidden = tuple(units[row] for units in block.state.hidden)
    return Piece(text, id, log_prob, stream.loop, look_at(expected[row], id, alternatives), hidden)


def recollect(streams: Sequence[Stream], log_probs: np.ndarray) -> np.ndarray:
    """What is expected next in each stream, (B, V): the network's own log-probabilities, mixed with its memory."""
    if all(stream.memory is None for stream in streams):
        return log_probs
    rows = zip(streams, log_probs, strict=True)
    return np.stack([row if stream.memory is None else stream.memory.mix(row) for stream, row in rows])


class _Drawer:
    """Draws and reads symbols, as many in a call as what steers allows."""

    def __init__(self, predictor: Predictor) -> None:
        self._predictor = predictor
        self._mask: np.ndarray | None = None
        self._steps = 0  # symbols of each stream so far
        self._step_s = BLOCK_S  # what a symbol of a block took lately; the first block is one symbol

    def write_block(
        self, streams: list[Stream], state: State, log_probs: np.ndarray, steering: Steering, is_looked_at: bool
    ) -> _Block:
        """The next symbols of all streams."""
        can_block = (
            isinstance(self._predictor, Runtime)
            and steering.is_plain
            and log_probs.shape[1] <= MAX_BLOCK_VOCAB
            and not is_looked_at
            and all(stream.is_free and stream.memory is None for stream in streams)
        )
        if not can_block:
            ids = self._choose(streams, log_probs, steering)
            chosen = log_probs[np.arange(len(ids)), ids]
            log_probs, state = self._predictor.step(ids, state)
            self._steps += 1
            return _Block(ids[None], chosen[None], log_probs, state)
        assert isinstance(self._predictor, Runtime)
        count = self._plan_length(streams, steering.settings)
        uniforms = np.array([stream.list_uniforms(count) for stream in streams]).T  # (T, B)
        temperatures = np.array([self._find_temperature(steering.settings, step) for step in range(count)])
        mask = self._find_mask(streams[0], log_probs.shape[1])
        started_s = time.perf_counter()
        ids, chosen, log_probs, state = self._predictor.write(state, log_probs, uniforms, temperatures, mask)
        self._step_s = (time.perf_counter() - started_s) / count
        self._steps += count
        return _Block(ids, chosen, log_probs, state)

    def cut_block(self, state: State, block: _Block, count: int) -> _Block:
        """The first ``count`` symbols of a block that began with ``state``."""
        self._steps -= len(block.ids) - count
        log_probs = block.log_probs
        for ids in block.ids[:count]:
            log_probs, state = self._predictor.step(ids, state)
        return _Block(block.ids[:count], block.chosen[:count], log_probs, state)

    def _find_mask(self, stream: Stream, vocab_size: int) -> np.ndarray:
        """(V,) float32: -inf for what the vocabulary rules out, the same for all streams; 0 else."""
        if self._mask is None:
            self._mask = np.zeros(vocab_size, np.float32)
            self._mask[stream.find_banned()] = -np.inf
        return self._mask

    def _plan_length(self, streams: list[Stream], settings: Settings) -> int:
        """How many symbols to write at once: no matter how many, the text is the same."""
        left = MAX_BLOCK
        if settings.until == "length":
            left = max(settings.length - min(stream.chars for stream in streams), 1)
        return max(1, min(MAX_BLOCK, left, int(BLOCK_S / self._step_s)))

    def _find_temperature(self, settings: Settings, step: int = 0) -> float:
        """The temperature of a symbol that is ``step`` symbols ahead."""
        cycle = settings.temperature_cycle
        return cycle[(self._steps + step) % len(cycle)] if cycle else settings.temperature

    def _choose(self, streams: list[Stream], log_probs: np.ndarray, steering: Steering) -> np.ndarray:
        """The next symbols, (B,) int64, by the pipeline."""
        settings = steering.settings
        temperature = self._find_temperature(settings)
        uniforms = np.array([stream.list_uniforms(1)[0] for stream in streams])
        scores, kept = shape_few(log_probs, settings, look_back(streams, steering))
        is_sure = None
        if settings.draw_at == "word" and temperature >= LEAST_TEMPERATURE:
            likeliest = _pick(kept, find_best(scores)).tolist()
            is_sure = np.array([not stream.begins_word(id) for stream, id in zip(streams, likeliest, strict=True)])
        return _pick(kept, choose(scores, temperature, uniforms, is_sure))


def _pick(ids: np.ndarray | None, places: np.ndarray) -> np.ndarray:
    """Of ids (B, K) that at the place (B,) in each row; where there are none, a place is its id."""
    return places if ids is None else ids[np.arange(len(places)), places]


def look_back(streams: Sequence[Stream], steering: Steering) -> Past:
    """What the sampling steps have to know of the streams."""
    banned: list[tuple[int, np.ndarray, float]] = []  # row, ids, nats
    biased: list[tuple[int, np.ndarray, float]] = []
    loops: list[tuple[int, np.ndarray, float]] = []
    for row, stream in enumerate(streams):
        ruled_out = stream.find_banned()
        if len(ruled_out):
            banned.append((row, ruled_out, -np.inf))
        if steering.phrases is not None:
            forbidden, favoured = stream.find_marks(steering)
            banned += [(row, ids, -np.inf) for ids in forbidden]
            biased += [(row, ids, nats) for ids, nats in favoured]
        if stream.loop and steering.settings.escape_loops:
            loops.append((row, np.array([stream.find_loop_symbol()]), -np.inf))

    def find_use() -> Use:
        window = steering.settings.penalty_window
        recent = np.full((len(streams), window), -1, np.int64)
        for row, stream in enumerate(streams):
            ids = stream.recall(window)
            recent[row, window - len(ids) :] = ids
        return weigh_use(recent, streams[0].vocab_size, steering.settings.penalty_decay)

    unknown = np.stack([stream.mask_unknown_words() for stream in streams]) if steering.knows_words else None
    return Past(find_use, _mark(banned), _mark(biased), _mark(loops), unknown)


def _mark(marks: list[tuple[int, np.ndarray, float]]) -> Marks:
    if not marks:
        return NO_MARKS
    rows, ids, nats = zip(*marks, strict=True)
    counts = [len(some) for some in ids]
    return Marks(np.repeat(rows, counts), np.concatenate(ids), np.repeat(np.array(nats, np.float32), counts))
