"""From texts to a run folder that is ready to train: vocabulary, ids, held-out part, recipe.

Texts are streamed: memory does not grow with them.
"""

import itertools
import json
import platform
from collections.abc import Callable, Iterator
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple

import numpy as np

from rnnchat import __version__, paths
from rnnchat.errors import TextError
from rnnchat.model.file import write_model
from rnnchat.model.record import ModelCard
from rnnchat.plan.choice import check_length, choose_recipe, count_threads
from rnnchat.plan.explanation import explain_recipe
from rnnchat.plan.extension import Base, describe_base, extend_model, extend_tokenizer, open_base, take_network
from rnnchat.plan.options import TrainingOptions
from rnnchat.plan.recipe import Recipe
from rnnchat.plan.size import Symbols
from rnnchat.plan.tuning import prepare_tuning, tune_recipe
from rnnchat.runs.event import Noted
from rnnchat.runs.folder import RunFolder
from rnnchat.runs.info import RunInfo
from rnnchat.text.corpus import Corpus
from rnnchat.text.ids import WrittenIds, count_common, open_ids, write_ids
from rnnchat.text.lexicon import count_words, pack_words
from rnnchat.text.split import choose_held_out, count_inside, read_inside, read_outside
from rnnchat.text.summary import CorpusSummary
from rnnchat.text.tokenizer import SYMBOL_NAMES, Tokenizer, fit_tokenizer
from rnnchat.text.turn import SAMPLE_CHARS, find_turns
from rnnchat.training.base import choose_base

_WORD_CHARS = 20_000_000
"""Words are counted in that much of a text: 4 s, and hardly a word that is frequent begins to appear later."""
MAX_REMEMBERED_CHARS = 5_000_000
"""A person's own text; a longer one is for the network alone."""
_MOST_LEFT_OUT = 3
"""Skipped files that are named; more are counted."""


class HeldOut(NamedTuple):
    """The division into training and held-out text."""

    train_chars: int
    """Characters to train on."""
    chars: int
    """Held-out characters."""
    read_training: Callable[[], Iterator[str]]
    """Yields the training text from its beginning."""
    read_pieces: Callable[[], Iterator[str]]
    """Yields the held-out text from its beginning."""
    split: str
    """What is held out, in words."""


class _Texts(NamedTuple):
    """What a run reads."""

    corpus: Corpus
    """Without the files that are held out."""
    summary: CorpusSummary
    held_out: HeldOut


def prepare(run: RunFolder, measure: Callable[[TrainingOptions], float] | None = None) -> Iterator[Noted]:
    """Read the texts of ``run`` and write what training needs to its folder, run.json last.

    Args:
        run: the folder.
        measure: the training speed of this machine in floating-point operations per second; that of a common machine
            by default.

    Raises:
        TextError: a text cannot be read or is too short.
    """
    info = run.read_info()
    texts = _open_texts(info.options)
    summary, held_out = texts.summary, texts.held_out
    yield Noted(describe_corpus(summary))
    options, notes = choose_base(info.options, held_out.read_training(), {file.sha256 for file in summary.files})
    base = open_base(options.base) if options.base and options.names_base else None
    processes = min(options.threads or count_threads(options.beside_tui), count_threads(beside_tui=False))
    tokenizer = _fit(options, base, texts, processes)
    notes = (*notes, *_describe_tokenizer(tokenizer, options, base))
    options = replace(options, level=tokenizer.level)
    if tokenizer.level in ("char", "byte"):
        _write_words(run, base, texts)
    train = write_ids(held_out.read_training(), tokenizer, run.ids_path, processes)
    validation = write_ids(held_out.read_pieces(), tokenizer, run.validation_ids_path, processes)
    if validation.tokens < 2:
        raise TextError(f"nothing of the held-out text ({held_out.split}) is in the vocabulary: choose another")
    ids = open_ids(run.ids_path, tokenizer.vocab_size)
    if base is not None:
        _start_from(base, run, tokenizer, ids, texts)
    is_timed = options.epochs is None and options.steps is None
    flop_per_s = measure(options) if measure and is_timed else None
    symbols = Symbols(tokenizer.vocab_size, count_common(ids))
    recipe, more = _choose_recipe(options, base, held_out.train_chars, train.tokens, flop_per_s, symbols)
    paths.write_text_atomically(run.tokenizer_path, json.dumps(tokenizer.to_json(), ensure_ascii=False))
    info = _complete(info, recipe, base, texts, tokenizer.vocab_size, train, validation)
    run.write_info(info)
    explanation = explain_recipe(recipe, options, tokenizer.vocab_size, held_out.train_chars)
    for note in (*notes, *more, f"Held out: {info.split}.", *explanation):
        yield Noted(note)


