"""Single units that react to something: found by reading a text and comparing units with what the text is like.

Letters: N symbols of a text, B rows read side by side, T time, V vocabulary, U units of all layers, F features.

Karpathy et al. 2015, "Visualizing and Understanding Recurrent Networks", found units that keep the place in a line or
the inside of quotation marks by looking at them; Radford et al. 2017, "Learning to Generate Reviews and Discovering
Sentiment", found one by fitting. Here each unit is correlated with each feature (Pearson). Among hundreds of units one
always fits by chance: so the best is chosen on the first half of the text, and what it is worth is said by the second.

Sums are all that is kept, so memory does not grow with the text. For speed many rows of the text are read side by
side, each from `WARM_UP` symbols before the first that counts.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from rnnchat.analysis.feature import FEATURES, Feature
from rnnchat.analysis.insight import split_text
from rnnchat.errors import TextError, UsageError
from rnnchat.runtime.predictor import Predictor
from rnnchat.runtime.runtime import BLOCK_SIZE
from rnnchat.runtime.start import find_start, read_start
from rnnchat.text.tokenizer import Tokenizer

ROWS = 16
ROW_SIZE = 1024
WARM_UP = 256
"""Symbols read before those that count: what a unit keeps for longer than this may be missed at a row's beginning."""
MAX_NUMBERS = 2**23
"""Distributions of a block of a batch take at most 4 times as many bytes."""

STRETCH_CHARS = 2**16
"""Features are measured for this many characters at a time, up to the end of a paragraph or a line."""
MIN_COUNT = 20
"""A feature counts if it is there, and if it is not there, for at least this many symbols of each half."""

EXCERPT_CHARS = 240
CONTEXT_CHARS = 512


@dataclass(frozen=True)
class Finding:
    """The unit that fits a feature best."""

    feature: str
    layer: int
    """From 0, as in the names of the weights."""
    unit: int
    """From 0."""
    correlation: float
    """Pearson's, from -1 to 1, on the first half of the text, where the unit was chosen."""
    confirmed: float
    """The same on the second half."""
    share: float
    """Share of symbols, 0 to 1, where the feature is there."""
    context: str
    """The text before the excerpt."""
    excerpt: str
    """A stretch of the second half in which the feature comes and goes."""


@dataclass(frozen=True)
class Search:
    """What was found in a text."""

    findings: tuple[Finding, ...]
    """One for each feature, the best confirmed first."""
    skipped: tuple[str, ...]
    """Features that (nearly) never occur in the text."""
    num_symbols: int


