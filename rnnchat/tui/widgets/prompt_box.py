"""The box in which the person writes: Enter sends, it grows with the text, earlier prompts come back with Up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message

from rnnchat.tui.widgets.ghost_box import GhostBox

MAX_HISTORY = 200
PLACEHOLDER = "Write, or press enter to let the model continue"


class PromptBox(GhostBox):
    """A text area that sends on Enter.

    Attributes:
        prompts: What was sent before, oldest first.
    """

    DEFAULT_CSS = """
    PromptBox {
        height: auto;
        min-height: 3;
        max-height: 8;
        width: 1fr;
        padding: 0 1;
        background: $background;
        color: $written;
        border: round $rule;
        scrollbar-size-vertical: 1;
        &:focus { border: round $accent 60%; }
        .text-area--placeholder { color: $quiet; }
        .text-area--cursor-line { background: transparent; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "send", "continue", id="write.send", tooltip="let the model continue", priority=True),
        Binding(
            "ctrl+j,alt+enter,shift+enter", "new_line", "new line", show=False, id="prompt.new-line", priority=True
        ),
        Binding("up", "move_ghost(-1)", "the one before", show=False, id="ghost.before"),
        Binding("up", "cursor_up_or_recall", "previous prompt", show=False, id="prompt.earlier"),
        Binding("down", "move_ghost(1)", "another", id="ghost.another", tooltip="another ghost text"),
        Binding("down", "cursor_down_or_recall", "next prompt", show=False, id="prompt.later"),
    ]

    @dataclass
    class Sent(Message):
        """The person pressed Enter; ``text`` may be empty."""

        text: str

    class Left(Message):
        """The person goes up, out of the empty box."""

    def __init__(self, id: str | None = None) -> None:
        """Make an empty box."""
        super().__init__(
            id=id,
            placeholder=PLACEHOLDER,
            highlight_cursor_line=False,
            tab_behavior="focus",
        )
        self.prompts: list[str] = []
        self._recalled: int | None = None
        self._draft = ""

    def action_send(self) -> None:
        """Send the text, with all keys that were typed before, and empty the box."""
        # Priority keys overtake the letters that still wait in this widget's queue.
        self.call_later(self._send)

    def _send(self) -> None:
        text = self.text
        if text.strip():
            self.prompts = [*self.prompts, text][-MAX_HISTORY:]
        self.put("")
        self.post_message(self.Sent(text if text.strip() else ""))

    def action_new_line(self) -> None:
        """Begin a new line."""
        self.call_later(self.insert, "\n")

    def action_cursor_up_or_recall(self) -> None:
        """Go a row up, from the first row to the prompt sent before, from an empty box into the story."""
        if not self.text:
            self.post_message(self.Left())
        elif self._cursor_row() == 0 and self.prompts:
            self._recall(-1)
        else:
            self.action_cursor_up()

    def action_cursor_down_or_recall(self) -> None:
        """Go a row down, or from the last row to the prompt sent after."""
        if self._cursor_row() == self.wrapped_document.height - 1 and self._recalled is not None:
            self._recall(1)
        else:
            self.action_cursor_down()

    def _cursor_row(self) -> int:
        """The row of the cursor as the text is wrapped, from 0."""
        return self.wrapped_document.location_to_offset(self.cursor_location).y

    def put(self, text: str) -> None:
        """Put ``text`` in place of what stands in the box, with the cursor at its end."""
        self._recalled = None
        self.load_text(text)
        self.move_cursor(self.document.end)

    def action_recall(self) -> None:
        """Show the prompt sent before the one that is shown."""
        self._recall(-1)

    def _recall(self, direction: int) -> None:
        """Show the prompt before or after the one recalled; after the last one, the draft."""
        here = len(self.prompts) if self._recalled is None else self._recalled
        there = here + direction
        if not 0 <= there <= len(self.prompts):
            return
        if self._recalled is None:
            self._draft = self.text
        self.put(self.prompts[there] if there < len(self.prompts) else self._draft)
        self._recalled = there if there < len(self.prompts) else None

    def on_paste(self, event: events.Paste) -> None:
        # Terminals send the line ends of the system they run on.
        event.text = event.text.replace("\r\n", "\n").replace("\r", "\n")