def _write_words(run: RunFolder, base: Base | None, texts: _Texts) -> None:
    """Write the words of the text, and those that the base model knows, to the run's folder."""
    words = count_words(read_inside(texts.held_out.read_training(), ((0, _WORD_CHARS),)))
    known = () if base is None else base.model.training.words
    paths.write_text_atomically(run.words_path, pack_words(sorted({*words, *known})))


def _start_from(base: Base, run: RunFolder, tokenizer: Tokenizer, ids: np.ndarray, texts: _Texts) -> None:
    """Make the base model the run's first: with the text in memory it writes in its voice before any training."""
    parts = (texts.held_out.read_training(), texts.held_out.read_pieces())
    text = "".join(itertools.chain(*parts)) if texts.summary.chars <= MAX_REMEMBERED_CHARS else ""
    model = replace(extend_model(base.model, tokenizer, ids), text=text, card=ModelCard(title=run.name))
    write_model(model, run.base_path)
    # Its own figures are of another text, and are measured on this one first of all.
    write_model(replace(model, training=replace(model.training, bits_per_char=None)), run.best_path)


def _open_texts(options: TrainingOptions) -> _Texts:
    corpus = Corpus(options.corpus, options.encoding)
    other = Corpus(options.validation, options.encoding) if options.validation else None
    # Files of the corpus that are named as validation text are not trained on.
    left_out = 0 if other is None else corpus.leave_out(other)
    summary = corpus.summarize()
    check_length(summary.chars, summary.name)
    held_out = _hold_out_part(corpus, summary) if other is None else _hold_out_files(corpus, other, left_out, summary)
    return _Texts(corpus, summary, held_out)


def _fit(options: TrainingOptions, base: Base | None, texts: _Texts, processes: int) -> Tokenizer:
    """The tokenizer of a text, or that of the base model extended for it."""
    level = options.own_level
    # A tokenizer fitted to the held-out part as well would make that look easier than any other text.
    pieces = texts.held_out.read_training() if level == "bpe" else texts.corpus.read_pieces()
    if base is None:
        return fit_tokenizer(level, pieces, options.max_vocab, processes)
    return extend_tokenizer(base.model.tokenizer, pieces, options.max_vocab)


def _describe_tokenizer(tokenizer: Tokenizer, options: TrainingOptions, base: Base | None) -> tuple[str, ...]:
    """A sentence on the base model, or on a level other than the one given."""
    if base is not None:
        return (describe_base(base, tokenizer),)
    if tokenizer.level == options.own_level:
        return ()
    names = SYMBOL_NAMES[tokenizer.level], SYMBOL_NAMES[options.own_level]
    return (f"Trained on {names[0]}s instead of {names[1]}s: no spaces separate the words of this text.",)


def _choose_recipe(
    options: TrainingOptions, base: Base | None, chars: int, tokens: int, flop_per_s: float | None, symbols: Symbols
) -> tuple[Recipe, tuple[str, ...]]:
    """The recipe, from scratch or for fine-tuning, and notes on it."""
    if base is None:
        return choose_recipe(options, chars, tokens, flop_per_s, symbols)
    wishes = prepare_tuning(take_network(options, base))
    recipe, notes = choose_recipe(wishes, chars, tokens, flop_per_s, symbols)
    return tune_recipe(recipe, options, tokens), notes


