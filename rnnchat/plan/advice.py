"""Advice: what the figures of a training mean, and what to do about them.

Every function returns sentences, or nothing if there is nothing to improve. Losses are bits per character.
"""

from dataclasses import dataclass

from rnnchat.plan.recipe import Recipe
from rnnchat.plan.restraint import MANY_READINGS
from rnnchat.plan.size import LEAST_SEEN, Kind

Curve = tuple[tuple[int, float], ...]
"""(step, validation bits per character)"""

MOST_PARAMETERS = 3
"""Parameters per symbol of the text above which a network can memorise it."""
LEAST_DROPOUT = 0.2
"""Enough to prevent that."""
EVALUATIONS = 3
MOST_RISE = 0.02
LEAST_GAP = 0.1
STEEP = 0.06
"""A training whose last quarter brought this share of the loss ended too early."""
CLOSE = 0.03
"""Training and validation loss that differ by less than this share are equal."""
EARLY = 0.6


@dataclass(frozen=True)
class Amounts:
    """The size of a training."""

    parameters: int
    text: int
    """Symbols to train on."""
    seen: float
    """Symbols that will have been read at its end, repetitions included."""
    kind: Kind
    """Of the text."""

    @property
    def readings(self) -> float:
        """Epochs: how many times the text will have been read."""
        return self.seen / self.text


def judge_size(recipe: Recipe, amounts: Amounts) -> tuple[str, ...]:
    """Warn if the network is too big for its text or its time."""
    advice = []
    dropped = max(recipe.dropout, recipe.input_dropout or 0.0, recipe.output_dropout or 0.0, recipe.weight_drop)
    has_room = amounts.parameters > MOST_PARAMETERS * amounts.text
    if has_room and amounts.readings > MANY_READINGS and dropped < LEAST_DROPOUT:
        advice.append(
            f"The network is too big for this text: {amounts.parameters:,} parameters can memorise "
            f"{amounts.text:,} symbols in {amounts.readings:,.0f} epochs. Use a smaller --hidden, --dropout 0.5 "
            "or more text."
        )
    if amounts.seen < LEAST_SEEN[amounts.kind] * amounts.parameters:
        advice.append(
            f"The network is too big for this time: {amounts.parameters:,} parameters, but only "
            f"{amounts.seen:,.0f} symbols to train on. A smaller one (--preset small) or more --minutes would reach a "
            "lower loss."
        )
    return tuple(advice)


def judge_overfitting(recipe: Recipe, curve: Curve, train_bits: float) -> str:
    """Warn of overfitting.

    Args:
        recipe: of the training.
        curve: all evaluations so far.
        train_bits: the training loss since the last evaluation.
    """
    if len(curve) <= EVALUATIONS:
        return ""
    best_step, best = min(curve, key=lambda point: point[1])
    last = curve[-1][1]
    has_risen = all(bits > best for _, bits in curve[-EVALUATIONS:]) and last > (1 + MOST_RISE) * best
    if not has_risen or last - train_bits < LEAST_GAP * last:
        return ""
    return (
        f"Overfitting: training loss {train_bits:.2f} bits per character, validation loss {last:.2f}, up from "
        f"{best:.2f} at step {best_step:,}, which is kept. {_advise_against(recipe)}"
    )


def judge_end(recipe: Recipe, curve: Curve, train_bits: float, readings: float, is_early: bool) -> tuple[str, ...]:
    """What a finished training should have had more or less of.

    Args:
        recipe: of the training.
        curve: all evaluations.
        train_bits: the last training loss, dropout included.
        readings: how many times the text was read.
        is_early: whether it stopped for lack of improvement.
    """
    if len(curve) < EVALUATIONS + 1:
        return ()
    last_step, last = curve[-1]
    best_step, best = min(curve, key=lambda point: point[1])
    if best_step < EARLY * last_step and last > (1 + MOST_RISE / 2) * best:
        return (
            f"Validation loss was lowest at step {best_step:,} of {last_step:,}; after that the network overfitted. "
            f"{_advise_against(recipe)}",
        )
    if is_early:
        return ()
    before = [bits for step, bits in curve if step <= 0.75 * last_step]
    if before and before[-1] - last > STEEP * last:
        return (
            f"The loss was still falling: by {before[-1] - last:.2f} bits per character in the last quarter. More time "
            "would lower it further.",
        )
    if readings > MANY_READINGS and abs(last - train_bits) < CLOSE * last:
        less = " or a lower --dropout" if recipe.dropout else ""
        return (
            "Training and validation loss are equal, so that the network is too small for the text: a larger --hidden"
            f"{less} would lower both.",
        )
    return ()


def _advise_against(recipe: Recipe) -> str:
    """What to do about overfitting."""
    remedy = "" if recipe.dropout >= 0.5 else f"--dropout above {recipe.dropout:g}, "
    return f"Remedies: {remedy}a smaller --hidden or more text."
