"""The text that models are compared on: what stands in a box, or a file that is too long for it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from textual.message import Message

from rnnchat.desk.contest import read_text
from rnnchat.errors import RnnchatError
from rnnchat.tui.widgets.prompt_box import PromptBox

if TYPE_CHECKING:
    from rnnchat.tui.app import RnnchatApp


class ComparedText(PromptBox):
    """A box to type or paste a text in, or to choose the file of one.

    Attributes:
        file_text: The text of the file that was chosen last; None where the text is in the box.
    """

    app: RnnchatApp

    @dataclass
    class FileRead(Message):
        """The person chose a file, and its text is read."""

        text: str

    def __init__(self, id: str | None = None) -> None:
        """Make an empty box."""
        super().__init__(id)
        self.placeholder = "Type or paste a text, or ctrl+o for a file; enter runs all models"
        self.file_text: str | None = None

    @property
    def whole(self) -> str:
        """What stands in the box, or the text of the file that was chosen."""
        return self.text or self.file_text or ""

    def choose_file(self) -> None:
        """Let the person choose a file, and read it."""
        from rnnchat.tui.screens.files import PickFile

        def take(path: Path | None) -> None:
            if path is not None:
                self.run_worker(self.take_file(path), group="file", exclusive=True)

        self.app.push_screen(PickFile(Path.cwd(), "Compare on a text"), take)

    async def take_file(self, path: Path) -> None:
        """Read the file at ``path`` and take its text; one that cannot be read is said."""
        try:
            text = await asyncio.to_thread(read_text, path)
        except RnnchatError as error:
            self.app.notify_error(error)
            return
        self.file_text = text
        self.put("")
        self.placeholder = f"{path.name}, {len(text):,} characters; ctrl+o another file, or type or paste a text"
        self.post_message(self.FileRead(text))
