"""What may follow in UTF-8: so that a model that writes bytes never writes half a character."""

import codecs
from collections.abc import Sequence
from functools import lru_cache

NUM_BYTES = 256
MOST_BEFORE_LAST = 3
"""A character has at most so many bytes before its last."""

# With one of these every beginning of a character can be ended, and nothing else (Unicode 16, table 3-7).
_ENDS = tuple(map(bytes.fromhex, ("", "80", "8080", "A080", "808080", "908080")))


def find_pending(previous: Sequence[int]) -> bytes:
    """The bytes at the end of ``previous`` that have begun a character and not ended it."""
    decoder = codecs.getincrementaldecoder("utf-8")("ignore")
    decoder.decode(bytes(previous[-MOST_BEFORE_LAST:]))
    return decoder.getstate()[0]


@lru_cache(maxsize=4096)
def list_invalid(pending: bytes) -> tuple[int, ...]:
    """The bytes that can neither go on nor end a character begun with ``pending``; with b"": not begin one."""
    return tuple(byte for byte in range(NUM_BYTES) if not _is_beginning(pending + bytes((byte,))))


def _is_beginning(data: bytes) -> bool:
    """Is there an end with which ``data`` is a character?"""
    return any(_is_whole(data + end) for end in _ENDS)


def _is_whole(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True
