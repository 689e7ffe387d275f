"""Library, command line and screen accept the same values of every setting and of every training option."""

from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from rnnchat.cli.option import make_settings, steered, takes
from rnnchat.description import Bounds, find_choices, find_descriptions, find_types
from rnnchat.desk.training_form import FormValues, check_form, list_rows
from rnnchat.errors import UsageError
from rnnchat.generation.settings import Settings
from rnnchat.plan.options import TrainingOptions
from rnnchat.tui.widgets.field import NumberField

COMPANIONS: dict[str, dict[str, Any]] = {"momentum": {"optimiser": "sgd"}, "max_vocab": {"level": "word"}}
"""What else must be given, so that nothing but the bounds decides."""


def list_cases(record: Any) -> list[tuple[str, Any, bool]]:
    """Each number's bounds, what is just beyond, and each word: field, value, whether its description accepts it."""
    cases: list[tuple[str, Any, bool]] = []
    for name, description in find_descriptions(record).items():
        wanted, bounds = find_types(record)[name], description.bounds
        if name in ("bias", "temperature_cycle", "hidden_sizes"):
            continue
        if bounds:
            is_whole = wanted in (int, int | None)
            beyond = 1 if is_whole else 0.001
            low = 16 if name == "max_vocab" else bounds.low
            values = (low, low - beyond, low + beyond, bounds.high, bounds.high + beyond)
            narrower = Bounds(low, *bounds[1:])
            cases += [(name, int(value) if is_whole else value, narrower.holds(value)) for value in values]
        for word in (*find_choices(wanted), "nothing") if find_choices(wanted) else ():
            cases.append((name, word, word != "nothing"))
    return cases


def call_library(record: Any, name: str, value: Any) -> bool:
    """Whether the library accepts a value."""
    own = {"until": "line"} if record is Settings else {"corpus": ("a",), **COMPANIONS.get(name, {})}
    try:
        record(**{**own, name: value})
    except UsageError:
        return False
    return True


def call_command(record: Any, name: str, value: Any) -> bool:
    """Whether a command accepts it."""
    app = typer.Typer()

    @app.command()
    @(steered if record is Settings else takes("given", TrainingOptions))
    def command(given: dict[str, Any], temperature: str | None = None) -> None:
        make_settings(given, temperature) if record is Settings else TrainingOptions(("a",), **given)

    own = {"until": "line"} if record is Settings else COMPANIONS.get(name, {})
    options = [f"--{key.replace('_', '-')}={each}" for key, each in {**own, name: value}.items()]
    result = CliRunner().invoke(app, options)
    assert result.exit_code == 0 or isinstance(result.exception, (UsageError, SystemExit)), result.exception
    return result.exit_code == 0


@pytest.mark.parametrize("record", [Settings, TrainingOptions])
def test_library_and_command_line_accept_the_same_values(record: Any) -> None:
    for case in list_cases(record):
        name, value, is_fine = case
        assert (call_library(record, name, value), call_command(record, name, value)) == (is_fine, is_fine), case


def test_the_form_of_a_training_accepts_the_same_values() -> None:
    cases = [case for case in list_cases(TrainingOptions) if case[0] in list_rows()]
    assert len({name for name, _, _ in cases}) >= 8
    for name, value, is_fine in cases:
        try:
            check_form(FormValues("a", filled={name: str(value)}))
        except Exception as error:
            assert not is_fine, error
        else:
            assert is_fine, (name, value)


async def test_the_panel_accepts_the_same_values(make_app: Any) -> None:
    app = make_app()
    app.settings.writing = Settings(until="line")
    async with app.run_test(size=(120, 60)) as pilot:
        await pilot.press("f2")
        for field in app.screen.query("MoreRow"):
            field.action_move(1)
        seen = set()
        for name, value, is_fine in list_cases(Settings):
            if not app.screen.query(f"#{name}") or isinstance(value, str):
                continue
            row = app.screen.query_one(f"#{name}", NumberField)
            if value < 0 <= row.minimum:
                continue  # its minus sign cannot be typed there
            row.focus()
            await pilot.press(
                *f"{value:.10f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value), "enter"
            )
            await pilot.pause()
            assert (getattr(app.settings.writing, name) == value) is is_fine, (name, value)
            seen.add(name)
        assert len(seen) >= 11
