"""When a training has nothing more to gain, and ends before its budget is used up.

With ``patience`` N it ends after N looks at the held-out text in a row without a better one. Without a wish it ends
only where nothing can make up for what is lost: no better look for long, by now much worse than the best, and getting
worse still. A rate that comes down to zero often brings the best look at the very end, so that a plain patience would
give away more than it saves. The rate's way down is not made up for: the model is that of the best look.
"""

from collections.abc import Sequence

LONG = 8
"""Looks since the best one; a budget has some 25."""
MUCH = 0.05
"""So much worse than the best."""


def find_end(losses: Sequence[float], patience: int | None) -> int:
    """After how many looks without a better one a training ends now; 0 if it goes on.

    Args:
        losses: of all looks at the held-out text, the latest last.
        patience: 0 never ends; None ends as said above.
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
