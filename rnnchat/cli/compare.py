"""``rnnchat compare``: the same prompt and seed for several models, or several temperatures."""

import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rnnchat.cli import option
from rnnchat.cli.compare_report import make_report, show_verdict
from rnnchat.cli.compare_text import read_text, try_text, verdict_to_json
from rnnchat.cli.opening import open_model
from rnnchat.cli.output import print_json, show_safely
from rnnchat.cli.written import write
from rnnchat.comparison.trial import Trial
from rnnchat.desk.figures import format_bits, format_bytes
from rnnchat.desk.report import Report, write_html, write_markdown
from rnnchat.desk.visible import picture_controls
from rnnchat.errors import UsageError
from rnnchat.generation.settings import Settings
from rnnchat.paths import write_text_atomically

if TYPE_CHECKING:
    from rnnchat.generation.language_model import LanguageModel

EXACT_CHARS = 10_000
"""A longer text is read in the precision that the models write in, three to four times as fast: measured on the models
that come with rnnchat, that changes a score by 0.003 bits per character at most."""
MIN_COLUMN = 32
"""Characters; where columns would be narrower, samples stand below each other."""


@dataclass(frozen=True)
class Sample:
    """What one model wrote at one temperature, and its figures."""

    model: str
    settings: Settings
    report: dict[str, Any]
    """Prompt, text, seed, characters per second, as ``generate --json`` has them."""
    network: str
    size_bytes: int
    bits_per_char: float | None
    """On the text to compare on, or without one on the prompt; None where there is neither."""
    held_out_bits_per_char: float | None
    """On the text that was held out of the model's training: a figure of its own for each corpus."""
    corpus: str
    unknown: str
    """What of the prompt the model has never seen; "" if it knows all."""


@option.steered
def compare(
    models: Annotated[list[str], typer.Argument(help="Names of models or runs, RUN@STEP, or files.")],
    prompt: option.Prompt = "",
    prompts: Annotated[
        str | None, typer.Option(metavar="FILE", help="Continue each line of this file instead of one prompt.")
    ] = None,
    file: Annotated[
        list[str] | None, typer.Option(metavar="TEXT", help="Compare on this text; may be repeated.")
    ] = None,
    temperature: option.Temperatures = None,
    *,
    given: dict[str, Any],
    precision: option.ChosenPrecision = None,
    encoding: option.TextEncoding = None,
    is_json: option.Json = False,
    markdown: Annotated[bool, typer.Option("--markdown", help="Print Markdown tables.")] = False,
    html: Annotated[Path | None, typer.Option(metavar="FILE", help="Also write a report of one page.")] = None,
    fail_if_worse: Annotated[
        float | None,
        typer.Option(metavar="BITS", help="Exit with 1 if the first model is surely this many bits/char worse."),
    ] = None,
) -> None:
    """Compare models, or temperatures: samples with the same prompt and seed, and with --file a verdict.

    The verdict says which model predicts the text better, by how much, and how sure that is. A text of more than
    10,000 characters is read in the precision that the models write in; --precision float32 reads it exactly.
    """
    variants = [option.make_settings(given, each) for each in temperature or (None,)]
    _check(models, variants, file, fail_if_worse, is_json and markdown)
    from rnnchat.generation.writing import draw_seed  # ONNX Runtime: 0.2 s

    seed = given["seed"] if "seed" in given else draw_seed()
    variants = [settings.change(seed=seed) for settings in variants]
    continued = [option.read_prompt(prompt)] if prompts is None else _read_prompts(prompts)
    text = read_text(file, encoding) if file else None
    is_exact = precision is None and (text is None or len(text) <= EXACT_CHARS)
    opened = {name: _open(name, precision, is_exact) for name in dict.fromkeys(models)}
    trial = try_text(text, opened, is_json or markdown) if text is not None and len(opened) > 1 else None
    samples = _take_all_samples([opened[name] for name in models], continued, variants, text, trial)
    report = make_report(opened, samples, trial, file or [], variants[0]) if is_json or markdown or html else None
    if report and html:
        write_text_atomically(html, write_html(report))
    if report and is_json:
        print_json(_make_record(report, samples, continued[0], file or [], variants[0], trial))
    elif report and markdown:
        typer.echo(show_safely(write_markdown(report)))
    else:
        if trial is not None:
            show_verdict(trial)
        _show(samples, file[0] if file else None)
        typer.echo(f"seed {seed}", err=True)
    if trial is not None and fail_if_worse is not None:
        _fail_if_worse(trial, models[0], fail_if_worse)


def _check(
    models: list[str], variants: list[Settings], file: list[str] | None, worse: float | None, is_twofold: bool
) -> None:
    if len(models) * len(variants) < 2:
        raise UsageError("there is nothing to compare with: name a second model, or repeat --temperature")
    if is_twofold:
        raise UsageError("--json and --markdown exclude each other: choose one")
    if worse is not None and (not file or len(set(models)) < 2):
        raise UsageError("--fail-if-worse needs a text and two models: add --file TEXT and a second model")


def _read_prompts(name: str) -> list[str]:
    lines = [line for line in read_text([name]).splitlines() if line.strip()]
    if not lines:
        raise UsageError(f"no prompt in {name}: write one on each line")
    return lines


