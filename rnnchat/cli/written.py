"""What commands tell of the texts that a model wrote for them."""

import math
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from rnnchat.errors import TextError, UsageError
from rnnchat.generation.settings import Settings

if TYPE_CHECKING:
    from rnnchat.analysis.copied_text import Copies
    from rnnchat.generation.language_model import LanguageModel
    from rnnchat.generation.stream import Piece
    from rnnchat.generation.writing import Continuation, Writings
    from rnnchat.model.file import Model
    from rnnchat.model.training_text import TrainingText

LONG_CHARS = 512
"""A longer prompt takes several blocks to read, and says so."""
STRETCH_CHARS = 40
"""The most that is shown of a stretch that repeats itself, or is copied."""


@dataclass
class Written:
    """A text that was written, and what is known of it."""

    prompt: str
    text: str
    """Without the prompt."""
    reason: str
    log_prob: float
    """Nats of the model's own probability for all symbols."""
    seed: int | None = None
    """None where nothing was drawn."""
    loop: str = ""
    """The first stretch that was seen to repeat itself."""
    score: float | None = None
    """What it was ranked by, where there was a choice."""
    others: list["Written"] = field(default_factory=list)
    """The candidates that it was chosen from, the best first."""
    details: dict[str, list[Any]] = field(default_factory=dict)
    """``symbols``: what the model thought of each; ``hidden``: units of a layer after each; where asked for."""
    copies: "Copies | None" = None
    """What of it stands in the text the model was trained on, where that was asked for."""

    @property
    def bits_per_char(self) -> float | None:
        """How much the text surprises the model itself; None while there is none."""
        return -self.log_prob / math.log(2) / len(self.text) if self.text else None

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
        if self.others:
            record["others"] = [other.to_json() for other in self.others]
        if self.copies:
            copy = self.copies.longest
            content = self.text[copy.start : copy.start + copy.length]
            longest = {"start": copy.start, "length": copy.length, "place": copy.place, "content": content}
            record["copied"] = {"share": self.copies.share, "longest": longest}
        return record | {name: rows for name, rows in self.details.items() if rows}


@dataclass
class Report:
    """Texts that a model wrote together, and how fast."""

    texts: list[Written]
    elapsed_s: float
    precision: str
    unknown: list[str]
    """The symbols of the prompts that the model does not know, each once."""
    fate: str
    """What becomes of these."""

    @property
    def is_interrupted(self) -> bool:
        """Whether a text was left before its end."""
        return not self.texts or any(text.reason == "cancelled" for text in self.texts)

    @property
    def chars(self) -> int:
        """Characters of all texts."""
        return sum(len(text.text) for text in self.texts)

    @property
    def chars_per_s(self) -> float:
        """Characters of all texts in a second."""
        return self.chars / max(self.elapsed_s, 1e-9)

    def describe_unknown(self) -> str:
        """Say which symbols of the prompts the model does not know; "" if it knows all."""
        return f"unknown to the model and {self.fate}: {' '.join(map(repr, self.unknown))}" if self.unknown else ""

    def to_json(self, is_alone: bool = True) -> dict[str, Any]:
        """What was written and how: of one text all in one object, of several a list."""
        shared = {
            "chars_per_s": round(self.chars_per_s, 1),
            "unknown": self.unknown,
            "precision": self.precision,
        }
        texts = [text.to_json() for text in self.texts]
        return {**texts[0], **shared} if is_alone and texts else {**shared, "texts": texts}


def write(
    model: "LanguageModel",
    prompts: Sequence[str],
    settings: Settings,
    count: int = 1,
    show: Callable[[str], None] = lambda text: None,
    explain: int = 0,
    layer: int | None = None,
) -> Report:
    """Write texts side by side; control-C ends them where they stand.

    Args:
        model: what writes.
        prompts: what to continue.
        settings: how to write.
        count: texts for each prompt.
        show: given what the first text grows by.
        explain: how many alternatives of each symbol to take note of; 0 for none.
        layer: the layer whose units to take note of, from 0; None for none.

    Raises:
        UsageError: the model has no such layer, or the texts are too many.
    """
    layers = len(model.network.start.state.layers)
    if layer is not None and not 0 <= layer < layers:
        raise UsageError(f"layer must be from 0 to {layers - 1}, not {layer}")
    started_s = time.perf_counter()
    alternatives = explain or int(layer is not None)
    writings = model.write_all(prompts, settings, count=count, alternatives=alternatives, watch=_tell_progress)
    _clear_progress(prompts)
    details = _follow(model, writings, show, explain > 0, layer)
    elapsed_s = time.perf_counter() - started_s
    texts = [_describe(text, detail) for text, detail in zip(writings.texts, details, strict=True)]
    return _report(model, prompts, texts, elapsed_s)


