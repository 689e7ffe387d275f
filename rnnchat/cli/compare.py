"""``rnnchat compare``: the same prompt and seed for several models, or several temperatures."""

import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rnnchat.cli import option
from rnnchat.cli.opening import open_model
from rnnchat.cli.output import print_json, show_safely
from rnnchat.cli.score import report_progress
from rnnchat.cli.written import write
from rnnchat.desk.figures import format_bits, format_bytes
from rnnchat.desk.visible import picture_controls
from rnnchat.errors import UsageError
from rnnchat.generation.settings import Settings

if TYPE_CHECKING:
    from rnnchat.text.corpus import Corpus

MIN_COLUMN = 32
"""Characters; where columns would be narrower, samples stand below each other."""


@dataclass(frozen=True)
class Sample:
    """What one model wrote at one temperature, and its figures."""

    model: str
    settings: Settings
    report: dict[str, Any]
    """Text, seed, characters per second, as ``generate --json`` has them."""
    network: str
    size_bytes: int
    bits_per_char: float | None
    """On the file to compare on, or without one on the prompt; None where there is neither."""
    held_out_bits_per_char: float | None
    """On the text that was held back from the model's training: a figure of its own for each corpus."""
    corpus: str
    unknown: str
    """What of the prompt the model does not know; "" if it knows all."""


@option.steered
def compare(
    models: Annotated[list[str], typer.Argument(help="Names of models or runs, or files.")],
    prompt: option.Prompt = "",
    file: Annotated[str | None, typer.Option(help="A text to score each model on, instead of the prompt.")] = None,
    temperature: option.Temperatures = None,
    *,
    given: dict[str, Any],
    precision: option.ChosenPrecision = None,
    is_json: option.Json = False,
) -> None:
    """Put several models, or temperatures, side by side: the same prompt, the same seed, and their scores."""
    variants = [option.make_settings(given, each) for each in temperature or (None,)]
    if len(models) * len(variants) < 2:
        raise UsageError("there is nothing to compare with: name a second model, or repeat --temperature")
    from rnnchat.generation.writing import draw_seed  # ONNX Runtime: 0.2 s
    from rnnchat.text.corpus import Corpus

    seed = given["seed"] if "seed" in given else draw_seed()
    variants = [settings.change(seed=seed) for settings in variants]
    prompt = option.read_prompt(prompt)
    corpus = None if file is None else Corpus([file])
    samples = [sample for model in models for sample in _take_samples(model, prompt, variants, corpus, precision)]
    if is_json:
        own = ("temperature", "temperature_cycle")
        settings_json = {name: value for name, value in variants[0].to_json().items() if name not in own}
        rows = [_to_json(sample) for sample in samples]
        print_json({"prompt": prompt, "file": file, "settings": settings_json, "samples": rows})
    else:
        _show(samples, prompt, file)
        typer.echo(f"seed {seed}", err=True)


def _take_samples(
    name: str, prompt: str, variants: list[Settings], corpus: "Corpus | None", precision: Any
) -> list[Sample]:
    """Let one model write with each of ``variants``."""
    from rnnchat.model.library import find_model

    model = open_model(name, precision)
    pieces = [prompt] if corpus is None else report_progress(corpus.read_pieces(), name)
    has_text = bool(prompt) or corpus is not None
    bits_per_char = model.score(pieces).bits_per_char if has_text else None
    samples = []
    for settings in variants:
        report = write(model, [prompt], settings)
        samples.append(
            Sample(
                model=name,
                settings=settings,
                report=report.to_json(),
                network=model.model.config.describe(),
                size_bytes=find_model(name).stat().st_size,
                bits_per_char=bits_per_char,
                held_out_bits_per_char=model.model.training.bits_per_char,
                corpus=model.model.training.corpus,
                unknown=report.describe_unknown(),
            )
        )
        if report.is_interrupted:
            raise KeyboardInterrupt
    return samples


def _to_json(sample: Sample) -> dict[str, Any]:
    return {
        "model": sample.model,
        "temperature": sample.settings.temperature,
        **({"temperature_cycle": sample.settings.temperature_cycle} if sample.settings.temperature_cycle else {}),
        **sample.report,
        "bits_per_char": sample.bits_per_char,
        "held_out_bits_per_char": sample.held_out_bits_per_char,
        "corpus": sample.corpus,
        "network": sample.network,
        "size_bytes": sample.size_bytes,
    }


def _show(samples: list[Sample], prompt: str, file: str | None) -> None:
    """Side by side where a terminal has room for it, one below the other elsewhere."""
    width = shutil.get_terminal_size().columns
    if sys.stdout.isatty() and width >= MIN_COLUMN * len(samples):
        _show_columns(samples, prompt, file)
        return
    for sample in samples:
        typer.echo(f"── {_name(sample)}\n{show_safely(prompt + sample.report['text'])}\n")
        typer.echo("\n".join(_figures(sample, file)) + "\n")


def _show_columns(samples: list[Sample], prompt: str, file: str | None) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(expand=True, show_lines=True)
    for sample in samples:
        table.add_column(Text(_name(sample)), ratio=1, overflow="fold")
    table.add_row(
        *(Text.assemble((show_safely(prompt), "dim"), show_safely(sample.report["text"])) for sample in samples)
    )
    table.add_row(*("\n".join(_figures(sample, file)) for sample in samples))
    Console(file=sys.stdout).print(table)


def _name(sample: Sample) -> str:
    from rnnchat.model.name import name_model

    return f"{name_model(sample.model)} · temperature {option.describe_temperature(sample.settings)}"


def _figures(sample: Sample, file: str | None) -> list[str]:
    """What is said under a sample; figures of different texts do not compare, so each names its text."""
    bits_per_char, where = sample.bits_per_char, "of the prompt" if file is None else f"of {Path(file).name}"
    if bits_per_char is None:
        bits_per_char = sample.held_out_bits_per_char
        where = f"of the text held back from {picture_controls(sample.corpus) or 'its training'}"
    lines = [
        f"{format_bits(bits_per_char, 3)} bits per character {where}",
        f"{sample.report['chars_per_s']:,.0f} characters per second",
        f"{sample.network}, {format_bytes(sample.size_bytes)}",
    ]
    if sample.unknown:
        lines.append(sample.unknown)
    return lines
