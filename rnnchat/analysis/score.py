"""How well a model foretells a text: as a whole, line by line, symbol by symbol.

Scores compare across vocabularies: nats are summed over symbols and divided by characters, in bits. What a
vocabulary lacks is charged at 8 bits for each byte of UTF-8, as if it were spelt out without any model, so that a
model gains nothing from calling a word unknown.

All figures come from one stream of costs, one for each symbol, so that lines add up to the text, and symbols to
lines. The text may come in any pieces: it is cut at line ends here, and a line longer than `MOST_PART_CHARS` before
a space, so that no piece changes a symbol. Memory does not grow with it.

Letters: N symbols, B streams (1 here), V vocabulary.
"""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np

from rnnchat.analysis.surprisal import Places, Surprisal
from rnnchat.errors import TextError
from rnnchat.runtime.predictor import Predictor
from rnnchat.runtime.runtime import BLOCK_SIZE
from rnnchat.text.alignment import align
from rnnchat.text.coverage import BITS_PER_UNKNOWN_BYTE, find_missing
from rnnchat.text.tokenizer import Tokenizer

MOST_PART_CHARS = 1 << 20
"""Longest part of a text that is encoded at once: longer lines are cut."""
MOST_LINE_CHARS = 2000
"""So much of a line is kept to be shown."""
_MOST_NATS = 700
"""exp of more is no float."""


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
    unknown_bytes: int = 0
    """The bytes of UTF-8 of those characters."""


@dataclass(frozen=True)
class LineScore:
    """What a model makes of a line of a text, having read all that stands before it."""

    number: int
    """1 for the first."""
    text: str
    """The line without its end, at most `MOST_LINE_CHARS` of it."""
    score: Score
    """Its line end included."""


@dataclass(frozen=True, slots=True)
class SymbolScore:
    """What a model makes of a symbol of a text, having read all that stands before it."""

    line: int
    """1 for the first."""
    text: str
    """Its characters; empty where it only begins one. A space that stands before a word is part of the word."""
    id: int | None
    """None for a character that the vocabulary lacks and that was left out."""
    nats: float
    """Its cost, without the charge for what is unknown."""
    rank: int
    """1 for the symbol that the model thought the likeliest; 0 for one that was left out."""
    unknown: str
    """Those of its characters that the vocabulary lacks."""

    @property
    def bits(self) -> float:
        """Its whole cost: those of a text's symbols add up to the text's."""
        return self.nats / math.log(2) + BITS_PER_UNKNOWN_BYTE * _count_bytes(self.unknown)

    @property
    def score(self) -> Score:
        """What it adds to the score of the text; see `add_scores`."""
        tokens, unknown_bytes = int(self.id is not None), _count_bytes(self.unknown)
        return _make_score(self.nats, len(self.text), tokens, len(self.unknown), unknown_bytes)


class Reader(Protocol):
    """Reads a text from its beginning on, and says what each symbol costs."""

    window: int
    """So many symbols, or more, are best read in one call."""

    def read(self, ids: np.ndarray, with_ranks: bool = False) -> Surprisal:
        """Read on: what N symbols cost, ids (N,) to nats (N,) and ranks (N,)."""


class ExactReader:
    """Reads a text in one stream, its state carried all the way."""

    window = BLOCK_SIZE

    def __init__(self, runtime: Predictor, tokenizer: Tokenizer) -> None:
        """The text is read as if it stood after a line end; without one the first symbol is one of V equals."""
        self._stream = Places.start(runtime, tokenizer)

    def read(self, ids: np.ndarray, with_ranks: bool = False) -> Surprisal:
        """See `Reader.read`."""
        surprisal = self._stream.read(ids[None], with_ranks)
        return Surprisal(surprisal.nats[0], surprisal.ranks[0])


def score_text(runtime: Predictor, tokenizer: Tokenizer, pieces: Iterable[str], reader: Reader | None = None) -> Score:
    """Score a text that comes in pieces.

    Args:
        runtime: the model.
        tokenizer: its vocabulary.
        pieces: the text, cut anywhere.
        reader: how it is read, such as a ``fast_score.FastReader``; exactly if there is none.

    Raises:
        TextError: the text is empty.
        ModelError: the network's numbers overflow.
    """
    return add_scores(part.score for part in _read_parts(runtime, tokenizer, _cut_parts(pieces), reader))


def score_lines(
    runtime: Predictor, tokenizer: Tokenizer, pieces: Iterable[str], reader: Reader | None = None
) -> Iterator[LineScore]:
    """Score each line of a text; arguments and errors are those of `score_text`.

    `add_scores` makes the text's score of theirs.
    """
    number, text = 1, ""
    scores: list[Score] = []
    for part in _read_parts(runtime, tokenizer, _cut_lines(pieces), reader):
        text = (text + part.text)[: MOST_LINE_CHARS + 1]
        scores.append(part.score)
        if part.text.endswith("\n"):
            yield LineScore(number, text.removesuffix("\n")[:MOST_LINE_CHARS], _join_scores(scores))
            number, text, scores = number + 1, "", []
    if scores:
        yield LineScore(number, text[:MOST_LINE_CHARS], _join_scores(scores))


