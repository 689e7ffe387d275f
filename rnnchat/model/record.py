"""What is known about a model besides its weights: how it was trained, and how it presents itself."""

from dataclasses import asdict, dataclass, field
from typing import Any

from rnnchat.text.lexicon import pack_words, unpack_words
from rnnchat.text.turn import TurnLayout, find_turns

MAX_CURVE_POINTS = 200
MAX_INT8_LOSS = 0.005
"""Bits per character: a model that loses more writes in float32 unless it is told otherwise."""


@dataclass(frozen=True)
class TrainingRecord:
    """Where a model comes from: enough to judge it, and to train it again."""

    corpus: str = ""
    """The texts it learnt from, as a person would name them."""
    sha256: tuple[str, ...] = ()
    """A fingerprint of each text."""
    chars: int = 0
    """Characters of the corpus, held-out part included."""
    tokens: int = 0
    """Symbols of the corpus after encoding, held-out part included."""
    chars_per_token: float = 1.0
    split: str = ""
    """What was held out for validation, in words."""
    recipe: dict[str, Any] = field(default_factory=dict)
    """All settings of the training."""
    steps: int = 0
    tokens_seen: int = 0
    elapsed_s: float = 0.0
    """Seconds of training, pauses excluded."""
    bits_per_char: float | None = None
    """Bits per character on the held-out text; None where there was none."""
    int8_loss: float | None = None
    """Bits per character that writing in int8 loses against float32; None where it was never measured."""
    curve: tuple[tuple[int, float], ...] = ()
    """(step, bits per character on held-out text), at most 200 points."""
    trained_at: str = ""
    """When the training ended, ISO 8601."""
    turns: TurnLayout | None = None
    """How the turns of its texts are laid out; None where they are no conversation."""
    ancestry: tuple[str, ...] = ()
    """The models that it went on from, each in a few words, the oldest first; empty for one that began with nothing."""

    words: tuple[str, ...] = ()
    """The most frequent words of the texts, where the symbols are smaller than words."""

    @property
    def suits_int8(self) -> bool:
        """Does int8 lose next to nothing? Yes without a figure: no model measured so far lost a third of the limit."""
        return self.int8_loss is None or self.int8_loss <= MAX_INT8_LOSS

    def to_json(self) -> dict[str, Any]:
        """The record as plain JSON values, its curve thinned to at most 200 points."""
        return {**asdict(self), "curve": thin_curve(self.curve), "words": pack_words(self.words)}

    @classmethod
    def from_json(cls, record: dict[str, Any]) -> "TrainingRecord":
        """Read what ``to_json`` wrote; what is missing keeps its default."""
        bits, loss = record.get("bits_per_char"), record.get("int8_loss")
        return cls(
            corpus=str(record.get("corpus", "")),
            sha256=tuple(str(digest) for digest in record.get("sha256", ())),
            chars=int(record.get("chars", 0)),
            tokens=int(record.get("tokens", 0)),
            chars_per_token=float(record.get("chars_per_token", 1.0)),
            split=str(record.get("split", "")),
            recipe=dict(record.get("recipe", {})),
            steps=int(record.get("steps", 0)),
            tokens_seen=int(record.get("tokens_seen", 0)),
            elapsed_s=float(record.get("elapsed_s", 0.0)),
            bits_per_char=None if bits is None else float(bits),
            int8_loss=None if loss is None else float(loss),
            curve=tuple((int(step), float(value)) for step, value in record.get("curve", ())),
            trained_at=str(record.get("trained_at", "")),
            turns=TurnLayout.from_json(turns) if (turns := record.get("turns")) else None,
            ancestry=tuple(str(model) for model in record.get("ancestry", ())),
            words=unpack_words(str(record.get("words", ""))),
        )


@dataclass(frozen=True)
class ModelCard:
    """How a model presents itself to a person."""

    title: str = ""
    description: str = ""
    licence: str = ""
    """Licence of the texts it learnt from."""
    examples: tuple[str, ...] = ()
    """Prompts that show what it can do; the first one is offered on an empty page."""

    @property
    def turns(self) -> TurnLayout | None:
        """How turns are laid out in its examples; None where they are no conversation."""
        return find_turns("\n\n".join(self.examples))

    def to_json(self) -> dict[str, Any]:
        """The card as plain JSON values."""
        return {**asdict(self), "examples": list(self.examples)}

    @classmethod
    def from_json(cls, record: dict[str, Any]) -> "ModelCard":
        """Read what ``to_json`` wrote; what is missing stays empty."""
        return cls(
            title=str(record.get("title", "")),
            description=str(record.get("description", "")),
            licence=str(record.get("licence", "")),
            examples=tuple(str(example) for example in record.get("examples", ())),
        )


def thin_curve(curve: tuple[tuple[int, float], ...]) -> list[list[float]]:
    """Keep at most 200 points of a curve, evenly spread, the first and the last among them."""
    count = len(curve)
    if count <= MAX_CURVE_POINTS:
        return [list(point) for point in curve]
    chosen = {round(index * (count - 1) / (MAX_CURVE_POINTS - 1)) for index in range(MAX_CURVE_POINTS)}
    return [list(curve[index]) for index in sorted(chosen)]
