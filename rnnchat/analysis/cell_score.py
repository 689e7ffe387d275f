"""What each stretch of a text costs a model, in cells of the same few characters for every model.

Symbols of different vocabularies begin and end in different places. Spread over their characters and summed in cells
of fixed length, their costs can be compared place by place.

Letters: C cells, N symbols.
"""

from collections.abc import Iterable, Iterator

import numpy as np

from rnnchat.analysis.cell import CELL_CHARS
from rnnchat.analysis.fast_score import FastReader
from rnnchat.analysis.score import Reader, SymbolScore, score_symbols
from rnnchat.analysis.surprisal import Surprisal
from rnnchat.runtime.predictor import Predictor
from rnnchat.text.tokenizer import Tokenizer

FIRST_SYMBOLS = 2048
"""Read before the first costs are known; every later window is twice as long as the one before it."""


class GrowingReader:
    """Reads in windows that begin short and double, so that there is a first result soon and the end is not late.

    Args:
        reader: what reads.
        first: symbols of the first window.
    """

    def __init__(self, reader: Reader, first: int = FIRST_SYMBOLS) -> None:
        self._reader = reader
        self._longest = reader.window
        self.window = min(first, self._longest)

    def read(self, ids: np.ndarray, with_ranks: bool = False) -> Surprisal:
        """See `rnnchat.analysis.score.Reader.read`."""
        self.window = min(2 * self.window, self._longest)
        return self._reader.read(ids, with_ranks)


def score_cells(
    runtime: Predictor, tokenizer: Tokenizer, pieces: Iterable[str], reader: Reader | None = None
) -> Iterator[np.ndarray]:
    """The bits of each cell of a text, (C,) float64 at a time, as they become known.

    Args:
        runtime: the model.
        tokenizer: its vocabulary; what it lacks is charged as in ``score_text``.
        pieces: the text, cut anywhere.
        reader: how it is read; in parallel streams and growing windows by default.

    Raises:
        TextError: the text is empty.
        ModelError: the network's numbers overflow.
    """
    reader = reader or GrowingReader(FastReader(runtime, tokenizer))
    return _fill_cells(score_symbols(runtime, tokenizer, pieces, reader))


def _fill_cells(symbols: Iterable[SymbolScore]) -> Iterator[np.ndarray]:
    """Spread the bits of symbols evenly over their characters; bits of one without characters go to the next one."""
    cells: list[float] = []
    held, filled, room = 0.0, 0.0, CELL_CHARS
    for symbol in symbols:
        bits, chars = held + symbol.bits, len(symbol.text)
        held = 0.0 if chars else bits
        while chars >= room:
            share = bits * room / chars
            cells.append(filled + share)
            bits, chars, filled, room = bits - share, chars - room, 0.0, CELL_CHARS
        if chars:
            filled, room = filled + bits, room - chars
        if len(cells) >= FIRST_SYMBOLS // CELL_CHARS:
            yield np.array(cells)
            cells = []
    if room < CELL_CHARS:
        cells.append(filled + held)
    elif held and cells:
        cells[-1] += held
    if cells:
        yield np.array(cells)
