"""``rnnchat generate``: the prompt and its continuation on stdout, as it is made; all else on stderr."""

import contextlib
from collections.abc import Sequence
from dataclasses import fields
from typing import Annotated

import typer

from rnnchat.cli import option
from rnnchat.cli.draft import Draft
from rnnchat.cli.output import print_json, show_safely
from rnnchat.cli.writer import Page, Writer, find_source, make_generator
from rnnchat.desk.visible import picture_controls
from rnnchat.errors import UsageError
from rnnchat.generation.settings import Settings

CONTROL_C_STATUS = 130
WITH_BEAMS = {"length", "min_length", "until", "stop", "ban", "bias"}
"""The settings that a beam search heeds: nothing is drawn there."""

Prompts = Annotated[
    list[str] | None,
    typer.Option(
        "--prompt",
        "-p",
        metavar="TEXT",
        help="Text to go on from; - reads it from stdin; several are written side by side.",
        rich_help_panel=option.WHAT,
    ),
]
Candidates = Annotated[
    int, typer.Option(metavar="N", help="Write N texts side by side, one seed each.", rich_help_panel=option.SEARCH)
]
Beams = Annotated[
    int | None,
    typer.Option(
        metavar="N",
        help="Find up to N texts that are likeliest as a whole; chance has no part in it.",
        rich_help_panel=option.SEARCH,
    ),
]
Mix = Annotated[
    str | None,
    typer.Option(
        metavar="MODEL",
        help="Write together with this model of the same vocabulary.",
        rich_help_panel=option.SEARCH,
    ),
]
MixWeight = Annotated[
    float | None,
    typer.Option(metavar="W", help="Its share in each symbol, from 0 to 1 (0.5).", rich_help_panel=option.SEARCH),
]
Explain = Annotated[
    int | None,
    typer.Option(
        metavar="K",
        help="Tell of each symbol its probability, rank, entropy and K alternatives; in JSON.",
        rich_help_panel=option.OUTPUT,
    ),
]
Hidden = Annotated[
    int | None,
    typer.Option(
        metavar="LAYER",
        help="Tell the units of this layer after each symbol; layers count from 0; in JSON.",
        rich_help_panel=option.OUTPUT,
    ),
]
Copied = Annotated[
    bool,
    typer.Option(
        "--copied",
        help="Say how much stands word for word in the text the model learnt from.",
        rich_help_panel=option.OUTPUT,
    ),
]


@option.steered
def generate(
    model: Annotated[str | None, typer.Argument(help="Name of a model or a run, or a file.")] = None,
    prompt: Prompts = None,
    temperature: option.Temperature = str(Settings.temperature),
    *,
    steering: option.Steering,
    candidates: Candidates = 1,
    beams: Beams = None,
    mix: Mix = None,
    mix_weight: MixWeight = None,
    precision: option.ChosenPrecision = None,
    explain: Explain = None,
    hidden: Hidden = None,
    copied: Copied = False,
    is_json: option.Json = False,
) -> None:
    """Write on from a prompt: prompt and continuation go to stdout, the seed and the speed to stderr.

    Several prompts, candidates or beams are shown when all are done, one below the other.
    """
    settings = steering.make_settings(temperature)
    if beams is not None:
        _check_beams(settings, candidates, explain, hidden)
    _check_mixture(mix, mix_weight)
    _check_insight(explain, hidden, is_json)
    prompts = read_prompts(prompt or [""])
    from rnnchat.generation.reading import check_count  # ONNX Runtime: 0.2 s
    from rnnchat.model.file import read_model
    from rnnchat.model.library import find_model

    check_count(len(prompts), candidates)
    name = option.choose_model(model)
    models = [read_model(find_model(each)) for each in (name, mix) if each is not None]
    source = find_source(models, name) if copied else None
    num_streams = beams or candidates * len(prompts)
    generator = make_generator(models, precision, num_streams, 0.5 if mix_weight is None else mix_weight)
    writer = Writer(generator, prompts, candidates, explain or 0, hidden)
    is_alone = len(writer.drafts) == 1 and beams in (None, 1)
    page = Page(prompts[0]) if is_alone and not is_json else None
    with contextlib.suppress(KeyboardInterrupt):  # what is written until then counts
        _write(writer, settings, beams, page)
    if source:
        writer.find_copies(source)
    if is_json:
        print_json({"model": name, **writer.report(is_alone), "settings": settings.to_json()})
    else:
        _show(writer, page, settings)
    if writer.is_interrupted:
        raise typer.Exit(CONTROL_C_STATUS)


