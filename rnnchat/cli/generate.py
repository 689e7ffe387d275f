"""``rnnchat generate``: the prompt and its continuation on stdout, as it is made; all else on stderr."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rnnchat.cli import option
from rnnchat.cli.opening import open_model
from rnnchat.cli.output import print_json, show_safely
from rnnchat.cli.page import Page
from rnnchat.cli.written import Report, Written, choose_best, find_copies, find_source, search, shorten, write
from rnnchat.description import name_field
from rnnchat.desk.visible import picture_controls
from rnnchat.errors import UsageError
from rnnchat.generation.settings import WHAT, Settings

if TYPE_CHECKING:
    from rnnchat.generation.language_model import LanguageModel

CONTROL_C_STATUS = 130
_DRAWING = ("temperature", "temperature_cycle", "draw_at", "seed")
"""The settings that a beam search has no use for: nothing is drawn there."""

Prompts = Annotated[
    list[str] | None,
    typer.Option(
        "--prompt",
        "-p",
        metavar="TEXT",
        help="Text to continue; - reads it from standard input; may be repeated.",
        rich_help_panel=WHAT,
    ),
]
Candidates = Annotated[
    int, typer.Option(metavar="N", help="Write N texts for each prompt, one seed each.", rich_help_panel=option.SEARCH)
]
BestOf = Annotated[
    int | None,
    typer.Option(
        metavar="N",
        help="Write N candidates for each prompt and keep the best: probable, not repetitive, a reply to its prompt.",
        rich_help_panel=option.SEARCH,
    ),
]
Beams = Annotated[
    int | None,
    typer.Option(
        metavar="N",
        help="Search for the N most probable texts with N beams instead of sampling.",
        rich_help_panel=option.SEARCH,
    ),
]
Mix = Annotated[
    str | None,
    typer.Option(
        metavar="MODEL",
        help="Mix with a second model of the same vocabulary.",
        rich_help_panel=option.SEARCH,
    ),
]
MixWeight = Annotated[
    float | None,
    typer.Option(metavar="W", help="Share of the second model, from 0 to 1 (0.5).", rich_help_panel=option.SEARCH),
]
Explain = Annotated[
    int | None,
    typer.Option(
        metavar="K",
        help="Include each symbol's probability, rank, entropy and K alternatives; needs --json.",
        rich_help_panel=option.OUTPUT,
    ),
]
Hidden = Annotated[
    int | None,
    typer.Option(
        metavar="LAYER",
        help="Include the hidden units of this layer after each symbol, layers counted from 0; needs --json.",
        rich_help_panel=option.OUTPUT,
    ),
]
Copied = Annotated[
    bool,
    typer.Option(
        "--copied",
        help="Report how much is copied verbatim from the training text.",
        rich_help_panel=option.OUTPUT,
    ),
]


@option.steered
def generate(
    model: Annotated[str | None, typer.Argument(help="Name of a model or a run, or a file.")] = None,
    prompt: Prompts = None,
    temperature: option.Temperature = str(Settings.temperature),
    *,
    given: dict[str, Any],
    memory: option.Memory = None,
    no_memory: option.NoMemory = False,
    candidates: Candidates = 1,
    best_of: BestOf = None,
    beams: Beams = None,
    mix: Mix = None,
    mix_weight: MixWeight = None,
    precision: option.ChosenPrecision = None,
    explain: Explain = None,
    hidden: Hidden = None,
    copied: Copied = False,
    is_json: option.Json = False,
) -> None:
    """Continue a prompt: prompt and continuation go to stdout, the seed and the speed to stderr.

    Several prompts, candidates or beams are shown when all are done, one below the other.
    """
    option.check_memory(memory, no_memory)
    settings = option.make_settings(given, temperature).change(memory=not no_memory)
    _check_beams(settings, candidates, beams, explain, hidden)
    _check_best_of(best_of, candidates, beams, explain, hidden)
    _check_mixture(mix, mix_weight)
    _check_insight(explain, hidden, is_json)
    prompts = read_prompts(prompt or [""])
    from rnnchat.generation.reading import check_count  # ONNX Runtime: 0.2 s

    check_count(len(prompts), best_of or candidates)
    name = option.choose_model(model)
    num_streams = beams or (best_of or candidates) * len(prompts)
    opened = open_model(name, precision, num_streams, memory, forget=no_memory)
    source = find_source(opened.model, name) if copied else None
    if mix is not None:
        opened = opened.mix(open_model(mix, precision, num_streams), 0.5 if mix_weight is None else mix_weight)
    is_alone = beams in (None, 1) and candidates * len(prompts) == 1
    page = Page(prompts[0]) if is_alone and not is_json else None
    report = _write(opened, prompts, settings, page, candidates, best_of, beams, explain or 0, hidden)
    if source:
        find_copies(report.texts, source)
    if is_json:
        print_json({"model": name, **report.to_json(is_alone), "settings": settings.to_json()})
    else:
        _show(report, page, settings)
    if report.is_interrupted:
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
        raise UsageError(f"--mix-weight must be from 0 to 1, not {weight}")


def _check_insight(explain: int | None, hidden: int | None, is_json: bool) -> None:
    """Make sure that what is to be told of each symbol can be told."""
    if explain is not None and explain < 1:
        raise UsageError(f"--explain must be at least 1, not {explain}")
    if (explain or hidden is not None) and not is_json:
        raise UsageError("--explain and --hidden need --json")


def _check_best_of(
    best_of: int | None, candidates: int, beams: int | None, explain: int | None, hidden: int | None
) -> None:
    """Make sure that nothing was asked of the best candidate that is not done."""
    if best_of is None:
        return
    if best_of < 1:
        raise UsageError(f"--best-of must be at least 1, not {best_of}")
    if candidates != 1 or beams is not None:
        raise UsageError("--best-of chooses among candidates of its own: leave out --candidates and --beams")
    if explain is not None or hidden is not None:
        raise UsageError("--explain and --hidden follow a text as it is written: leave out --best-of")


def _check_beams(
    settings: Settings, candidates: int, beams: int | None, explain: int | None, hidden: int | None
) -> None:
    """Make sure that nothing was asked of a beam search that it does not do."""
    if beams is None:
        return
    if candidates != 1:
        raise UsageError("--beams finds several texts by itself: leave out --candidates")
    if explain is not None or hidden is not None:
        raise UsageError("--explain and --hidden describe sampled texts: leave out --beams")
    for name in _DRAWING:
        if getattr(settings, name) != getattr(Settings, name):
            option = name_field(name.removesuffix("_cycle"))
            raise UsageError(f"--beams samples nothing, so --{option} would have no effect: leave out one of them")


def _write(
    model: "LanguageModel",
    prompts: list[str],
    settings: Settings,
    page: Page | None,
    candidates: int,
    best_of: int | None,
    beams: int | None,
    explain: int,
    hidden: int | None,
) -> Report:
    """Write in the way that was asked for: the best of several, a beam search, or drawn; ``page`` shows it."""
    if best_of is None and beams is None:
        show = page.add if page else lambda text: None
        return write(model, prompts, settings, candidates, show, explain, hidden)
    if best_of is not None:
        report = choose_best(model, prompts, settings, best_of)
    else:
        report = search(model, prompts, settings, beams or 0)
    if page and report.texts:
        page.add(report.texts[0].text)
    return report


def _show(report: Report, page: Page | None, settings: Settings) -> None:
    """Show the rest on stdout, and on stderr how it went."""
    texts = report.texts
    if page:
        page.finish()
    else:
        for number, text in enumerate(texts, 1):
            typer.echo(f"── {number}{_describe(text)}\n{show_safely(text.prompt + text.text)}\n")
    facts = [f"{report.chars:,} characters", f"{report.chars_per_s:,.0f}/s"]
    if page and texts and texts[0].seed is not None:
        facts.insert(0, f"seed {texts[0].seed}")
    elif not page:
        facts.insert(0, "1 text" if len(texts) == 1 else f"{len(texts)} texts")
    typer.echo(" · ".join([*facts, *filter(None, [report.describe_unknown()])]), err=True)
    for number, text in enumerate(texts, 1):
        if text.copies:
            typer.echo(f"{'' if page else f'{number} '}{picture_controls(text.describe_copies())}", err=True)
    looping = [text for text in texts if text.loop]
    if looping and not settings.escape_loops:
        _tell_loop(looping, len(texts))


def _describe(text: Written) -> str:
    """What is said beside the number of a text."""
    parts = [] if text.seed is None else [f"seed {text.seed}"]
    if text.bits_per_char is not None:
        parts.append(f"{text.bits_per_char:.3f} bits per character")
    return "".join(f" · {part}" for part in parts)


def _tell_loop(looping: list[Written], count: int) -> None:
    """Say that texts repeat themselves, and what leaves that."""
    which = "the text repeats itself" if count == 1 else f"{len(looping)} of {count} texts repeat themselves"
    stretch = picture_controls(shorten(looping[0].loop))
    typer.echo(f"{which}: {stretch} again and again; --escape-loops leaves it", err=True)
