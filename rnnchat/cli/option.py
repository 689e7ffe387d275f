"""Options that several commands share, and the settings they make."""

import functools
import inspect
import sys
from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Annotated, Any, Literal, get_type_hints

import typer

from rnnchat.errors import ModelError, UsageError
from rnnchat.generation.settings import DrawAt, Settings, Until

WHAT, SAMPLING, REPETITION = "What to write", "Sampling", "Repetition"
SEARCH, OUTPUT = "Search and mixing", "Output"
"""The headings of a long help, in their order."""

Prompt = Annotated[
    str,
    typer.Option(
        "--prompt", "-p", metavar="TEXT", help="Text to go on from; - reads it from stdin.", rich_help_panel=WHAT
    ),
]
Temperature = Annotated[
    str,
    typer.Option(
        metavar="T",
        help="0 always takes the likeliest symbol, 2 is wildest; several, as in 0.2,0.5,1, take turns.",
        rich_help_panel=SAMPLING,
    ),
]
Temperatures = Annotated[
    list[str] | None,
    typer.Option(
        "--temperature",
        metavar="T",
        help="As in generate; repeat it to compare several.  [default: 0.8]",
        rich_help_panel=SAMPLING,
    ),
]
PrecisionName = Annotated[
    Literal["int8", "float32"], typer.Option("--precision", help="Fast, or exact.", rich_help_panel=OUTPUT)
]
ChosenPrecision = Annotated[
    Literal["int8", "float32"] | None,
    typer.Option(
        "--precision",
        help="Fast, or exact; by default fast where the model loses next to nothing by it.",
        rich_help_panel=OUTPUT,
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object.", rich_help_panel=OUTPUT)]


def _option(panel: str, metavar: str | None, help: str, *names: str) -> Any:
    return typer.Option(*names, metavar=metavar, help=help, rich_help_panel=panel)


@dataclass(frozen=True)
class Steering:
    """The options that steer a text, as typed; all but the temperature, which commands take in different ways.

    The fields are the options: ``steered`` gives them to a command.
    """

    length: Annotated[
        int | None, _option(WHAT, "N", "Characters to write (300), or the least of them with --until (0).")
    ] = None
    min_length: Annotated[int, _option(WHAT, "N", "Characters before which nothing ends it.")] = Settings.min_length
    until: Annotated[Until, _option(WHAT, None, "Write to the end of this instead of to a length.")] = Settings.until
    stop: Annotated[
        list[str] | None, _option(WHAT, "TEXT", "End before this text appears; may be repeated, like --ban and --bias.")
    ] = None
    ban: Annotated[list[str] | None, _option(WHAT, "TEXT", "Never write this symbol, word or phrase.")] = None
    bias: Annotated[
        list[str] | None,
        _option(WHAT, "TEXT=NATS", "Make a text likelier by so many nats, or less likely with a number below 0."),
    ] = None
    top_k: Annotated[int, _option(SAMPLING, "K", "Draw from the K likeliest symbols only; 0 for all.")] = Settings.top_k
    top_p: Annotated[float, _option(SAMPLING, "P", "Draw from the likeliest symbols that together reach P.")] = (
        Settings.top_p
    )
    min_p: Annotated[float, _option(SAMPLING, "P", "Leave out symbols below P times the likeliest one.")] = (
        Settings.min_p
    )
    draw_at: Annotated[
        DrawAt, _option(SAMPLING, None, "Let chance decide at each symbol, or only where a word begins.")
    ] = Settings.draw_at
    seed: Annotated[int | None, _option(SAMPLING, "N", "Same seed, same text; a new one by default.")] = None
    repetition_penalty: Annotated[float, _option(REPETITION, "R", "Above 1, symbols used lately come less often.")] = (
        Settings.repetition_penalty
    )
    presence_penalty: Annotated[float, _option(REPETITION, "NATS", "What a symbol loses that was used lately.")] = (
        Settings.presence_penalty
    )
    frequency_penalty: Annotated[float, _option(REPETITION, "NATS", "What it loses for each time it was used.")] = (
        Settings.frequency_penalty
    )
    penalty_window: Annotated[int, _option(REPETITION, "N", "Symbols that count as lately for the three.")] = (
        Settings.penalty_window
    )
    penalty_decay: Annotated[float, _option(REPETITION, "D", "Below 1, older uses count less: D for each symbol.")] = (
        Settings.penalty_decay
    )
    escape_loops: Annotated[
        bool, _option(REPETITION, None, "Leave a stretch that repeats itself again and again.", "--escape-loops")
    ] = Settings.escape_loops

    def make_settings(self, temperature: str | None) -> Settings:
        """Make settings of the options; with ``--until`` and no ``--length`` the nearest end will do.

        Raises:
            UsageError: a value is out of range, or contradicts another.
        """
        values = {option.name: getattr(self, option.name) for option in fields(self)}
        if self.length is None:
            values["length"] = max(Settings.length, self.min_length) if self.until == "length" else 0
        bias = tuple(map(parse_bias, self.bias or ()))
        texts = {"stop": tuple(self.stop or ()), "ban": tuple(self.ban or ()), "bias": bias}
        return Settings(**values | texts | parse_temperature(temperature))


def spread(name: str, record: Any) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Give a command the fields of the dataclass ``record`` as options in the place of its parameter ``name``."""

    def change(command: Callable[..., None]) -> Callable[..., None]:
        signature = inspect.signature(command)
        hints = get_type_hints(record, include_extras=True)
        parameters: list[inspect.Parameter] = []
        for parameter in signature.parameters.values():
            if parameter.name != name:
                parameters.append(parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY))
                continue
            for option in fields(record):
                kind, hint = inspect.Parameter.KEYWORD_ONLY, hints[option.name]
                parameters.append(inspect.Parameter(option.name, kind, default=option.default, annotation=hint))

        @functools.wraps(command)
        def run(**values: Any) -> None:
            options = {option.name: values.pop(option.name) for option in fields(record)}
            command(**{name: record(**options)}, **values)

        run.__signature__ = signature.replace(parameters=parameters)  # type: ignore[attr-defined]
        run.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
        return run

    return change


steered = spread("steering", Steering)
"""Give a command the options of `Steering` in the place of its parameter ``steering``."""


def parse_temperature(text: str | None) -> dict[str, Any]:
    """The settings that ``--temperature`` makes: one number, or several that take turns.

    Raises:
        UsageError: it is no number.
    """
    if text is None:
        return {}
    try:
        temperatures = tuple(map(float, text.split(",")))
    except ValueError as e:
        raise UsageError(f"temperature {text!r:.40} cannot be: give a number, or several with commas between") from e
    return {"temperature": temperatures[0]} if len(temperatures) == 1 else {"temperature_cycle": temperatures}


def parse_bias(text: str) -> tuple[str, float]:
    """The text and the nats of ``--bias TEXT=NATS``; the last equals sign separates them.

    Raises:
        UsageError: it is written in another way.
    """
    favoured, sign, nats = text.rpartition("=")
    try:
        return favoured, float(nats if sign else "")
    except ValueError as e:
        raise UsageError(f"bias {text!r:.40} cannot be: give a text, =, and nats from -100 to 100, as in the=-5") from e


def describe_temperature(settings: Settings) -> str:
    """The temperature as typed: ``0.8``, or ``0.2,0.5,1``."""
    return ",".join(f"{temperature:g}" for temperature in settings.temperature_cycle or (settings.temperature,))


def read_prompt(prompt: str) -> str:
    """The prompt itself, or with ``-`` what stdin holds, without the line end that a shell adds."""
    return sys.stdin.read().removesuffix("\n") if prompt == "-" else prompt


def choose_model(name: str | None) -> str:
    """The model named, or the default one.

    Raises:
        ModelError: there is none on this machine.
    """
    from rnnchat.model.library import default_model  # numpy: 0.1 s

    chosen = name or default_model()
    if chosen is None:
        raise ModelError("there is no model on this machine: train one with `rnnchat train`")
    return chosen
