"""``rnnchat train``: train a model, with live progress."""

import os
import signal
import sys
from collections.abc import Callable, Iterator
from types import FrameType
from typing import TYPE_CHECKING, Annotated, Any, NoReturn, TextIO

import typer

from rnnchat.cli.option import takes
from rnnchat.cli.output import print_json
from rnnchat.desk.figures import format_bits
from rnnchat.errors import RnnchatError, UsageError
from rnnchat.plan.options import TrainingOptions
from rnnchat.runs.custody import remove_run, take_over
from rnnchat.runs.event import Event, Finished, Resumed, Started
from rnnchat.runs.folder import RunFolder, find_run
from rnnchat.runs.new import find_begun, make_run
from rnnchat.text.corpus import STANDARD_INPUT, Corpus

if TYPE_CHECKING:
    from rnnchat.training.rank import Rank, Together

_NICENESS = 10
_BUSY_LOAD = 0.5
"""Load average of the last minute above which the machine is considered busy."""
_WITH_RESUME = {"resume", "quiet", "is_json", "beside_tui"}
"""The options that may be given with --resume."""

Corpora = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="CORPUS...", help="Files, folders, patterns, - for stdin, or names of `rnnchat corpus list`."
    ),
]
Resume = Annotated[
    str | None, typer.Option(metavar="NAME", help="Resume an interrupted run with its original options.")
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Print only the path of the model, at the end.")]
Json = Annotated[bool, typer.Option("--json", help="Print the events, one JSON object per line.")]


@takes("wishes", TrainingOptions)
def train(
    context: typer.Context,
    *,
    corpus: Corpora = None,
    wishes: dict[str, Any],
    resume: Resume = None,
    quiet: Quiet = False,
    is_json: Json = False,
) -> None:
    """Train a model on your own texts.

    Ctrl-C stops and keeps the best network so far as a model; the run can be resumed. For several processes or machines
    use `torchrun --nproc-per-node N -m rnnchat train ...`.
    """
    share_cores()
    rank = _join_others(context)
    if rank is not None and rank.number:
        _obey(rank)
    if (resume is None) == (not corpus):
        raise UsageError("give the texts to train on, or --resume NAME to continue a run")
    if resume is not None:
        _refuse_changes(context)
        run = find_run(resume)
        take_over(run)
        is_new = False
    else:
        if wishes.get("base", "auto") not in ("auto", "none") and _is_given(context, "level"):
            raise UsageError("--from uses the level of its model: omit --level")
        options = TrainingOptions(tuple(corpus or ()), **wishes)
        for texts in (options.corpus, options.validation):
            # A missing text is reported before anything is created; standard input can be read only once.
            if texts and STANDARD_INPUT not in texts:
                Corpus(texts, options.encoding)
        run, is_new = _place(options)
    if wishes["beside_tui"] and hasattr(os, "nice"):
        os.nice(_NICENESS)
    _follow(run, is_json, quiet, is_new, rank)


def share_cores() -> None:
    """Make waiting threads sleep instead of spin on a busy machine; to be called before torch is loaded.

    Spinning threads, the default, take the cores from each other and from other programs: measured, one other busy
    program makes two of them three to ten times slower, and sleeping ones not at all. On an idle machine sleeping costs
    a fifth.
    """
    if hasattr(os, "getloadavg") and os.getloadavg()[0] > _BUSY_LOAD:
        os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")


def _join_others(context: typer.Context) -> "Together | None":
    """Join the other processes if torchrun started several; None otherwise."""
    if int(os.environ.get("WORLD_SIZE", "1")) < 2 or not {"RANK", "MASTER_ADDR", "MASTER_PORT"} <= os.environ.keys():
        return None
    from rnnchat.training.rank import join  # torch: 2 s

    together: Together = context.with_resource(join())
    return together


def _obey(rank: "Together") -> NoReturn:
    """Follow rank 0, which handles the signals for all."""
    from rnnchat.training.follower import follow

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    follow(rank)
    # Immediately: connection threads that still wait for rank 0 would print an error at exit.
    os._exit(0)


def _place(options: TrainingOptions) -> tuple[RunFolder, bool]:
    """The folder of a new run, or of the one that torchrun restarts; and whether it is new."""
    if int(os.environ.get("TORCHELASTIC_RESTART_COUNT", "0")) and (begun := find_begun(options)):
        take_over(begun)
        return begun, False
    return make_run(options), True


def _refuse_changes(context: typer.Context) -> None:
    given = [
        parameter.opts[0]
        for parameter in context.command.params
        if parameter.name not in _WITH_RESUME and _is_given(context, str(parameter.name))
    ]
    if given:
        raise UsageError(f"--resume continues a run with its original options: omit {' and '.join(given)}")


def _is_given(context: typer.Context, name: str) -> bool:
    source = context.get_parameter_source(name)
    return source is not None and source.name == "COMMANDLINE"


def _follow(run: RunFolder, is_json: bool, is_quiet: bool, is_new: bool, rank: "Together | None") -> None:
    """Train ``run``, show its progress and exit with the conventional status.

    A new run that fails before its first step leaves nothing behind.
    """
    finished = None
    with _Interruption(run) as interruption:
        try:
            for event in _show(run, is_json, is_quiet, rank):
                if isinstance(event, Started | Resumed):
                    interruption.may_ask = True
                if isinstance(event, Finished):
                    finished = event
        except RnnchatError:
            if is_new and not interruption.may_ask:
                _forget(run)
            raise
        except KeyboardInterrupt:
            if is_new and not interruption.may_ask:
                _forget(run)
                typer.echo("Interrupted before the first step: nothing is kept.", err=True)
            else:
                typer.echo(f"Interrupted. Resume with: rnnchat train --resume {run.typed_name}", err=True)
            interruption.signal = interruption.signal or signal.SIGINT
    if finished is not None and is_quiet:
        typer.echo(finished.model_path)
    elif finished is not None and not is_json:
        _tell_end(run, finished)
    if interruption.signal is not None:
        raise typer.Exit(128 + interruption.signal)


def _show(run: RunFolder, is_json: bool, is_quiet: bool, rank: "Together | None") -> Iterator[Event]:
    """Train, show each event in the requested form, and pass it on."""
    from rnnchat.training.rank import ALONE
    from rnnchat.training.trainer import train as learn  # torch: 2 s

    together: Rank = rank or ALONE
    if is_json or is_quiet:
        for event in learn(run, together):
            if is_json:
                _show_while_open(lambda event: print_json(event.to_json()), event, sys.stdout)
            yield event
        return
    from rnnchat.cli.train_view import choose_display  # rich: 0.1 s

    with choose_display(run, "ctrl+c stops and keeps the best model") as display:
        for event in learn(run, together):
            _show_while_open(display.show, event, sys.stderr)
            yield event


def _show_while_open(show: Callable[[Event], None], event: Event, stream: TextIO) -> None:
    """Show ``event`` on ``stream``; a closed pipe does not end the training."""
    try:
        show(event)
    except BrokenPipeError:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)


