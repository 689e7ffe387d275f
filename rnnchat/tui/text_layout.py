"""Where each row of a long text begins: word wrap that costs only what is new when the text grows. No widgets.

A text of 200,000 characters is wrapped once (tens of milliseconds) and then only from its last row on, so that
showing one more character costs the same in a long story as in a short one.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass

from rich.cells import cell_len, get_character_cell_size

from rnnchat.desk.piece import Kind, Piece
from rnnchat.desk.visible import TAB, make_visible


@dataclass(frozen=True)
class Part:
    """The characters of one piece in one row."""

    text: str
    kind: Kind
    passage: str


class TextLayout:
    """A text in rows of ``width`` columns, and which piece every character belongs to.

    Attributes:
        text: The whole text.
        starts: Offset in ``text`` at which each row begins. A text that ends with a line feed has an empty last row.
    """

    def __init__(self, pieces: Iterable[Piece] = (), width: int = 76) -> None:
        """Lay out ``pieces``, one after the other."""
        self.width = max(width, 4)
        self.pieces = [piece for piece in pieces if piece.text]
        self.text = "".join(piece.text for piece in self.pieces)
        self.piece_starts = [0]
        for piece in self.pieces:
            self.piece_starts.append(self.piece_starts[-1] + len(piece.text))
        self.piece_starts.pop()
        self.starts: list[int] = [0]
        self._wrap_from(0)

    def append(self, piece: Piece) -> int:
        """Add ``piece`` at the end and give the first row that is different now."""
        if not piece.text:
            return len(self.starts)
        last = self.pieces[-1] if self.pieces else None
        if last is not None and (last.kind, last.passage) == (piece.kind, piece.passage):
            self.pieces[-1] = Piece(last.text + piece.text, piece.kind, piece.passage)
        else:
            self.pieces.append(piece)
            self.piece_starts.append(len(self.text))
        self.text += piece.text
        row = len(self.starts) - 1
        self._wrap_from(self.starts[row])
        return row

    def replace(self, start: int, end: int, text: str, passage: str) -> bool:
        """Put ``text`` in place of the characters from ``start`` to ``end``, all of them text of ``passage``.

        Only the lines that change are wrapped again. False, and no change, where not all are of that passage.
        """
        found = (n for n, piece in enumerate(self.pieces) if piece.passage == passage and piece.kind != "heading")
        index = next(found, None)
        if index is None:
            return False
        piece, first = self.pieces[index], self.piece_starts[index]
        words = piece.text[: start - first] + text + piece.text[end - first :]
        if not first <= start <= end <= first + len(piece.text) or not words:
            return False
        line_start = self.text.rfind("\n", 0, start) + 1
        line_end = self.text.find("\n", end)
        line_end = len(self.text) if line_end < 0 else line_end
        grown = len(text) - (end - start)
        self.pieces[index] = Piece(words, piece.kind, piece.passage)
        self.piece_starts[index + 1 :] = [place + grown for place in self.piece_starts[index + 1 :]]
        self.text = self.text[:start] + text + self.text[end:]
        following = [place + grown for place in self.starts[bisect_right(self.starts, line_end) :]]
        del self.starts[bisect_right(self.starts, line_start) :]
        self._wrap_lines(line_start, line_end + grown)
        self.starts += following
        return True

    def __len__(self) -> int:
        """How many rows there are."""
        return len(self.starts)

    def row_span(self, row: int) -> tuple[int, int]:
        """Give the offsets of the first character of ``row`` and of the one after its last."""
        end = self.starts[row + 1] if row + 1 < len(self.starts) else len(self.text)
        return self.starts[row], end

    def row_parts(self, row: int) -> list[Part]:
        """Give the characters of ``row`` by piece, from left to right."""
        start, end = self.row_span(row)
        parts = []
        index = bisect_right(self.piece_starts, start) - 1
        while start < end:
            piece = self.pieces[index]
            piece_end = self.piece_starts[index] + len(piece.text)
            parts.append(Part(self.text[start : min(end, piece_end)], piece.kind, piece.passage))
            start = piece_end
            index += 1
        return parts

    def row_of(self, offset: int) -> int:
        """Give the row in which the character at ``offset`` stands."""
        return max(0, bisect_right(self.starts, offset) - 1)

    def rows_of(self, passage: str) -> range:
        """Give the rows that hold something of ``passage``."""
        indices = [index for index, piece in enumerate(self.pieces) if piece.passage == passage]
        if not indices:
            return range(0)
        last = indices[-1]
        end = self.piece_starts[last] + len(self.pieces[last].text)
        return range(self.row_of(self.piece_starts[indices[0]]), self.row_of(end - 1) + 1)

    # Wrapping

    def _wrap_from(self, start: int) -> None:
        """Find the rows again from the one that begins at ``start``; those before it stay as they are."""
        del self.starts[self.row_of(start) + 1 :]
        self._wrap_lines(start, len(self.text))

    def _wrap_lines(self, start: int, last: int) -> None:
        """Find the rows of the lines between two offsets; the first row is there already."""
        while (end := self.text.find("\n", start, last)) >= 0:
            self._wrap_line(start, end)
            start = end + 1
            self.starts.append(start)
        self._wrap_line(start, last)

    def _wrap_line(self, start: int, end: int) -> None:
        """Break the line between two offsets into rows."""
        line = self.text[start:end]
        if not (line.isascii() and line.isprintable()):
            self._wrap_wide(start, end)
        elif end - start > self.width:
            self._wrap_narrow(start, end)

    def _wrap_narrow(self, start: int, end: int) -> None:
        """Break a line of which every character is one column wide."""
        while end - start > self.width:
            # One space may hang over the edge, where nobody sees it.
            cut = self.text.rfind(" ", start, start + self.width + 1)
            start = cut + 1 if cut >= start else start + self.width
            if start >= end:
                return
            self.starts.append(start)

    def _wrap_wide(self, start: int, end: int) -> None:
        """Break a line of characters of any width; also between any two that are two columns wide."""
        used, breakable = 0, start
        for place in range(start, end):
            character = self.text[place]
            size = cell_size(character)
            if size == 2:
                breakable = place
            while used + size > self.width and not (character == " " and used == self.width):
                start = breakable if breakable > start else place
                self.starts.append(start)
                used = sum(map(cell_size, self.text[start:place]))
                breakable = start
            used += size
            if character == " " or size == 2:
                breakable = place + 1


def cell_size(character: str) -> int:
    """Say how many columns one character takes as we show it."""
    if character == "\t":
        return len(TAB)
    return get_character_cell_size(character) if character >= " " else 1


def measure(text: str) -> int:
    """Say how many columns ``text`` takes as a row shows it."""
    return cell_len(make_visible(text))
