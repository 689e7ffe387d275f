"""All keys and what they do, taken from the bindings themselves, with the person's own keys."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, ClassVar

from rich.cells import cell_len
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from rnnchat.paths import settings_path
from rnnchat.tui.keys import APP_KEYS, SCREENS, flatten_bindings, show_key

if TYPE_CHECKING:
    from rnnchat.tui.app import RnnchatApp

KEYS_WIDTH = 16
DESCRIPTION_WIDTH = 32

Rows = list[tuple[str, str, str]]
"""Keys, what they do, id of the binding."""


class HelpScreen(ModalScreen[None]):
    """F1: every key of every screen; the screen one is on comes first."""

    app: RnnchatApp

    DEFAULT_CSS = """
    HelpScreen {
        align: center middle;
        background: $background 60%;
        VerticalScroll {
            width: 92;
            max-width: 100%;
            height: 90%;
            padding: 1 2;
            background: $surface;
            border: round $accent 60%;
            border-title-color: $accent;
            border-subtitle-color: $quiet;
        }
        Static { height: auto; width: 1fr; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,f1,q", "dismiss(None)", "close", id="help.close"),
    ]

    def compose(self) -> ComposeResult:
        with VerticalScroll() as frame:
            frame.border_title = "Keys"
            frame.border_subtitle = "↑↓ page up page down   esc close"
            yield Static(draw_help(list(self._groups())), id="keys")

    def _groups(self) -> Iterator[tuple[str, Rows]]:
        """Give the groups of keys: this screen, everywhere, the other screens."""
        from rnnchat.tui.screens.base import find_screen_class

        here = self.app.current_mode
        groups = {mode: find_screen_class(mode).key_groups() for mode in SCREENS}
        yield from ((title, self._rows(bindings)) for title, bindings in groups.pop(here, []))
        yield "Everywhere", self._rows(APP_KEYS)
        for others in groups.values():
            yield from ((title, self._rows(bindings)) for title, bindings in others)

    def _rows(self, bindings: list[BindingType]) -> Rows:
        rows = []
        for binding in flatten_bindings(bindings, self.app.settings.keys):
            keys = [show_key(key.strip()) for key in binding.key.split(",")]
            rows.append((keys[0], binding.tooltip or binding.description, binding.id or ""))
            rows += [(key, "", "") for key in keys[1:]]
        return rows


def draw_help(groups: list[tuple[str, Rows]]) -> Content:
    """Set the groups one under the other: keys, what they do, and the name under which they can be changed."""
    lines: list[Content] = []
    for title, rows in groups:
        lines += [Content.styled(title, "bold"), Content("")]
        for keys, description, binding_id in rows:
            lines.append(
                Content.assemble(
                    (keys + " " * max(2, KEYS_WIDTH - cell_len(keys)), "$accent"),
                    description + " " * max(2, DESCRIPTION_WIDTH - cell_len(description)),
                    (binding_id, "$quiet"),
                )
            )
        lines.append(Content(""))
    lines.append(Content.styled("To change keys, edit [keys] in the settings file, for example", "$quiet"))
    lines.append(Content.styled('    "write.take" = "alt+r"', "$quiet"))
    lines.append(Content.styled(str(settings_path()), "$quiet"))
    return Content("\n").join(lines)
