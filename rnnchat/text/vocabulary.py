"""A vocabulary written out, for programs that do not have rnnchat: plain values, and no code needed to read them.

Letters: V vocabulary, N ids of a text.

The symbols of ids, one after the other, are a text's bytes or characters; at word level with a space between two of
them where the table of kinds has one. docs/export.md shows it in Python.
"""

from typing import Any

from rnnchat.text.bpe import NUM_BYTES
from rnnchat.text.tokenizer import Tokenizer
from rnnchat.text.unit import IS_SPACE_IMPLIED, Kind, find_kind
from rnnchat.text.word import WordTokenizer


def describe_vocabulary(tokenizer: Tokenizer) -> dict[str, Any]:
    """The vocabulary as plain JSON values.

    Returns:
        ``level``; ``symbols``, V entries: the text of an id, or a number where an id is one byte of UTF-8;
        ``unknown_id``, or None; ``never_written``, ids to leave out when writing; and at word level ``kinds``, V
        numbers, and ``is_space_between``, a table of 0 and 1 by the kinds of two neighbours.
    """
    record: dict[str, Any] = {
        "level": tokenizer.level,
        "symbols": [_write_out(tokenizer, id) for id in range(tokenizer.vocab_size)],
        "unknown_id": tokenizer.unknown_id,
        # Which bytes cannot come changes from byte to byte.
        "never_written": [] if tokenizer.level == "byte" else list(tokenizer.find_banned()),
    }
    if isinstance(tokenizer, WordTokenizer):
        special = [Kind.WORD, Kind.BLANK, Kind.BLANK]
        kinds = [*special, *(find_kind(symbol, tokenizer.leaning) for symbol in tokenizer.symbols)]
        record["kinds"] = [int(kind) for kind in kinds]
        record["is_space_between"] = IS_SPACE_IMPLIED.astype(int).tolist()
    elif tokenizer.level == "word":  # of another program: one space between any two words, none beside a line end
        blank = [symbol.isspace() for symbol in record["symbols"]]
        record["kinds"] = [int(Kind.BLANK if is_blank else Kind.WORD) for is_blank in blank]
        record["is_space_between"] = [[0, 0], [0, 1]]
    return record


def _write_out(tokenizer: Tokenizer, id: int) -> str | int:
    if tokenizer.level in ("byte", "bpe") and id < NUM_BYTES:
        return id
    return tokenizer.decode([id])
