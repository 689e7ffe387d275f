"""The lines and symbols that ``rnnchat score`` shows: rows for people, objects for programs."""

import heapq
import shutil
import sys
from typing import TYPE_CHECKING, Any, Literal

import typer

from rnnchat.cli.output import print_json
from rnnchat.cli.score_table import to_json
from rnnchat.desk.visible import picture_controls
from rnnchat.text.symbol import show_symbol

if TYPE_CHECKING:
    from rnnchat.analysis.score import LineScore, Score, SymbolScore
    from rnnchat.text.tokenizer import Tokenizer

Detail = Literal["lines", "symbols"] | None


class View:
    """Shows lines or symbols of texts while they come.

    Args:
        detail: which of them, if any.
        worst: show at most this many details, the most surprising first; None for all, as they stand in the text.
        is_json: show objects, one a line.
        num_models: where there are several, details tell theirs.
        num_texts: the same.
    """

    def __init__(self, detail: Detail, worst: int | None, is_json: bool, num_models: int, num_texts: int) -> None:
        self.detail = detail
        self._worst = worst
        self._is_json = is_json
        self._num_models = num_models
        self._num_texts = num_texts
        self._model = ""
        self._kept: list[tuple[float, int, dict[str, Any] | str]] = []
        self._count = 0
        self._width = shutil.get_terminal_size().columns if sys.stdout.isatty() else None

    @property
    def is_streaming(self) -> bool:
        """Do details come out on a terminal while a text is read?"""
        return self.detail is not None and not self._worst and sys.stdout.isatty()

    def begin(self, model: str) -> None:
        """Details of this model follow."""
        self._model = model
        if self.detail and not self._is_json:
            if self._num_models > 1:
                typer.echo(f"── {picture_controls(model)}")
            names = {"lines": ("line", "bits/char", "chars", "text"), "symbols": ("line", "bits", "rank", "symbol")}
            typer.echo(self._lay_out(*names[self.detail]))

    def show_line(self, name: str, line: "LineScore") -> "Score":
        """Show a line of the text called ``name``, and give its score."""
        bits, chars = line.score.bits_per_char, line.score.chars
        if self._is_json:
            record = {"line": line.number, **to_json(line.score), "content": line.text}
            self._show(bits, self._address(name) | record)
        else:
            self._show(bits, self._lay_out(self._place(name, line.number), f"{bits:.3f}", str(chars), line.text))
        return line.score

    def show_symbol(self, name: str, symbol: "SymbolScore", tokenizer: "Tokenizer") -> "Score":
        """Show a symbol of the text called ``name``, and give its score."""
        bits = symbol.bits
        if self._is_json:
            record = {"line": symbol.line, "symbol": symbol.text, "id": symbol.id, "bits": bits, "nats": symbol.nats,
                      "rank": symbol.rank or None, "unknown": symbol.unknown}  # fmt: skip
            self._show(bits, self._address(name) | record)
        else:
            is_part = symbol.id is not None and not symbol.text
            shown = tokenizer.label(symbol.id) if symbol.id is not None and is_part else show_symbol(symbol.text)
            shown += "  (unknown)" if symbol.unknown else ""
            place, rank = self._place(name, symbol.line), str(symbol.rank or "–")
            self._show(bits, self._lay_out(place, f"{bits:.3f}", rank, shown))
        return symbol.score

    def end(self) -> None:
        """All details of a model were shown: only now it is known which are the worst."""
        for _, _, shown in sorted(self._kept, key=lambda kept: kept[:2], reverse=True):
            self._print(shown)
        self._kept, self._count = [], 0
        if self.detail and not self._is_json:
            typer.echo()

    def _show(self, bits: float, shown: dict[str, Any] | str) -> None:
        if not self._worst:
            self._print(shown)
            return
        self._count += 1
        kept = (bits, -self._count, shown)  # of equals the first one
        if len(self._kept) < self._worst:
            heapq.heappush(self._kept, kept)
        else:
            heapq.heappushpop(self._kept, kept)

    def _print(self, shown: dict[str, Any] | str) -> None:
        if isinstance(shown, dict):
            print_json(shown)
        else:
            typer.echo(shown)

    def _address(self, name: str) -> dict[str, Any]:
        model = {"model": self._model} if self._num_models > 1 else {}
        return model | ({"text": name} if self._num_texts > 1 else {})

    def _place(self, name: str, line: int) -> str:
        return f"{name}:{line}" if self._num_texts > 1 else str(line)

    def _lay_out(self, place: str, bits: str, number: str, text: str) -> str:
        """A row, cut to the width of the terminal."""
        row = f"{place:>6}  {bits:>9}  {number:>6}  {text}".replace("\t", "→")
        row = picture_controls(row).replace("\n", "␊")
        return row if self._width is None else cut_cells(row, self._width)


def cut_cells(text: str, width: int) -> str:
    """As much of a text as fits so many cells of a terminal, with … where it is cut."""
    from rich.cells import cell_len, set_cell_size  # 0.02 s

    if len(text) <= width and cell_len(text) <= width:
        return text
    return f"{set_cell_size(text[:width], max(width - 1, 0)).rstrip()}…"
