"""The table of models: sorted by any column, narrowed by words, as many columns as fit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widgets import DataTable

from rnnchat.desk.model_rows import COLUMNS, OPEN_MARK, Column, filter_entries, fit_columns, sort_entries

if TYPE_CHECKING:
    from rnnchat.model.library import ModelEntry

RISING, FALLING = "↑", "↓"


class ModelTable(DataTable[Text]):
    """Models as rows; the row under the cursor stays there while the list changes around it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "select_cursor", "write", id="models.open"),
    ]

    @dataclass
    class Pointed(Message):
        """The cursor is on another model, or on none."""

        entry: ModelEntry | None

    @dataclass
    class Chosen(Message):
        """The person chose a model to open it."""

        entry: ModelEntry

    def __init__(self, *, id: str | None = None) -> None:
        """Make an empty table."""
        super().__init__(id=id, cursor_type="row", zebra_stripes=False)
        self.entries: Sequence[ModelEntry] = ()
        self.shown: list[ModelEntry] = []
        self.words = ""
        self.open_path: Path | None = None
        self.sort_key = "name"
        self.is_reversed = False
        self._labels: list[tuple[str, str, int]] = []
        """Key, heading and width of the columns that are drawn."""
        self._rows: dict[str, list[str]] = {}
        """What is drawn: the words of each row by the path of its model."""

    @property
    def pointed(self) -> ModelEntry | None:
        """The model under the cursor."""
        return self.shown[self.cursor_row] if 0 <= self.cursor_row < len(self.shown) else None

    def show_models(self, entries: Sequence[ModelEntry], open_path: Path | None) -> None:
        """Show ``entries``; mark the one at ``open_path`` as open."""
        is_first = not self.entries
        self.entries, self.open_path = entries, open_path
        self._fill()
        if is_first and open_path is not None:
            self.point_at(open_path)

    def filter_by(self, words: str) -> None:
        """Show only models that match all ``words``."""
        self.words = words
        self._fill()

    def point_at(self, path: Path) -> None:
        """Put the cursor on the model at ``path``, if it is shown."""
        for row, entry in enumerate(self.shown):
            if entry.path == path:
                self.move_cursor(row=row)

    # Drawing

    def _fill(self) -> None:
        """Show what is to be shown; only what differs from what stands there is drawn."""
        pointed, row_before = self.pointed, self.cursor_row
        self.shown = sort_entries(filter_entries(self.entries, self.words), self.sort_key, self.is_reversed)
        columns = fit_columns(self.size.width)
        labels = [(column.key, self._label(column), width) for column, width in columns]
        rows = {str(entry.path): [self._say(column, entry) for column, _ in columns] for entry in self.shown}
        if labels == self._labels and list(rows) == list(self._rows):
            self._replace_cells(rows, columns)
        else:
            self._labels = labels
            self._write(rows, columns)
            places = [row for row, entry in enumerate(self.shown) if pointed and entry.path == pointed.path]
            self.move_cursor(row=places[0] if places else min(row_before, len(self.shown) - 1))
        self._rows = rows
        self.post_message(self.Pointed(self.pointed))

    def _replace_cells(self, rows: dict[str, list[str]], columns: list[tuple[Column, int]]) -> None:
        """Draw the cells that say something else than before."""
        for path, words in rows.items():
            for (column, width), text, before in zip(columns, words, self._rows[path], strict=True):
                if text != before:
                    self.update_cell(path, column.key, _draw_cell(column, width, text))

    def _write(self, rows: dict[str, list[str]], columns: list[tuple[Column, int]]) -> None:
        """Draw everything."""
        self.clear(columns=True)
        for (column, width), (_, label, _) in zip(columns, self._labels, strict=True):
            self.add_column(Text(label, justify="right" if column.is_figure else "left"), width=width, key=column.key)
        for path, words in rows.items():
            cells = (_draw_cell(column, width, text) for (column, width), text in zip(columns, words, strict=True))
            self.add_row(*cells, key=path)

    def _label(self, column: Column) -> str:
        if column.key != self.sort_key:
            return column.title
        return f"{column.title} {FALLING if self.is_reversed else RISING}"

    def _say(self, column: Column, entry: ModelEntry) -> str:
        text = column.say(entry)
        return f"{text} {OPEN_MARK}" if column.key == "name" and entry.path == self.open_path else text

    def on_resize(self, event: events.Resize) -> None:
        if event.size.width != sum(column.get_render_width(self) for column in self.ordered_columns):
            self._fill()

    # What the person does

    def sort_by_next(self) -> None:
        """Sort by the column after the one sorted by now."""
        keys = [column.key for column, _ in fit_columns(self.size.width)]
        at = keys.index(self.sort_key) if self.sort_key in keys else -1
        self._sort_by(keys[(at + 1) % len(keys)])

    def reverse(self) -> None:
        """Turn the order round."""
        self.is_reversed = not self.is_reversed
        self._fill()

    def _sort_by(self, key: str) -> None:
        self.is_reversed = next(column.is_best_first for column in COLUMNS if column.key == key)
        self.sort_key = key
        self._fill()

    def on_data_table_header_selected(self, event: DataTable.HeaderSelected) -> None:
        event.stop()
        key = event.column_key.value or self.sort_key
        if key == self.sort_key:
            self.reverse()
        else:
            self._sort_by(key)

    def on_data_table_row_highlighted(self, event: DataTable.RowHighlighted) -> None:
        event.stop()
        self.post_message(self.Pointed(self.pointed))

    def on_data_table_row_selected(self, event: DataTable.RowSelected) -> None:
        event.stop()
        if self.pointed is not None:
            self.post_message(self.Chosen(self.pointed))


def _draw_cell(column: Column, width: int, text: str) -> Text:
    cell = Text(text, justify="right" if column.is_figure else "left", no_wrap=True, overflow="ellipsis")
    cell.truncate(width, overflow="ellipsis")
    return cell
