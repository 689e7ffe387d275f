"""A text area with ghost text after its last character: drawn dimmed, taken whole, by the word or the character."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from rich.cells import cell_len
from rich.segment import Segment
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Size
from textual.message import Message
from textual.strip import Strip
from textual.widgets import TextArea

from rnnchat.desk.ghost import GhostWriter, first_word
from rnnchat.desk.prose import is_wide
from rnnchat.desk.visible import make_visible
from rnnchat.tui.text_layout import measure

BRACKETS = "⟦⟧"
"""Around ghost text where no colour can dim it."""


class GhostBox(TextArea):
    """Shows the ghost text of a `GhostWriter` where one types, as far as it fits into one row.

    Textual's own ``suggestion`` ends at the edge of a row without wrapping and knows no line ends; here the
    characters drawn are exactly the ones that are taken.

    Attributes:
        ghosts: Where the ghost text comes from; None for a box without.
    """

    DEFAULT_CSS = """
    GhostBox .text-area--suggestion { color: $quiet; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("tab", "take_ghost", "take it", id="ghost.take", tooltip="take the ghost text"),
        Binding("tab", "ask_ghost", "ask for ghost text", show=False, id="ghost.ask"),
        Binding("ctrl+right", "take_ghost_word", "a word", id="ghost.word", tooltip="take one word of it"),
        Binding("ctrl+right", "cursor_word_right", "next word", show=False),
        Binding("right", "take_ghost_character", "a character", show=False, id="ghost.character"),
        Binding("right", "cursor_right", "right", show=False),
        Binding("escape", "dismiss_ghost", "away", id="ghost.dismiss", tooltip="send the ghost text away"),
    ]

    @dataclass
    class GhostTaken(Message):
        """The person took something of the ghost text."""

        was_empty: bool
        """Whether there was nothing else in the box."""

    class GhostShown(Message):
        """Ghost text has come, changed or gone."""

    ghosts: GhostWriter | None = None
    _shown: tuple[str, tuple[str, ...]] = ("", ())

    @property
    def ghost(self) -> str:
        """The ghost text that is shown, exactly as it would be inserted; "" for none."""
        return self._shown[0]

    def show_ghost(self) -> None:
        """Draw the ghost text as it is now."""
        before, self._shown = self._shown, self._find_ghost()
        if before == self._shown:
            return
        self._line_cache.clear()
        self._refresh_size()
        if len(self._shown[1]) > 1:
            self.scroll_end(animate=False)
        self.refresh(layout=len(before[1]) != len(self._shown[1]))
        if bool(before[0]) != bool(self._shown[0]):
            self.refresh_bindings()
            self.post_message(self.GhostShown())

    def _find_ghost(self) -> tuple[str, tuple[str, ...]]:
        """The ghost text to show, and its rows: the first one continues the row of the cursor."""
        is_place = self.has_focus and self.selection.is_empty and self.cursor_location == self.document.end
        rest = self.ghosts.rest if self.ghosts is not None and is_place else ""
        margin = len(BRACKETS) if self.app.no_color else 0
        column = self.wrapped_document.location_to_offset(self.cursor_location).x
        return fit(rest, column, self.wrap_width - margin) if rest and self.wrap_width > margin else ("", ())

    # Following what is typed

    def update_suggestion(self) -> None:
        """Narrow the ghost text with the key that was just typed, in the same frame."""
        if self.ghosts is not None:
            self.ghosts.follow(self.text)
            self.show_ghost()

    def watch_has_focus(self, has_focus: bool) -> None:
        super().watch_has_focus(has_focus)
        self.show_ghost()

    def watch_selection(self) -> None:
        if self.is_mounted:
            self.show_ghost()

    def on_resize(self, event: events.Resize) -> None:
        self.show_ghost()

    # Keys

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        match action:
            case "take_ghost" | "take_ghost_word" | "take_ghost_character" | "dismiss_ghost":
                return bool(self.ghost)
            case "move_ghost":
                return bool(self.ghost) and (
                    parameters == (1,) or (self.ghosts is not None and not self.ghosts.is_first)
                )
            case "ask_ghost":
                return not self.ghost and self.ghosts is not None and self.ghosts.is_on
        return super().check_action(action, parameters)

    def action_take_ghost(self) -> None:
        """Take all of it."""
        self._take(self.ghost)

    def action_take_ghost_word(self) -> None:
        """Take its first word."""
        self._take(first_word(self.ghost))

    def action_take_ghost_character(self) -> None:
        """Take its first character."""
        self._take(self.ghost[:1])

    def _take(self, text: str) -> None:
        self.post_message(self.GhostTaken(not self.text))
        self.insert(text)

    def action_ask_ghost(self) -> None:
        """Ask for ghost text without a pause."""
        if self.ghosts is not None:
            self.move_cursor(self.document.end)
            self.ghosts.ask(self.text)

    def action_move_ghost(self, step: int) -> None:
        """Show another one, or the one before."""
        if self.ghosts is not None:
            self.ghosts.move(step, self.text)

    def action_dismiss_ghost(self) -> None:
        """Send it away."""
        if self.ghosts is not None:
            self.ghosts.dismiss(self.text)

    # Drawing

    def _refresh_size(self) -> None:
        super()._refresh_size()
        further = len(self._shown[1]) - 1
        if further > 0:
            self.virtual_size = Size(0, self.wrapped_document.height + further)

    def render_line(self, y: int) -> Strip:
        rows = self._shown[1]
        # With ghost text in an empty box there is no placeholder.
        strip = self._render_line(y) if rows and not self.text else super().render_line(y)
        if not rows:
            return strip
        cursor = self.wrapped_document.location_to_offset(self.cursor_location)
        index = self.scroll_offset.y + y - cursor.y
        if not 0 <= index < len(rows) or not rows[index]:
            return strip
        return self._draw_over(strip, cursor.x if index == 0 else 0, self._bracket(rows, index), index == 0)

    def _bracket(self, rows: tuple[str, ...], index: int) -> str:
        """A row of ghost text, between brackets where it begins and ends if there is no colour."""
        first = next(place for place, row in enumerate(rows) if row)
        opening, closing = (*BRACKETS,) if self.app.no_color else ("", "")
        return (opening if index == first else "") + rows[index] + (closing if index == len(rows) - 1 else "")

    def _draw_over(self, strip: Strip, column: int, text: str, has_cursor: bool) -> Strip:
        """``strip`` with ``text`` from ``column`` on; the character under the cursor keeps the cursor's look."""
        style, segments = self.get_component_rich_style("text-area--suggestion"), []
        if has_cursor:
            under = next(iter(strip.crop(column, column + 1)), None)
            segments.append(Segment(text[:1], under.style if under is not None and self._draw_cursor else style))
            text = text[1:]
        segments.append(Segment(text, style))
        end = column + sum(cell_len(segment.text) for segment in segments)
        return Strip.join([strip.crop(0, column), Strip(segments), strip.crop(end)])


