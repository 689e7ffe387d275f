"""``rnnchat score``: how well models predict texts."""

import glob
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from rnnchat import paths
from rnnchat.cli import option
from rnnchat.cli.opening import open_model
from rnnchat.cli.score_table import ModelScores, TextScore, show_scores
from rnnchat.cli.score_view import Detail, View
from rnnchat.desk.visible import make_visible, picture_controls
from rnnchat.errors import TextError, UsageError

if TYPE_CHECKING:
    from rnnchat.analysis.copied_text import Copies
    from rnnchat.analysis.score import Reader, Score
    from rnnchat.generation.language_model import LanguageModel
    from rnnchat.text.corpus import Corpus

REPORT_CHARS = 20_000
"""Characters between two reports of progress: about a second of a small model's reading."""
COPIED_CHARS = 1_000_000
"""So much of each text is looked for in the training text: it is held in memory, with 100 bytes for each character."""


def score(
    model: Annotated[str, typer.Argument(help="Name of a model or a run, or a file.")],
    files: Annotated[
        list[str], typer.Argument(help="Texts: files, folders, patterns, names of the catalogue; - is stdin.")
    ],
    others: Annotated[
        list[str] | None, typer.Option("--and", metavar="MODEL", help="Score this model too; may be repeated.")
    ] = None,
    lines: Annotated[bool, typer.Option("--lines", help="Show each line of the texts.")] = False,
    symbols: Annotated[bool, typer.Option("--symbols", help="Show each symbol of the texts.")] = False,
    worst: Annotated[
        int | None, typer.Option(metavar="N", min=1, help="Of lines or symbols, show only the N most surprising ones.")
    ] = None,
    fast: Annotated[
        bool, typer.Option("--fast", help="Read in parallel streams, and report what that changes.")
    ] = False,
    copied: Annotated[
        bool, typer.Option("--copied", help="Report how much is copied verbatim from the training text.")
    ] = False,
    copied_from: Annotated[
        list[str] | None, typer.Option(metavar="TEXT", help="The same for a text of your choice; may be repeated.")
    ] = None,
    memory: option.Memory = None,
    no_memory: option.NoMemory = False,
    precision: Annotated[
        Literal["int8", "float32"] | None, typer.Option(help="Exact by default; with --fast as suits the model.")
    ] = None,
    encoding: option.TextEncoding = None,
    is_json: option.Json = False,
) -> None:
    """Measure how well a model predicts texts: bits per character (compares across all models) and perplexity.

    A score is exact unless --fast is given: float32, one stream, nothing is forgotten. With --json, --lines and
    --symbols print one object each, and the last line is the score.
    """
    option.check_memory(memory, no_memory)
    if memory and fast:
        raise UsageError("--fast reads the text in parallel, where a memory has no order: leave out --memory or --fast")
    detail = _choose_detail(lines, symbols, worst)
    texts = open_texts(files, encoding)
    contestants = [_prepare(name, fast, precision, memory, no_memory) for name in (model, *(others or []))]
    sources = [_find_source(contestant, copied, copied_from, encoding) for contestant in contestants]
    _tell_encodings(texts)
    view = View(detail, worst, is_json, len(contestants), len(texts))
    results = [
        _score_all(contestant, texts, view, source) for contestant, source in zip(contestants, sources, strict=True)
    ]
    show_scores(results, is_json)


def open_texts(names: Iterable[str], encoding: str | None = None) -> "dict[str, Corpus]":
    """The texts to score by name: a folder or pattern stands for each text in it, and what is no text is told.

    Raises:
        TextError: a text cannot be found or read.
    """
    from rnnchat.text.corpus import Corpus
    from rnnchat.text.web import is_url

    texts: dict[str, Corpus] = {}
    for name in names:
        corpus = Corpus([name], encoding)
        if is_url(name) or not (paths.expand(name).is_dir() or glob.has_magic(name)):
            corpus.read_pieces()  # one that cannot be read is told before the first one is scored
            texts[name] = corpus
            continue
        summary = corpus.summarize()
        for left in summary.left_out:
            typer.echo(picture_controls(f"left out: {left.path} {left.reason}"), err=True)
        for file in summary.files:
            texts[file.path] = Corpus([str(paths.expand(file.path).absolute())], encoding)
    return texts


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
                    typer.echo(f"\r{make_visible(name)}: {chars:,} characters read ", nl=False, err=True)
    if is_watched:
        typer.echo("\r\x1b[K", nl=False, err=True)


@dataclass(frozen=True)
class _Contestant:
    """A model, ready to be scored."""

    name: str
    model: "LanguageModel"
    is_fast: bool
    """Whether it reads in parallel streams."""


@dataclass(frozen=True)
class _Source:
    """A text that others may be copied from."""

    name: str
    read_pieces: Callable[[], Iterator[str]]


