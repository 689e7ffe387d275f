"""``rnnchat bench``: how fast this machine is, as ratios to the plain ways of doing the same."""

import math
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rnnchat.cli import option
from rnnchat.cli.output import print_fields, print_json
from rnnchat.errors import UsageError

if TYPE_CHECKING:
    from rnnchat.bench.aim import Aim
    from rnnchat.bench.stopwatch import Measured
    from rnnchat.model.file import Model

app = typer.Typer(help="Measure the speed of this machine.", no_args_is_help=True)

GENERATE_SIZES = ("1x128", "2x512", "2x1024", "3x1024", "words")
TRAIN_SIZES = ("2x512", "1x512", "2x100", "128-64")
ROUNDS = 5

Rounds = Annotated[int, typer.Option(metavar="N", min=1, max=100, help="How often each way is measured.")]
Seconds = Annotated[float, typer.Option(metavar="S", help="How long each way is measured in each round.")]


@app.callback()
def _keep_group() -> None:
    """Measure the speed of this machine."""


@app.command("generate")
def bench_generate(
    model: Annotated[
        str | None, typer.Argument(help="Name of a model or a run, or a file; without it, networks of all sizes.")
    ] = None,
    size: Annotated[
        list[str] | None,
        typer.Option(metavar="SIZE", help=f"Only this of {', '.join(GENERATE_SIZES)}; may be repeated."),
    ] = None,
    seconds: Seconds = 0.5,
    rounds: Rounds = ROUNDS,
    is_json: option.Json = False,
) -> None:
    """Measure writing, in both precisions, against torch, memory and itself.

    Without a model it measures networks with random weights: layers x units, reading characters, and "words", a 2x512
    with 20,000 words. Ways take turns, round by round; ratios are within rounds, and medians are shown.

    The plain torch loop calls nn.LSTM once a symbol, with torch's own number of threads. The best one is the fastest
    of several on the best number of threads.
    """
    check_wishes(seconds, size, GENERATE_SIZES)
    if model and size:
        raise UsageError("a model has its own size: leave out --size or the model")
    from rnnchat.bench import generate as bench  # torch, ONNX Runtime: 2 s
    from rnnchat.bench.machine import describe_machine

    before = describe_machine()
    with find_models(model, size or GENERATE_SIZES) as models:
        measured = _measure_models(models, seconds, rounds)
    aims = () if model else bench.AIMS
    if is_json:
        print_record(before, seconds, rounds, "models", aims, measured)
    else:
        show(before, aims, "symbols a second, all texts together", measured)


@app.command("train")
def bench_train(
    size: Annotated[
        list[str] | None, typer.Option(metavar="SIZE", help=f"Only this of {', '.join(TRAIN_SIZES)}; may be repeated.")
    ] = None,
    seconds: Seconds = 2.0,
    rounds: Rounds = ROUNDS,
    is_json: option.Json = False,
) -> None:
    """Measure training on the processor against plain loops of torch.

    LSTMs learn random characters: layers x units, or the units of each layer. Ways take turns, round by round; ratios
    are within rounds, and medians are shown.

    2x512 and 1x512 are measured against nn.LSTM, cross_entropy and AdamW in float32, and in rnnchat's own precision
    with a fused AdamW; 2x100 against nn.GRU called once a symbol; 128-64 against windows of 50 with one target each.
    """
    check_wishes(seconds, size, TRAIN_SIZES)
    from rnnchat.bench import train as bench  # torch: 2 s
    from rnnchat.bench.machine import describe_machine

    before = describe_machine()
    measured = []
    for name in dict.fromkeys(size or TRAIN_SIZES):
        say_what_is_measured(name)
        measured.append(bench.measure_training(name, seconds, rounds))
    if is_json:
        print_record(before, seconds, rounds, "networks", bench.choose_aims(), measured)
    else:
        show(before, bench.choose_aims(), "targets learnt a second", measured)


def _measure_models(models: "Sequence[tuple[str, Model, Path]]", seconds: float, rounds: int) -> "Sequence[Measured]":
    """Measure models one after the other, given by name, content and file."""
    from rnnchat.bench import generate as bench
    from rnnchat.runtime.thread import count_cores

    # Before the machine is busy with measuring: a busy one tells nothing about threads.
    threads = [bench.choose_all_threads(loaded) for _, loaded, _ in models]
    reading = bench.choose_reading_way(count_cores(), seconds / 4)
    measured = []
    for (name, loaded, path), counts in zip(models, threads, strict=True):
        say_what_is_measured(name)
        measured.append(bench.measure_model(name, loaded, path, counts, reading, seconds, rounds))
    return measured


def check_wishes(seconds: float, sizes: list[str] | None, known: Sequence[str]) -> None:
    """Refuse what cannot be measured.

    Raises:
        UsageError: a time or a size that cannot be.
    """
    if not 0 < seconds < math.inf:
        raise UsageError(f"--seconds must be above 0, not {seconds}")
    if unknown := set(sizes or ()) - set(known):
        raise UsageError(f"--size {min(unknown)} is unknown: choose {', '.join(known)}")


def say_what_is_measured(name: str) -> None:
    """Tell a person at a terminal what takes the time."""
    if sys.stderr.isatty():
        typer.echo(f"measuring {name} …", err=True)


def print_record(
    machine: dict[str, Any], seconds: float, rounds: int, kind: str, aims: Sequence["Aim"],
    measured: Sequence["Measured"],
) -> None:  # fmt: skip
    """Print all that was measured as JSON; ``kind`` says what was measured."""
    from rnnchat.bench.aim import describe_aims

    print_json({
        "machine": machine,
        "seconds": seconds,
        "rounds": rounds,
        kind: [one.to_json() for one in measured],
        "aims": describe_aims(aims, measured),
    })  # fmt: skip


def show(machine: dict[str, Any], aims: Sequence["Aim"], heading: str, measured: Sequence["Measured"]) -> None:
    """Print all that was measured as tables; ``heading`` says what rates are."""
    from rnnchat.cli import bench_view

    print_fields([(name, str(value)) for name, value in machine.items()])
    typer.echo()
    if aims:
        bench_view.show_aims(aims, measured)
        typer.echo()
    bench_view.show_rates(heading, measured)
    typer.echo()
    bench_view.show_figures(measured)


@contextmanager
def find_models(name: str | None, sizes: list[str] | tuple[str, ...]) -> Iterator[list[tuple[str, "Model", Path]]]:
    """The model called ``name``, or made ones of some sizes: names, models and their files while these are needed."""
    from rnnchat.bench.generate import SIZES, make_model
    from rnnchat.model.file import read_model, write_model
    from rnnchat.model.library import find_model

    if name:
        path = find_model(name)
        yield [(name, read_model(path), path)]
        return
    with tempfile.TemporaryDirectory() as folder:
        found = []
        for size in dict.fromkeys(sizes):
            path, model = Path(folder) / f"{size}.safetensors", make_model(SIZES[size])
            write_model(model, path)
            found.append((size, model, path))
        yield found
