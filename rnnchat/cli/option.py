"""Options that several commands share, and the settings they make."""

import sys
from typing import Annotated, Any, Literal

import typer

from rnnchat.errors import ModelError
from rnnchat.generation.settings import Settings, Until

Prompt = Annotated[
    str, typer.Option("--prompt", "-p", metavar="TEXT", help="Text to go on from; - reads it from stdin.")
]
Length = Annotated[
    int | None, typer.Option(metavar="N", help="Characters to write (300), or the least of them with --until (0).")
]
Temperature = Annotated[float, typer.Option(metavar="T", help="0 always takes the likeliest symbol, 2 is wildest.")]
Temperatures = Annotated[
    list[float] | None, typer.Option("--temperature", metavar="T", help="As in generate; repeat it to compare several.")
]
TopK = Annotated[int, typer.Option(metavar="K", help="Draw from the K likeliest symbols only; 0 for all.")]
TopP = Annotated[float, typer.Option(metavar="P", help="Draw from the likeliest symbols that together reach P.")]
MinP = Annotated[float, typer.Option(metavar="P", help="Leave out symbols below P times the likeliest one.")]
Penalty = Annotated[float, typer.Option(metavar="R", help="Above 1, symbols used lately come less often.")]
Seed = Annotated[int | None, typer.Option(metavar="N", help="Same seed, same text; a new one by default.")]
UntilName = Annotated[Until, typer.Option("--until", help="Write to the end of this instead of to a length.")]
Stop = Annotated[list[str] | None, typer.Option(metavar="TEXT", help="End before this text appears; may be repeated.")]
PrecisionName = Annotated[Literal["int8", "float32"], typer.Option("--precision", help="Fast, or exact.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]


def make_settings(length: int | None, stop: list[str] | None, **values: Any) -> Settings:
    """Make settings of options as typed; with ``--until`` and no ``--length`` the nearest end will do.

    Raises:
        UsageError: a value is out of range.
    """
    if length is None:
        length = Settings.length if values["until"] == "length" else 0
    return Settings(length=length, stop=tuple(stop or ()), **values)


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
