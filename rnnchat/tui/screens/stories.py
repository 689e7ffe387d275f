"""The list of stories: find one by its title or its words, open it, rename it, delete it, restore it from the bin."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar

from rich.cells import cell_len, set_cell_size
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from rnnchat.desk.figures import NOTHING, format_ago
from rnnchat.desk.visible import make_visible
from rnnchat.errors import RnnchatError
from rnnchat.tui.screens.ask import AskText, AskYesNo

if TYPE_CHECKING:
    from rnnchat.stories.store import Store
    from rnnchat.stories.summary import StorySummary
    from rnnchat.tui.app import RnnchatApp

EXCERPT_CHARS = 60
MODEL_WIDTH = 12
LIST_KEYS = "enter open   f6 rename   f7 bin   f8 delete   esc close"
BIN_KEYS = "enter restore   f7 back to the list   f8 erase   esc close"


class StoriesScreen(ModalScreen[str | None]):
    """All stories, the one changed last first. The answer is the id of the one to open."""

    app: RnnchatApp

    DEFAULT_CSS = """
    StoriesScreen {
        align: center middle;
        background: $background 60%;
        #frame {
            width: 92;
            max-width: 96%;
            height: 80%;
            padding: 1 2;
            background: $surface;
            border: round $accent 60%;
            border-title-color: $accent;
            border-subtitle-color: $quiet;
        }
        Input { background: $surface; margin-bottom: 1; }
        OptionList { height: 1fr; border: none; background: $surface; padding: 0; }
        #none { color: $quiet; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down", "to_list", "to the list", show=False, id="stories.list"),
        Binding("f6", "rename", "rename", id="stories.rename", priority=True),
        Binding("f7", "toggle_bin", "bin", id="stories.bin", priority=True),
        Binding("f8", "delete", "delete", id="stories.delete", priority=True),
        Binding("ctrl+z", "restore_last", "restore the story deleted last", id="stories.restore", priority=True),
        Binding("escape", "dismiss(None)", "close", id="stories.close"),
    ]

    def __init__(self, store: Store, current: str) -> None:
        """List the stories of ``store``; ``current`` is the id of the one that is open."""
        super().__init__()
        self.store = store
        self.current = current
        self.words = ""
        self.is_bin = False
        self._last_deleted: str | None = None

    def compose(self) -> ComposeResult:
        with Vertical(id="frame"):
            yield Input(placeholder="Search titles and texts", compact=True)
            yield OptionList(compact=True)
            yield Static("", id="none")

    def on_mount(self) -> None:
        self._list()

    def _list(self) -> None:
        """Show the stories in which the words are found, or all; or those in the bin."""
        frame = self.query_one("#frame")
        frame.border_title = "Deleted stories" if self.is_bin else "Stories"
        frame.border_subtitle = BIN_KEYS if self.is_bin else LIST_KEYS
        options = self._search_options() if self.words.strip() and not self.is_bin else self._all_options()
        stories = self.query_one(OptionList)
        highlighted = stories.highlighted
        stories.clear_options().add_options(options)
        stories.highlighted = min(highlighted or 0, len(options) - 1) if options else None
        self._say("" if options else self._explain_nothing())

    def _explain_nothing(self) -> str:
        if self.words.strip():
            return f"no story contains “{self.words}”"
        return "no deleted stories" if self.is_bin else "no stories yet: write one"

    def _say(self, sentence: str) -> None:
        """Say something below the list: notices over a dialog would cover it."""
        self.query_one("#none", Static).update(Content(sentence))

    def _all_options(self) -> list[Option]:
        words = self.words.strip().casefold()
        stories = [story for story in self.store.list_stories(self.is_bin) if words in story.title.casefold()]
        return [Option(self._draw_row(story), id=story.id) for story in stories]

    def _search_options(self) -> list[Option]:
        """Give one row for each story found, with the place where the words stand."""
        titles = {story.id: story for story in self.store.list_stories()}
        options: dict[str, Option] = {}
        for hit in self.store.search(self.words):
            if hit.story_id in titles and hit.story_id not in options:
                row = Content("\n").join([self._draw_row(titles[hit.story_id]), draw_excerpt(hit.snippet)])
                options[hit.story_id] = Option(row, id=hit.story_id)
        return list(options.values())

    def _draw_row(self, story: StorySummary) -> Content:
        """Draw mark, title, length, model and date in columns, whatever the width of their characters."""
        model = set_cell_size(story.model or NOTHING, MODEL_WIDTH)
        facts = f"{story.chars:>9,} chars  {model}  {format_ago(story.updated):>11}"
        room = max(10, min(86, self.app.size.width - 12) - cell_len(facts) - 3)
        title = make_visible(story.title)
        if cell_len(title) > room:
            title = f"{set_cell_size(title, room - 1).rstrip()}…"
        mark = "● " if story.id == self.current else "  "
        return Content.assemble((mark, "$accent"), f"{set_cell_size(title, room)} ", (facts, "$quiet"))

    @on(Input.Changed)
    def _search(self, event: Input.Changed) -> None:
        self.words = event.value
        self._list()

    @on(Input.Submitted)
    def _open_first(self) -> None:
        self._open(self._pointed())

    @on(OptionList.OptionSelected)
    def _open_selected(self, event: OptionList.OptionSelected) -> None:
        self._open(event.option.id)

    def _open(self, story_id: str | None) -> None:
        if story_id is not None and (not self.is_bin or self._do(lambda: self.store.restore(story_id))):
            self.dismiss(story_id)

    def _do(self, change: Callable[[], object]) -> bool:
        """Change something in the store and list it again; return whether it could be done."""
        try:
            change()
        except RnnchatError as error:
            self._list()
            self._say(f"✗ {error}")
            return False
        self._list()
        return True

    def action_to_list(self) -> None:
        """Move from the search line into the list."""
        self.query_one(OptionList).focus()

    def _pointed(self) -> str | None:
        """Give the id of the story under the cursor."""
        option = self.query_one(OptionList).highlighted_option
        return option.id if option is not None else None

    def _title(self, story_id: str) -> str:
        return next(story.title for story in self.store.list_stories(self.is_bin) if story.id == story_id)

    def action_rename(self) -> None:
        """Give the story under the cursor another title."""
        if (story_id := self._pointed()) is not None and not self.is_bin:
            question = AskText("Title of the story", self._title(story_id), title="Rename")
            self.app.push_screen(question, lambda title: self._rename(story_id, title) if title else None)

    def _rename(self, story_id: str, title: str) -> None:
        self._do(lambda: self.store.rename(story_id, title))

    def action_toggle_bin(self) -> None:
        """Show the deleted stories, or the others again."""
        self.is_bin = not self.is_bin
        self._list()

    def action_delete(self) -> None:
        """Delete the story under the cursor, after a question; in the bin, for good."""
        if (story_id := self._pointed()) is None:
            return
        title = self._title(story_id)
        words = f"Erase “{title}” for good?" if self.is_bin else f"Delete “{title}”? The bin (f7) keeps it."
        question = AskYesNo(words, "Erase" if self.is_bin else "Delete", title="Delete a story")
        self.app.push_screen(question, lambda yes: self._delete(story_id, title) if yes else None)

    def _delete(self, story_id: str, title: str) -> None:
        change = self.store.erase if self.is_bin else self.store.delete
        if self._do(lambda: change(story_id)) and not self.is_bin:
            self._last_deleted = story_id
            self._say(f"“{title}” deleted; ^z restores it")

    def action_restore_last(self) -> None:
        """Restore the story that was deleted last."""
        if (story_id := self._last_deleted) is not None:
            self._last_deleted = None
            self._do(lambda: self.store.restore(story_id))


def draw_excerpt(excerpt: str) -> Content:
    """Draw the place where words were found, in one line."""
    line = " ".join(excerpt.split())
    return Content.styled(f"      … {make_visible(line)[: 2 * EXCERPT_CHARS]}", "$quiet")
