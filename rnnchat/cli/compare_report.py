"""What ``rnnchat compare`` says about a text, and what goes into its reports."""

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

import typer

from rnnchat.comparison.trait import Trait, collect_lexicon, describe_samples
from rnnchat.comparison.trial import Trial
from rnnchat.desk.interval_bar import draw_intervals
from rnnchat.desk.report import Report
from rnnchat.desk.report import Sample as ReportSample
from rnnchat.desk.visible import picture_controls
from rnnchat.generation.settings import Settings
from rnnchat.text.corpus import STANDARD_INPUT

if TYPE_CHECKING:
    from rnnchat.cli.compare import Opened, Sample

AXIS_COLUMNS = 50


def show_verdict(trial: Trial) -> None:
    """Print the verdict in words, then every model's interval on one axis."""
    for sentence in filter(None, trial.describe()):
        typer.echo(picture_controls(sentence))
    typer.echo("")
    for line in draw_intervals(trial.judge().standings, AXIS_COLUMNS):
        typer.echo(picture_controls(line))
    typer.echo("")


def make_report(
    opened: Mapping[str, "Opened"],
    samples: list["Sample"],
    trial: Trial | None,
    files: list[str],
    settings: Settings,
) -> Report:
    """All that a comparison has to say, for others to read."""
    from rnnchat.cli.compare import name_sample

    labels: dict[str, list[Sample]] = {}
    for sample in samples:
        labels.setdefault(name_sample(sample), []).append(sample)
    lexicons = {name: _find_words(one) for name, one in opened.items()}
    known: set[str] = set().union(*(words for words in lexicons.values() if words))
    if known and trial is not None:
        known |= collect_lexicon([trial.text])
    traits = {label: _measure_traits(group, opened, known or None) for label, group in labels.items()}
    verdict = None if trial is None else trial.judge()
    return Report(
        text_name=", ".join("standard input" if name == STANDARD_INPUT else name for name in files),
        sentences=() if trial is None else tuple(filter(None, trial.describe())),
        standings=() if verdict is None else verdict.standings,
        curves={} if trial is None else {name: trial.measure_curve(name) for name in trial.names},
        samples=[
            ReportSample(name_sample(sample), sample.report["prompt"], sample.report["text"]) for sample in samples
        ],
        traits=traits,
        matrix=_cross_read(opened, samples) if len(opened) > 1 else {},
        settings=f"{settings.length} characters, seed {settings.seed}, the same for all models",
    )


def _find_words(one: "Opened") -> set[str] | None:
    """The words of a model's training text; None where it is not on this machine."""
    from rnnchat.model.training_text import find_training_text

    source = find_training_text(one.model.model.training)
    return None if source is None else collect_lexicon(source.read_pieces())


def _measure_traits(samples: list["Sample"], opened: Mapping[str, "Opened"], known: set[str] | None) -> Trait:
    from rnnchat.analysis.copied_text import find_longest_copy
    from rnnchat.model.training_text import find_training_text

    texts = [sample.report["text"] for sample in samples]
    trait = describe_samples(texts, known)
    source = find_training_text(opened[samples[0].model].model.model.training)
    if source is None:
        return trait
    return replace(trait, longest_copy=max(find_longest_copy(text, source.read_pieces()).length for text in texts))


def _cross_read(opened: Mapping[str, "Opened"], samples: list["Sample"]) -> dict[str, dict[str, float | None]]:
    """Bits per character of each model on the samples of each model."""
    written = {name: "\n\n".join(s.report["text"] for s in samples if s.model == name) for name in opened}
    return {
        reader: {writer: one.model.score(text).bits_per_char if text else None for writer, text in written.items()}
        for reader, one in opened.items()
    }