def _fail_if_worse(trial: Trial, first: str, bits: float) -> None:
    """End with status 1 if another model is better than the first by more than ``bits``, without doubt."""
    for other in trial.names:
        if other == first:
            continue
        verdict = trial.judge([first, other])
        difference = verdict.difference
        if difference is not None and verdict.best.name == other and difference.interval.low > bits:
            sentence = (
                f"{first} is worse than {other} by {difference.interval.low:.3f} bits/char or more; "
                f"at most {bits:g} are allowed"
            )
            typer.echo(picture_controls(sentence), err=True)
            raise typer.Exit(1)


@dataclass(frozen=True)
class Opened:
    """A model that takes part."""

    name: str
    model: "LanguageModel"
    is_exact: bool
    """Whether it reads the text to compare on in float32."""
    size_bytes: int


def _open(name: str, precision: Any, is_exact: bool) -> Opened:
    from rnnchat.model.library import find_model

    return Opened(name, open_model(name, precision), is_exact, find_model(name).stat().st_size)


def _score(one: Opened, text: str | None, prompts: list[str], trial: Trial | None) -> float | None:
    """Bits per character on the text, or on the first prompt."""
    if trial is not None:
        return float(trial.read(one.name).sum()) / trial.chars
    judged = prompts[0] if text is None else text
    if not judged:
        return None
    return one.model.score(judged).bits_per_char


def _take_all_samples(
    models: list[Opened], prompts: list[str], variants: list[Settings], text: str | None, trial: Trial | None
) -> list[Sample]:
    """Let each model continue each prompt with each of ``variants``, and score it on the text or the prompt."""
    return [
        sample for one in models for sample in _take_samples(one, prompts, variants, _score(one, text, prompts, trial))
    ]


def _take_samples(
    one: Opened, prompts: list[str], variants: list[Settings], bits_per_char: float | None
) -> list[Sample]:
    """Let one model continue each prompt with each of ``variants``."""
    model = one.model.model
    samples = []
    for settings in variants:
        report = write(one.model, prompts, settings)
        if report.is_interrupted:
            raise KeyboardInterrupt
        whole = report.to_json(is_alone=False)
        shared = {name: value for name, value in whole.items() if name != "texts"}
        samples += [
            Sample(
                model=one.name,
                settings=settings,
                report={**text, **shared},
                network=model.config.describe(),
                size_bytes=one.size_bytes,
                bits_per_char=bits_per_char,
                held_out_bits_per_char=model.training.bits_per_char,
                corpus=model.training.corpus,
                unknown=report.describe_unknown(),
            )
            for text in whole["texts"]
        ]
    return samples


def _make_record(
    report: Report, samples: list[Sample], prompt: str, files: list[str], settings: Settings, trial: Trial | None
) -> dict[str, Any]:
    """What --json prints."""
    own = ("temperature", "temperature_cycle")
    record: dict[str, Any] = {
        "prompt": prompt,
        "file": files[0] if files else None,
        "settings": {name: value for name, value in settings.to_json().items() if name not in own},
        "samples": [_to_json(sample) for sample in samples],
        "traits": {label: vars(trait) for label, trait in report.traits.items()},
        "matrix": report.matrix,
    }
    if trial is not None:
        record["files"] = files
        record["verdict"] = verdict_to_json(trial, trial.judge(), trial.judge_without_overlap())
    return record


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


def _show(samples: list[Sample], file: str | None) -> None:
    """Side by side where a terminal has room for it, one below the other elsewhere."""
    width = shutil.get_terminal_size().columns
    prompts = dict.fromkeys(sample.report["prompt"] for sample in samples)
    for prompt in prompts:
        row = [sample for sample in samples if sample.report["prompt"] == prompt]
        if sys.stdout.isatty() and width >= MIN_COLUMN * len(row):
            _show_columns(row, file)
            continue
        for sample in row:
            typer.echo(f"── {name_sample(sample)}\n{show_safely(prompt + sample.report['text'])}\n")
            typer.echo("\n".join(_figures(sample, file)) + "\n")


def _show_columns(samples: list[Sample], file: str | None) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(expand=True, show_lines=True)
    for sample in samples:
        table.add_column(Text(name_sample(sample)), ratio=1, overflow="fold")
    table.add_row(
        *(
            Text.assemble((show_safely(sample.report["prompt"]), "dim"), show_safely(sample.report["text"]))
            for sample in samples
        )
    )
    table.add_row(*(Text("\n".join(_figures(sample, file))) for sample in samples))
    Console(file=sys.stdout).print(table)


def name_sample(sample: Sample) -> str:
    """The model and its temperature."""
    from rnnchat.model.name import name_model

    return f"{picture_controls(name_model(sample.model))} · temperature {option.describe_temperature(sample.settings)}"


def _figures(sample: Sample, file: str | None) -> list[str]:
    """What is said under a sample; figures of different texts do not compare, so each names its text."""
    bits_per_char, where = sample.bits_per_char, "of the prompt" if file is None else f"of {Path(file).name}"
    if bits_per_char is None:
        bits_per_char = sample.held_out_bits_per_char
        where = f"of the text held out of {sample.corpus or 'its training'}"
    lines = [
        f"{format_bits(bits_per_char, 3)} bits per character {where}",
        f"{sample.report['chars_per_s']:,.0f} characters per second",
        f"{sample.network}, {format_bytes(sample.size_bytes)}",
    ]
    if sample.unknown:
        lines.append(sample.unknown)
    return [picture_controls(line) for line in lines]
