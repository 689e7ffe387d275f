"""The scores that ``rnnchat score`` ends with: a table for people, an object for programs."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import typer

from rnnchat.cli.output import print_fields, print_json, print_table
from rnnchat.desk.visible import picture_controls

if TYPE_CHECKING:
    from rnnchat.analysis.copied_text import Copies
    from rnnchat.analysis.fast_score import Deviation
    from rnnchat.analysis.score import Score
    from rnnchat.text.tokenizer import Level

SHOWN_COPY_CHARS = 60
"""Of a copied stretch for people; JSON has all of it."""


@dataclass(frozen=True)
class TextScore:
    """What a model makes of a text, and how it was found."""

    name: str
    score: "Score"
    elapsed_s: float
    difference: "Deviation | None" = None
    """What --fast changed on the beginning; None without it."""
    streams: int = 1
    """Of --fast, and its symbols of warm-up; 1 and 0 without it."""
    warm_up: int = 0
    copies: "tuple[str, Copies] | None" = None
    """The text, or its beginning, and what of it is copied; None where that was not asked for."""


@dataclass(frozen=True)
class ModelScores:
    """What a model makes of all texts."""

    name: str
    level: "Level"
    precision: str
    texts: list[TextScore]

    @property
    def score(self) -> "Score":
        """Of all texts together."""
        from rnnchat.analysis.score import add_scores

        return add_scores(text.score for text in self.texts)

    @property
    def elapsed_s(self) -> float:
        """Seconds of reading."""
        return sum(text.elapsed_s for text in self.texts)

    @property
    def difference(self) -> tuple[float, int] | None:
        """What --fast changed, in bits per character, and on how many characters; None where that is not known."""
        known = [text.difference for text in self.texts if text.difference]
        chars = sum(difference.chars for difference in known)
        return (
            (sum(difference.bits_per_char * difference.chars for difference in known) / chars, chars) if chars else None
        )


def show_scores(results: Sequence[ModelScores], is_json: bool) -> None:
    """Show the scores of models on the same texts, the best model first."""
    ranked = sorted(results, key=lambda result: result.score.bits_per_char)
    if is_json:
        records = [_model_to_json(result) for result in ranked]
        print_json(records[0] if len(records) == 1 else {"models": records})
        return
    if len(ranked) > 1:
        _show_models(ranked)
        _show_texts_of_models(ranked)
    elif len(ranked[0].texts) == 1:
        _show_one(ranked[0])
    else:
        _show_texts(ranked[0])
    for result in ranked:
        _tell(result, len(ranked) > 1)


def _show_one(result: ModelScores) -> None:
    print_fields(list(zip(_columns(result), _row(result.texts[0]), strict=True)))


def _show_texts(result: ModelScores) -> None:
    total = TextScore("all", result.score, result.elapsed_s)
    rows = [(text.name, *_row(text)) for text in (*result.texts, total)]
    print_table(("text", *_columns(result)), rows, right=_columns(result))


def _show_models(results: Sequence[ModelScores]) -> None:
    """A row for each model; what looks equal has one place."""
    from rnnchat.text.tokenizer import SYMBOL_NAMES

    figures = [f"{result.score.bits_per_char:.4f}" for result in results]
    columns = ("", "model", "level", "bits per character", "perplexity", "characters", "unknown", "time")
    rows = []
    for result, figure in zip(results, figures, strict=True):
        place = f"{figures.index(figure) + 1}{'=' if figures.count(figure) > 1 else ''}"
        _, perplexity, chars, _, unknown, elapsed = _row(TextScore("", result.score, result.elapsed_s))
        perplexity = f"{perplexity} per {SYMBOL_NAMES[result.level]}"
        rows.append((place, result.name, result.level, figure, perplexity, chars, unknown, elapsed))
    print_table(columns, rows, right=columns[3:])


def _show_texts_of_models(results: Sequence[ModelScores]) -> None:
    """Bits per character of each text, a column for each model."""
    if len(results[0].texts) < 2:
        return
    names = [result.name for result in results]
    rows = [
        (texts[0].name, *(f"{text.score.bits_per_char:.4f}" for text in texts))
        for texts in zip(*(result.texts for result in results), strict=True)
    ]
    typer.echo("\nbits per character")
    print_table(("text", *names), rows, right=names)


def _tell(result: ModelScores, is_named: bool) -> None:
    """Say what --fast changed, and what is copied."""
    name = f"{result.name}: " if is_named else ""
    if result.difference:
        bits, chars = result.difference
        text = result.texts[0]
        typer.echo(
            picture_controls(
                f"\n{name}fast: {result.precision}, {text.streams} streams, {text.warm_up} symbols of warm-up; on the "
                f"first {chars:,} characters, cut more finely than the rest, it differs from exact by {bits:+.4f} "
                "bits per character"
            )
        )
    for text in result.texts:
        if text.copies:
            where = f"{text.name}: " if len(result.texts) > 1 else ""
            typer.echo(picture_controls(f"\n{name}{where}{_describe_copies(text.score.chars, *text.copies)}"))


def _describe_copies(chars: int, text: str, copies: "Copies") -> str:
    """Say it in a sentence, with the beginning of the longest stretch."""
    from rnnchat.analysis.copied_text import LEAST_COPY

    copy = copies.longest
    if not copy.length:
        return "copied: nothing"
    stretch = text[copy.start : copy.start + copy.length]
    shown = stretch if len(stretch) <= SHOWN_COPY_CHARS else f"{stretch[: SHOWN_COPY_CHARS - 1]}…"
    part = f" of the first {len(text):,} characters" if len(text) < chars else ""
    shown = shown.replace("\n", "↵")
    line = text.count("\n", 0, copy.start) + 1
    return (
        f"copied: {copies.share:.1%}{part} in stretches of {LEAST_COPY} characters or more; the longest has "
        f"{copy.length:,}, in line {line:,}: “{shown}”"
    )


def _columns(result: ModelScores) -> tuple[str, ...]:
    from rnnchat.text.tokenizer import SYMBOL_NAMES  # numpy: 0.1 s

    perplexity = f"perplexity per {SYMBOL_NAMES[result.level]}"
    return ("bits per character", perplexity, "characters", "symbols", "unknown", "time")


def _row(text: TextScore) -> tuple[str, ...]:
    score = text.score
    share = f"{score.unknown_chars:,} ({score.unknown_chars / score.chars:.2%})" if score.unknown_chars else "0"
    speed = score.chars / max(text.elapsed_s, 1e-9)
    return (
        f"{score.bits_per_char:.4f}",
        f"{score.perplexity:,.3f}",
        f"{score.chars:,}",
        f"{score.tokens:,}",
        share,
        f"{text.elapsed_s:.1f} s, {speed:,.0f}/s",
    )


def _model_to_json(result: ModelScores) -> dict[str, Any]:
    texts = [{"text": text.name, **_text_to_json(text)} for text in result.texts]
    record = {
        "model": result.name,
        "level": result.level,
        "precision": result.precision,
        **to_json(result.score),
        "seconds": round(result.elapsed_s, 3),
        "texts": texts,
    }
    if result.difference:
        first = result.texts[0]
        record["fast"] = {"streams": first.streams, "warm_up": first.warm_up, **_to_difference(*result.difference)}
    return record


def _text_to_json(text: TextScore) -> dict[str, Any]:
    record = {**to_json(text.score), "seconds": round(text.elapsed_s, 3)}
    if text.difference:
        record["fast"] = _to_difference(text.difference.bits_per_char, text.difference.chars)
    if text.copies:
        content, copies = text.copies
        copy = copies.longest
        longest = {"start": copy.start, "length": copy.length, "place": copy.place,
                   "content": content[copy.start : copy.start + copy.length]}  # fmt: skip
        record["copied"] = {"chars": len(content), "share": copies.share, "longest": longest}
    return record


def _to_difference(bits_per_char: float, chars: int) -> dict[str, Any]:
    return {"difference_bits_per_char": bits_per_char, "difference_chars": chars}


def to_json(score: "Score") -> dict[str, Any]:
    """The figures of a score as plain JSON values."""
    return {
        "bits_per_char": score.bits_per_char,
        "perplexity": score.perplexity if math.isfinite(score.perplexity) else None,
        "chars": score.chars,
        "tokens": score.tokens,
        "unknown": score.unknown_chars,
    }
