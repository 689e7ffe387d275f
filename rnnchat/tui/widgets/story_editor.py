"""The story as an editor: a caret in its text, and the keys of any editor. Letters always write."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Region
from textual.message import Message
from textual.reactive import var
from textual.selection import Selection
from textual.strip import Strip

from rnnchat.desk.visible import make_visible
from rnnchat.tui.text_layout import Part
from rnnchat.tui.widgets.story_view import BLOCK, GUTTER, StoryView

CARET_BAR = "▌"
WORD = re.compile(r"\w+|[^\w\s]+")


class StoryEditor(StoryView, can_focus=False):
    """A `StoryView` with a caret, once it is clicked or entered; it takes the focus only then.

    Attributes:
        caret: Offset of the caret in the text; None while it is not in the story.
        selected_from: Where the selected text begins or ends, if any is selected; its other end is the caret.
        replace: Replaces a stretch of the text (start, end, new text); says where it begins now, None if it was not
            done.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "go_on", "continue here", id="page.continue"),
        Binding("escape", "leave", "back to the box", id="page.leave"),
        Binding("up,shift+up", "row(-1)", "a row up", show=False, id="page.up"),
        Binding("down,shift+down", "row(1)", "a row down", show=False, id="page.down"),
        *(
            Binding(f"{key},{shifted}", action, name, show=False, id=id)
            for key, shifted, action, name, id in (
                ("left", "shift+left", "move('left')", "a character to the left", "page.left"),
                ("right", "shift+right", "move('right')", "a character to the right", "page.right"),
                ("ctrl+left", "ctrl+shift+left", "move('word_left')", "a word to the left", "page.word-left"),
                ("ctrl+right", "ctrl+shift+right", "move('word_right')", "a word to the right", "page.word-right"),
                ("home", "shift+home", "move('home')", "start of the line", "page.line-start"),
                ("end", "shift+end", "move('end')", "end of the line", "page.line-end"),
            )
        ),
        Binding("ctrl+a", "move('home')", "start of the line", show=False, id="page.start"),
        Binding("ctrl+e", "move('end')", "end of the line", show=False, id="page.end"),
        Binding("backspace", "delete('left')", "delete to the left", show=False, id="page.backspace"),
        Binding("delete,ctrl+d", "delete('right')", "delete to the right", show=False, id="page.delete"),
        Binding("ctrl+w", "delete('word_left')", "delete a word", show=False, id="page.delete-word"),
        Binding("ctrl+u", "delete('home')", "delete to the start of the line", show=False, id="page.delete-start"),
        Binding("ctrl+k", "delete('end')", "delete to the end of the line", show=False, id="page.delete-end"),
        Binding("ctrl+c", "copy", "copy", show=False, id="page.copy"),
        Binding("ctrl+x", "cut", "cut", show=False, id="page.cut"),
        Binding("ctrl+v", "paste", "paste", show=False, id="page.paste"),
        Binding(
            "ctrl+j,alt+enter,shift+enter", "type('\\n')", "new line", show=False, id="page.new-line", priority=True
        ),
    ]

    caret: var[int | None] = var[int | None](None, init=False)
    selected_from: var[int | None] = var[int | None](None, init=False)
    replace: Callable[[int, int, str], int | None] = staticmethod(lambda start, end, text: None)

    @dataclass
    class Continued(Message):
        """The person wants the model to continue after ``offset`` characters of the text."""

        offset: int

    @dataclass
    class Moved(Message):
        """The caret has moved other than by typing."""

        offset: int

    class Left(Message):
        """The caret leaves the story for the box."""

    def change(self, start: int, end: int, text: str, passage: str) -> bool:
        """Show ``text`` in place of a stretch of ``passage``; False where all of the story is to be shown anew."""
        if not self.layout_.replace(start, end, text, passage):
            return False
        self._place_notes()
        self._count_rows()
        self._redraw()
        return True

    # Coming and going

    def enter(self, offset: int) -> None:
        """Put the caret at ``offset`` and take the keys."""
        self.follows = False
        self.can_focus = True
        self.caret, self.selected_from = min(max(offset, 0), len(self.layout_.text)), None
        self.focus(scroll_visible=False)
        self.post_message(self.Moved(self.caret))

    def action_leave(self) -> None:
        """Give the keys back to the box."""
        self.post_message(self.Left())

    def on_blur(self) -> None:
        self.caret = self.selected_from = None
        self.can_focus = False

    def on_click(self, event: events.Click) -> None:
        dragged = self.text_selection
        if (dragged is not None and dragged.start != dragged.end) or not self.layout_.text:
            return
        event.stop()
        row = self.scroll_offset.y + event.y
        left = max(1, (self.outer_size.width - BLOCK) // 2) + GUTTER
        self.enter(self._find_column(row, event.x - left) if row < len(self.layout_) else len(self.layout_.text))

    def selection_updated(self, selection: Selection | None) -> None:
        super().selection_updated(selection)
        if selection is not None and self.caret is not None and selection.start and selection.end:
            self.selected_from = self._find_offset(selection.start.x, selection.start.y)
            self.caret = self._find_offset(selection.end.x, selection.end.y)

    # Moving

    def action_move(self, how: str) -> None:
        """Move the caret by a character or a word, or to an end of the line."""
        self._move_to(self._find_target(how))

    def action_row(self, step: int) -> None:
        """Move the caret a row up or down; below the last row is the box."""
        caret = self.caret or 0
        row = self.layout_.row_of(caret)
        if row + step >= len(self.layout_):
            self.action_leave()
        elif row + step >= 0:
            start, _ = self.layout_.row_span(row)
            column = len(make_visible(self.layout_.text[start:caret]))
            self._move_to(self._find_column(row + step, column))

    def _move_to(self, offset: int) -> None:
        self.caret = offset
        self.post_message(self.Moved(offset))

    def _find_column(self, row: int, column: int) -> int:
        """The offset at ``column`` of ``row``, or at its end; never that of the row after it."""
        start, end = self.layout_.row_span(row)
        last = end if row == len(self.layout_) - 1 else max(start, end - 1)
        return min(self._find_offset(max(0, column), row), last)

    def _find_target(self, how: str) -> int:
        """Where a move leads."""
        text, caret = self.layout_.text, self.caret or 0
        start, end = self.layout_.row_span(self.layout_.row_of(caret))
        match how:
            case "left":
                return max(0, caret - 1)
            case "right":
                return min(len(text), caret + 1)
            case "word_left":
                starts = [found.start() for found in WORD.finditer(text, max(0, caret - 200), caret)]
                return starts[-1] if starts else max(0, caret - 200)
            case "word_right":
                found = WORD.search(text, caret)
                return found.end() if found else len(text)
            case "home":
                return start
            case _:
                return end if end == len(text) and not text.endswith("\n", start) else max(start, end - 1)

    async def on_event(self, event: events.Event) -> None:
        if isinstance(event, events.Key) and self.caret is not None:
            self._set_anchor(event.key)
        await super().on_event(event)

    def _set_anchor(self, key: str) -> None:
        """Begin to select where shift is held, and end it with a move without."""
        name = key.rpartition("+")[2]
        if name in ("left", "right", "up", "down", "home", "end"):
            if "shift" not in key.split("+"):
                self.selected_from = None
            elif self.selected_from is None:
                self.selected_from = self.caret

    # Changing

    @property
    def selected(self) -> tuple[int, int]:
        """The stretch that is selected; empty, at the caret, where nothing is."""
        caret = self.caret or 0
        ends = sorted((caret, caret if self.selected_from is None else self.selected_from))
        return ends[0], ends[1]

    def action_type(self, text: str) -> None:
        """Put ``text`` in place of what is selected, or at the caret."""
        start, end = self.selected
        if (place := self.replace(start, end, text)) is not None:
            self.selected_from, self.caret = None, place + len(text)

    def action_delete(self, how: str) -> None:
        """Delete what is selected, or from the caret to where a move would lead."""
        start, end = self.selected
        if start == end:
            start, end = sorted((start, self._find_target(how)))
        if start < end and (place := self.replace(start, end, "")) is not None:
            self.selected_from, self.caret = None, place

    def action_copy(self) -> None:
        """Copy what is selected."""
        start, end = self.selected
        if start < end:
            self.app.copy_to_clipboard(self.layout_.text[start:end])

    def action_cut(self) -> None:
        """Copy what is selected and take it out."""
        start, end = self.selected
        if start < end:
            self.action_copy()
            self.action_delete("left")

    def action_paste(self) -> None:
        """Insert what was copied here last."""
        self.action_type(self.app.clipboard)

    def action_go_on(self) -> None:
        """Let the model continue from the caret."""
        self.post_message(self.Continued(self.caret or 0))

    def on_key(self, event: events.Key) -> None:
        if event.is_printable and event.character and self.caret is not None:
            event.stop()
            self.action_type(event.character)

    def on_paste(self, event: events.Paste) -> None:
        if self.caret is not None:
            event.stop()
            self.action_type(event.text.replace("\r\n", "\n").replace("\r", "\n"))

    # Drawing

    def watch_caret(self, before: int | None, caret: int | None) -> None:
        self._redraw()
        if caret is not None:
            row = self.layout_.row_of(caret)
            self.scroll_to_region(Region(0, row, 1, 1), animate=False, immediate=True)

    def watch_selected_from(self) -> None:
        self._redraw()

    def _draw_text(self, row: int, parts: list[Part]) -> Strip:
        strip = super()._draw_text(row, parts)
        if self.caret is None:
            return strip
        start, end = self.layout_.row_span(row)
        first, last = (min(max(offset, start), end) for offset in self.selected)
        left, right = (len(make_visible(self.layout_.text[start:offset])) for offset in (first, last))
        if first < last:
            strip = self._highlight(strip, left, right).apply_offsets(0, row)
        if self.layout_.row_of(self.caret) != row:
            return strip
        place = len(make_visible(self.layout_.text[start : self.caret]))
        strip = strip.extend_cell_length(self.layout_.width + 1, self.rich_style)  # after the last column, too
        drawn = self._highlight(strip, place, place + 1, Style(reverse=True))
        return drawn.apply_offsets(0, row)

    def _draw_bar(self, row: int, parts: list[Part]) -> Segment:
        if self.caret is not None and self.layout_.row_of(self.caret) == row:
            return Segment(f"{CARET_BAR} ", self._style("mark"))
        return super()._draw_bar(row, parts)
