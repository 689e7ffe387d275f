"""``rnnchat bench``: how fast this machine is, as ratios to the plain ways of doing the same."""

import math
import os
import platform
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rnnchat.cli import option
from rnnchat.cli.output import print_fields, print_json
from rnnchat.errors import UsageError

if TYPE_CHECKING:
    from rnnchat.model.file import Model

app = typer.Typer(help="Measure the speed of this machine.", no_args_is_help=True)

SIZES = ("1x128", "2x512", "2x1024", "3x1024", "words")
ROUNDS = 5


@app.callback()
def _keep_group() -> None:
    """Measure the speed of this machine."""


@app.command("generate")
def bench_generate(
    model: Annotated[
        str | None, typer.Argument(help="Name of a model or a run, or a file; without it, networks of all sizes.")
    ] = None,
    size: Annotated[
        list[str] | None, typer.Option(metavar="SIZE", help=f"Only this of {', '.join(SIZES)}; may be repeated.")
    ] = None,
    seconds: Annotated[float, typer.Option(metavar="S", help="How long each way is measured in each round.")] = 0.5,
    rounds: Annotated[int, typer.Option(metavar="N", min=1, max=100, help="How often each way is measured.")] = ROUNDS,
    is_json: option.Json = False,
) -> None:
    """Measure writing, in both precisions, against torch, memory and itself.

    Without a model it measures networks with random weights: layers x units, reading characters, and "words", a 2x512
    with 20,000 words. Ways take turns, round by round; ratios are within rounds, and medians are shown.

    The plain torch loop calls nn.LSTM once a symbol, with torch's own number of threads. The best one is the fastest
    of several on the best number of threads.
    """
    if not 0 < seconds < math.inf:
        raise UsageError(f"--seconds {seconds} cannot be: give a number above 0")
    if unknown := set(size or ()) - set(SIZES):
        raise UsageError(f"--size {min(unknown)} is unknown: choose {', '.join(SIZES)}")
    if model and size:
        raise UsageError("a model has its own size: leave out --size or the model")
    from rnnchat.cli import bench_generate as bench  # torch, ONNX Runtime: 2 s
    from rnnchat.cli import bench_view
    from rnnchat.generation.thread import count_cores

    before = describe_machine()
    with find_models(model, size or SIZES) as models:
        # Before the machine is busy with measuring: a busy one tells nothing about threads.
        threads = [bench.choose_all_threads(loaded) for _, loaded, _ in models]
        reading = bench.choose_reading_way(count_cores(), seconds / 4)
        measured = []
        for (name, loaded, path), counts in zip(models, threads, strict=True):
            if sys.stderr.isatty():
                typer.echo(f"measuring {name} …", err=True)
            measured.append(bench.measure_model(name, loaded, path, counts, reading, seconds, rounds))
    if is_json:
        print_json({
            "machine": before,
            "seconds": seconds,
            "rounds": rounds,
            "models": [one.to_json() for one in measured],
            "aims": [] if model else bench_view.describe_aims(measured),
        })  # fmt: skip
        return
    print_fields([(name, str(value)) for name, value in before.items()])
    typer.echo()
    if not model:
        bench_view.show_aims(measured)
        typer.echo()
    bench_view.show_rates(measured)
    typer.echo()
    bench_view.show_figures(measured)


@contextmanager
def find_models(name: str | None, sizes: list[str] | tuple[str, ...]) -> Iterator[list[tuple[str, "Model", Path]]]:
    """The model called ``name``, or made ones of some sizes: names, models and their files while these are needed."""
    from rnnchat.cli.bench_generate import SIZES, make_model
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


def describe_machine() -> dict[str, Any]:
    """What the figures depend on."""
    import onnxruntime
    import torch

    from rnnchat.generation.thread import count_cores, name_processor

    load = round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None
    return {
        "processor": name_processor(),
        "cores": count_cores(),
        "load before": load,
        "versions": f"Python {platform.python_version()}, torch {torch.__version__}, "
        f"onnxruntime {onnxruntime.__version__}",
    }
