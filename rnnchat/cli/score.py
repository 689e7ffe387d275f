"""``rnnchat score``: how well a model predicts texts."""

import math
import sys
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rnnchat.cli import option
from rnnchat.cli.output import print_fields, print_json, print_table

if TYPE_CHECKING:
    from rnnchat.generation.score import Score

REPORT_CHARS = 20_000
"""Characters between two reports of progress: about a second of a small model's reading."""


def score(
    model: Annotated[str, typer.Argument(help="Name of a model or a run, or a file.")],
    files: Annotated[list[str], typer.Argument(help="Texts: files, folders, names of the catalogue; - is stdin.")],
    precision: option.PrecisionName = "float32",
    is_json: option.Json = False,
) -> None:
    """Measure how well a model predicts texts: bits per character (compares across all models) and perplexity."""
    from rnnchat.generation.runtime import Runtime  # ONNX Runtime: 0.2 s
    from rnnchat.generation.score import score_text
    from rnnchat.model.file import read_model
    from rnnchat.model.library import find_model
    from rnnchat.text.corpus import Corpus
    from rnnchat.text.tokenizer import SYMBOL_NAMES

    corpora = [Corpus([file]) for file in files]
    loaded = read_model(find_model(model))
    runtime = Runtime(loaded, precision)
    scores = [
        score_text(runtime, loaded.tokenizer, report_progress(corpus.read_pieces(), corpus.name)) for corpus in corpora
    ]
    total = add_scores(scores)
    level = loaded.tokenizer.level
    columns = _columns(SYMBOL_NAMES[level])
    if is_json:
        texts = [{"text": file, **_to_json(score)} for file, score in zip(files, scores, strict=True)]
        print_json({"model": model, "level": level, **_to_json(total), "texts": texts})
    elif len(files) == 1:
        print_fields(list(zip(columns, _row(total), strict=True)))
    else:
        rows = [(file, *_row(score)) for file, score in zip([*files, "all"], [*scores, total], strict=True)]
        print_table(("text", *columns), rows, right=columns)


def report_progress(pieces: Iterable[str], name: str) -> Iterator[str]:
    """Pass a text on in pieces of whole lines, and say on a terminal's stderr how much is done."""
    chars = 0
    is_watched = sys.stderr.isatty()
    for piece in pieces:
        lines = piece.splitlines(keepends=True)
        part = ""
        for line in lines:
            part += line
            if len(part) >= REPORT_CHARS or line is lines[-1]:
                yield part
                chars += len(part)
                part = ""
                if is_watched:
                    typer.echo(f"\r{name}: {chars:,} characters read ", nl=False, err=True)
    if is_watched:
        typer.echo("\r\x1b[K", nl=False, err=True)


def add_scores(scores: "list[Score]") -> "Score":
    """The score of all texts together: bits over all characters, perplexity over all symbols."""
    from rnnchat.generation.score import Score

    chars, tokens = sum(score.chars for score in scores), sum(score.tokens for score in scores)
    nats = sum(score.nats for score in scores)
    return Score(
        bits_per_char=sum(score.bits_per_char * score.chars for score in scores) / chars,
        perplexity=math.exp(min(nats / tokens, 700)) if tokens else math.inf,
        chars=chars,
        tokens=tokens,
        nats=nats,
        unknown_chars=sum(score.unknown_chars for score in scores),
    )


def _to_json(score: "Score") -> dict[str, Any]:
    return {
        "bits_per_char": score.bits_per_char,
        "perplexity": score.perplexity if math.isfinite(score.perplexity) else None,
        "chars": score.chars,
        "tokens": score.tokens,
        "unknown": score.unknown_chars,
    }


def _columns(symbol: str) -> tuple[str, ...]:
    return ("bits per character", f"perplexity per {symbol}", "characters", "symbols", "unknown")


def _row(score: "Score") -> tuple[str, ...]:
    share = f"{score.unknown_chars:,} ({score.unknown_chars / score.chars:.2%})" if score.unknown_chars else "0"
    return (f"{score.bits_per_char:.4f}", f"{score.perplexity:,.3f}", f"{score.chars:,}", f"{score.tokens:,}", share)
