"""The import of a model file into the library: its name, what it would replace, and the text it may need."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

from rnnchat import paths
from rnnchat.errors import MissingVocabularyError, RnnchatError
from rnnchat.tui.screens.ask import AskText, AskYesNo
from rnnchat.tui.screens.base import MainScreen


class ModelImport:
    """Asks what there is to ask, and imports in a thread."""

    def __init__(self, screen: MainScreen, show: Callable[[], None]) -> None:
        """Ask on ``screen``; ``show`` is called when the model is in the library."""
        self._screen = screen
        self._show = show

    def ask_name(self, source: Path) -> None:
        """Ask what the file is to be called in the library, and import it."""
        from rnnchat.model.name import check_name, suggest_name

        suggested = suggest_name(source)
        question = AskText(f"Name of {source.name} in the library", suggested, title="Import", check=check_name)
        self._screen.app.push_screen(question, lambda name: self._import_as(source, name) if name else None)

    def _import_as(self, source: Path, name: str, replace: bool = False) -> None:
        destination = paths.models_dir() / f"{name}{paths.MODEL_SUFFIX}"
        if destination.exists() and not replace:
            question = AskYesNo(
                f"A model named {name} already exists.", "Replace", title="Import", no="Keep the old one"
            )
            self._screen.app.push_screen(question, lambda yes: self._import_as(source, name, True) if yes else None)
            return
        self._import_with(source, name)

    def _import_with(self, source: Path, name: str, *texts: Path) -> None:
        """Import in a thread; ask for the training text where a model of another program lacks its vocabulary."""

        def import_it() -> None:
            from rnnchat.importers.importer import import_file  # loads NumPy
            from rnnchat.importers.source import Hints

            import_file(source, Hints(texts=texts), name, replace=True)

        async def work() -> None:
            try:
                await asyncio.to_thread(import_it)
            except MissingVocabularyError as error:
                self._screen.app.notify_error(error)
                self._screen.app.push_screen(
                    pick_text_file(f"Text that {source.name} was trained on"),
                    lambda path: self._import_with(source, name, path) if path else None,
                )
            except RnnchatError as error:
                self._screen.app.notify_error(error)
            else:
                self._screen.notify(f"{name} imported", markup=False)
                self._show()

        from rnnchat.tui.screens.files import pick_text_file

        self._screen.run_worker(work(), group="library", name=f"import {name}")
