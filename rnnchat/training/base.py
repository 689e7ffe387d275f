"""The base model of a training: the model on this machine that predicts the text best, or none.

Fine-tuning pays where a model predicts the text better, before it has seen any of it, than a network trained from
scratch would in the end. A compressor stands for that network: a minute of training comes to about the bits per
character of prediction by partial matching, which is `COMPRESSION` of what bzip2 needs (docs/recipe.md).
"""

import bz2
from collections.abc import Collection, Iterable
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from rnnchat.analysis.fast_score import FastReader
from rnnchat.analysis.score import score_text
from rnnchat.errors import RnnchatError
from rnnchat.model.file import read_model
from rnnchat.model.library import ModelEntry, list_models
from rnnchat.plan.options import TrainingOptions
from rnnchat.runtime.runtime import Runtime
from rnnchat.text.tokenizer import Level, Tokenizer

LEVELS: tuple[Level, ...] = ("bpe", "byte", "char")
"""Words are not among them: of another text too many are unknown."""
COMPRESSION = 0.85
MOST_CHARS = 1_000_000
"""Longest beginning of a text that is compressed, which takes 0.1 s."""
_PARTS, _PART_CHARS = 3, 1_200
"""The sample: passages from the beginning, the middle and the end."""
_MOST_UNKNOWN = 0.02
"""Share of characters outside a model's vocabulary with which its script still fits."""
_LEAST_CHARS_PER_TOKEN = 1.5
"""Of pieces; with fewer characters each the tokenizer spells the text byte by byte, which is another script."""
_STREAMS, _WARM_UP = 8, 64


class Prediction(NamedTuple):
    """How well a model predicts the sample."""

    bits_per_char: float
    name: str
    path: Path


def choose_base(
    options: TrainingOptions, pieces: Iterable[str], digests: Collection[str] = ()
) -> tuple[TrainingOptions, tuple[str, ...]]:
    """Replace ``auto`` in base and level by what suits the text.

    Args:
        options: other options are kept.
        pieces: the training text, of which at most `MOST_CHARS` characters are read.
        digests: SHA-256 of the files of the text; a model trained on one of them has memorised it, which says nothing.

    Returns:
        The options, and the choice in a sentence where there was one.
    """
    if options.base != "auto":
        return options, ()
    text = _read_beginning(pieces)
    sample = _take_sample(text)
    predictions = [each for entry in list_models() if (each := _predict(entry, sample, options, digests))]
    scratch = replace(options, base=None, level=options.own_level)
    if not predictions:
        return scratch, ()
    expected = estimate_scratch(text)
    best = min(predictions)
    figures = f"it predicts a sample of the text at {best.bits_per_char:.2f} bits per character"
    reference = f"{expected:.2f} are expected of training from scratch"
    if best.bits_per_char >= expected:
        return scratch, (f"Training from scratch: the best model here is {best.name}, but {figures}; {reference}.",)
    level = read_model(best.path).tokenizer.level
    chosen = replace(options, base=str(best.path.absolute()), level=level)
    return chosen, (f"Base model {best.name}: {figures}; {reference}.",)


def estimate_scratch(text: str) -> float:
    """Bits per character to expect of a network trained from scratch on ``text`` for a minute."""
    return COMPRESSION * 8 * len(bz2.compress(text.encode("utf-8", "surrogatepass"))) / len(text)


def _predict(entry: ModelEntry, sample: str, options: TrainingOptions, digests: Collection[str]) -> Prediction | None:
    """How well a model predicts the sample; None if it cannot be a base model for this text."""
    if entry.header is None or entry.is_run or set(digests) & set(entry.header.training.sha256):
        return None
    tokenizer = entry.header.tokenizer
    if tokenizer.level not in LEVELS or options.level not in ("auto", tokenizer.level) or not fits(tokenizer, sample):
        return None
    try:
        model = read_model(entry.path)
        runtime = Runtime(model, "float32")
        reader = FastReader(runtime, tokenizer, streams=_STREAMS, warm_up=_WARM_UP)
        return Prediction(score_text(runtime, tokenizer, [sample], reader).bits_per_char, entry.name, entry.path)
    except RnnchatError:
        return None


def fits(tokenizer: Tokenizer, sample: str) -> bool:
    """Whether a vocabulary knows the script of a text."""
    ids = tokenizer.encode(sample)
    if tokenizer.level == "bpe":
        return len(ids) * _LEAST_CHARS_PER_TOKEN <= len(sample)
    if tokenizer.level == "byte":
        return True
    known = len(ids) if tokenizer.unknown_id is None else int((ids != tokenizer.unknown_id).sum())
    return known >= (1 - _MOST_UNKNOWN) * len(sample)


def _read_beginning(pieces: Iterable[str]) -> str:
    parts: list[str] = []
    room = MOST_CHARS
    for piece in pieces:
        parts.append(piece[:room])
        room -= len(piece)
        if room <= 0:
            break
    return "".join(parts)


def _take_sample(text: str) -> str:
    """Passages spread over the text; all of it if it is short."""
    if len(text) <= _PARTS * _PART_CHARS:
        return text
    gap = (len(text) - _PART_CHARS) // (_PARTS - 1)
    return "\n".join(text[begin : begin + _PART_CHARS] for begin in range(0, len(text) - _PART_CHARS + 1, gap))
