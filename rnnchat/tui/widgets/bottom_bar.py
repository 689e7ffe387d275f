"""The line below every screen: what the keys do here, and one fact at the right."""

from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import ContentText
from textual.widgets import Footer, Static


class BottomBar(Horizontal):
    """Keys at the left (from the bindings, so never wrong), a quiet fact of fixed place at the right."""

    ALLOW_SELECT = False
    DEFAULT_CSS = """
    BottomBar {
        height: 1;
        dock: bottom;
        padding: 0 1;
        Footer { dock: none; width: 1fr; background: transparent; }
        FooterKey .footer-key--key { padding: 0 1 0 0; background: transparent; }
        FooterKey .footer-key--description { padding: 0 2 0 0; background: transparent; }
        #fact { width: auto; height: 1; color: $quiet; text-align: right; }
    }
    """

    def compose(self) -> ComposeResult:
        yield Footer(show_command_palette=False)
        yield Static(id="fact")

    def show_fact(self, fact: ContentText) -> None:
        """Show ``fact`` at the right, in place of the last one."""
        self.query_one("#fact", Static).update(fact)
