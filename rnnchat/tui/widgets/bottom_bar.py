"""The line below every screen: what the keys do here, and one fact at the right."""

from __future__ import annotations

from rich.cells import cell_len
from textual import events
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal
from textual.content import Content, ContentText
from textual.reactive import var
from textual.widgets import Static

GAP = "  "


class KeyLine(Static):
    """The keys that work now, in the order in which the screen lists them; a click presses one.

    One widget and one line of text: it costs nothing when the cursor goes from field to field.

    Attributes:
        first: Ids of the bindings that come before those of the screen.
    """

    first: var[tuple[str, ...]] = var[tuple[str, ...]]((), init=False)

    def __init__(self) -> None:
        """Make the line; it follows the bindings of its screen."""
        super().__init__()
        self._places: list[tuple[int, int, str]] = []  # from column, to column, key

    def on_mount(self) -> None:
        self.screen.bindings_updated_signal.subscribe(self, lambda screen: self._show_keys())
        self._show_keys()

    def on_resize(self) -> None:
        self._show_keys()

    def watch_first(self) -> None:
        self._show_keys()

    def _show_keys(self) -> None:
        """Draw as many keys as there is room for; the last one, help, always."""
        if not self.screen.is_attached:
            return
        shown = [(self.app.get_key_display(binding), binding) for binding in self._list_keys()]
        while len(shown) > 2 and sum(map(measure_key, shown)) - len(GAP) > self.size.width:
            del shown[-2]
        self._places = []
        parts: list[tuple[str, str]] = []
        x = 0
        for keys, binding in shown:
            parts += [(GAP if x else "", ""), (keys, "bold $accent"), (f" {binding.description}", "")]
            end = x + measure_key((keys, binding))
            self._places.append((x, end - len(GAP), binding.key.split(",")[0]))
            x = end
        self.update(Content.assemble(*parts))

    def on_click(self, event: events.Click) -> None:
        for start, end, key in self._places:
            if start <= event.x < end:
                self.app.simulate_key(key)

    def _list_keys(self) -> list[Binding]:
        """Give the bindings to show: those of the screen in their order, then those of its widgets, then the rest."""
        # The same binding may be active on several widgets: once is enough.
        active = [found.binding for found in self.screen.active_bindings.values() if found.enabled]
        ids = [*self._list_ids(), *(binding.id for binding in active)]
        order = {id: place for place, id in reversed([*enumerate(ids)])}
        shown = {binding.id or binding.key: binding for binding in reversed(active) if binding.show}
        return sorted(shown.values(), key=lambda binding: order[binding.id])

    def _list_ids(self) -> list[str | None]:
        return [*self.first, *(binding.id for binding in self.screen.BINDINGS if isinstance(binding, Binding))]


class BottomBar(Horizontal):
    """Keys at the left (from the bindings, so never wrong), a quiet fact of fixed place at the right."""

    ALLOW_SELECT = False
    DEFAULT_CSS = """
    BottomBar {
        height: 1;
        dock: bottom;
        padding: 0 1;
        color: $quiet;
        KeyLine { width: 1fr; height: 1; text-wrap: nowrap; text-overflow: ellipsis; }
        #fact { width: 14; height: 1; text-align: right; }
    }
    """

    def compose(self) -> ComposeResult:
        yield KeyLine()
        yield Static(id="fact")

    def show_fact(self, fact: ContentText) -> None:
        """Show ``fact`` at the right, in place of the last one."""
        self.query_one("#fact", Static).update(fact, layout=False)


def measure_key(shown: tuple[str, Binding]) -> int:
    """Say how many columns a key takes with what it does and the gap after it."""
    keys, binding = shown
    return cell_len(keys) + 1 + cell_len(binding.description) + len(GAP)
