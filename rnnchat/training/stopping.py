"""Early stopping.

With ``patience`` N a training stops after N evaluations in a row without improvement. By default it stops only when the
loss is beyond recovery: no improvement for long, much worse than the best, and still rising. A learning rate that
decays to zero often brings the best evaluation at the very end, so that plain patience would give away more than it
saves.
"""

from collections.abc import Sequence

LONG = 8
"""Evaluations since the best one; a budget has some 25."""
MUCH = 0.05
"""How much worse than the best, relatively."""


def find_end(losses: Sequence[float], patience: int | None) -> int:
    """How many evaluations without improvement end the training now; 0 if it continues.

    Args:
        losses: validation losses, the latest last.
        patience: evaluations; 0 never stops, None as described above.
    """
    if not losses or patience == 0:
        return 0
    since_best = len(losses) - 1 - min(range(len(losses)), key=losses.__getitem__)
    if patience is not None:
        return since_best if since_best >= patience else 0
    half = LONG // 2
    is_rising = sum(losses[-half:]) > sum(losses[-2 * half : -half])
    is_lost = since_best >= LONG and losses[-1] > (1 + MUCH) * min(losses)
    return since_best if is_lost and is_rising else 0
