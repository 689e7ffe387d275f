"""Text to ids and back: one interface, four levels.

``char`` counts Unicode code points, ``byte`` the 256 bytes of UTF-8, ``word`` words and marks (see
`rnnchat.text.word`), ``bpe`` frequent pieces of words (see `rnnchat.text.bpe`). ``decode(encode(text)) == text``
wherever the vocabulary covers the text. A tokenizer is a value: it is fitted once, never changes, and goes whole
into the model file as JSON.

Legend: N ids of a text, V vocabulary size.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from typing import Any, Literal, Protocol, get_args

import numpy as np

from rnnchat.errors import TextError, UsageError
from rnnchat.text.bpe import NUM_BYTES, BpeTokenizer, count_chunks, find_chunks
from rnnchat.text.byte import ByteTokenizer
from rnnchat.text.char import CharTokenizer
from rnnchat.text.code_point import CODE_POINTS, to_code_points
from rnnchat.text.entry import read_list, read_value
from rnnchat.text.helper import map_pieces
from rnnchat.text.listed import ListedTokenizer
from rnnchat.text.unit import UnitCounts, are_words_apart, find_units
from rnnchat.text.word import WordTokenizer

Level = Literal["char", "byte", "word", "bpe"]
LEVELS: tuple[Level, ...] = get_args(Level)
SYMBOL_NAMES: dict[Level, str] = {"char": "char", "byte": "byte", "word": "word", "bpe": "piece"}
"""What people call one symbol of a level."""

DEFAULT_MAX_VOCAB: dict[Level, int] = {"char": 5_000, "byte": 256, "word": 10_000, "bpe": 4_000}
SMALLEST_MAX_VOCAB: dict[Level, int] = {"char": 16, "byte": 16, "word": 16, "bpe": NUM_BYTES + 16}


class Decoder(Protocol):
    """Turns ids into text one at a time, and never gives out half a character."""

    def feed(self, id: int) -> str:
        """The text that ``id`` makes certain; may be empty."""

    def flush(self) -> str:
        """What is held back, at the end: an incomplete character becomes "�"."""


class Tokenizer(Protocol):
    """What every level offers."""

    @property
    def level(self) -> Level:
        """The name of the level."""

    @property
    def vocab_size(self) -> int:
        """V, the number of ids: they are 0 … V-1."""

    @property
    def unknown_id(self) -> int | None:
        """The id that stands for everything outside the vocabulary; ``None`` where there is none."""

    def encode(self, text: str, previous: Sequence[int] = ()) -> np.ndarray:
        """The ids of ``text``, (N,) int32.

        A symbol that the vocabulary lacks becomes ``unknown_id``, or is left out where there is none.

        Args:
            text: any text.
            previous: the ids that stand before it; a word tokenizer needs the last one for the space between.
        """

    def encode_prompt(self, text: str, previous: Sequence[int] = ()) -> tuple[np.ndarray, str]:
        """The ids of a text that the model shall continue, and the end of ``text`` that was held back.

        At word and bpe level the space before a word is part of the symbol that follows: a prompt's single last
        space is held back, and whoever shows the continuation removes it from the continuation's beginning if it
        begins so. At the other levels nothing is held back.
        """

    def find_banned(self, held_back: str = "", previous: Sequence[int] = ()) -> Sequence[int]:
        """The ids that a model must not write next.

        They mean "unknown", occur in no text that it could have learnt from, or would break a character. Behind a
        prompt whose end was held back, they are also those that do not begin with it, unless all would be.

        Args:
            held_back: what `encode_prompt` gave; "" if something was written since.
            previous: the ids before.
        """

    def decode(self, ids: Iterable[int]) -> str:
        """The text of ``ids``; the unknown id and incomplete characters become "�"."""

    def find_unknown(self, text: str) -> list[str]:
        """The distinct symbols of ``text`` that the vocabulary lacks, in order of appearance."""

    def label(self, id: int) -> str:
        """How one symbol is shown to a person: "e", "␣", "↵", "the", "0xE4"."""

    def start_decoding(self, previous: Sequence[int] = ()) -> Decoder:
        """A decoder in the state of one that was fed ``previous``."""

    def to_json(self) -> dict[str, Any]:
        """A record that `tokenizer_from_json` reads."""


def fit_tokenizer(level: Level, texts: Iterable[str], max_vocab: int | None = None, processes: int = 1) -> Tokenizer:
    """Make a tokenizer for a text.

    At word level a text whose words are not set apart by spaces (Chinese, Thai, a genome) has no words to
    count, and gets a `CharTokenizer`: look at the ``level`` of what comes back.

    Args:
        level: what a symbol is.
        texts: the text in pieces; read once, and memory does not grow with it.
        max_vocab: the largest vocabulary, the unknown id and marks of spacing included; the most frequent
            symbols are kept. ``None`` takes the level's default; a byte has always 256.
        processes: how many count words; their number changes nothing but the time that it takes.

    Raises:
        TextError: there is no text.
        UsageError: ``max_vocab`` is too small to write anything.
    """
    if level == "byte":
        return ByteTokenizer()
    limit = DEFAULT_MAX_VOCAB[level] if max_vocab is None else max_vocab
    if limit < SMALLEST_MAX_VOCAB[level]:
        raise UsageError(f"a vocabulary of {limit} is too small: choose {SMALLEST_MAX_VOCAB[level]} or more")
    # Characters are counted in less time than it takes to send them to another process.
    processes = 1 if level == "char" else processes
    char_counts = np.zeros(CODE_POINTS, np.int64)
    with closing(map_pieces(_start_counting, level, texts, processes)) as counted:
        found = _add_chars(char_counts, counted)
        if level == "bpe":
            chunks = count_chunks(found)
            _check_not_empty(char_counts)
            return BpeTokenizer.fit(chunks, char_counts, limit)
        if level == "word":
            units = UnitCounts(found)
            if are_words_apart(units) and char_counts.any():
                return WordTokenizer.fit(units, limit)
        for _ in found:
            pass
    return _fit_chars(char_counts, limit)


def _start_counting(level: Level) -> Callable[[str], tuple[np.ndarray, Any]]:
    """A function that counts the code points of a piece of text, and what else the level needs."""
    find: Callable[[str], Any] = {"word": find_units, "bpe": find_chunks}.get(level, lambda text: None)
    return lambda text: (np.bincount(to_code_points(text)), find(text))


def _add_chars(counts: np.ndarray, counted: Iterable[tuple[np.ndarray, Any]]) -> Iterator[Any]:
    """Add up the code points of pieces in ``counts`` (0x110000,), and pass on what else was counted."""
    for chars, found in counted:
        counts[: len(chars)] += chars
        yield found


def tokenizer_from_json(record: dict[str, Any]) -> Tokenizer:
    """Make the tokenizer that wrote ``record``.

    Raises:
        ValueError: the record does not describe a tokenizer; the text says what is wrong.
    """
    if not isinstance(record, dict):
        raise ValueError(f"the tokenizer's record is damaged (it is a {type(record).__name__})")
    level = record.get("level")
    if "listed" in record:
        return _read_listed(record)
    if level == "char":
        return CharTokenizer(read_value(record, "symbols", str), read_value(record, "has_unknown", bool))
    if level == "byte":
        return ByteTokenizer()
    if level == "word":
        return WordTokenizer(read_list(record, "symbols", str), read_list(record, "leaning", str))
    if level == "bpe":
        characters, pieces = read_value(record, "characters", str), read_list(record, "pieces", str)
        return BpeTokenizer(characters, pieces, read_list(record, "never_written", int))
    known = ", ".join(LEVELS)
    raise ValueError(f"a tokenizer of level {level!r:.20} is not known to this version, which knows {known}")


def _read_listed(record: dict[str, Any]) -> ListedTokenizer:
    level, unknown_id = record.get("level"), record.get("unknown_id")
    if level not in ("char", "word") or type(unknown_id) not in (int, type(None)):
        raise ValueError("the tokenizer's record is damaged (its level or its unknown symbol)")
    symbols, never_written = read_list(record, "symbols", str), read_list(record, "never_written", int)
    return ListedTokenizer(level, symbols, unknown_id, never_written, read_value(record, "is_lower", bool))


def _fit_chars(counts: np.ndarray, max_vocab: int) -> CharTokenizer:
    """Keep the most frequent code points; among equals the lower one."""
    _check_not_empty(counts)
    code_points = np.flatnonzero(counts)
    is_cut = len(code_points) > max_vocab
    if is_cut:
        by_count = np.argsort(-counts[code_points], kind="stable")
        code_points = np.sort(code_points[by_count[: max_vocab - 1]])
    return CharTokenizer("".join(map(chr, code_points)), is_cut)


def _check_not_empty(counts: np.ndarray) -> None:
    if not counts.any():
        raise TextError("the text is empty: give one with characters to learn from")
