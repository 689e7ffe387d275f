"""Options that several commands share, and the settings they make."""

import functools
import inspect
import sys
from collections.abc import Callable
from dataclasses import fields
from typing import Annotated, Any, Literal, get_args, get_origin

import typer

from rnnchat.description import Description, find_descriptions, find_types, name_field
from rnnchat.errors import ModelError, UsageError
from rnnchat.generation.settings import ENDS_AT_LENGTH, SAMPLING, USUAL, WHAT, Settings

SEARCH, OUTPUT = "Search and mixing", "Output"
"""Headings of a long help, after those of the settings."""

Prompt = Annotated[
    str,
    typer.Option(
        "--prompt", "-p", metavar="TEXT", help="Text to continue; - reads it from standard input.", rich_help_panel=WHAT
    ),
]
Temperature = Annotated[
    str,
    typer.Option(
        metavar="T",
        help=find_descriptions(Settings)["temperature"].help,
        rich_help_panel=SAMPLING,
    ),
]
Temperatures = Annotated[
    list[str] | None,
    typer.Option(
        "--temperature",
        metavar="T",
        help="As in generate; may be repeated to compare several.  [default: 0.8]",
        rich_help_panel=SAMPLING,
    ),
]
PrecisionName = Annotated[
    Literal["int8", "float32"], typer.Option("--precision", help="int8 is fast, float32 exact.", rich_help_panel=OUTPUT)
]
ChosenPrecision = Annotated[
    Literal["int8", "float32"] | None,
    typer.Option(
        "--precision",
        help="int8 is fast, float32 exact; by default int8 where the model loses next to nothing by it.",
        rich_help_panel=OUTPUT,
    ),
]
Memory = Annotated[
    list[str] | None,
    typer.Option(
        "--memory",
        metavar="TEXT",
        help="A text to write in the voice of: a file, a folder, or a text of the catalogue; may be repeated.",
        rich_help_panel=WHAT,
    ),
]
NoMemory = Annotated[
    bool,
    typer.Option(
        "--no-memory",
        help="Use the network alone, without what it remembers of the prompt and of the model's own text.",
        rich_help_panel=WHAT,
    ),
]
TextEncoding = Annotated[
    str | None,
    typer.Option("--encoding", metavar="NAME", help="Encoding of the texts, such as cp1252; recognised by default."),
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object.", rich_help_panel=OUTPUT)]


def takes(name: str, record: Any, usual: Any = None) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Give a command the described fields of the dataclass ``record`` as options in place of its parameter ``name``.

    The command gets a dict of the values that were typed, by the names of the fields and as the fields hold them.

    Args:
        name: of the parameter.
        record: the dataclass.
        usual: one of its objects, whose values are the defaults; None for those of its fields.
    """
    descriptions = {each: text for each, text in find_descriptions(record).items() if text.heading}
    hints = find_types(record)
    defaults = {each.name: getattr(usual, each.name, each.default) for each in fields(record)}

    def change(command: Callable[..., None]) -> Callable[..., None]:
        signature = inspect.signature(command)
        parameters: list[inspect.Parameter] = []
        for parameter in signature.parameters.values():
            if parameter.name == name:
                parameters += [
                    _make_option(each, text, hints[each], defaults[each]) for each, text in descriptions.items()
                ]
            else:
                parameters.append(parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY))

        @functools.wraps(command)
        def run(**values: Any) -> None:
            typed = {each: values.pop(each) for each in descriptions}
            given = {each: _parse(value, hints[each]) for each, value in typed.items() if value is not None}
            command(**{name: given}, **values)

        run.__signature__ = signature.replace(parameters=parameters)  # type: ignore[attr-defined]
        run.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
        return run

    return change


steered = takes("given", Settings, USUAL)
"""Give a command the options of `Settings`, but for the temperature, in place of its parameter ``given``."""


def _make_option(name: str, description: Description, wanted: Any, default: Any) -> inspect.Parameter:
    """A field as typer takes it: lists are repeated, or sizes with commas between them."""
    names = [each for each in (description.option, f"--{name_field(name)}") if each]
    if wanted == bool | None:
        names = [f"{names[-1]}/--no-{name_field(name)}"]
    if get_origin(wanted) is tuple:
        wanted, default = list[str] | None, None
    elif wanted == tuple[int, ...] | None:
        wanted = str | None
    elif name == "length":
        wanted, default = int | None, None  # what it is by default depends on other options
    option = typer.Option(
        *names, metavar=description.metavar, help=description.help, rich_help_panel=description.heading
    )
    return inspect.Parameter(
        name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=Annotated[wanted, option]
    )


def _parse(value: Any, wanted: Any) -> Any:
    """What was typed, as a field of the type ``wanted`` holds it."""
    if wanted == tuple[int, ...] | None:
        from rnnchat.plan.size import parse_sizes  # numpy: 0.1 s

        return parse_sizes(value)
    if get_origin(wanted) is not tuple:
        return value
    return tuple(value if get_args(wanted)[0] is str else map(parse_bias, value))


def make_settings(given: dict[str, Any], temperature: str | None) -> Settings:
    """The settings that options make; with ``--until`` and no ``--length`` the nearest end will do.

    Raises:
        UsageError: a value is out of range, or contradicts another.
    """
    length = max(Settings.length, given["min_length"]) if given["until"] in ENDS_AT_LENGTH else 0
    values: dict[str, Any] = {"length": length, **given, **parse_temperature(temperature)}
    return Settings(**values)


def check_memory(memory: list[str] | None, no_memory: bool) -> None:
    """Refuse texts to remember together with the wish to remember nothing.

    Raises:
        UsageError: both are given.
    """
    if memory and no_memory:
        raise UsageError("--memory and --no-memory contradict each other: leave one of them out")


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
        raise UsageError(f"temperature must be a number, or several with commas between them, not {text!r:.40}") from e
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
        raise UsageError(f"bias must be a text, = and nats from -100 to 100, as in the=-5, not {text!r:.40}") from e


def describe_temperature(settings: Settings) -> str:
    """The temperature as typed: ``0.8``, or ``0.2,0.5,1``."""
    return ",".join(f"{temperature:g}" for temperature in settings.temperature_cycle or (settings.temperature,))


def read_prompt(prompt: str) -> str:
    """The prompt itself, or with ``-`` what stdin holds, without the line end that a shell adds; read as files are.

    Raises:
        UnreadableText: stdin holds no text.
    """
    from rnnchat.text.encoding import join_lines, read_bytes  # charset-normalizer: 0.1 s

    if prompt == "-":
        return read_bytes(sys.stdin.buffer.read(), "standard input").removesuffix("\n")
    return join_lines(prompt)


def choose_model(name: str | None) -> str:
    """The model named, or the default one.

    Raises:
        ModelError: there is none on this machine.
    """
    from rnnchat.model.library import default_model  # numpy: 0.1 s

    chosen = name or default_model()
    if chosen is None:
        raise ModelError("no model on this machine: train one with `rnnchat train`")
    return chosen