def fit(text: str, column: int, width: int) -> tuple[str, tuple[str, ...]]:
    """As much of ``text`` as one row takes that is ``width`` columns wide, and the rows in which it stands.

    It begins at ``column`` of its first row. Where not a word has room there, it goes on in the next row, as it would
    once it was typed.
    """
    lead, line_end, line = text.rpartition("\n")
    if line_end:
        line = cut(line, width, is_fresh=True)
        return lead + line_end + line, (*(make_visible(row) for row in lead.split("\n")), make_visible(line))
    first = cut(line, width - column)
    if first.strip():
        return first, (make_visible(first),)
    space = line[: len(line) - len(line.lstrip())]
    following = cut(line.lstrip(), width, is_fresh=True)
    if not following:
        return "", ()
    return space + following, ("", make_visible(following))


def cut(line: str, width: int, is_fresh: bool = False) -> str:
    """The beginning of ``line`` that ``width`` columns hold, in whole words; of a long word only in a fresh row."""
    if measure(line) <= width:
        return line
    end = 0
    while measure(line[: end + 1]) <= width:
        end += 1
    if line[end].isspace():
        return line[:end].rstrip()
    words, space, _ = line[:end].rpartition(" ")
    if space and (words.strip() or not is_fresh):
        return words.rstrip()
    return line[:end] if is_fresh or is_wide(line[end]) else ""
