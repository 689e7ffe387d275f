"""The command ``rnnchat``: finds the module of a command only when that command is called.

Exit status: 0, 1 for an error told in one sentence, 2 for wrong usage, 130 after Ctrl-C. Help is typer's plain
one: its boxed help loads a Markdown parser, which costs as much as everything else here together.
"""

import importlib
import sys
from typing import Annotated, Any

import typer
from typer.core import TyperGroup
from typer.main import get_group

from rnnchat import __version__
from rnnchat.errors import RnnchatError, UsageError

COMMANDS = {
    "generate": "Write on from a prompt.",
    "train": "Train a model on texts of your own.",
    "score": "Measure how well a model predicts texts.",
    "compare": "Put several models, or temperatures, side by side.",
    "models": "List, show, import, export and remove models.",
    "runs": "List, show, watch, pause, resume and stop trainings.",
    "corpus": "List, fetch and show texts to train on.",
    "bench": "Measure the speed of this machine.",
    "doctor": "Check that everything is well.",
    "locate": "Say where everything is.",
}
"""Name and one-line help of each command; ``rnnchat.cli.NAME`` holds it as a function NAME or a group ``app``."""


class CommandGroup(TyperGroup):
    """Loads the module of a command when it is called, and tells our errors in one sentence."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Put the real command in the place of its stub."""
        name, stub, rest = super().resolve_command(ctx, args)
        return name, stub and _load_command(str(name)), rest

    def invoke(self, ctx: Any) -> Any:
        """Run a command; an error a person can cause goes to stderr as one sentence."""
        try:
            return super().invoke(ctx)
        except RnnchatError as e:
            typer.echo(f"rnnchat: {e}", err=True)
            raise typer.Exit(2 if isinstance(e, UsageError) else 1) from e


app = typer.Typer(
    cls=CommandGroup,
    help="Write together with small recurrent language models. Without a command: open the screen.",
    invoke_without_command=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def _print_version(is_asked: bool) -> None:
    if is_asked:
        typer.echo(f"rnnchat {__version__}")
        raise typer.Exit


@app.callback()
def open_screen(
    context: typer.Context,
    model: Annotated[str | None, typer.Option(help="Model to open: a name or a file.")] = None,
    story: Annotated[str | None, typer.Option(help="Story to go on with: its title or number.")] = None,
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Say the version and leave.")
    ] = False,
) -> None:
    """Open the TUI, unless a command is called."""
    if context.invoked_subcommand is None:
        run_screen(model, story)


def run_screen(model: str | None = None, story: str | None = None) -> None:
    """Open the TUI and stay there until the person leaves it.

    Raises:
        UsageError: stdin or stdout is not a terminal.
    """
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise UsageError("the screen needs a terminal: use `rnnchat generate` or another command of `rnnchat --help`")
    from rnnchat.tui.app import RnnchatApp  # textual: 0.3 s

    RnnchatApp(model=model, story=story).run()


def main() -> None:
    """Run ``rnnchat`` with the arguments of the process."""
    for stream in (sys.stdout, sys.stderr):
        # A terminal or file that cannot hold a character shows "?" in its place; a text is never lost to it.
        stream.reconfigure(errors="replace")  # type: ignore[union-attr]
    app()


def _register_stubs() -> None:
    """Give each command its name and help, without its module."""
    for name, summary in COMMANDS.items():
        app.command(name, help=summary)(lambda: None)


def _load_command(name: str) -> Any:
    module = importlib.import_module(f"rnnchat.cli.{name}")
    shell = typer.Typer(rich_markup_mode=None, add_completion=False)
    if hasattr(module, "app"):
        shell.add_typer(module.app, name=name, help=COMMANDS[name])
    else:
        shell.command(name, help=None)(getattr(module, name))
    return get_group(shell).commands[name]


_register_stubs()
