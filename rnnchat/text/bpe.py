"""Pieces of words as symbols: byte pair encoding (Sennrich et al. 2016), learnt by sentencepiece.

A text is cut into chunks: a word, a digit, a run of glyphs or of marks, each with the single space before it; a run
of spaces; a single other character of white space. Pieces grow inside chunks only: beginning with single characters,
the two neighbours that together make the earliest learnt piece are joined, the leftmost first, until no two
neighbours make a piece.

The ids 0 to 255 are the bytes, of which the first 128 are the characters of ASCII; then come the other characters
that were frequent enough, then the pieces in the order in which they were learnt. A character without an id is
spelt in the bytes of UTF-8. So every text can be written, and decoding gives back the very text.

sentencepiece is needed to learn the pieces alone. The model file holds them as plain strings: they can be read, and
a damaged file cannot reach a native parser.
"""

import codecs
import io
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, pairwise
from typing import Any, Literal

import numpy as np

from rnnchat.text.symbol import show_symbol
from rnnchat.text.unit import GLYPHS, MARK, WORD, drop_rarest
from rnnchat.text.utf8 import find_pending, list_invalid

NUM_BYTES = 256
NUM_ASCII = 128

MAX_TYPES = 500_000
"""Counting more different chunks than this drops the rarest: about 60 MB."""

MAX_KEPT = 100_000
"""So many chunks are encoded once and remembered: about 25 MB."""

MAX_PIECE_LENGTH = 16
CHARS_PER_PIECE = 100
"""A text has at most one piece for this many of its characters: one that is rarer is not worth its place."""
LEAST_CHARACTER_COUNT = 10
"""A rarer character is spelt in bytes: it would take a place in the vocabulary that it cannot learn to use."""
MOST_CHARACTERS = 0.75
"""Share of the places after the bytes that single characters may take."""

_CHUNKS = re.compile(rf" {{2,32}}| ?(?:{WORD}|\d|[{GLYPHS}]{{1,16}}|{MARK}{{1,16}})|\s")
# sentencepiece means a space, the end of a field and an unknown character by these.
_RESERVED = re.compile("[\x00-\x1f\u2581\u2585]")
_SPACE = "\u2581"


