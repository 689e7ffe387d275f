"""Settings put together by chance, sensible or not: each is refused in one sentence, or something can be written."""

import dataclasses
import json
import math
import random
import types
import typing
import warnings
from itertools import islice
from typing import Any

import pytest

from rnnchat.errors import RnnchatError, UsageError
from rnnchat.generation.language_model import LanguageModel
from rnnchat.generation.settings import Settings
from rnnchat.text.char import CharTokenizer
from rnnchat.text.tokenizer import BpeTokenizer, WordTokenizer

TYPES = typing.get_type_hints(Settings)
NUMBERS = [0, 1, -1, 2, 3, 64, 0.0, -0.0, 0.5, 1.0, 1e-3, 1e-300, 5e-324, 0.999999, 1 + 1e-16, 1.5, 2.0, 2.1, -0.1, 5.0]
EXTREMES = [
    1e308,
    -1e308,
    math.nan,
    math.inf,
    -math.inf,
    2**31,
    2**53,
    2**63 - 1,
    2**63,
    10**400,
    -(10**400),
    10**5_000,
    1e15,
]
TEXTS = [
    "a",
    "b",
    "\n",
    " ",
    "ab",
    "the",
    " the",
    "abc" * 50,
    "",
    "é",
    "😀",
    "e\u0301",
    "\x00",
    "\ud800",
    "\udc80a",
    "ß",
]
WRONG = [
    None,
    True,
    False,
    "",
    "a",
    "0.5",
    "nan",
    3,
    0.5,
    [],
    (),
    {},
    [1],
    ("a", 1),
    {"a": 1},
    b"a",
    object(),
    [[["a"]]],
]


def draw_value(wanted: Any, chance: random.Random) -> Any:
    """A value of the type ``wanted``, however strange; seldom one of another type."""
    origin, parts = typing.get_origin(wanted), typing.get_args(wanted)
    if chance.random() < 0.01:
        return chance.choice(WRONG)
    if origin is typing.Literal:
        return chance.choice((*parts, *parts, "nothing"))
    if origin in (typing.Union, types.UnionType):
        return draw_value(chance.choice(parts), chance)
    if origin is tuple and parts[-1] is Ellipsis:
        count = chance.choice((0, 0, 1, 2, 5, 2_000)) if chance.random() < 0.1 else chance.choice((0, 1, 2))
        return tuple(draw_value(parts[0], chance) for _ in range(count))
    if origin is tuple:
        return tuple(draw_value(part, chance) for part in parts)
    if wanted is bool:
        return chance.random() < 0.5
    if wanted is str:
        return chance.choice(TEXTS) if chance.random() < 0.98 else "ab" * 5_000
    if wanted in (int, float):
        number = chance.choice(NUMBERS if chance.random() < 0.97 else EXTREMES)
        return int(number) if wanted is int and abs(number) < math.inf else number
    return None if wanted is type(None) else chance.choice(WRONG)


def draw_values(chance: random.Random) -> dict[str, Any]:
    """Values for some of the settings: a few, half of them, or all."""
    share = chance.choice((0.1, 0.3, 0.5, 1.0))
    names = [field.name for field in dataclasses.fields(Settings) if chance.random() < share]
    return {name: draw_value(TYPES[name], chance) for name in names}


def draw_settings(chance: random.Random) -> Settings:
    """Settings that are valid each for itself, in any combination."""
    settings = Settings()
    for name, value in draw_values(chance).items():
        try:
            settings = settings.change(**{name: value})
        except UsageError as e:
            check_sentence(str(e))
    return settings


def check_sentence(message: str) -> None:
    """One line of a length that is read, which any terminal can show."""
    assert message.isprintable()
    assert len(message) < 400


@pytest.fixture
def writers(make_model) -> list[LanguageModel]:
    """A model of each level that steers differently."""
    return [
        LanguageModel.of(make_model(tokenizer=tokenizer), "tiny", "float32")
        for tokenizer in (
            CharTokenizer("\n abcdefgh", has_unknown=True),
            WordTokenizer(["the", " (", ")", "\n", "ab", "    "], [" ("]),
            BpeTokenizer("é😀", ["th", "the", " the"], range(128, 192)),
        )
    ]


def test_any_settings_write_a_text_or_are_refused_in_a_sentence(seeds, writers):
    for seed in seeds:
        chance = random.Random(seed)
        model = writers[seed % len(writers)]
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error")
                settings = draw_settings(chance) if seed % 4 else Settings(**draw_values(chance))
                prompt = chance.choice(("", "ab", "the ab\n", "abc" * 100, "a "))
                pieces = list(islice(model.write(prompt, settings, alternatives=chance.choice((0, 3))), 30))
                "".join(piece.text for piece in pieces).encode()
                candidates = list(islice(model.write_all([prompt], settings, count=3), 5))
        except RnnchatError as e:
            check_sentence(str(e))
        except BaseException as e:
            raise AssertionError(f"case {seed} ended in {type(e).__name__}") from e
        else:
            assert all(piece.log_prob <= 0 for piece in pieces)
            assert all(len(row) == 3 for row in candidates)


def test_settings_survive_json_whatever_they_are(seeds):
    for seed in seeds:
        settings = draw_settings(random.Random(seed))
        assert Settings.from_json(json.loads(json.dumps(settings.to_json()))) == settings, f"case {seed}"


def draw_json(chance: random.Random, depth: int = 0) -> Any:
    """JSON of any shape."""
    match chance.randrange(4 if depth < 3 else 2):
        case 0:
            return chance.choice((None, True, False, *NUMBERS, *EXTREMES))
        case 1:
            return chance.choice(TEXTS)
        case 2:
            return [draw_json(chance, depth + 1) for _ in range(chance.randrange(4))]
    return {chance.choice((*TYPES, *TEXTS)): draw_json(chance, depth + 1) for _ in range(chance.randrange(4))}


def test_a_record_of_settings_from_anywhere_is_settings_or_refused_in_a_sentence(seeds):
    for seed in seeds:
        chance = random.Random(seed)
        record = draw_json(chance) if seed % 3 == 0 else {name: draw_json(chance) for name in chance.choices([*TYPES])}
        try:
            Settings.from_json(record)
        except UsageError as e:
            check_sentence(str(e))
        except BaseException as e:
            raise AssertionError(f"case {seed}, {record!r:.200}, ended in {type(e).__name__}") from e
