"""The story on the screen: wrapped to a readable measure, drawn row by row, however long it is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.geometry import Region, Size
from textual.reactive import var
from textual.scroll_view import ScrollView
from textual.selection import Selection
from textual.strip import Strip

from rnnchat.desk.piece import Piece
from rnnchat.desk.visible import make_visible
from rnnchat.tui.text_layout import Part, TextLayout, measure

MEASURE = 76
"""Columns of text at most: longer rows are hard to read."""
GUTTER = 2
"""Columns before the text: the bar of the model, and a space."""
BLOCK = GUTTER + MEASURE + 2
"""Columns that story and prompt box share, so that their texts begin in one column."""

BAR, BAR_FROM_HERE, MARK, WRITING = "▎", "▖", "▌", "▌"
MAX_STRIPS = 400
"""Rows kept as drawn: some screens. Each holds dozens of objects, which every garbage collection would visit."""
NOTE_ROWS = 4
"""A note stands in the last row of its passage that has room for it, looking at so many."""


class StoryView(ScrollView, can_focus=False):
    """Draws pieces of text by person and model; follows the end until one scrolls up.

    Only the rows on the screen are ever drawn, and a growing text is wrapped from its last row on.

    Attributes:
        marked: Id of the passage that the keys act on; None for the last one.
        is_writing: Does a model write now? Its place is shown.
        follows: Is the end kept in sight?
    """

    DEFAULT_CSS = """
    StoryView {
        height: 1fr;
        background: $background;
        scrollbar-size-vertical: 1;
        overflow-x: hidden;
    }
    StoryView > .story--person { color: $written; }
    StoryView:nocolor > .story--person { text-style: bold; }
    StoryView:ansi > .story--person { text-style: bold; }
    StoryView > .story--model { color: $foreground; }
    StoryView > .story--heading { color: $quiet; text-style: bold; }
    StoryView > .story--bar { color: $accent 60%; }
    StoryView > .story--mark { color: $accent; }
    StoryView > .story--note { color: $quiet; text-style: italic; }
    """
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "story--person",
        "story--model",
        "story--heading",
        "story--bar",
        "story--mark",
        "story--note",
    }

    marked: var[str | None] = var[str | None](None, init=False)
    is_writing: var[bool] = var(False, init=False)

    def __init__(self, id: str | None = None) -> None:
        """Make an empty view."""
        super().__init__(id=id)
        self.layout_ = TextLayout()
        self.notes: Mapping[str, str] = {}
        self.follows = True
        self._is_placing = False
        self._note_rows: dict[int, str] = {}
        self._strips: dict[int, Strip] = {}
        self._rich_styles: dict[str, Style] = {}

    # What is shown

    def show(self, pieces: Iterable[Piece], notes: Mapping[str, str]) -> None:
        """Show ``pieces`` in place of all that was there; ``notes`` are said beside passages, by id."""
        self.notes = notes
        self._lay_out(pieces)

    def append(self, piece: Piece) -> None:
        """Show ``piece`` after all that is there."""
        rows_before = len(self.layout_)
        changed = self.layout_.append(piece)
        for row in range(changed, max(rows_before, len(self.layout_))):
            self._strips.pop(row, None)
        self._count_rows()
        self.refresh_lines(changed, max(1, len(self.layout_) - changed))
        self._keep_end()

    def scroll_to_passage(self, passage: str) -> None:
        """Bring ``passage`` into sight."""
        rows = self.layout_.rows_of(passage)
        if rows:
            height = min(len(rows), self.size.height)
            self.scroll_to_region(Region(0, rows.start, 1, height), animate=False, immediate=True)

    def _lay_out(self, pieces: Iterable[Piece]) -> None:
        self.layout_ = TextLayout(pieces, self._measure_width())
        self._place_notes()
        self._count_rows()
        self._redraw()
        self._keep_end()

    def _count_rows(self) -> None:
        """Let the scroll bar know how many rows there are."""
        size = Size(0, len(self.layout_))
        if self.show_vertical_scrollbar and size.height > self.size.height:
            # The usual way lays the whole screen out again: 10 ms, 30 times a second.
            self.set_reactive(StoryView.virtual_size, size)
            self.vertical_scrollbar.window_virtual_size = size.height
        else:
            self.virtual_size = size

    def _measure_width(self) -> int:
        width = self.outer_size.width or BLOCK  # nothing is known before the first layout
        return max(8, min(MEASURE, width - GUTTER - 4))

    def _place_notes(self) -> None:
        """Find for each note the row of its passage in which it stands."""
        self._note_rows = {}
        for passage, note in self.notes.items():
            for row in reversed(self.layout_.rows_of(passage)[-NOTE_ROWS:]):
                start, end = self.layout_.row_span(row)
                used = measure(self.layout_.text[start:end].rstrip("\n"))
                if row not in self._note_rows and used + 2 + len(note) <= self.layout_.width:
                    self._note_rows[row] = note
                    break

    # Following the end

    def _keep_end(self) -> None:
        if self.follows:
            self._is_placing = True
            self.scroll_to(y=self.max_scroll_y, animate=False, force=True)  # also before there is a scroll bar
            self._is_placing = False

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        super().watch_scroll_y(old_value, new_value)
        if not self._is_placing and self.size.height:
            self.follows = new_value >= self.max_scroll_y

    def on_resize(self, event: events.Resize) -> None:
        if self.layout_.width != self._measure_width():
            self._lay_out(self.layout_.pieces)
        else:
            self._redraw()
            self._keep_end()

    # Drawing

    def watch_marked(self, marked: str | None) -> None:
        self._redraw()
        if marked is not None:
            self.scroll_to_passage(marked)

    def watch_is_writing(self) -> None:
        self._redraw()

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._rich_styles = {}
        self._redraw()

    def selection_updated(self, selection: Selection | None) -> None:
        self._redraw()

    def _redraw(self) -> None:
        self._strips.clear()
        self.refresh()

    def render_lines(self, crop: Region) -> list[Strip]:
        """Give the rows on the screen. A row that is scrolled is not drawn again, which Textual's own way would."""
        top, width = self.scroll_offset.y, self.size.width
        strips = [self._find_strip(top + y, width) for y in crop.line_range]
        if crop.column_span != (0, width):
            strips = [strip.crop(*crop.column_span) for strip in strips]
        return strips

    def render_line(self, y: int) -> Strip:
        """Give one row on the screen: how Textual finds the character under the mouse."""
        return self._find_strip(self.scroll_offset.y + y, self.size.width)

    def _find_strip(self, row: int, width: int) -> Strip:
        strip = self._strips.get(row)
        if strip is None or strip.cell_length != width:
            is_there = row < len(self.layout_)
            strip = self._draw_row(row, width) if is_there else Strip.blank(width, self.rich_style)
            for line_filter in self.get_line_filters():
                strip = strip.apply_filter(line_filter, self.background_colors[1])
            if len(self._strips) > MAX_STRIPS:
                self._strips.clear()
            self._strips[row] = strip
        return strip

    def _draw_row(self, row: int, width: int) -> Strip:
        parts = self.layout_.row_parts(row)
        left = max(1, (self.outer_size.width - BLOCK) // 2)
        text = self._draw_text(row, parts)
        drawn = [Segment(" " * left, self.rich_style), self._draw_bar(row, parts), *text]
        return Strip(drawn).extend_cell_length(width, self.rich_style).crop(0, width)

    def _draw_text(self, row: int, parts: list[Part]) -> Strip:
        """Draw the characters of a row, its selection, and what stands beside them."""
        segments = [Segment(make_visible(part.text), self._style(part.kind)) for part in parts]
        strip = Strip(segments)
        room = self.layout_.width - strip.cell_length
        if self.is_writing and row == len(self.layout_) - 1:
            strip = Strip([*strip, Segment(WRITING, self._style("mark"))])
        elif note := self._note_rows.get(row):
            strip = Strip([*strip, Segment(note.rjust(room), self._style("note"))])
        selection = self.text_selection
        if selection is not None and (span := selection.get_span(row)) is not None:
            strip = self._highlight(strip, *span)
        return strip.extend_cell_length(self.layout_.width, self.rich_style).apply_offsets(0, row)

    def _highlight(self, strip: Strip, start: int, end: int, look: Style | None = None) -> Strip:
        """Draw the characters from ``start`` to ``end`` (-1: to the last) as selected, or with another ``look``."""
        found = self.screen.get_component_rich_style("screen--selection")
        is_plain = self.app.no_color or self.app.native_ansi_color
        style = look or (Style(reverse=True) if is_plain else Style(bgcolor=found.bgcolor))
        drawn, place = [], 0
        for segment in strip:
            length = len(segment.text)
            first = min(max(start - place, 0), length)
            last = length if end == -1 else min(max(end - place, first), length)
            for text, is_selected in (
                (segment.text[:first], False),
                (segment.text[first:last], True),
                (segment.text[last:], False),
            ):
                if text:
                    drawn.append(Segment(text, (segment.style or Style()) + style if is_selected else segment.style))
            place += length
        return Strip(drawn)

    def _draw_bar(self, row: int, parts: list[Part]) -> Segment:
        """Draw what stands before a row: who wrote it, and whether the keys act on it."""
        if self.marked is not None and row in self.layout_.rows_of(self.marked):
            return Segment(f"{MARK} ", self._style("mark"))
        kinds = [part.kind for part in parts if part.text.strip()] or [part.kind for part in parts]
        if "model" not in kinds:
            return Segment("  ", self.rich_style)
        return Segment(f"{BAR if kinds[0] == 'model' else BAR_FROM_HERE} ", self._style("bar"))

    def _style(self, name: str) -> Style:
        if name not in self._rich_styles:
            self._rich_styles[name] = self.get_component_rich_style(f"story--{name}")
        return self._rich_styles[name]

    # Selecting with the mouse

    @property
    def allow_select(self) -> bool:
        return True

    def get_selection(self, selection: Selection) -> tuple[str, str] | None:
        text = self.layout_.text
        start = 0 if selection.start is None else self._find_offset(selection.start.x, selection.start.y)
        end = len(text) if selection.end is None else self._find_offset(selection.end.x, selection.end.y)
        return text[start:end], "\n"

    def _find_offset(self, x: int, row: int) -> int:
        """Give the place in the text of the ``x``-th character that is shown in ``row``."""
        if row >= len(self.layout_):
            return len(self.layout_.text)
        start, end = self.layout_.row_span(row)
        shown = 0
        for offset in range(start, end):
            if shown >= x:
                return offset
            shown += len(make_visible(self.layout_.text[offset]))
        return end
