"""The entry point: ``rnnchat`` alone opens the screen at once, everything else goes to the commands."""

import errno
import os
import sys

from rnnchat.errors import RnnchatError, UsageError

COMPLETION_VARIABLE = "_RNNCHAT_COMPLETE"
"""Set by a shell that asks for completions, without any argument."""


def main() -> None:
    """Run ``rnnchat`` with the arguments of the process."""
    _prepare_streams()
    try:
        if len(sys.argv) > 1 or COMPLETION_VARIABLE in os.environ:
            from rnnchat.cli.command import app  # typer, and what it needs to read arguments: 0.13 s

            app(prog_name="rnnchat")
        else:
            run_screen()
    except (RnnchatError, OSError) as e:
        sys.exit(tell_error(e))
    finally:
        _empty_stdout()


def run_screen(model: str | None = None, story: str | None = None) -> None:
    """Open the TUI and stay there until the person leaves it.

    Raises:
        UsageError: stdin or stdout is not a terminal.
        SystemExit: it ended by a crash (1) or by a signal (128 and its number).
    """
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise UsageError("the screen needs a terminal: use `rnnchat generate` or another command of `rnnchat --help`")
    from rnnchat.tui.app import RnnchatApp  # textual: 0.3 s

    app = RnnchatApp(model=model, story=story)
    app.run()
    if app.return_code:
        sys.exit(app.return_code)


def tell_error(error: RnnchatError | OSError) -> int:
    """Tell ``error`` on stderr in one sentence, and give the exit status for it."""
    from rnnchat.desk.visible import picture_controls

    sentence = describe_refusal(error) if isinstance(error, OSError) else error
    sys.stderr.write(f"rnnchat: {picture_controls(str(sentence))}\n")
    return 2 if isinstance(error, UsageError) else 1


def describe_refusal(error: OSError) -> str:
    """Say in one sentence what the system refused, where, and what to do now."""
    place = "the output" if error.filename is None else os.fsdecode(error.filename)
    return f"{place} cannot be used ({error.strerror or error}): {_ADVICE.get(error.errno or 0, 'check it')}"


_ADVICE = {
    errno.EACCES: "change its permissions or those of its folder, or choose another place",
    errno.EPERM: "change its permissions or those of its folder, or choose another place",
    errno.EROFS: "choose a place that can be written",
    errno.ENOSPC: "make room, or choose another place",
    errno.EDQUOT: "make room, or choose another place",
    errno.ENAMETOOLONG: "choose a shorter name",
    errno.ENOENT: "look at the spelling",
    errno.ELOOP: "fix the links that lead to each other",
}


def _prepare_streams() -> None:
    """Open what was closed, and let a stream show what it cannot hold as "?": a text is never lost to it."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        stream = getattr(sys, name)
        if stream is None:  # closed by whoever started this process, like `<&-` in a shell
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: SIM115  (until the process ends)
        else:
            stream.reconfigure(errors="replace")


def _empty_stdout() -> None:
    """Write what still waits; where that fails it was told already, and Python must not tell it once more."""
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
