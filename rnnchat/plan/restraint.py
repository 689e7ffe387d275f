"""What keeps a network from learning its text by heart: how strong it must be.

A text that is read many times over, by a network that has room for it, is learnt by heart unless something gets in the
way. Decay costs no time; dropout slows learning, so that it pays only where the text would be learnt by heart.
"""

from typing import Any

from rnnchat.plan.options import Optimiser, TrainingOptions
from rnnchat.plan.size import Kind

MANY_READINGS = 15
"""A text that is read so often can be learnt by heart."""
_Strengths = tuple[tuple[float, dict[str, Any]], ...]
"""What is chosen against learning by heart, up to how much of a measure."""
_MUON_STRENGTHS: dict[Kind, _Strengths] = {
    "spelling": (
        (25, {"weight_decay": 1.0}),
        (150, {"weight_decay": 1.5, "dropout": 0.2, "input_dropout": 0.0}),
        (2_000, {"weight_decay": 1.5, "dropout": 0.35}),
        (float("inf"), {"weight_decay": 1.5, "dropout": 0.5}),
    ),
    "words": (
        (50, {"weight_decay": 0.5, "dropout": 0.3}),
        (
            float("inf"),
            {
                "weight_decay": 0.7, "dropout": 0.35, "input_dropout": 0.4, "embedding_dropout": 0.1,
                "variational": True,
            },
        ),
    ),
}  # fmt: skip
"""By the readings of the text, times the square of the parameters for each of its symbols: the room to learn it by
heart counts for more than how often it is read."""
_OTHER_STRENGTHS: dict[Kind, _Strengths] = {
    "spelling": ((12, {"dropout": 0.0}), (40, {"dropout": 0.3}), (float("inf"), {"dropout": 0.5})),
    "words": ((12, {"dropout": 0.2}), (float("inf"), {"dropout": 0.5})),
}
"""By the readings of the text."""


def choose_restraint(
    options: TrainingOptions, optimiser: Optimiser, kind: Kind, readings: float, parameters_per_token: float
) -> dict[str, Any]:
    """Weight decay and dropout, as fields of a recipe.

    Args:
        options: what was asked for.
        optimiser: what changes the weights.
        kind: of the text.
        readings: how often the text will be read.
        parameters_per_token: of the network, for each symbol of the text.
    """
    strengths, measure = _OTHER_STRENGTHS, readings
    if optimiser == "muon":
        strengths, measure = _MUON_STRENGTHS, readings * parameters_per_token**2
    chosen = next(chosen for most, chosen in strengths[kind] if measure < most)
    if options.dropout is None:
        return chosen
    # Whoever asks for a dropout means all of it.
    return {name: value for name, value in chosen.items() if name == "weight_decay"}
