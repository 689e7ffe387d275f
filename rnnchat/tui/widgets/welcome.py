"""What an empty page says."""

from __future__ import annotations

from textual.widgets import Static

WELCOME = """\
An empty page.

Write a beginning and press enter, or just press enter.
The model continues from there; esc stops it and keeps what it wrote.

[$accent]^g[/] chat instead of a page   [$accent]f3[/] other models   [$accent]f4[/] train your own"""


class Welcome(Static):
    """How to begin, in the middle of an empty page."""

    def __init__(self) -> None:
        """Say how to begin."""
        super().__init__(WELCOME, id="welcome")