def _complete(
    info: RunInfo,
    recipe: Recipe,
    base: Base | None,
    texts: _Texts,
    vocab_size: int,
    train: WrittenIds,
    validation: WrittenIds,
) -> RunInfo:
    """The info of a run whose text is prepared."""
    corpus, summary, held_out = texts
    return replace(
        info,
        versions=_read_versions(),
        recipe=recipe,
        corpus=summary.to_json(),
        parameters=recipe.build_config(vocab_size).parameters,
        vocab_size=vocab_size,
        train_chars=held_out.train_chars,
        train_tokens=train.tokens,
        validation_chars=held_out.chars,
        validation_tokens=validation.tokens,
        train_unknown_bytes=train.missing_bytes,
        validation_unknown_bytes=validation.missing_bytes,
        turns=find_turns("".join(read_inside(corpus.read_pieces(), ((0, SAMPLE_CHARS),)))),
        ancestry=() if base is None else base.ancestry,
        split=held_out.split + _describe_missing(validation.missing_chars / held_out.chars),
    )


def find_changed(info: RunInfo) -> str:
    """The source files that are gone or have changed in size since, as a list in words; the run has its own copy."""
    changed = []
    for file in info.corpus.get("files", ()):
        path = Path(file["path"])
        if path.is_absolute() and (not path.is_file() or path.stat().st_size != file["bytes_read"]):
            changed.append(path.name)
    if len(changed) > _MOST_LEFT_OUT:
        changed[_MOST_LEFT_OUT:] = [f"and {len(changed) - _MOST_LEFT_OUT:,} more"]
    return ", ".join(changed)


def _hold_out_files(corpus: Corpus, other: Corpus, left_out: int, summary: CorpusSummary) -> HeldOut:
    """Hold out whole files; ``left_out`` of them were removed from the corpus."""
    found = other.summarize()
    split = f"{found.name}, {found.chars:,} characters"
    if left_out:
        split += f", excluded from {summary.name}"
    return HeldOut(summary.chars, found.chars, corpus.read_pieces, other.read_pieces, split)


def _hold_out_part(corpus: Corpus, summary: CorpusSummary) -> HeldOut:
    """Hold out the end of the text, or blocks spread over it where the end is unlike the rest."""
    fraction = Recipe.validation_fraction
    ranges, is_spread = choose_held_out(corpus.read_pieces(), summary.chars, fraction)
    chars = count_inside(ranges)
    split = f"the last {fraction:.0%} of the text, {chars:,} characters"
    if is_spread:
        split = f"{len(ranges)} blocks spread over the text, {chars:,} characters, since its end is unlike the rest"
    return HeldOut(
        summary.chars - chars,
        chars,
        lambda: read_outside(corpus.read_pieces(), ranges),
        lambda: read_inside(corpus.read_pieces(), ranges),
        split,
    )


def _describe_missing(share: float) -> str:
    return f", {share:.1%} of it not in the vocabulary" if share else ""


def describe_corpus(summary: CorpusSummary) -> str:
    """One sentence on what was read."""
    return (
        f"{summary.name}: {summary.chars:,} characters ({summary.distinct_chars:,} distinct), "
        f"{summary.bytes_read:,} bytes.{_describe_encodings(summary)}{_describe_left_out(summary)}"
    )


def _describe_encodings(summary: CorpusSummary) -> str:
    """Which encodings the texts were read in, where they are not UTF-8."""
    found = summary.describe_encodings()
    if "(a guess)" in found:
        return f" Encoding: {found}; if the text looks wrong, name it with --encoding."
    return f" Encoding: {found}." if found else ""


def _describe_left_out(summary: CorpusSummary) -> str:
    if not summary.left_out:
        return ""
    named = [f"{file.path} {file.reason.rstrip('.')}" for file in summary.left_out[:_MOST_LEFT_OUT]]
    if len(summary.left_out) > _MOST_LEFT_OUT:
        named.append(f"and {len(summary.left_out) - _MOST_LEFT_OUT:,} more")
    return f" Skipped: {'; '.join(named)}."


def _read_versions() -> dict[str, str]:
    return {"rnnchat": __version__, "python": platform.python_version(), "torch": version("torch")}
