"""A text that a command writes, and what is told of it afterwards."""

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rnnchat.analysis.copied_text import Copies

STRETCH_CHARS = 40
"""So much is shown of a stretch that repeats itself, or is copied."""


@dataclass
class Draft:
    """A text that is written, or was, and what is known of it."""

    prompt: str
    seed: int | None = None
    """None where nothing was drawn."""
    reason: str = "cancelled"
    log_prob: float = 0.0
    """Nats of the model's own probability for all symbols."""
    loop: str = ""
    """The first stretch that was seen to repeat itself."""
    score: float | None = None
    """What a beam search ranked it by."""
    symbols: list[dict[str, Any]] = field(default_factory=list)
    """What the model thought of each symbol, where that was asked for."""
    hidden: list[list[float]] = field(default_factory=list)
    """Units of a layer after each symbol, where they were asked for."""
    copies: "Copies | None" = None
    """What of it stands in the text the model learnt from, where that was asked for."""
    parts: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        """What was written, without the prompt."""
        if len(self.parts) > 1:
            self.parts = ["".join(self.parts)]
        return "".join(self.parts)

    @property
    def bits_per_char(self) -> float | None:
        """How much the text surprises the model itself; None while there is none."""
        return -self.log_prob / math.log(2) / len(self.text) if self.text else None

    def describe_loop(self) -> str:
        """The repeated stretch in one short line; "" if there is none."""
        return shorten(self.loop)

    def describe_copies(self) -> str:
        """Say in a line how much of the text is copied."""
        from rnnchat.analysis.copied_text import LEAST_COPY

        assert self.copies is not None
        copy = self.copies.longest
        stretch = shorten(self.text[copy.start : copy.start + copy.length])
        return (
            f"copied: {self.copies.share:.1%} in stretches of {LEAST_COPY} characters or more; "
            f"the longest has {copy.length}: {stretch}"
        )

    def to_json(self) -> dict[str, Any]:
        """The text and its figures."""
        record: dict[str, Any] = {
            "prompt": self.prompt,
            "text": self.text,
            "seed": self.seed,
            "reason": self.reason,
            "chars": len(self.text),
            "bits_per_char": self.bits_per_char,
            "loop": self.loop or None,
        }
        if self.score is not None:
            record |= {"log_prob": self.log_prob, "score": self.score}
        if self.copies:
            copy = self.copies.longest
            content = self.text[copy.start : copy.start + copy.length]
            longest = {"start": copy.start, "length": copy.length, "place": copy.place, "content": content}
            record["copied"] = {"share": self.copies.share, "longest": longest}
        if self.symbols:
            record["symbols"] = self.symbols
        if self.hidden:
            record["hidden"] = self.hidden
        return record


def shorten(stretch: str) -> str:
    """The beginning of a stretch of text, in one line."""
    return repr(stretch[:STRETCH_CHARS])[1:-1] + "…" * (len(stretch) > STRETCH_CHARS)
