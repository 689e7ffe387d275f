"""Command lines of ``rnnchat generate`` put together by chance: exit status 0, 1 or 2, and never a traceback."""

import random

import pytest
from typer.testing import CliRunner

from rnnchat.cli.command import app

NUMBERS = ["0", "1", "-1", "5", "0.5", "1e-300", "1e400", "-0", "nan", "inf", "-inf", "2" * 400, "9" * 5_000, "0x10"]
TEXTS = [
    "",
    "a",
    "abc",
    "\n",
    " ",
    "é",
    "😀",
    "\x00",
    "\x1b[2J",
    "\udc80",
    "a" * 10_000,
    "-",
    "--",
    "=",
    "a=1",
    "the=-5",
]
TAKES_NUMBER = [
    *("--length", "--temperature", "--top-k", "--top-p", "--min-p", "--repetition-penalty", "--seed"),
    *("--min-length", "--presence-penalty", "--frequency-penalty", "--penalty-window", "--penalty-decay"),
    *("--candidates", "--beams", "--mix-weight", "--explain", "--hidden"),
]
TAKES_TEXT = [
    "--prompt",
    "--until",
    "--stop",
    "--precision",
    "--ban",
    "--bias",
    "--draw-at",
    "--mix",
    "--nothing",
    "-p",
]
FLAGS = ["--json", "--escape-loops", "--copied", "--help", "extra", "--"]


def draw_arguments(model: str, chance: random.Random) -> list[str]:
    """A command line: a few options, most of them sensible or nearly so."""
    arguments = ["generate", chance.choice((model, model, model, model, "nothing", "./none.safetensors", "/", ""))]
    if chance.random() < 0.9:
        arguments += ["--length", str(chance.choice((1, 5, 20)))]
    for _ in range(chance.randrange(5)):
        kind = chance.random()
        if kind < 0.6:
            arguments += [chance.choice(TAKES_NUMBER), chance.choice(NUMBERS)]
        elif kind < 0.9:
            words = [*TEXTS, "line", "sentence", "length", "int8", "float32", "word"]
            arguments += [chance.choice(TAKES_TEXT), chance.choice(words)]
        else:
            arguments.append(chance.choice(FLAGS))
    return arguments


def test_any_command_line_ends_with_a_status_and_a_sentence(few_seeds, tiny_model):
    for seed in few_seeds:
        arguments = draw_arguments(str(tiny_model), random.Random(seed))
        result = CliRunner().invoke(app, arguments, input="ab\n")
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise AssertionError(f"case {seed}: {arguments!r:.300}") from result.exception
        assert result.exit_code in (0, 1, 2), f"case {seed}: {arguments!r:.300}"
        assert "Traceback" not in result.stderr
        if result.exit_code:
            assert result.stderr, f"case {seed}: {arguments!r:.300}"


@pytest.mark.parametrize("option", [*TAKES_NUMBER[:7], "--stop", "--until", "--precision"])
@pytest.mark.parametrize("value", ["nan", "1e400", "-inf", "9" * 5_000, "\x1b[2J", "\udc80"])
def test_a_strange_value_of_any_option_is_refused_or_taken(tiny_model, option, value):
    result = CliRunner().invoke(app, ["generate", str(tiny_model), "--length", "5", option, value])
    assert isinstance(result.exception, SystemExit | None)
    assert result.exit_code in (0, 2)
