"""The story on the screen: rows, bars, notes, selecting with the mouse."""

from typing import Any

from textual.app import App, ComposeResult
from textual.geometry import Offset
from textual.selection import Selection

from rnnchat.desk.piece import Piece
from rnnchat.tui.theme import DARK, add_names
from rnnchat.tui.widgets.story_view import BAR, BAR_FROM_HERE, MARK, StoryView

POEM = "I wandered lonely as a cloud\nThat floats on high o’er vales and hills"


class Page(App[None]):
    """A page with nothing on it but a story."""

    def on_mount(self) -> None:
        self.register_theme(DARK)
        self.theme = DARK.name

    def get_css_variables(self) -> dict[str, str]:
        return add_names(super().get_css_variables(), is_ansi=False)

    def compose(self) -> ComposeResult:
        yield StoryView()


def rows(app: App[Any]) -> list[str]:
    """What is on the screen, row by row."""
    view = app.query_one(StoryView)
    return [view.render_line(y).text.rstrip() for y in range(view.size.height)]


async def test_the_rows_of_the_model_carry_a_bar_and_those_of_the_person_none() -> None:
    app = Page()
    async with app.run_test(size=(84, 8)) as pilot:
        view = app.query_one(StoryView)
        view.show([Piece("mine\nmine, ", "person", "a"), Piece("its\nits", "model", "b")], {})
        await pilot.pause()
        assert rows(app)[:4] == ["    mine", f"  {BAR_FROM_HERE} mine, its", f"  {BAR} its", ""]
        view.marked = "a"
        await pilot.pause()
        assert rows(app)[:3] == [f"  {MARK} mine", f"  {MARK} mine, its", f"  {BAR} its"]


async def test_a_note_stands_at_the_right_of_the_last_row_that_has_room_for_it() -> None:
    app = Page()
    async with app.run_test(size=(84, 8)) as pilot:
        app.query_one(StoryView).show([Piece(f"short\n{'x' * 72}", "model", "a")], {"a": "take 1 of 2"})
        await pilot.pause()
        shown = rows(app)
        assert shown[0].endswith("take 1 of 2")
        assert shown[1].endswith("xxx")


async def test_a_long_story_draws_only_what_is_seen_and_grows_at_its_end() -> None:
    app = Page()
    async with app.run_test(size=(84, 20)) as pilot:
        view = app.query_one(StoryView)
        view.show([Piece("word " * 40_000, "model", "a")], {})
        await pilot.pause()
        assert view.scroll_offset.y == view.max_scroll_y == len(view.layout_) - 20
        assert len(view._strips) <= 20
        drawn = dict(view._strips)
        view.append(Piece("more\nand more", "model", "a"))
        await pilot.pause()
        assert view.scroll_offset.y == view.max_scroll_y
        kept = [row for row in drawn if view._strips.get(row) is drawn[row]]
        assert len(kept) >= 17


async def test_a_narrow_window_wraps_the_story_again_and_keeps_its_end() -> None:
    app = Page()
    async with app.run_test(size=(84, 4)) as pilot:
        view = app.query_one(StoryView)
        view.show([Piece(POEM * 4, "model", "a")], {})
        await pilot.resize_terminal(40, 4)
        await pilot.pause()
        assert view.layout_.width == 34
        assert rows(app)[-1].endswith("hills")


async def test_selected_text_has_no_bars_and_no_breaks_that_are_only_wrapping() -> None:
    app = Page()
    async with app.run_test(size=(40, 8)) as pilot:
        view = app.query_one(StoryView)
        view.show([Piece(POEM, "model", "a")], {})
        await pilot.pause()
        assert view.get_selection(Selection(None, None)) == (POEM, "\n")
        chosen = Selection(Offset(2, 0), Offset(0, 2))
        assert view.get_selection(chosen) == (POEM[2 : POEM.index("hills")], "\n")


async def test_text_is_selected_with_the_mouse_and_copied() -> None:
    app = Page()
    async with app.run_test(size=(84, 8)) as pilot:
        app.query_one(StoryView).show([Piece(POEM, "model", "a")], {})
        await pilot.pause()
        await pilot.mouse_down(StoryView, offset=(6, 0))
        await pilot.hover(StoryView, offset=(13, 0))
        await pilot.mouse_up(StoryView, offset=(13, 0))
        await pilot.press("ctrl+c")
        assert app.clipboard == "wandered"
