"""``rnnchat train``: from texts to a model, watched while it learns."""

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
from rnnchat.runs.event import Event, Finished, Resumed, Started
from rnnchat.runs.folder import RunFolder, find_run, remove_run, take_over
from rnnchat.runs.new import find_begun, make_run
from rnnchat.text.corpus import STANDARD_INPUT, Corpus

if TYPE_CHECKING:
    from rnnchat.training.rank import Rank, Together

_NICENESS = 10
_BUSY_LOAD = 0.5
"""Programs that wanted to compute in the last minute, on average, from which on the machine has other work."""
_WITH_RESUME = {"resume", "quiet", "is_json", "beside_tui"}
"""All that a run leaves open once it was begun."""

Corpora = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="CORPUS...", help="Files, folders, patterns, - for stdin, or names of `rnnchat corpus list`."
    ),
]
Resume = Annotated[str | None, typer.Option(metavar="NAME", help="Go on with an interrupted run, as it was begun.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Show nothing but the model's file at the end.")]
Json = Annotated[bool, typer.Option("--json", help="Print the events, one JSON object a line.")]


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
    """Train a model on texts of your own.

    Ctrl-C stops, makes the best network so far a model, and says how to go on. Several processes, on several machines
    if you like, train together with `torchrun --nproc-per-node N -m rnnchat train ...`.
    """
    share_cores()
    rank = _join_others(context)
    if rank is not None and rank.number:
        _obey(rank)
    if (resume is None) == (not corpus):
        raise UsageError("name the texts to train on, or a run to go on with: --resume NAME")
    if resume is not None:
        _refuse_changes(context)
        run = find_run(resume)
        take_over(run)
        is_new = False
    else:
        if "base" in wishes and _is_given(context, "level"):
            raise UsageError("--from continues at the level of its model: leave out --level")
        options = TrainingOptions(tuple(corpus or ()), **wishes)
        for texts in (options.corpus, options.validation):
            # A text that is not there is told before anything is made; standard input can be read only once.
            if texts and STANDARD_INPUT not in texts:
                Corpus(texts, options.encoding)
        run, is_new = _place(options)
    if wishes["beside_tui"] and hasattr(os, "nice"):
        os.nice(_NICENESS)
    _follow(run, is_json, quiet, is_new, rank)


def share_cores() -> None:
    """Let threads sleep while they wait for each other, where other programs run; before torch is loaded.

    Threads that wait busily, as by default, keep each other and those programs from the cores: measured, one other busy
    program makes two of them three to ten times slower, and sleeping ones not at all. On a free machine sleeping costs
    a fifth.
    """
    if hasattr(os, "getloadavg") and os.getloadavg()[0] > _BUSY_LOAD:
        os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")


def _join_others(context: typer.Context) -> "Together | None":
    """Meet the other processes, where torchrun started several; None alone."""
    if int(os.environ.get("WORLD_SIZE", "1")) < 2 or not {"RANK", "MASTER_ADDR", "MASTER_PORT"} <= os.environ.keys():
        return None
    from rnnchat.training.rank import join  # torch: 2 s

    together: Together = context.with_resource(join())
    return together


def _obey(rank: "Together") -> NoReturn:
    """Do what rank 0 orders; it is asked to stop, and lets the others know."""
    from rnnchat.training.follower import follow

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    follow(rank)
    # At once: threads of the connection that still wait for rank 0 would end the process with a complaint.
    os._exit(0)


def _place(options: TrainingOptions) -> tuple[RunFolder, bool]:
    """The folder of a new run, or that of the one which torchrun starts again; and whether it is new."""
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
        raise UsageError(f"--resume goes on with a run as it was begun: leave out {' and '.join(given)}")


def _is_given(context: typer.Context, name: str) -> bool:
    source = context.get_parameter_source(name)
    return source is not None and source.name == "COMMANDLINE"


def _follow(run: RunFolder, is_json: bool, is_quiet: bool, is_new: bool, rank: "Together | None") -> None:
    """Train ``run`` and show it; leave with the status that a shell expects.

    A new run that did not come so far as to learn leaves nothing behind.
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
                typer.echo("Interrupted before it began to learn: nothing of it is kept.", err=True)
            else:
                typer.echo(f"Interrupted. Go on with: rnnchat train --resume {run.typed_name}", err=True)
            interruption.signal = interruption.signal or signal.SIGINT
    if finished is not None and is_quiet:
        typer.echo(finished.model_path)
    elif finished is not None and not is_json:
        _tell_end(run, finished)
    if interruption.signal is not None:
        raise typer.Exit(128 + interruption.signal)


def _show(run: RunFolder, is_json: bool, is_quiet: bool, rank: "Together | None") -> Iterator[Event]:
    """Train and show each event in the way that was asked for, and pass it on."""
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
    """Show ``event`` on ``stream``; whoever stops reading has seen enough, which is no reason to stop learning."""
    try:
        show(event)
    except BrokenPipeError:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)


def _tell_end(run: RunFolder, finished: Finished) -> None:
    typer.echo(
        f"{run.name}: {format_bits(finished.bits_per_char, 3)} bits per character on the held-out text. "
        f"Write with it: rnnchat generate {run.typed_name}",
        err=True,
    )
    if finished.reason == "stopped":
        typer.echo(f"Stopped at step {finished.step:,}. Go on with: rnnchat train --resume {run.typed_name}", err=True)
    typer.echo(finished.model_path)


def _forget(run: RunFolder) -> None:
    """Delete a run in which nothing could be missed, unless its log has something to tell."""
    if run.path.exists() and not run.log_path.exists():
        run.heartbeat_path.unlink(missing_ok=True)
        remove_run(run)


class _Interruption:
    """Turns the first Ctrl-C or SIGTERM into a wish to stop; before there is anything to keep, and the second time,
    into an interruption."""

    def __init__(self, run: RunFolder) -> None:
        self.signal: int | None = None
        self.may_ask = False
        """Has the training begun, so that it looks at wishes?"""
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
        if self._run.exists:  # else the wish would bring a deleted folder back
            self._run.ask("stop")