class BpeTokenizer:
    """Pieces of words, and bytes for whatever they do not cover."""

    level: Literal["bpe"] = "bpe"
    unknown_id = None

    def __init__(self, characters: str, pieces: Sequence[str], never_written: Iterable[int] = ()) -> None:
        """Make a tokenizer of a vocabulary that `fit` has chosen.

        Args:
            characters: those beyond ASCII that have an id.
            pieces: of two characters or more, in the order in which they were learnt.
            never_written: ids of bytes that the text had no need of.
        """
        self.characters = characters
        self.pieces = tuple(pieces)
        self.never_written = tuple(never_written)
        symbols = [*map(chr, range(NUM_ASCII)), *characters, *self.pieces]
        if len(set(symbols)) != len(symbols):
            raise ValueError("a symbol stands twice in the vocabulary of pieces")
        if not all(len(piece) > 1 for piece in self.pieces):
            raise ValueError("a piece has fewer than two characters")
        self.vocab_size = NUM_BYTES + len(characters) + len(self.pieces)
        if not set(self.never_written) <= set(range(NUM_BYTES)):
            raise ValueError("an id that is never written is not a byte's")
        if len(set(self.never_written)) == self.vocab_size:
            raise ValueError("all ids are never written")
        self._bytes = [bytes((byte,)) for byte in range(NUM_BYTES)]
        self._bytes += [symbol.encode() for symbol in symbols[NUM_ASCII:]]
        ids = dict(zip(symbols[:NUM_ASCII], range(NUM_ASCII), strict=True))
        ids.update(zip(symbols[NUM_ASCII:], range(NUM_BYTES, self.vocab_size), strict=True))
        self._ids = _ChunkIds(ids)
        banned = set(self.never_written)
        unspaced = [id for id, data in enumerate(self._bytes) if data[:1] != b" " or id in banned]
        self._banned_behind_space = unspaced if len(unspaced) < self.vocab_size else self.never_written

    @classmethod
    def fit(cls, chunks: Counter[str], char_counts: np.ndarray, max_vocab: int) -> "BpeTokenizer":
        """Learn pieces until the vocabulary is full, or the text is too short for more.

        Args:
            chunks: how often each chunk was seen, as counted by `count_chunks`.
            char_counts: (0x110000,), how often each code point was seen.
            max_vocab: size of the vocabulary, bytes included.
        """
        places = max_vocab - NUM_BYTES
        counts = char_counts[NUM_ASCII:]
        by_count = np.argsort(-counts, kind="stable")[: int(MOST_CHARACTERS * places)]
        code_points = np.sort(by_count[counts[by_count] >= LEAST_CHARACTER_COUNT]) + NUM_ASCII
        needed = char_counts[:NUM_ASCII] > 0
        spelt = np.setdiff1d(np.flatnonzero(char_counts), np.append(code_points, np.arange(NUM_ASCII)))
        spelt_bytes = "".join(map(chr, spelt)).encode("utf-8", "ignore")
        never_written = set(range(NUM_BYTES)) - set(np.flatnonzero(needed).tolist()) - set(spelt_bytes)
        limit = min(places - len(code_points), int(char_counts.sum()) // CHARS_PER_PIECE)
        pieces = _learn_pieces(chunks, limit)
        return cls("".join(map(chr, code_points)), pieces, sorted(never_written))

    def encode(self, text: str, previous: Sequence[int] = ()) -> np.ndarray:
        """See `Tokenizer.encode`: (N,) int32; only a lone surrogate, which is no character, is left out."""
        ids = chain.from_iterable(map(self._ids.__getitem__, _CHUNKS.findall(text)))
        return np.fromiter(ids, np.int32)

    def encode_prompt(self, text: str, previous: Sequence[int] = ()) -> tuple[np.ndarray, str]:
        """See `Tokenizer.encode_prompt`: the single last space is held back.

        A word at the end may be whole or not: it is read in the pieces that it would have if it were whole.
        """
        if text.endswith(" ") and not text.endswith("  "):
            return self.encode(text[:-1]), " "
        return self.encode(text), ""

    def find_banned(self, held_back: str = "", previous: Sequence[int] = ()) -> Sequence[int]:
        """See `Tokenizer.find_banned`: bytes without need, and behind a held-back space all that bring none.

        A character that is spelt in bytes is ended before anything else is written.
        """
        if held_back:
            return self._banned_behind_space
        ends_in_byte = len(previous) > 0 and NUM_ASCII <= previous[-1] < NUM_BYTES
        pending = find_pending([id if id < NUM_BYTES else 0 for id in previous[-3:]]) if ends_in_byte else b""
        if not pending:
            return self.never_written
        return (*list_invalid(pending), *range(NUM_BYTES, self.vocab_size))

    def decode(self, ids: Iterable[int]) -> str:
        """See `Tokenizer.decode`."""
        known = ids.tolist() if isinstance(ids, np.ndarray) else ids
        return b"".join(map(self._bytes.__getitem__, known)).decode("utf-8", "replace")

    def find_unknown(self, text: str) -> list[str]:
        """See `Tokenizer.find_unknown`."""
        return [symbol for symbol in dict.fromkeys(text) if "\ud800" <= symbol <= "\udfff"]

    def label(self, id: int) -> str:
        """See `Tokenizer.label`: a byte that is no character as "0xE4"."""
        return f"0x{id:02X}" if NUM_ASCII <= id < NUM_BYTES else show_symbol(self._bytes[id].decode())

    def start_decoding(self, previous: Sequence[int] = ()) -> "BpeDecoder":
        """See `Tokenizer.start_decoding`: ``previous`` may end inside a character."""
        decoder = BpeDecoder(self._bytes)
        for id in previous[-3:]:  # a character of UTF-8 has at most three bytes before its last
            decoder.feed(id)
        return decoder

    def to_json(self) -> dict[str, Any]:
        """See `Tokenizer.to_json`."""
        return {
            "level": "bpe",
            "characters": self.characters,
            "pieces": list(self.pieces),
            "never_written": list(self.never_written),
        }


class BpeDecoder:
    """Gives each symbol's text; the bytes of a character are held back until it is whole."""

    def __init__(self, symbols: Sequence[bytes]) -> None:
        """Args: the bytes of each id."""
        self._symbols = symbols
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")

    def feed(self, id: int) -> str:
        """The characters that ``id`` completes."""
        return self._decoder.decode(self._symbols[id])

    def flush(self) -> str:
        """An incomplete character as "�"."""
        return self._decoder.decode(b"", final=True)


def find_chunks(text: str) -> Counter[str]:
    """Count the chunks of a piece of text, best cut at the end of a line."""
    return Counter(_CHUNKS.findall(text))


def count_chunks(found: Iterable[Counter[str]]) -> Counter[str]:
    """Add up the chunks of all pieces of a text; memory is bounded."""
    chunks: Counter[str] = Counter()
    for piece in found:
        chunks.update(piece)
        drop_rarest(chunks, MAX_TYPES)
    return chunks


class _ChunkIds(dict[str, tuple[int, ...]]):
    """From a chunk to its ids; what was asked for is remembered, up to a limit."""

    def __init__(self, ids: dict[str, int]) -> None:
        """Args: the id of each symbol; a piece learnt earlier has a lower one."""
        super().__init__()
        self._symbol_ids = ids

    def __missing__(self, chunk: str) -> tuple[int, ...]:
        if len(self) >= MAX_KEPT:
            self.clear()
        ids: list[int] = []
        for symbol in self._join(chunk):
            id = self._symbol_ids.get(symbol)
            if id is None:
                ids.extend(symbol.encode("utf-8", "ignore"))
            else:
                ids.append(id)
        self[chunk] = known = tuple(ids)
        return known

    def _join(self, chunk: str) -> list[str]:
        """The symbols of a chunk: the earliest learnt pair of neighbours is joined first."""
        find, never = self._symbol_ids.get, len(self._symbol_ids) + NUM_BYTES
        parts = list(chunk)
        joined = [find(left + right, never) for left, right in pairwise(parts)]  # joined[i]: parts i and i + 1
        while joined and (earliest := min(joined)) < never:
            place = joined.index(earliest)
            parts[place : place + 2] = [parts[place] + parts[place + 1]]
            del joined[place]
            if place:
                joined[place - 1] = find(parts[place - 1] + parts[place], never)
            if place < len(joined):
                joined[place] = find(parts[place] + parts[place + 1], never)
        return parts


def _learn_pieces(chunks: Counter[str], limit: int) -> list[str]:
    """At most ``limit`` pieces, in the order in which sentencepiece joins them."""
    taught = {chunk: count for chunk, count in chunks.items() if len(chunk) > 1 and not _RESERVED.search(chunk)}
    if not taught or limit < 1:
        return []
    import sentencepiece  # 0.1 s, and only a training needs it

    def give_lines() -> Iterator[str]:
        for chunk, count in taught.items():
            yield f"{chunk.replace(' ', _SPACE)}\t{count}"

    model = io.BytesIO()
    num_characters = len(set().union(*taught))
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=give_lines(),
        input_format="tsv",
        model_writer=model,
        model_type="bpe",
        vocab_size=1 + num_characters + limit,
        hard_vocab_limit=False,
        character_coverage=1.0,
        max_sentencepiece_length=MAX_PIECE_LENGTH,
        # Chunks are as they shall be: no rules of its own about spaces, scripts and digits.
        normalization_rule_name="identity",
        add_dummy_prefix=False,
        remove_extra_whitespaces=False,
        split_by_whitespace=False,
        split_by_unicode_script=False,
        split_by_number=False,
        allow_whitespace_only_pieces=True,
        unk_id=0,
        bos_id=-1,
        eos_id=-1,
        pad_id=-1,
        num_threads=1,
        minloglevel=2,  # errors only
    )
    learnt = sentencepiece.SentencePieceProcessor(model_proto=model.getvalue())
    symbols = (learnt.id_to_piece(id).replace(_SPACE, " ") for id in range(1, learnt.get_piece_size()))
    return [symbol for symbol in symbols if len(symbol) > 1][:limit]
