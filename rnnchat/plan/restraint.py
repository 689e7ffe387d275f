"""Regularisation, chosen to prevent overfitting: weight decay and dropout.

A text that is read many times by a network that has room for it is memorised unless something prevents that. Weight
decay costs no time; dropout slows learning, so that it pays only where the network would overfit. In a few epochs it
never does: whatever is read for the first time is as new as a held-out text.
"""

from typing import Any

from rnnchat.plan.options import Optimiser, TrainingOptions
from rnnchat.plan.size import Kind

FEW_READINGS = 3
"""Epochs below which there is no dropout, whatever the network."""
MANY_READINGS = 15
"""Epochs from which a text can be memorised."""
_Strengths = tuple[tuple[float, dict[str, Any]], ...]
"""The regularisation below each value of a measure, in ascending order."""
_MUON_STRENGTHS: dict[Kind, _Strengths] = {
    "spelling": (
        (25, {"weight_decay": 1.0}),
        (150, {"weight_decay": 1.5, "dropout": 0.2, "input_dropout": 0.0}),
        (2_000, {"weight_decay": 1.5, "dropout": 0.35}),
        (float("inf"), {"weight_decay": 1.5, "dropout": 0.5}),
    ),
    "words": (
        (10, {"weight_decay": 0.5}),
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
"""By epochs times the square of the parameters per symbol of the text: the room for memorising counts for more than
the number of epochs."""
_OTHER_STRENGTHS: dict[Kind, _Strengths] = {
    "spelling": ((12, {"dropout": 0.0}), (40, {"dropout": 0.3}), (float("inf"), {"dropout": 0.5})),
    "words": ((12, {"dropout": 0.2}), (float("inf"), {"dropout": 0.5})),
}
"""By epochs."""


def choose_restraint(
    options: TrainingOptions, optimiser: Optimiser, kind: Kind, readings: float, parameters_per_token: float
) -> dict[str, Any]:
    """Weight decay and dropout, as fields of a recipe.

    Args:
        options: a dropout given there replaces all of this rule's.
        optimiser: of the training.
        kind: of the text.
        readings: epochs that the budget allows.
        parameters_per_token: of the network, per symbol of the text.
    """
    strengths, measure = _OTHER_STRENGTHS, readings
    if optimiser == "muon":
        strengths, measure = _MUON_STRENGTHS, readings * parameters_per_token**2
    chosen = next(chosen for limit, chosen in strengths[kind] if measure < limit)
    if options.dropout is None and readings >= FEW_READINGS:
        return chosen
    return {name: value for name, value in chosen.items() if name == "weight_decay"}
