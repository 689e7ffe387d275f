"""What is remembered between two starts."""

from pathlib import Path

import pytest

from rnnchat.generation.settings import USUAL, Settings
from rnnchat.paths import settings_path
from rnnchat.tui.settings import ScreenSettings


def write(text: str) -> Path:
    path = settings_path()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def test_settings_come_back_as_they_were_saved() -> None:
    settings = ScreenSettings(
        theme="nord", model="kjv", story="x", panel=False,
        keys={"write.take": "f9"}, precision={"v1.2": "float32"},
        writing=Settings(seed=7, top_k=5, ban=("a", "b\n"), bias=(("x", 0.5),), temperature_cycle=(0.1, 1.0)),
    )  # fmt: skip
    settings.save()
    assert ScreenSettings.load() == (settings, [])


def test_a_seed_that_is_new_each_time_again_leaves_the_file() -> None:
    ScreenSettings(writing=Settings(seed=7)).save()
    ScreenSettings(writing=Settings(seed=None)).save()
    assert ScreenSettings.load()[0].writing.seed is None


def test_saving_keeps_comments_and_what_is_not_known() -> None:
    path = write('# mine\ntheme = "nord"  # the blue one\nfuture = 1\n\n[writing]\n# hot\ntemperature = 1.5\n')
    settings, _ = ScreenSettings.load()
    settings.panel = False
    settings.save()
    text = path.read_text(encoding="utf-8")
    for kept in ("# mine", "# the blue one", "future = 1", "# hot", "temperature = 1.5", "panel = false"):
        assert kept in text


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("colour = 1", "no setting named 'colour'"),
        ('them = "nord"', "did you mean 'theme'?"),
        ("panel = 1", "panel must be true or false"),
        ("[writing]\ntemprature = 1.0", "did you mean 'temperature'?"),
        ("[writing]\ntemperature = 9.0", "from 0 to 2"),
        ('[writing]\ntemperature = "hot"', "temperature"),
        ("[precision]\nkjv = 'int3'", 'precision.kjv must be "int8" or "float32"'),
        ("[keys]\n'write.take' = 3", "keys.write.take must be text"),
    ],
)
def test_what_cannot_be_used_is_named_and_the_rest_is_taken(text: str, complaint: str) -> None:
    write(f'model = "kjv"\n{text}\n')
    settings, complaints = ScreenSettings.load()
    assert settings.model == "kjv"
    assert settings.writing == USUAL
    assert len(complaints) == 1
    assert complaint in complaints[0]


def test_values_that_are_right_together_are_taken_in_any_order() -> None:
    write("[writing]\nmin_length = 500\nlength = 600\n")
    settings, complaints = ScreenSettings.load()
    assert (settings.writing.min_length, settings.writing.length, complaints) == (500, 600, [])


def test_a_damaged_file_is_kept_aside_and_defaults_are_used() -> None:
    path = write("theme = [")
    settings, complaints = ScreenSettings.load()
    assert settings == ScreenSettings()
    aside = path.with_name("settings.toml.damaged")
    assert aside.read_text(encoding="utf-8") == "theme = ["
    assert str(aside) in complaints[0]


def test_without_a_file_there_is_nothing_to_complain_about() -> None:
    assert ScreenSettings.load() == (ScreenSettings(), [])