def _tell_end(run: RunFolder, finished: Finished) -> None:
    typer.echo(
        f"{run.name}: validation loss {format_bits(finished.bits_per_char, 3)} bits per character. "
        f"Write with it: rnnchat generate {run.typed_name}",
        err=True,
    )
    if finished.reason == "stopped":
        typer.echo(f"Stopped at step {finished.step:,}. Resume with: rnnchat train --resume {run.typed_name}", err=True)
    typer.echo(finished.model_path)


def _forget(run: RunFolder) -> None:
    """Delete a run that contains nothing worth keeping, unless it has a log."""
    if run.path.exists() and not run.log_path.exists():
        run.heartbeat_path.unlink(missing_ok=True)
        remove_run(run)


class _Interruption:
    """Turns the first Ctrl-C or SIGTERM into a stop request; the second, or one before the first step, into a
    KeyboardInterrupt."""

    def __init__(self, run: RunFolder) -> None:
        self.signal: int | None = None
        self.may_ask = False
        """Whether training has begun and reads requests."""
        self._run = run

    def __enter__(self) -> "_Interruption":
        self._before = {number: signal.signal(number, self._handle) for number in (signal.SIGINT, signal.SIGTERM)}
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _handle(self, number: int, frame: FrameType | None) -> None:
        is_second = self.signal is not None
        self.signal = number
        if is_second or not self.may_ask:
            raise KeyboardInterrupt
        if self._run.exists:  # else the request would recreate a deleted folder
            self._run.ask("stop")
