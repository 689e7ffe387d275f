"""``rnnchat runs``: the trainings on this machine, active and ended."""

import dataclasses
import shutil
import sys
import time
from typing import Annotated, Any

import typer

from rnnchat.cli.curve import MARK, draw_curve
from rnnchat.cli.output import print_fields, print_json, print_table, show_safely
from rnnchat.desk.figures import format_bits, format_date, format_duration
from rnnchat.desk.visible import picture_controls
from rnnchat.errors import TrainingError, UsageError
from rnnchat.plan.recipe import Recipe
from rnnchat.runs import folder as run_folder
from rnnchat.runs.comparison import AXES, LETTERS, Axis, choose_alike, name_field, rank_runs, say_value
from rnnchat.runs.custody import remove_run, wait_for_exit
from rnnchat.runs.folder import RunFolder, find_run, read_status
from rnnchat.runs.history import RunHistory, read_history
from rnnchat.runs.info import RunInfo
from rnnchat.runs.job import resume_training
from rnnchat.runs.status import RunStatus

app = typer.Typer(help="List, show, compare, watch, pause, resume, stop and remove trainings.", no_args_is_help=True)

_POLL_S = 0.3
_PATIENCE_S = 30.0
_ROOM = (100, 80, 66)
"""Terminals narrower than this omit the last, the last two, the last three columns of the list."""
_WIDEST_CURVE, _CURVE_HEIGHT = 100, 8

