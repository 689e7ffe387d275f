"""Verdicts in words, the same on the screen, in the terminal and in reports."""

from collections.abc import Mapping

from rnnchat.analysis.overlap import Overlap
from rnnchat.comparison.preference import Preference
from rnnchat.comparison.verdict import MIN_CHARS, Verdict

SMALL_DIFFERENCE = 0.05
"""Bits per character; smaller ones are shown with three decimals."""


def describe_verdict(verdict: Verdict, whole_chars: int | None = None) -> str:
    """The verdict in one or two sentences.

    Args:
        verdict: what the text says.
        whole_chars: length of the whole text while it is still being read.
    """
    so_far = ""
    if whole_chars is not None and verdict.chars < whole_chars:
        so_far = f"So far ({verdict.chars:,} of {whole_chars:,} characters): "
    if verdict.outcome == "short":
        return so_far + f"Too short to tell: {verdict.chars:,} characters; about {MIN_CHARS:,} are enough."
    best, second = verdict.best, verdict.second
    figures = f"{_bits(best.bits_per_char, verdict)} and {_bits(second.bits_per_char, verdict)} bits/char"
    if verdict.outcome == "better":
        word = "better" if len(verdict.standings) == 2 else "best"
        figures = figures.replace(" and ", " against ", 1)
        against = "" if word == "better" else f" for {second.name}"
        return (
            so_far + f"{best.name} predicts this text {word}: {figures}{against}. Better by {describe_range(verdict)}."
        )
    names = "" if len(verdict.standings) == 2 else f" between the two best, {best.name} and {second.name}"
    sentence = f"No difference seen{names}: {figures} ({describe_range(verdict)})."
    if so_far:
        return so_far + sentence
    return f"{sentence} {_describe_more(verdict)}"


def describe_range(verdict: Verdict) -> str:
    """The interval of the difference: ``0.79 to 0.93 (95 %, 10 blocks)``."""
    assert verdict.difference is not None
    low, high = verdict.difference.interval
    text = f"{_bits(low, verdict)} to {_bits(high, verdict)}".replace("-", "−")
    blocks = f"95 %, {verdict.blocks} blocks"
    return f"{text} ({blocks})" if verdict.outcome == "better" else f"{text}, {blocks}"


def describe_overlap(overlaps: Mapping[str, Overlap | None], verdict: Verdict, without: Verdict | None) -> str:
    """What of the text the models may have learnt, and whether the verdict stands without it; "" if nothing.

    Args:
        overlaps: by model; None where the training text is not on this machine.
        verdict: on the whole text.
        without: on the text without what any model learnt from; None where nothing was left out.
    """
    sentences = []
    shares = [(overlap.share, name) for name, overlap in overlaps.items() if overlap is not None and overlap.share > 0]
    if shares:
        parts = [
            f"{_percent(share)} of it is in {name}’s training text" for share, name in sorted(shares, reverse=True)
        ]
        sentences.append(_upper(", ".join(parts)) + _describe_without(verdict, without) + ".")
    unknown = [name for name, overlap in overlaps.items() if overlap is None]
    if unknown:
        names = " and ".join(filter(None, [", ".join(unknown[:-1]), unknown[-1]]))
        sentences.append(f"Overlap with the training text of {names} is unknown: it is not on this machine.")
    return " ".join(sentences)


def describe_preference(first: str, preference: Preference, more: int | None) -> str:
    """Which of two models a person prefers: ``kjv-words is preferred in 79 % (48 to 94 %): …``.

    Args:
        first: the model of which the preference speaks.
        preference: its share of the votes.
        more: votes that would settle it; None where that cannot be said.
    """
    low, high = preference.interval
    figures = f"{first} is preferred in {preference.share:.0%} of duels ({low:.0%} to {high:.0%})".replace("%", " %")
    if preference.is_settled:
        return f"{figures}: settled"
    return f"{figures}: not settled" + ("" if more is None else f", about {more} more votes")


def _describe_more(verdict: Verdict) -> str:
    if verdict.more_chars is None:
        return "Even 100 times as much text might not tell them apart."
    digits = max(len(str(verdict.more_chars)) - 2, 0)
    return f"About {round(verdict.more_chars, -digits):,} more characters would tell."


def _describe_without(verdict: Verdict, without: Verdict | None) -> str:
    if without is None:
        return ""
    if without.outcome == "short":
        return "; what is left is too short to tell"
    figures = f"{_bits(without.best.bits_per_char, without)} against {_bits(without.second.bits_per_char, without)}"
    if without.outcome == "equal":
        return f"; without that, no difference is seen ({figures})"
    still = "still " if verdict.outcome == "better" and verdict.best.name == without.best.name else ""
    return f"; without that, {without.best.name} is {still}better, {figures}"


def _bits(bits_per_char: float, verdict: Verdict) -> str:
    is_small = verdict.difference is not None and abs(verdict.difference.value) < SMALL_DIFFERENCE
    return f"{bits_per_char:.3f}" if is_small else f"{bits_per_char:.2f}"


def _percent(share: float) -> str:
    return "under 1 %" if share < 0.01 else f"{share:.0%}".replace("%", " %")


def _upper(text: str) -> str:
    return text[:1].upper() + text[1:]