def choose_best(model: "LanguageModel", prompts: Sequence[str], settings: Settings, count: int) -> Report:
    """Write ``count`` candidates for each prompt, and keep the best one; control-C leaves nothing."""
    started_s = time.perf_counter()
    texts: list[Written] = []
    try:
        for prompt in prompts:
            first, *others = [
                _describe(each.continuation, {}, each.score) for each in model.best(prompt, count, settings)
            ]
            first.others = others
            texts.append(first)
    except KeyboardInterrupt:
        texts = []
    return _report(model, prompts, texts, time.perf_counter() - started_s)


def search(model: "LanguageModel", prompts: Sequence[str], settings: Settings, width: int) -> Report:
    """Find the most probable texts of each prompt by beam search, in place of drawing them."""
    started_s = time.perf_counter()
    texts: list[Written] = []
    try:
        for prompt in prompts:
            beams = model.search(prompt, width, settings)
            texts += [Written(prompt, beam.text, beam.reason, beam.log_prob, score=beam.score) for beam in beams]
    except KeyboardInterrupt:
        texts = []
    return _report(model, prompts, texts, time.perf_counter() - started_s)


def find_copies(texts: Iterable[Written], source: "TrainingText") -> None:
    """Take note of what each text has from ``source``."""
    from rnnchat.analysis.copied_text import find_copies

    for text in texts:
        text.copies = find_copies(text.text, source.read_pieces())


def find_source(model: "Model", name: str) -> "TrainingText":
    """The text that a model was trained on.

    Raises:
        TextError: it is not on this machine.
    """
    from rnnchat.model.training_text import find_training_text

    source = find_training_text(model.training)
    if source is None:
        corpus = model.training.corpus or "of an unknown name"
        raise TextError(f"the text that {name} was trained on ({corpus}) is not on this machine: leave --copied out")
    return source


def shorten(stretch: str) -> str:
    """The beginning of a stretch of text, in one line."""
    return repr(stretch[:STRETCH_CHARS])[1:-1] + "…" * (len(stretch) > STRETCH_CHARS)


def _tell_progress(done: int, count: int) -> None:
    """Say on a terminal's stderr how much of a long prompt is read."""
    if done and sys.stderr.isatty():
        sys.stderr.write(f"\r\x1b[Kreading the prompt: {done / count:.0%}\r")
        sys.stderr.flush()


def _clear_progress(prompts: Sequence[str]) -> None:
    """Take what `_tell_progress` said from the terminal."""
    if any(len(prompt) > LONG_CHARS for prompt in prompts) and sys.stderr.isatty():
        sys.stderr.write("\x1b[K")
        sys.stderr.flush()


def _follow(
    model: "LanguageModel", writings: "Writings", show: Callable[[str], None], has_symbols: bool, layer: int | None
) -> list[dict[str, list[Any]]]:
    """Show what the first text grows by, and give the details of each text; control-C ends the writing."""
    details: list[dict[str, list[Any]]] = [{"symbols": [], "hidden": []} for _ in writings.texts]
    try:
        for pieces in writings:
            for detail, piece in zip(details, pieces, strict=True):
                if piece is not None and piece.insight is not None:
                    _note(model, detail, piece, has_symbols, layer)
            if pieces[0] is not None:
                show(pieces[0].text)
    except KeyboardInterrupt:  # what is written until then counts
        writings.close()
    return details


def _note(
    model: "LanguageModel", detail: dict[str, list[Any]], piece: "Piece", has_symbols: bool, layer: int | None
) -> None:
    if has_symbols and piece.insight is not None:
        detail["symbols"].append({"text": piece.text, "id": piece.id, **piece.insight.to_json(model.tokenizer)})
    if layer is not None:
        detail["hidden"].append([round(unit, 6) for unit in piece.hidden[layer].tolist()])


def _describe(text: "Continuation", details: dict[str, list[Any]], score: float | None = None) -> Written:
    return Written(text.prompt, text.text, text.reason, text.log_prob, text.seed, text.loop, score, details=details)


def _report(model: "LanguageModel", prompts: Sequence[str], texts: list[Written], elapsed_s: float) -> Report:
    unknown = list(dict.fromkeys(s for prompt in prompts for s in model.tokenizer.find_unknown(prompt)))
    fate = "left out" if model.tokenizer.unknown_id is None else "read as the unknown symbol"
    return Report(texts, elapsed_s, model.precision, unknown, fate)
