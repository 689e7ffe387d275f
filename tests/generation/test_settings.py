import math

import pytest

from rnnchat.errors import UsageError
from rnnchat.generation.settings import PRESETS, Settings


def test_settings_survive_json():
    settings = Settings(temperature=0.3, seed=7, stop=("\n\n", "END"), until="line", top_k=5)
    assert Settings.from_json(settings.to_json()) == settings


def test_unknown_settings_of_a_later_version_are_passed_over():
    assert Settings.from_json({"temperature": 0.5, "mirostat": 2}) == Settings(temperature=0.5)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"temperature": -0.1}, "temperature -0.1"),
        ({"temperature": 2.1}, "from 0 to 2"),
        ({"temperature": math.nan}, "give a number"),
        ({"top_p": 0.0}, "top-p 0.0"),
        ({"top_p": math.inf}, "top-p inf"),
        ({"min_p": 1.5}, "min-p 1.5"),
        ({"top_k": -1}, "top-k -1"),
        ({"repetition_penalty": 0.0}, "repetition-penalty"),
        ({"length": -1}, "length -1"),
        ({"length": 0}, "length 0 writes nothing"),
        ({"until": "chapter"}, "until chapter"),
        ({"seed": -1}, "seed -1"),
        ({"stop": ("a", "")}, "empty stop text"),
    ],
)
def test_settings_out_of_range_name_the_option(values, message):
    with pytest.raises(UsageError, match=message):
        Settings(**values)


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_changes_sampling_and_nothing_else(name):
    base = Settings(length=77, seed=5, until="line", stop=("x",))
    changed = base.change(**PRESETS[name])
    assert (changed.length, changed.seed, changed.until, changed.stop) == (77, 5, "line", ("x",))
