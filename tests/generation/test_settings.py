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
        ({"temperature": -0.1}, "temperature must be from 0 to 2, not -0.1"),
        ({"temperature": 3}, "temperature must be from 0 to 2, not 3"),
        ({"temperature": math.nan}, "temperature must be a number from 0 to 2, not nan"),
        ({"temperature_cycle": (0.5, 3)}, "temperature-cycle must be from 0 to 2, not 3"),
        ({"top_p": 0.0}, "top-p must be above 0 and at most 1, not 0.0"),
        ({"top_p": math.inf}, "top-p must be a number above 0 and at most 1, not inf"),
        ({"min_p": 1.5}, "min-p must be from 0 to 1, not 1.5"),
        ({"top_k": -1}, "top-k must be from 0 to 16,777,216, not -1"),
        ({"top_k": 2.5}, "top-k must be a whole number from 0 to 16,777,216, not 2.5"),
        ({"repetition_penalty": 0.0}, "repetition-penalty must be from 0.5 to 5, not 0.0"),
        ({"presence_penalty": 11}, "presence-penalty must be from -10 to 10 nats, not 11"),
        ({"length": -1}, "length must be from 0 to 10,000,000 characters, not -1"),
        ({"length": 0}, "length 0 writes nothing"),
        ({"until": "chapter"}, "until must be length, near-sentence, line, sentence or paragraph, not chapter"),
        ({"seed": -1}, "seed must be from 0"),
        ({"stop": ("a", "")}, "empty text"),
        ({"stop": ("a",) * 1_001}, "stop must list at most 1,000 values, not 1,001"),
        ({"bias": (("a", 101),)}, "bias must be from -100 to 100 nats, not 101"),
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
