"""Choosing a text of the catalogue; one that is not here yet is fetched first."""

from __future__ import annotations

import asyncio
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from rnnchat.errors import RnnchatError
from rnnchat.text.catalogue import CATALOGUE, CatalogueEntry, fetch, find_corpus_path

HERE, AWAY = "●", "○"


class PickFromCatalogue(ModalScreen[str | None]):
    """Gives the name of a text that is on this machine, or None."""

    DEFAULT_CSS = """
    PickFromCatalogue {
        align: center middle;
        background: $background 60%;
        #catalogue-box {
            width: 84;
            max-width: 95%;
            height: auto;
            max-height: 90%;
            padding: 1 2;
            background: $panel;
            border: round $border;
            border-title-color: $accent;
        }
        OptionList {
            height: auto;
            max-height: 1fr;
            background: transparent;
            border: none;
            padding: 0;
            text-wrap: nowrap;
            text-overflow: ellipsis;
            & > .option-list--option-highlighted, &:focus > .option-list--option-highlighted {
                background: $accent 25%;
                color: $foreground;
                text-style: bold;
            }
        }
        #about { color: $quiet; height: 4; margin-top: 1; }
        #fetching { height: auto; }
        #fetching.-wrong { color: $error; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "leave", "back", id="catalogue.leave")]

    def __init__(self) -> None:
        super().__init__()
        self._fetching: str | None = None

    def compose(self) -> ComposeResult:
        with Vertical(id="catalogue-box") as box:
            box.border_title = "Catalogue of texts"
            yield OptionList(*(Option(_describe(entry), id=name) for name, entry in CATALOGUE.items()), compact=True)
            yield Static(id="about", markup=False)
            yield Static(f"{HERE} on this machine   {AWAY} enter downloads it   esc back", id="fetching", markup=False)

    @on(OptionList.OptionHighlighted)
    def _show_about(self, event: OptionList.OptionHighlighted) -> None:
        entry = CATALOGUE[event.option_id or ""]
        about = f"{entry.about}\n{entry.licence}. From {entry.source}."
        self.query_one("#about", Static).update(about)

    @on(OptionList.OptionSelected)
    def _choose(self, event: OptionList.OptionSelected) -> None:
        name = event.option_id or ""
        if find_corpus_path(name) is not None:
            self.dismiss(name)
        elif self._fetching is None:
            self._fetching = name
            self._say(f"Downloading {name} …   esc closes this")
            self.run_worker(self._fetch(name), exclusive=True)

    async def _fetch(self, name: str) -> None:
        loop = asyncio.get_running_loop()

        def report(words: str) -> None:
            loop.call_soon_threadsafe(self._say, f"{words} …   esc closes this")

        try:
            await asyncio.to_thread(fetch, name, report)
        except RnnchatError as error:
            self._say(f"✗ {error}", is_wrong=True)
        else:
            self.dismiss(name)
        finally:
            self._fetching = None

    def _say(self, words: str, is_wrong: bool = False) -> None:
        if self.is_mounted:
            line = self.query_one("#fetching", Static)
            line.update(words)
            line.set_class(is_wrong, "-wrong")

    def action_leave(self) -> None:
        """Go back; what is being fetched may still arrive, for the next time."""
        self.dismiss(None)


def _describe(entry: CatalogueEntry) -> Content:
    """One line: is it here, name, size, language, title."""
    mark = (HERE, "$success") if find_corpus_path(entry.name) else (AWAY, "$quiet")
    return Content.assemble(
        mark,
        f" {entry.name:<14}",
        (f"{entry.chars / 1e6:>6.1f} M  {entry.language.split(' (')[0]:<10}  ", "$quiet"),
        entry.title,
    )