def find_neurons(
    runtime: Predictor,
    tokenizer: Tokenizer,
    read_pieces: Callable[[], Iterable[str]],
    features: Sequence[Feature] = FEATURES,
    report: Callable[[int, int], None] = lambda done, chars: None,
) -> Search:
    """Find for each feature the unit that goes with it.

    Args:
        runtime: the model.
        tokenizer: its vocabulary. What it lacks is no part of the text.
        read_pieces: gives the text in pieces; called twice, for its length and to read it.
        features: what to look for.
        report: told from time to time how many characters are read, of how many.

    Raises:
        TextError: the text is empty, or too short for any feature.
        ModelError: the network's numbers overflow.
    """
    chars = sum(map(len, read_pieces()))
    halves = (_Sums(), _Sums())
    scenes = [_Scene() for _ in features]
    previous, done = find_start(tokenizer), 0
    for stretch in cut_stretches(read_pieces(), -(-chars // 2)):
        half = int(done + len(stretch) / 2 >= chars / 2)
        ids = tokenizer.encode(stretch, previous[-4:].tolist())
        texts = split_text(tokenizer, ids, previous)
        seen = "".join(texts)
        if seen:
            measured = [feature.measure(seen) for feature in features]
            of_symbols = np.stack(measured, axis=1)[_find_ends(texts)]  # (N, F)
            for places, hidden in _read_units(runtime, ids, previous):
                halves[half].add(of_symbols[places], hidden)
            for scene, values in zip(scenes if half else (), measured, strict=False):
                scene.look(seen, values)
        previous = np.concatenate([previous, ids])[-WARM_UP:]
        done += len(stretch)
        report(done, chars)
    return _conclude(runtime.config.hidden_sizes, features, halves, scenes)


def _find_ends(texts: Sequence[str]) -> np.ndarray:
    """Where the last character of each of N texts stands in all of them joined, (N,)."""
    ends: np.ndarray = np.maximum(np.cumsum([len(text) for text in texts]) - 1, 0)
    return ends


def trace_unit(
    runtime: Predictor, tokenizer: Tokenizer, pieces: Iterable[str], layer: int, unit: int
) -> Iterator[tuple[tuple[str, ...], np.ndarray]]:
    """Follow one unit over a text, read in one stream with the state carried all the way.

    Yields:
        for each block of symbols what each adds to the text, and the unit after reading it, float32.

    Raises:
        UsageError: the model has no such layer or unit.
    """
    sizes = runtime.config.hidden_sizes
    if not 0 <= layer < len(sizes):
        raise UsageError(f"layer must be from 0 to {len(sizes) - 1}, not {layer}")
    if not 0 <= unit < sizes[layer]:
        raise UsageError(f"unit of layer {layer} must be from 0 to {sizes[layer] - 1}, not {unit}")
    _, state = read_start(runtime, tokenizer)
    previous = find_start(tokenizer)
    for piece in pieces:
        ids = tokenizer.encode(piece, previous[-4:].tolist())
        for begin in range(0, len(ids), BLOCK_SIZE):
            block = ids[begin : begin + BLOCK_SIZE]
            _, hidden, state = runtime.read_hidden(block[None], state)
            yield split_text(tokenizer, block, previous), hidden[layer][0, :, unit]
            previous = np.concatenate([previous, block])[-4:]


def cut_stretches(pieces: Iterable[str], most: int) -> Iterator[str]:
    """Cut a text again: at the end of a paragraph or a line, after `STRETCH_CHARS` or ``most`` characters at most."""
    size = min(STRETCH_CHARS, max(most, 1))
    held = ""
    for piece in pieces:
        held += piece
        begin = 0
        while len(held) - begin > size:
            ends = (held.rfind(mark, begin, begin + size) + len(mark) for mark in ("\n\n", "\n"))
            end = next((end for end in ends if end > begin + size // 2), begin + size)
            yield held[begin:end]
            begin = end
        held = held[begin:]
    if held:
        yield held


class _Sums:
    """What Pearson's correlations of F features with U units are made of, added up block by block.

    Both are counted from their means in the first block: differences of large sums would lose what matters.
    """

    def __init__(self) -> None:
        self.count = 0
        self.present: np.ndarray = np.zeros(0, np.int64)  # (F,), where the feature is not 0

    def add(self, features: np.ndarray, hidden: np.ndarray) -> None:
        """Args: (n, F) and (n, U), float32, n at least 1."""
        if not self.count:
            self._zero_f, self._zero_h = features.mean(0), hidden.mean(0)
            num_features, num_units = features.shape[1], hidden.shape[1]
            self.present = np.zeros(num_features, np.int64)
            self._f, self._ff = np.zeros((2, num_features))
            self._h, self._hh = np.zeros((2, num_units))
            self._fh = np.zeros((num_features, num_units))
        f, h = features - self._zero_f, hidden - self._zero_h
        self.count += len(f)
        self.present += np.count_nonzero(features, axis=0)
        self._f += f.sum(0, dtype=np.float64)
        self._ff += np.einsum("nf,nf->f", f, f, dtype=np.float64)
        self._h += h.sum(0, dtype=np.float64)
        self._hh += np.einsum("nu,nu->u", h, h, dtype=np.float64)
        self._fh += np.ascontiguousarray(f.T) @ h  # forty times as fast as with the view

    def correlate(self) -> np.ndarray:
        """(F, U), 0 where a unit or a feature never changes."""
        covariance = self._fh - np.outer(self._f, self._h) / self.count
        spread_f = np.maximum(self._ff - self._f**2 / self.count, 0)
        spread_h = np.maximum(self._hh - self._h**2 / self.count, 0)
        scale = np.sqrt(np.outer(spread_f, spread_h))
        correlation: np.ndarray = np.zeros_like(scale)
        np.divide(covariance, scale, out=correlation, where=scale > 1e-9 * self.count)
        return correlation


class _Scene:
    """The stretch of a text in which a feature comes and goes most."""

    def __init__(self) -> None:
        self.context = ""
        self.excerpt = ""
        self._variance = -1.0

    def look(self, text: str, values: np.ndarray) -> None:
        """Take a stretch of ``text`` if the feature's ``values`` (n,) vary more in it than in the last one taken."""
        begins = np.union1d(_find_line_begins(text), np.arange(0, len(text), EXCERPT_CHARS))
        begins = begins[(begins <= len(text) - EXCERPT_CHARS) | (begins == 0)]
        ends = np.minimum(begins + EXCERPT_CHARS, len(text))
        sums = np.append(0, values.cumsum(dtype=np.float64))
        squares = np.append(0, np.square(values, dtype=np.float64).cumsum())
        means = (sums[ends] - sums[begins]) / (ends - begins)
        variances = (squares[ends] - squares[begins]) / (ends - begins) - means**2
        best = int(variances.argmax())
        if variances[best] > self._variance:
            self._variance = float(variances[best])
            begin, end = int(begins[best]), int(ends[best])
            self.context, self.excerpt = text[max(begin - CONTEXT_CHARS, 0) : begin], text[begin:end]


def _find_line_begins(text: str) -> np.ndarray:
    lengths = [len(line) for line in text.splitlines(keepends=True)]
    return np.cumsum([0, *lengths[:-1]])


def _read_units(runtime: Predictor, ids: np.ndarray, previous: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Read symbols in rows side by side.

    Args:
        runtime: the model.
        ids: (N,), N at least 1.
        previous: up to `WARM_UP` ids that stand before them.

    Yields:
        places among ``ids`` (n,), each of them once in all, and all units after reading those, (n, U) float32.
    """
    everything = np.concatenate([previous, ids])
    size = min(ROW_SIZE + WARM_UP, len(everything))
    wanted = np.arange(0, len(ids), ROW_SIZE)  # where the symbols of each row begin among ids
    begins = np.clip(wanted + len(previous) - WARM_UP, 0, len(everything) - size)
    for batch in range(0, len(wanted), ROWS):
        rows = slice(batch, batch + ROWS)
        firsts = wanted[rows, None]
        lasts = np.minimum(firsts + ROW_SIZE, len(ids))
        places = begins[rows, None] + np.arange(size) - len(previous)  # (B, T), below 0 in what stands before
        state = runtime.initial_state(len(places))
        block_size = int(np.clip(MAX_NUMBERS // (len(places) * runtime.config.vocab_size), 1, BLOCK_SIZE))
        for begin in range(0, size, block_size):
            block = places[:, begin : begin + block_size]
            _, layers, state = runtime.read_hidden(everything[block + len(previous)], state)
            is_wanted = (firsts <= block) & (block < lasts)
            if is_wanted.any():
                yield block[is_wanted], np.concatenate([layer[is_wanted] for layer in layers], axis=1)


def _conclude(
    sizes: Sequence[int], features: Sequence[Feature], halves: tuple[_Sums, _Sums], scenes: Sequence[_Scene]
) -> Search:
    first, second = halves
    is_there = np.zeros(len(features), bool)
    if first.count and second.count:
        is_there = np.logical_and.reduce(
            [(half.present >= MIN_COUNT) & (half.count - half.present >= MIN_COUNT) for half in halves]
        )
    if not is_there.any():
        raise TextError("the text is too short to find units with: give one with some thousand characters")
    chosen, confirmed = first.correlate(), second.correlate()  # (F, U)
    count = first.count + second.count
    layer_begins = np.cumsum([0, *sizes])
    findings = []
    for index in np.flatnonzero(is_there).tolist():
        best = int(np.abs(chosen[index]).argmax())
        layer = int(np.searchsorted(layer_begins, best, side="right")) - 1
        findings.append(
            Finding(
                feature=features[index].name,
                layer=layer,
                unit=best - int(layer_begins[layer]),
                correlation=float(chosen[index, best]),
                confirmed=float(confirmed[index, best]),
                share=int(first.present[index] + second.present[index]) / count,
                context=scenes[index].context,
                excerpt=scenes[index].excerpt,
            )
        )
    # What turned its sign on the second half was chance.
    findings.sort(key=lambda found: -found.confirmed * np.sign(found.correlation))
    skipped = tuple(feature.name for feature, there in zip(features, is_there, strict=True) if not there)
    return Search(tuple(findings), skipped, count)
