"""What a training's figures mean, in words, and what to do about it.

Every function gives sentences for a person, or nothing where all is as it should be. Losses are bits per character.
"""

from dataclasses import dataclass

from rnnchat.plan.recipe import Recipe
from rnnchat.plan.restraint import MANY_READINGS
from rnnchat.plan.size import LEAST_SEEN, Kind

Curve = tuple[tuple[int, float], ...]
"""(step, validation bits per character)"""

MOST_PARAMETERS = 3
"""Parameters per symbol of the text from which on a network has room to learn it by heart."""
LEAST_DROPOUT = 0.2
"""Enough to keep it from doing so."""
LOOKS = 3
MOST_RISE = 0.02
LEAST_GAP = 0.1
STEEP = 0.06
"""A last quarter that brought so much of the loss ended too early."""
CLOSE = 0.03
"""What is learnt and what is held out are known equally well within such a share."""
EARLY = 0.6


@dataclass(frozen=True)
class Amounts:
    """How big a training is."""

    parameters: int
    text: int
    """Symbols to learn from."""
    seen: float
    """Symbols that it will have read at its end."""
    kind: Kind
    """Of the text."""

    @property
    def readings(self) -> float:
        """How often it will have read the text."""
        return self.seen / self.text


def judge_size(recipe: Recipe, amounts: Amounts) -> tuple[str, ...]:
    """Is the network too big for its text, or for its time?"""
    told = []
    dropped = max(recipe.dropout, recipe.input_dropout or 0.0, recipe.output_dropout or 0.0, recipe.weight_drop)
    has_room = amounts.parameters > MOST_PARAMETERS * amounts.text
    if has_room and amounts.readings > MANY_READINGS and dropped < LEAST_DROPOUT:
        told.append(
            f"The network is too big for this text: {amounts.parameters:,} parameters for {amounts.text:,} symbols, "
            f"each of which it will read {amounts.readings:,.0f} times, can learn it by heart. Choose a smaller "
            "--hidden, --dropout 0.5, or more text."
        )
    if amounts.seen < LEAST_SEEN[amounts.kind] * amounts.parameters:
        told.append(
            f"The network is too big for this time: it has {amounts.parameters:,} parameters and will see "
            f"{amounts.seen:,.0f} symbols. A smaller one (--preset small) or more --minutes would come further."
        )
    return tuple(told)


def judge_overfitting(recipe: Recipe, curve: Curve, train_bits: float) -> str:
    """Does the network learn its text by heart at the expense of all others?

    Args:
        recipe: how it is trained.
        curve: all looks so far.
        train_bits: on what it learnt since the last look.
    """
    if len(curve) <= LOOKS:
        return ""
    best_step, best = min(curve, key=lambda point: point[1])
    last = curve[-1][1]
    has_risen = all(bits > best for _, bits in curve[-LOOKS:]) and last > (1 + MOST_RISE) * best
    if not has_risen or last - train_bits < LEAST_GAP * last:
        return ""
    return (
        f"It is learning the text by heart: {train_bits:.2f} bits per character on what it learns, {last:.2f} on the "
        f"held-out text, after {best:.2f} at step {best_step:,}, which is kept. {_advise_against(recipe)}"
    )


def judge_end(recipe: Recipe, curve: Curve, train_bits: float, readings: float, is_early: bool) -> tuple[str, ...]:
    """What a training that came to its end should have had more or less of.

    Args:
        recipe: how it was trained.
        curve: all looks.
        train_bits: on what it learnt last, with whatever was dropped.
        readings: how often it read the text.
        is_early: did it stop because it did not get better any more?
    """
    if len(curve) < LOOKS + 1:
        return ()
    last_step, last = curve[-1]
    best_step, best = min(curve, key=lambda point: point[1])
    if best_step < EARLY * last_step and last > (1 + MOST_RISE / 2) * best:
        return (
            f"The held-out text was foretold best at step {best_step:,} of {last_step:,}: after that it learnt the "
            f"text by heart. {_advise_against(recipe)}",
        )
    if is_early:
        return ()
    before = [bits for step, bits in curve if step <= 0.75 * last_step]
    if before and before[-1] - last > STEEP * last:
        return (
            f"It was still learning fast: the last quarter brought {before[-1] - last:.2f} bits per character. More "
            "time would make it better.",
        )
    if readings > MANY_READINGS and abs(last - train_bits) < CLOSE * last:
        less = " or less --dropout" if recipe.dropout else ""
        return (
            "It knows the text that it learnt from no better than the held-out one: a bigger --hidden"
            f"{less} would learn more from it.",
        )
    return ()


def _advise_against(recipe: Recipe) -> str:
    """What to do against learning by heart."""
    remedy = "" if recipe.dropout >= 0.5 else f"more --dropout than {recipe.dropout:g}, "
    return f"What helps: {remedy}a smaller --hidden, or more text."
