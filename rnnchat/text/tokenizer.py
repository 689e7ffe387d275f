"""Text to ids and back: one interface, four levels.

``char`` counts Unicode code points, ``byte`` the 256 bytes of UTF-8, ``word`` words and marks (see
`rnnchat.text.word`), ``bpe`` frequent pieces of words (see `rnnchat.text.bpe`). ``decode(encode(text)) == text``
wherever the vocabulary covers the text. A tokenizer is a value: it is fitted once, never changes, and goes whole
into the model file as JSON.

Legend: N ids of a text, V vocabulary size.
"""

import codecs
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from typing import Any, Literal, Protocol, cast, get_args

import numpy as np

from rnnchat.errors import TextError, UsageError
from rnnchat.text.bpe import NUM_BYTES, BpeTokenizer, count_chunks, find_chunks
from rnnchat.text.code_point import CODE_POINTS, to_code_points
from rnnchat.text.entry import read_list, read_value
from rnnchat.text.helper import map_pieces
from rnnchat.text.listed import ListedTokenizer
from rnnchat.text.symbol import REPLACEMENT, show_symbol
from rnnchat.text.unit import UnitCounts, are_words_apart, find_units
from rnnchat.text.utf8 import find_pending, list_invalid
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


class CharTokenizer:
    """Unicode code points, in their order; id 0 is the unknown symbol where the vocabulary was cut."""

    level: Level = "char"

    def __init__(self, symbols: str, has_unknown: bool) -> None:
        """Args: the vocabulary, each symbol once; whether an id 0 stands for everything else."""
        if len(set(symbols)) != len(symbols):
            raise ValueError("a symbol stands twice in the vocabulary of characters")
        if not symbols:
            raise ValueError("the vocabulary of characters is empty")
        self.symbols = symbols
        self.unknown_id = 0 if has_unknown else None
        self._code_points = to_code_points(REPLACEMENT + symbols if has_unknown else symbols)
        self.vocab_size = len(self._code_points)
        self._known = frozenset(symbols)
        # One more entry than the highest code point: everything above it is looked up there, and is missing.
        self._ids = np.full(int(to_code_points(symbols).max(initial=0)) + 2, 0 if has_unknown else -1, np.int32)
        self._ids[to_code_points(symbols)] = np.arange(has_unknown, self.vocab_size, dtype=np.int32)

    def encode(self, text: str, previous: Sequence[int] = ()) -> np.ndarray:
        """See `Tokenizer.encode`."""
        ids: np.ndarray = self._ids[np.minimum(to_code_points(text), len(self._ids) - 1)]
        return ids if self.unknown_id is not None else ids[ids >= 0]

    def encode_prompt(self, text: str, previous: Sequence[int] = ()) -> tuple[np.ndarray, str]:
        """See `Tokenizer.encode_prompt`; nothing is held back."""
        return self.encode(text), ""

    def find_banned(self, held_back: str = "", previous: Sequence[int] = ()) -> Sequence[int]:
        """See `Tokenizer.find_banned`: the unknown id."""
        return () if self.unknown_id is None else (self.unknown_id,)

    def decode(self, ids: Iterable[int]) -> str:
        """See `Tokenizer.decode`."""
        code_points: np.ndarray = self._code_points[_to_array(ids)]
        return code_points.tobytes().decode("utf-32-le", "surrogatepass")

    def find_unknown(self, text: str) -> list[str]:
        """See `Tokenizer.find_unknown`."""
        return [symbol for symbol in dict.fromkeys(text) if symbol not in self._known]

    def label(self, id: int) -> str:
        """See `Tokenizer.label`."""
        return show_symbol(chr(self._code_points[id]))

    def start_decoding(self, previous: Sequence[int] = ()) -> Decoder:
        """See `Tokenizer.start_decoding`; a character needs nothing before it."""
        return _CharDecoder(self._code_points)

    def to_json(self) -> dict[str, Any]:
        """See `Tokenizer.to_json`."""
        return {"level": "char", "symbols": self.symbols, "has_unknown": self.unknown_id is not None}


class _CharDecoder:
    def __init__(self, code_points: np.ndarray) -> None:
        self._code_points = code_points

    def feed(self, id: int) -> str:
        return chr(self._code_points[id])

    def flush(self) -> str:
        return ""


class ByteTokenizer:
    """The 256 bytes of UTF-8: every text can be written, and nothing is unknown."""

    level: Level = "byte"
    vocab_size = 256
    unknown_id = None

    def encode(self, text: str, previous: Sequence[int] = ()) -> np.ndarray:
        """See `Tokenizer.encode`; only a lone surrogate, which is no character, is left out."""
        return np.frombuffer(text.encode("utf-8", "ignore"), np.uint8).astype(np.int32)

    def encode_prompt(self, text: str, previous: Sequence[int] = ()) -> tuple[np.ndarray, str]:
        """See `Tokenizer.encode_prompt`; nothing is held back."""
        return self.encode(text), ""

    def find_banned(self, held_back: str = "", previous: Sequence[int] = ()) -> Sequence[int]:
        """See `Tokenizer.find_banned`: what UTF-8 does not allow there."""
        return list_invalid(find_pending(previous))

    def decode(self, ids: Iterable[int]) -> str:
        """See `Tokenizer.decode`."""
        return _to_array(ids).astype(np.uint8).tobytes().decode("utf-8", "replace")

    def find_unknown(self, text: str) -> list[str]:
        """See `Tokenizer.find_unknown`."""
        return [symbol for symbol in dict.fromkeys(text) if "\ud800" <= symbol <= "\udfff"]

    def label(self, id: int) -> str:
        """See `Tokenizer.label`."""
        return show_symbol(chr(id)) if (chr(id).isprintable() and id < 128) or id in b"\n\t\r" else f"0x{id:02X}"

    def start_decoding(self, previous: Sequence[int] = ()) -> Decoder:
        """See `Tokenizer.start_decoding`: ``previous`` may end inside a character."""
        decoder = _ByteDecoder()
        for id in previous[-3:]:  # a character of UTF-8 has at most three bytes before its last
            decoder.feed(id)
        return decoder

    def to_json(self) -> dict[str, Any]:
        """See `Tokenizer.to_json`."""
        return {"level": "byte"}


class _ByteDecoder:
    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")

    def feed(self, id: int) -> str:
        return self._decoder.decode(bytes((int(id),)))

    def flush(self) -> str:
        return self._decoder.decode(b"", final=True)


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


def _to_array(ids: Iterable[int]) -> np.ndarray:
    """(N,) integers, from whatever holds them."""
    if isinstance(ids, np.ndarray):
        return cast(np.ndarray, ids)
    return np.fromiter(ids, np.int64)
