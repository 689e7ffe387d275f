"""Options of a training put together by chance: refused in one sentence, or made into a recipe with a network."""

import dataclasses
import json
import math
import random
import types
import typing
from typing import Any

from rnnchat.errors import RnnchatError
from rnnchat.plan.choice import choose_recipe
from rnnchat.plan.options import TrainingOptions
from rnnchat.plan.recipe import Recipe

TYPES = typing.get_type_hints(TrainingOptions)
SENSIBLE = [0, 1, 2, 3, 8, 24, 64, 100, 512, 1_000, 5_000, 0.1, 0.3, 0.5, 1e-3, 5.0, 60.0]
EXTREMES = [-1, -0.0, 1e-300, 5e-324, 65_536, 65_537, 2**24, 2**31, 10**12, 2**63, 10**400, 1e308, math.nan, math.inf]


def draw_value(wanted: Any, chance: random.Random) -> Any:
    """A value of the type ``wanted``, however extreme."""
    parts = typing.get_args(wanted)
    match typing.get_origin(wanted):
        case typing.Literal:
            return chance.choice((*parts, *parts, "nothing"))
        case typing.Union | types.UnionType:
            return draw_value(chance.choice(parts), chance)
        case builtins_tuple if builtins_tuple is tuple:
            return tuple(draw_value(parts[0], chance) for _ in range(chance.choice((0, 1, 1, 2, 3, 65))))
    if wanted is bool:
        return chance.random() < 0.5
    if wanted is str:
        return chance.choice(("a", "", "plays.txt", "-", "\ud800", "\x00", "a" * 10_000))
    if wanted is type(None):
        return None
    number = chance.choice(SENSIBLE if chance.random() < 0.9 else EXTREMES)
    return int(number) if wanted is int and abs(number) < math.inf else number


def test_any_options_make_a_recipe_or_are_refused_in_a_sentence(seeds):
    for seed in seeds:
        chance = random.Random(seed)
        share = chance.choice((0.1, 0.2, 0.5))
        names = [field.name for field in dataclasses.fields(TrainingOptions) if chance.random() < share]
        values = {name: draw_value(TYPES[name], chance) for name in names}
        try:
            options = TrainingOptions(**{"corpus": ("a",), **values})
            chars = chance.choice((200, 3_000, 10**6, 10**10))
            recipe, notes = choose_recipe(options, chars, int(chars * chance.uniform(0.2, 1)))
            assert Recipe.from_json(json.loads(json.dumps(recipe.to_json()))) == recipe
            recipe.build_config(chance.choice((2, 100, 20_000)))
        except RnnchatError as e:
            assert len(str(e)) < 1_000, f"case {seed}"
        except BaseException as e:
            raise AssertionError(f"case {seed}: {values!r:.300} ended in {type(e).__name__}") from e
        else:
            assert all(note.endswith(".") for note in notes)
