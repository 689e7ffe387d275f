"""The commands of ``rnnchat``: each one's module is found only when it is called.

Exit status: 0, 1 for an error told in one sentence, 2 for wrong usage, 130 after Ctrl-C. Help is typer's plain
one: its boxed help loads a Markdown parser, which costs as much as everything else here together.
"""

import importlib
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_group

from rnnchat import __version__
from rnnchat.cli.main import run_screen, tell_error
from rnnchat.errors import RnnchatError

COMMANDS = {
    "generate": "Continue a prompt.",
    "train": "Train a model on texts of your own.",
    "score": "Measure how well a model predicts texts.",
    "compare": "Put several models, or temperatures, side by side.",
    "models": "List, show, look inside, import, export and remove models.",
    "runs": "List, show, compare, watch, pause, resume and stop trainings.",
    "stories": "List, export, import and back up stories.",
    "corpus": "List, fetch and show texts to train on.",
    "bench": "Measure the speed of this machine.",
    "doctor": "Check the installation.",
    "locate": "Show where files are stored.",
}
"""Name and one-line help of each command; ``rnnchat.cli.NAME`` holds it as a function NAME or a group ``app``."""


class CommandGroup(TyperGroup):
    """Loads the module of a command when it is called, and tells our errors in one sentence."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Put the real command in the place of its stub."""
        name, stub, rest = super().resolve_command(ctx, args)
        return name, stub and _load_command(str(name)), rest

    def invoke(self, ctx: Any) -> Any:
        """Run a command; an error a person, a file or the machine can cause goes to stderr as one sentence."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            raise  # whoever read the output has gone, like `| head`: typer ends in silence
        except (RnnchatError, OSError) as e:
            raise typer.Exit(tell_error(e)) from e
        except ModuleNotFoundError as e:
            if (e.name or "").partition(".")[0] != "torch":
                raise
            from rnnchat.runs.new import NEEDS_TORCH

            raise typer.Exit(tell_error(RnnchatError(NEEDS_TORCH))) from e


class Command(TyperCommand):
    """Shows its options under the headings that they were given (``rich_help_panel``), in plain text."""

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Write arguments and options, heading by heading."""
        panels: dict[str, list[tuple[str, str]]] = {}
        for parameter in self.get_params(ctx):
            if (record := parameter.get_help_record(ctx)) is not None:
                usual = "Arguments" if parameter.param_type_name == "argument" else "Options"
                panels.setdefault(getattr(parameter, "rich_help_panel", None) or usual, []).append(record)
        panels["Options"] = panels.pop("Options", [])  # what belongs to no heading comes last
        for heading, records in panels.items():
            with formatter.section(heading):
                formatter.write_dl(records)


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
    story: Annotated[str | None, typer.Option(help="Story to continue: its title or number.")] = None,
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """Open the TUI, unless a command is called."""
    if context.invoked_subcommand is None:
        run_screen(model, story)


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
        shell.command(name, cls=Command, help=None)(getattr(module, name))
    return get_group(shell).commands[name]


_register_stubs()
