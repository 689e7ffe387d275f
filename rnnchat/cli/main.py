"""The way in: ``rnnchat`` alone opens the screen at once, everything else goes to the commands."""

import os
import sys

from rnnchat.errors import RnnchatError, UsageError

COMPLETION_VARIABLE = "_RNNCHAT_COMPLETE"
"""Set by a shell that asks for completions, without any argument."""


def main() -> None:
    """Run ``rnnchat`` with the arguments of the process."""
    for stream in (sys.stdin, sys.stdout, sys.stderr):
        # What a terminal or file cannot hold shows as "?"; a text is never lost to it.
        stream.reconfigure(errors="replace")  # type: ignore[union-attr]
    if len(sys.argv) > 1 or COMPLETION_VARIABLE in os.environ:
        from rnnchat.cli.command import app  # typer, and what it needs to read arguments: 0.13 s

        app(prog_name="rnnchat")
        return
    try:
        run_screen()
    except RnnchatError as e:
        sys.exit(tell_error(e))


def run_screen(model: str | None = None, story: str | None = None) -> None:
    """Open the TUI and stay there until the person leaves it.

    Raises:
        UsageError: stdin or stdout is not a terminal.
    """
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise UsageError("the screen needs a terminal: use `rnnchat generate` or another command of `rnnchat --help`")
    from rnnchat.tui.app import RnnchatApp  # textual: 0.3 s

    RnnchatApp(model=model, story=story).run()


def tell_error(error: RnnchatError) -> int:
    """Tell ``error`` on stderr in one sentence, and give the exit status for it."""
    sys.stderr.write(f"rnnchat: {error}\n")
    return 2 if isinstance(error, UsageError) else 1
