"""Windows of ids for parallel streams, gathered from a memory-mapped file.

Letters: N ids of the text, B streams, T window.
"""

from collections.abc import Iterator

import numpy as np

NOT_SCORED = -1
"""Target of a position that does not count."""


class Streams:
    """B readers evenly spread over one text, each of which continues forever and wraps around at the end.

    ```
    text      a b c d e f g h i j k l          N = 12, B = 3, T = 2
    stream 0  a b | c d | e f | ...            window 0: a b, e f, i j
    stream 1  e f | g h | i j | ...            window 1: c d, g h, k l
    stream 2  i j | k l | a b | ...            targets: the symbol after each
    ```

    Each stream continues from its own last window, so that its state can be carried. N / (B*T) windows are one epoch;
    because N is rarely a multiple of T, the windows are cut differently in each.
    """

    def __init__(self, ids: np.ndarray, streams: int, window: int, part: int = 0, parts: int = 1) -> None:
        """Args: ids (N,), B, T; each of ``parts`` processes reads its share of the streams, whose number it divides."""
        self._ids = ids
        own = np.arange(streams, dtype=np.int64).reshape(parts, -1)[part]  # (B / parts,)
        self._starts = own * len(ids) // streams
        self._offsets = np.arange(window + 1, dtype=np.int64)  # (T+1,)
        self._window = window

    def read(self, number: int) -> tuple[np.ndarray, np.ndarray]:
        """Inputs and targets (B, T) int64 of window ``number``; targets are one symbol ahead."""
        positions = self._starts[:, None] + number * self._window + self._offsets  # (B, T+1)
        ids = self._ids[positions % len(self._ids)].astype(np.int64)
        return ids[:, :-1], ids[:, 1:]


def read_held_out(
    ids: np.ndarray, tokens: int, window: int, most_streams: int
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Windows that score ``tokens`` symbols of a held-out text in parallel streams, spread evenly over it.

    The first window precedes each stream's part and is not scored: it warms up the state. Nothing precedes the first
    stream, whose state the caller resets after that window. With ``tokens`` of N - 1 or more every symbol but the first
    is scored exactly once.

    Yields:
        Inputs (B, T) and targets (B, T), int64; ``NOT_SCORED`` where a target does not count.
    """
    total = len(ids) - 1  # targets there are
    streams = max(1, min(most_streams, total // (4 * window)))
    starts = np.arange(streams + 1, dtype=np.int64) * total // streams
    ends = np.minimum(starts[1:], starts[:-1] + -(-tokens // streams))  # (B,)
    offsets = np.arange(window + 1, dtype=np.int64)
    for begin in range(-window, int((ends - starts[:-1]).max()), window):
        positions = starts[:-1, None] + begin + offsets  # (B, T+1)
        chosen = ids[positions.clip(0, total)].astype(np.int64)
        is_scored = (positions[:, :-1] < ends[:, None]) & (begin >= 0)
        yield chosen[:, :-1], np.where(is_scored, chosen[:, 1:], NOT_SCORED)