def score_symbols(
    runtime: Predictor, tokenizer: Tokenizer, pieces: Iterable[str], reader: Reader | None = None
) -> Iterator[SymbolScore]:
    """Score each symbol of a text, what the vocabulary lacks included; arguments and errors are those of `score_text`.

    The texts of all symbols make the text, and their bits its bits.
    """
    line = 1
    for part in _read_parts(runtime, tokenizer, _cut_lines(pieces), reader, with_ranks=True):
        costs = list(zip(part.ids.tolist(), part.nats.tolist(), part.ranks.tolist(), strict=True))
        for text, number, unknown in align(tokenizer, part.text, part.ids, part.previous):
            id, nats, rank = (None, 0.0, 0) if number is None else costs[number]
            yield SymbolScore(line, text, id, nats, rank, unknown)
        line += part.text.endswith("\n")


def add_scores(scores: Iterable[Score]) -> Score:
    """The score of texts together: bits over all characters, perplexity over all symbols.

    Raises:
        TextError: there is no character in them.
    """
    total = _join_scores(scores)
    if not total.chars:
        raise TextError("the text to score is empty: give one with at least one character")
    return total


class _Part(NamedTuple):
    """A part of a text and what its N symbols cost."""

    text: str
    previous: list[int]
    """The ids before it."""
    ids: np.ndarray
    nats: np.ndarray
    ranks: np.ndarray
    score: Score


def _read_parts(
    runtime: Predictor,
    tokenizer: Tokenizer,
    parts: Iterable[str],
    reader: Reader | None,
    with_ranks: bool = False,
) -> Iterator[_Part]:
    """Read parts of a text that symbols do not straddle; as many at a time as the reader likes.

    Raises:
        TextError: the text is empty.
    """
    reader = reader or ExactReader(runtime, tokenizer)
    waiting: list[tuple[str, list[int], np.ndarray]] = []
    size = 0
    is_empty = True
    previous: list[int] = []
    for part in parts:
        is_empty = False
        ids = tokenizer.encode(part, previous)
        waiting.append((part, previous, ids))
        previous = ids[-4:].tolist() or previous
        size += len(ids)
        if size >= reader.window:
            yield from _read_waiting(tokenizer, reader, waiting, with_ranks)
            waiting, size = [], 0
    if is_empty:
        raise TextError("the text to score is empty: give one with at least one character")
    if waiting:
        yield from _read_waiting(tokenizer, reader, waiting, with_ranks)


def _read_waiting(
    tokenizer: Tokenizer, reader: Reader, waiting: list[tuple[str, list[int], np.ndarray]], with_ranks: bool
) -> Iterator[_Part]:
    all_ids = np.concatenate([ids for _, _, ids in waiting])
    surprisal = reader.read(all_ids, with_ranks)
    begin = 0
    for text, previous, ids in waiting:
        nats, ranks = surprisal.nats[begin : begin + len(ids)], surprisal.ranks[begin : begin + len(ids)]
        begin += len(ids)
        missing = find_missing(tokenizer, text, ids, previous)
        score = _make_score(float(nats.sum()), len(text), len(ids), *missing)
        yield _Part(text, previous, ids, nats, ranks, score)


def _cut_parts(pieces: Iterable[str]) -> Iterator[str]:
    """Cut a text at line ends; a line longer than `MOST_PART_CHARS` also before a space, or anywhere."""
    held = ""
    for piece in pieces:
        held += piece
        if "\n" in piece:
            end = held.rfind("\n") + 1
            yield held[:end]
            held = held[end:]
        while len(held) > MOST_PART_CHARS:
            end = held.rfind(" ", 1, MOST_PART_CHARS)
            end = MOST_PART_CHARS if end < 0 else end
            yield held[:end]
            held = held[end:]
    if held:
        yield held


def _cut_lines(pieces: Iterable[str]) -> Iterator[str]:
    """Cut a text into lines, each with its end; one that is longer than `MOST_PART_CHARS` in several parts."""
    for part in _cut_parts(pieces):
        begin = 0
        while end := part.find("\n", begin) + 1:
            yield part[begin:end]
            begin = end
        if begin < len(part):
            yield part[begin:]


def _join_scores(scores: Iterable[Score]) -> Score:
    nats, chars, tokens, unknown_chars, unknown_bytes = 0.0, 0, 0, 0, 0
    for score in scores:
        nats += score.nats
        chars += score.chars
        tokens += score.tokens
        unknown_chars += score.unknown_chars
        unknown_bytes += score.unknown_bytes
    return _make_score(nats, chars, tokens, unknown_chars, unknown_bytes)


def _make_score(nats: float, chars: int, tokens: int, unknown_chars: int, unknown_bytes: int) -> Score:
    bits = nats / math.log(2) + BITS_PER_UNKNOWN_BYTE * unknown_bytes
    perplexity = math.exp(min(nats / tokens, _MOST_NATS)) if tokens else math.inf
    return Score(bits / chars if chars else 0.0, perplexity, chars, tokens, nats, unknown_chars, unknown_bytes)


def _count_bytes(text: str) -> int:
    return len(text.encode("utf-8", "ignore"))