def read_prompts(prompts: Sequence[str]) -> list[str]:
    """The prompts as typed, with stdin in the place of ``-``.

    Raises:
        UsageError: stdin is to be two of them.
    """
    if list(prompts).count("-") > 1:
        raise UsageError("stdin can be one prompt only: give - once")
    return [option.read_prompt(prompt) for prompt in prompts]


def _check_mixture(mix: str | None, weight: float | None) -> None:
    """Make sure that a weight has a model, and is one."""
    if weight is not None and mix is None:
        raise UsageError("--mix-weight is the share of a second model: name it with --mix, or leave the weight out")
    if weight is not None and not 0 <= weight <= 1:
        raise UsageError(f"--mix-weight {weight} cannot be: choose from 0 to 1")


def _check_insight(explain: int | None, hidden: int | None, is_json: bool) -> None:
    """Make sure that what is to be told of each symbol can be told."""
    if explain is not None and explain < 1:
        raise UsageError(f"--explain {explain} cannot be: ask for 1 alternative or more")
    if (explain or hidden is not None) and not is_json:
        raise UsageError("--explain and --hidden tell their figures in JSON: add --json")


def _check_beams(settings: Settings, candidates: int, explain: int | None, hidden: int | None) -> None:
    """Make sure that nothing was asked of a beam search that it does not do."""
    if candidates != 1:
        raise UsageError("--beams finds several texts by itself: leave out --candidates, or --beams")
    if explain is not None or hidden is not None:
        raise UsageError("--explain and --hidden tell of texts that are drawn: leave out --beams")
    defaults = Settings(length=settings.length, until=settings.until)
    idle = [
        field.name.removesuffix("_cycle")
        for field in fields(Settings)
        if field.name not in WITH_BEAMS and getattr(settings, field.name) != getattr(defaults, field.name)
    ]
    if idle:
        name = idle[0].replace("_", "-")
        raise UsageError(f"--beams draws nothing, so that --{name} would do nothing: leave out one of them")


def _write(writer: Writer, settings: Settings, beams: int | None, page: Page | None) -> None:
    """Draw or find the texts; where there is a page, the only one is shown there."""
    if beams is None:
        writer.write(settings, page.add if page else lambda text: None)
        return
    writer.search(settings, beams)
    if page:
        page.add(writer.drafts[0].text)


def _show(writer: Writer, page: Page | None, settings: Settings) -> None:
    """Show the rest on stdout, and on stderr how it went."""
    drafts = writer.drafts
    if page:
        page.finish()
    else:
        for number, draft in enumerate(drafts, 1):
            typer.echo(f"── {number}{_describe(draft)}\n{show_safely(draft.prompt + draft.text)}\n")
    facts = [f"{writer.chars:,} characters", f"{writer.chars_per_s:,.0f}/s"]
    if page and drafts and drafts[0].seed is not None:
        facts.insert(0, f"seed {drafts[0].seed}")
    elif not page:
        facts.insert(0, "1 text" if len(drafts) == 1 else f"{len(drafts)} texts")
    typer.echo(" · ".join([*facts, *filter(None, [writer.describe_unknown()])]), err=True)
    for number, draft in enumerate(drafts, 1):
        if draft.copies:
            typer.echo(f"{'' if page else f'{number} '}{picture_controls(draft.describe_copies())}", err=True)
    looping = [draft for draft in drafts if draft.loop]
    if looping and not settings.escape_loops:
        _tell_loop(looping, len(drafts))


def _describe(draft: Draft) -> str:
    """What is said beside the number of a text."""
    parts = [] if draft.seed is None else [f"seed {draft.seed}"]
    if draft.bits_per_char is not None:
        parts.append(f"{draft.bits_per_char:.3f} bits per character")
    return "".join(f" · {part}" for part in parts)


def _tell_loop(looping: list[Draft], count: int) -> None:
    """Say that texts repeat themselves, and what leaves that."""
    which = "the text repeats itself" if count == 1 else f"{len(looping)} of {count} texts repeat themselves"
    stretch = picture_controls(looping[0].describe_loop())
    typer.echo(f"{which}: {stretch} again and again; --escape-loops leaves it", err=True)