def _choose_detail(lines: bool, symbols: bool, worst: int | None) -> Detail:
    if lines and symbols:
        raise UsageError("--lines and --symbols exclude each other: choose one")
    if worst and not (lines or symbols):
        raise UsageError("--worst chooses among lines or symbols: add --lines or --symbols")
    return "lines" if lines else "symbols" if symbols else None


def _prepare(
    name: str, fast: bool, precision: Literal["int8", "float32"] | None, memory: list[str] | None, forget: bool
) -> _Contestant:
    """Open a model."""
    from rnnchat.analysis.fast_score import STREAMS

    if fast:
        return _Contestant(name, open_model(name, precision, STREAMS), True)
    return _Contestant(name, open_model(name, precision or "float32", 1, memory, forget), False)


def _find_source(
    contestant: _Contestant, copied: bool, copied_from: list[str] | None, encoding: str | None
) -> _Source | None:
    """The text to look for copies in, if there is to be one.

    Raises:
        TextError: the training text is not on this machine, or the text named cannot be read.
    """
    if copied_from:
        from rnnchat.text.corpus import Corpus

        corpus = Corpus(copied_from, encoding)
        corpus.read_pieces()
        return _Source(corpus.name, corpus.read_pieces)
    if not copied:
        return None
    from rnnchat.model.training_text import find_training_text

    training = contestant.model.model.training
    text = find_training_text(training)
    if text is None:
        raise TextError(
            f"the text that {contestant.name} was trained on ({training.corpus or 'of an unknown name'}) is not on "
            "this machine as it was then: name a text with --copied-from, or leave --copied out"
        )
    return _Source(text.name, text.read_pieces)


def _tell_encodings(texts: "dict[str, Corpus]") -> None:
    """Say how those texts are read that are not plain UTF-8."""
    for name, corpus in texts.items():
        if found := corpus.summarize().describe_encodings():
            typer.echo(picture_controls(f"{name}: {found}"), err=True)


def _score_all(contestant: _Contestant, texts: "dict[str, Corpus]", view: View, source: _Source | None) -> ModelScores:
    """Score all texts with one model."""
    view.begin(contestant.name)
    scores = [_score_text(contestant, name, corpus, view, source) for name, corpus in texts.items()]
    view.end()
    opened = contestant.model
    return ModelScores(contestant.name, opened.tokenizer.level, opened.precision, scores)


def _score_text(contestant: _Contestant, name: str, corpus: "Corpus", view: View, source: _Source | None) -> TextScore:
    """Score one text, show its details as they come, and find what is copied in it."""
    from rnnchat.analysis.fast_score import FastReader
    from rnnchat.analysis.score import ExactReader

    predictor, tokenizer = contestant.model.network.predictor, contestant.model.tokenizer
    pieces = corpus.read_pieces() if view.is_streaming else report_progress(corpus.read_pieces(), corpus.name)
    started_s = time.perf_counter()
    if not contestant.is_fast:
        reader = contestant.model.make_reader() or ExactReader(predictor, tokenizer)
        found = _read(contestant, pieces, reader, view, name)
        return TextScore(name, found, time.perf_counter() - started_s, copies=_find_copies(corpus, source))
    reader = FastReader(predictor, tokenizer, contestant.model.exact)
    found = _read(contestant, pieces, reader, view, name)
    elapsed_s = time.perf_counter() - started_s
    return TextScore(name, found, elapsed_s, reader.difference, reader.streams, reader.warm_up,
                     _find_copies(corpus, source))  # fmt: skip


def _read(contestant: _Contestant, pieces: Iterable[str], reader: "Reader", view: View, name: str) -> "Score":
    """The score of a text; lines or symbols are shown where they are wanted."""
    from rnnchat.analysis.score import add_scores, score_lines, score_symbols, score_text

    runtime, tokenizer = contestant.model.network.predictor, contestant.model.tokenizer
    if view.detail == "lines":
        lines = score_lines(runtime, tokenizer, pieces, reader)
        return add_scores(view.show_line(name, line) for line in lines)
    if view.detail == "symbols":
        symbols = score_symbols(runtime, tokenizer, pieces, reader)
        return add_scores(view.show_symbol(name, symbol, tokenizer) for symbol in symbols)
    return score_text(runtime, tokenizer, pieces, reader)


def _find_copies(corpus: "Corpus", source: _Source | None) -> "tuple[str, Copies] | None":
    """What of a text, or of its beginning, stands in a source; with that part of the text."""
    if source is None:
        return None
    from rnnchat.analysis.copied_text import find_copies

    text = ""
    for piece in corpus.read_pieces():
        text += piece[: COPIED_CHARS - len(text)]
        if len(text) == COPIED_CHARS:
            break
    return text, find_copies(text, source.read_pieces())
