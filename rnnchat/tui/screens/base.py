"""What the four screens share: the lines above and below, breakpoints, commands and keys."""

from __future__ import annotations

import importlib
from collections.abc import Iterable
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult, SystemCommand
from textual.binding import BindingType
from textual.screen import Screen

from rnnchat.tui.widgets.bottom_bar import BottomBar
from rnnchat.tui.widgets.top_bar import TopBar

if TYPE_CHECKING:
    from rnnchat.tui.app import RnnchatApp


class MainScreen(Screen[None]):
    """One of the four screens. A screen says what is between the bars in ``compose_body``."""

    MODE: ClassVar[str]
    """Its name in ``keys.SCREENS``."""
    AUTO_FOCUS = ""
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (100, "-wide")]  # noqa: RUF012 - as Textual declares it
    VERTICAL_BREAKPOINTS = [(0, "-low"), (30, "-high")]  # noqa: RUF012

    app: RnnchatApp

    def compose(self) -> ComposeResult:
        yield TopBar(self.MODE)
        yield from self.compose_body()
        yield BottomBar()

    def on_screen_resume(self) -> None:
        self.app.error_notices.show_held()

    def compose_body(self) -> ComposeResult:
        """Give the widgets between the two bars."""
        raise NotImplementedError

    def commands(self) -> Iterable[SystemCommand]:
        """Give the entries of the command palette that belong to this screen."""
        return ()

    @classmethod
    def key_groups(cls) -> list[tuple[str, list[BindingType]]]:
        """Give the keys of this screen for F1: (heading, bindings); the keys of its widgets come after its own."""
        return [(cls.MODE.capitalize(), list(cls.BINDINGS))]


def find_screen_class(mode: str) -> type[MainScreen]:
    """Give the class of the screen ``mode``; its module is imported when it is first needed."""
    module = importlib.import_module(f"rnnchat.tui.screens.{mode}")
    found: type[MainScreen] = getattr(module, f"{mode.capitalize()}Screen")
    return found


def open_screen(mode: str) -> Screen[None]:
    """Make the screen ``mode``."""
    return find_screen_class(mode)()