Name = Annotated[str, typer.Argument(metavar="NAME", help="Name of a run.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]


@app.command("list")
def list_runs(is_json: Json = False) -> None:
    """List all trainings on this machine, the newest first."""
    runs = [(read_status(run), _read_info(run)) for run in run_folder.list_runs()]
    if is_json:
        print_json({"runs": [_describe(status, info) for status, info in runs]})
        return
    if not runs:
        typer.echo("No trainings on this machine: start one with `rnnchat train`.", err=True)
        return
    columns = ("name", "state", "progress", "left", "bits/char", "chars/s", "network", "corpus", "started")
    right = ("progress", "left", "bits/char", "chars/s")
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else _ROOM[0]
    count = len(columns) - sum(width < least for least in _ROOM)
    print_table(columns[:count], [_list_row(status, info)[:count] for status, info in runs], right=right)


@app.command()
def show(name: Name, is_json: Json = False) -> None:
    """Show the progress, curve and recipe of a training."""
    run = find_run(name)
    history = read_history(run)
    status, info = history.judge(), run.read_info()
    notes = [*history.plan, *history.notes]
    if is_json:
        curve = [point._asdict() for point in history.evaluations]
        print_json({**_describe(status, info), "notes": notes, "curve": curve})
        return
    print_fields(_show_fields(status, info))
    for title, lines in (("notes", notes), ("curve", _draw_history(history))):
        if lines:
            typer.echo(f"\n{title}\n" + "\n".join(f"  {picture_controls(line)}" for line in lines))
    if status.sample:
        typer.echo("\n" + show_safely(status.sample.strip("\n")))


@app.command()
def watch(
    name: Name,
    is_json: Annotated[bool, typer.Option("--json", help="Print the events, one JSON object per line.")] = False,
) -> None:
    """Follow a training from its beginning to its end; Ctrl-C does not stop it."""
    run = find_run(name)
    if is_json:
        for event in run_folder.follow_events(run):
            print_json(event.to_json())
    else:
        from rnnchat.cli.train_view import choose_display  # rich: 0.1 s

        with choose_display(run, "ctrl+c leaves; the training continues") as display:
            for event in run_folder.follow_events(run):
                display.show(event)
    status = read_status(run)
    if status.state in ("failed", "crashed"):
        raise TrainingError(status.message)
    if not is_json:
        typer.echo(picture_controls(f"{name}: {status.state}"), err=True)


@app.command()
def compare(
    names: Annotated[
        list[str] | None,
        typer.Argument(metavar="[RUN]...", help="Names of runs; by default the latest on the same texts."),
    ] = None,
    over: Annotated[str, typer.Option("--over", help=f"Horizontal axis: {', '.join(AXES)}.")] = "time",
    is_json: Json = False,
) -> None:
    """Overlay the curves of several runs and list the differences between their recipes, best first."""
    axis = _check_axis(over)
    runs = [find_run(name) for name in dict.fromkeys(names or _choose_alike(None))]
    if names and len(runs) == 1:
        runs = [find_run(name) for name in _choose_alike(names[0])] or runs
    if len(runs) > len(LETTERS):
        raise UsageError(f"{len(runs)} runs are too many for one plot: give at most {len(LETTERS)}")
    comparison = rank_runs(map(_read_history, runs))
    from rnnchat.cli.runs_view import describe_comparison, print_comparison  # rich: 0.1 s

    if is_json:
        print_json({"over": axis, **describe_comparison(comparison)})
    else:
        print_comparison(comparison, axis)


@app.command()
def pause(name: Name) -> None:
    """Pause a training; its progress is saved."""
    run = _find_active(name)
    run.ask("pause")
    _wait_for(run, "paused")


@app.command()
def resume(name: Name) -> None:
    """Resume a paused training, or an interrupted one in the background."""
    run = find_run(name)
    if read_status(run).state == "paused":
        run.ask("run")
    else:
        resume_training(name)
        typer.echo(f"Resumed in the background. Watch it with: rnnchat runs watch {run.typed_name}", err=True)
    _wait_for(run, "running", is_start=True)


@app.command()
def stop(name: Name) -> None:
    """Stop a training and keep its best network as a model."""
    run = _find_active(name)
    run.ask("stop")
    _wait_for(run, "stopped")
    wait_for_exit(run, _PATIENCE_S)


@app.command()
def remove(
    name: Name,
    is_sure: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask for confirmation.")] = False,
) -> None:
    """Delete the folder of a training; its model stays in the library."""
    run = find_run(name)
    if not is_sure:
        typer.confirm(picture_controls(f"Delete {run.path}?"), abort=True, err=True)
    if not read_status(run).is_active:
        wait_for_exit(run)
    remove_run(run)
    typer.echo(show_safely(str(run.path)))


def _check_axis(over: str) -> Axis:
    for axis in AXES:
        if axis == over:
            return axis
    raise UsageError(f"--over {over} is unknown: choose one of {', '.join(AXES)}")


def _choose_alike(name: str | None) -> list[str]:
    """The last few runs on the same texts as ``name``, or as the newest.

    Raises:
        TrainingError: there is nothing to compare.
    """
    chosen = choose_alike([(run.name, _read_info(run)) for run in run_folder.list_runs()], name)
    if name is None and len(chosen) < 2:
        what = f"{chosen[0]!r} is the only one on its texts" if chosen else "there are none yet"
        raise TrainingError(f"no two runs to compare: {what}; name some, or start one with `rnnchat train`")
    return chosen


def _read_history(run: RunFolder) -> RunHistory:
    history = read_history(run)
    if history.info is None:
        run.read_info()  # says what is wrong with it
    return history


def _find_active(name: str) -> RunFolder:
    run = find_run(name)
    status = read_status(run)
    if not status.is_active:
        raise TrainingError(f"run {name!r} is not active: it is {status.state}")
    return run


def _wait_for(run: RunFolder, state: str, is_start: bool = False) -> None:
    """Wait until the training has reached ``state`` or ended, and print its state.

    One that is being started may take long to read its text: it is reported as starting.

    Raises:
        TrainingError: it failed or did not respond.
    """
    deadline = time.monotonic() + _PATIENCE_S
    while (status := read_status(run)).state != state and status.is_active:
        if time.monotonic() > deadline:
            if is_start and status.state == "starting":
                break
            raise TrainingError(
                f"run {run.name!r} did not respond within {_PATIENCE_S:.0f} s: it is {status.state}; "
                f"see `rnnchat runs show {run.typed_name}`"
            )
        time.sleep(_POLL_S)
    if status.state in ("failed", "crashed"):
        raise TrainingError(status.message)
    typer.echo(picture_controls(f"{run.name}: {status.state}"), err=True)


def _read_info(run: RunFolder) -> RunInfo | None:
    try:
        return run.read_info()
    except TrainingError:
        return None


def _draw_history(history: RunHistory) -> list[str]:
    """Its curves over time; empty if there are none yet."""
    if not history.evaluations:
        return []
    width = min(_WIDEST_CURVE, shutil.get_terminal_size((_WIDEST_CURVE, 24)).columns - 2)
    line, marks = ([point[1:] for point in points] for points in (history.training, history.evaluations))
    rows = draw_curve(line, marks, width, _CURVE_HEIGHT, history.status.elapsed_s)
    foot = f"       0:00   ── training   {MARK} validation"
    end = format_duration(history.status.elapsed_s)
    return [*rows, f"{foot}{end:>{max(1, width - len(foot))}}"]


def _describe(status: RunStatus, info: RunInfo | None) -> dict[str, Any]:
    record = {**dataclasses.asdict(status), "path": str(status.path)}
    return record | ({"info": info.to_json()} if info else {})


def _list_row(status: RunStatus, info: RunInfo | None) -> tuple[str, ...]:
    recipe = info.recipe if info else None
    is_running = status.state == "running"
    return (
        status.name,
        status.state,
        f"{status.progress:.0%}",
        format_duration(status.left_s) if is_running and status.left_s is not None else "",
        format_bits(status.bits_per_char, 3),
        f"{status.chars_per_s:,.0f}" if is_running else "",
        recipe.build_config(info.vocab_size).describe() if info and recipe else "",
        info.corpus.get("name", "") if info else "",
        format_date(info.started) if info else "",
    )


def _say_recipe(recipe: Recipe) -> str:
    return "; ".join(f"{name_field(k)} {say_value(v)}" for k, v in recipe.to_json().items() if v is not None)


def _show_fields(status: RunStatus, info: RunInfo) -> list[tuple[str, str]]:
    recipe = info.recipe
    loss = "" if status.loss is None else f"{format_bits(status.loss, 3)} bits per character"
    best = (
        f"{format_bits(status.bits_per_char, 3)} bits per character at step {status.best_step:,}"
        if status.best_step is not None
        else ""
    )
    total = f" of {status.total_steps:,}" if status.total_steps else ""
    return [
        ("state", f"{status.state}, {status.progress:.0%}"),
        ("message", "" if status.state == "running" else status.message),
        ("step", f"{status.step:,}{total}"),
        ("time", format_duration(status.elapsed_s)),
        ("time left", "" if status.left_s is None or not status.is_active else format_duration(status.left_s)),
        ("speed", f"{status.chars_per_s:,.0f} characters per second" if status.chars_per_s else ""),
        ("training loss", loss),
        ("best validation", best),
        (
            "network",
            f"{recipe.build_config(info.vocab_size).describe()}, {info.parameters:,} parameters" if recipe else "",
        ),
        ("corpus", f"{info.corpus['name']}, {info.corpus['chars']:,} characters" if info.corpus else ""),
        ("held out", info.split),
        ("recipe", _say_recipe(recipe) if recipe else ""),
        ("started", format_date(info.started)),
        ("folder", str(status.path)),
        ("model", status.model_path),
    ]
