"""A few texts in a row of the panel, typed with commas between them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.cells import cell_len, set_cell_size
from textual import events
from textual.message import Message
from textual.reactive import var

from rnnchat.tui.widgets.field import CARET, Field

NONE = "none"
_ESCAPES = (("\\", "\\\\"), ("\n", "\\n"), (",", "\\,"))
"""How a character stands where it is typed: a line end as \\n."""


class TextsField(Field):
    """Texts. Typing goes on behind those that are there; enter takes them, escape keeps the old ones.

    Attributes:
        value: The texts now. Setting it posts nothing; only what the person does posts ``Changed``.
    """

    value: var[tuple[str, ...]] = var[tuple[str, ...]]((), init=False)

    @dataclass
    class Changed(Message):
        """The person changed the texts."""

        field: TextsField
        value: tuple[str, ...]

        @property
        def control(self) -> TextsField:
            """The field in which they were changed."""
            return self.field

    def __init__(self, label: str, value: Sequence[str], *, id: str | None = None, classes: str | None = None) -> None:
        """Make a field that shows ``value``."""
        super().__init__(label, id=id, classes=classes)
        self.typed: str | None = None
        self.set_reactive(TextsField.value, tuple(value))

    def show_value(self) -> str:
        room = max(4, self.content_size.width - cell_len(self.label) - 2)
        if self.typed is not None:
            shown = f"{self.typed}{CARET}"  # its end is what one types
            while cell_len(shown) > room:
                shown = shown[1:]
            return shown
        shown = join_texts(self.value) or NONE
        return shown if cell_len(shown) <= room else f"{set_cell_size(shown, room - 1).rstrip()}…"

    def watch_value(self) -> None:
        self.refresh()

    def action_move(self, direction: int) -> None:
        """Nothing is before or after these texts."""

    def on_key(self, event: events.Key) -> None:
        if event.is_printable and event.character:
            if self.typed is None:
                self.typed = f"{join_texts(self.value)}, " if self.value else ""
            self.typed += event.character
        elif event.key in ("backspace", "delete"):
            self.typed = (join_texts(self.value) if self.typed is None else self.typed)[:-1]
        elif self.typed is not None and event.key == "enter":
            self._take_typed()
        elif self.typed is not None and event.key == "escape":
            self.typed = None
        else:
            return
        event.stop()
        event.prevent_default()
        self.refresh()

    def on_paste(self, event: events.Paste) -> None:
        event.stop()
        self.typed = (self.typed or "") + event.text.replace("\n", "\\n")
        self.refresh()

    def on_click(self) -> None:
        self.focus()

    def on_blur(self) -> None:
        if self.typed is not None:
            self._take_typed()

    def _take_typed(self) -> None:
        texts, self.typed = split_texts(self.typed or ""), None
        self.refresh()
        if texts != self.value:
            self.value = texts
            self.post_message(self.Changed(self, texts))


def join_texts(texts: Sequence[str]) -> str:
    """Texts as they are typed: ``the, and``."""
    for plain, typed in _ESCAPES:
        texts = [text.replace(plain, typed) for text in texts]
    return ", ".join(texts)


def split_texts(typed: str) -> tuple[str, ...]:
    """The texts that were typed, each once, without blanks around them but where there is nothing else."""
    texts, rest = [""], iter(typed)
    for character in rest:
        if character == "\\":
            escaped = next(rest, "\\")
            texts[-1] += "\n" if escaped == "n" else escaped
        elif character == ",":
            texts.append("")
        else:
            texts[-1] += character
    stripped = [text.strip(" ") or text[:1] * (len(texts) == 1) for text in texts]
    return tuple(dict.fromkeys(filter(None, stripped)))
