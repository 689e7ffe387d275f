"""A fixture to run commands in this process."""

from collections.abc import Callable

import pytest
from typer.testing import CliRunner, Result

from rnnchat.cli.command import app


@pytest.fixture
def run() -> Callable[..., Result]:
    """Run a command as typed: ``run("models", "list", "--json", input="y\\n")``."""

    def run_command(*arguments: object, input: str | None = None) -> Result:
        return CliRunner().invoke(app, [str(argument) for argument in arguments], input=input)

    return run_command
