"""From texts to a run folder that is ready to train: vocabulary, ids, held-out part, recipe.

Texts are streamed: memory does not grow with them.
"""

import json
import platform
from collections.abc import Callable, Iterator
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple

from rnnchat import __version__, paths
from rnnchat.errors import TextError
from rnnchat.model.file import write_model
from rnnchat.plan.choice import check_length, choose_recipe, count_threads
from rnnchat.plan.explanation import explain_recipe
from rnnchat.plan.extension import (
    describe_base,
    extend_model,
    extend_tokenizer,
    lower_rate,
    open_base,
    take_network,
)
from rnnchat.plan.options import TrainingOptions
from rnnchat.plan.recipe import Recipe
from rnnchat.plan.size import Symbols
from rnnchat.runs.event import Noted
from rnnchat.runs.folder import RunFolder
from rnnchat.runs.info import RunInfo
from rnnchat.text.corpus import Corpus
from rnnchat.text.ids import count_common, open_ids, write_ids
from rnnchat.text.lexicon import count_words, pack_words
from rnnchat.text.split import choose_held_out, count_inside, read_inside, read_outside
from rnnchat.text.summary import CorpusSummary
from rnnchat.text.tokenizer import SYMBOL_NAMES, fit_tokenizer
from rnnchat.text.turn import SAMPLE_CHARS, find_turns

_WORD_CHARS = 20_000_000
"""Words are counted in that much of a text: 4 s, and hardly a word that is frequent begins to appear later."""
_MOST_LEFT_OUT = 3
"""More files that were left out are counted, not named."""


class HeldOut(NamedTuple):
    """How the texts are divided."""

    train_chars: int
    """Characters to learn from."""
    chars: int
    """Characters that are held out."""
    read_training: Callable[[], Iterator[str]]
    """Gives the text to learn from, from its beginning."""
    read_pieces: Callable[[], Iterator[str]]
    """Gives the held-out text, from its beginning."""
    split: str
    """What is held out, in words."""


def prepare(run: RunFolder, measure: Callable[[TrainingOptions], float] | None = None) -> Iterator[Noted]:
    """Read the texts of ``run`` and write what training needs into its folder; run.json last.

    Args:
        run: the folder.
        measure: tells how many floating-point operations a second this machine trains with; without it a common
            machine is supposed.

    Raises:
        TextError: a text cannot be read, or is too short.
    """
    info = run.read_info()
    options = info.options
    corpus = Corpus(options.corpus, options.encoding)
    other = Corpus(options.validation, options.encoding) if options.validation else None
    # Files of the corpus that are named as held out are not learnt from.
    left_out = 0 if other is None else corpus.leave_out(other)
    summary = corpus.summarize()
    check_length(summary.chars, summary.name)
    yield Noted(describe_corpus(summary))
    held_out = _hold_out_part(corpus, summary) if other is None else _hold_out_files(corpus, other, left_out, summary)
    # Pieces that were learnt from the held-out part as well would make it look easier than any other text.
    processes = min(options.threads or count_threads(options.beside_tui), count_threads(beside_tui=False))
    base = None if options.base is None else open_base(options.base)
    pieces = held_out.read_training() if options.level == "bpe" else corpus.read_pieces()
    if base is None:
        tokenizer = fit_tokenizer(options.level, pieces, options.max_vocab, processes)
    else:
        tokenizer = extend_tokenizer(base.model.tokenizer, pieces, options.max_vocab)
    if tokenizer.level in ("char", "byte"):
        words = count_words(read_inside(held_out.read_training(), ((0, _WORD_CHARS),)))
        known = () if base is None else base.model.training.words
        paths.write_text_atomically(run.words_path, pack_words(sorted({*words, *known})))
    train = write_ids(held_out.read_training(), tokenizer, run.ids_path, processes)
    validation = write_ids(held_out.read_pieces(), tokenizer, run.validation_ids_path, processes)
    if validation.tokens < 2:
        raise TextError(f"the held-out text ({held_out.split}) holds nothing that the model could know: choose another")
    wishes = options if base is None else take_network(options, base)
    if tokenizer.level != options.level and base is None:
        wishes = replace(wishes, level=tokenizer.level)
        yield Noted(
            f"Trained on {SYMBOL_NAMES[tokenizer.level]}s instead of {SYMBOL_NAMES[options.level]}s: "
            "no spaces separate the words of this text."
        )
    is_timed = options.epochs is None and options.steps is None
    flop_per_s = measure(options) if measure and is_timed else None
    ids = open_ids(run.ids_path, tokenizer.vocab_size)
    symbols = Symbols(tokenizer.vocab_size, count_common(ids))
    recipe, notes = choose_recipe(wishes, held_out.train_chars, train.tokens, flop_per_s, symbols)
    if base is not None:
        recipe = lower_rate(recipe, options)
        write_model(extend_model(base.model, tokenizer, ids), run.base_path)
        notes = (describe_base(base, tokenizer), *notes)
    paths.write_text_atomically(run.tokenizer_path, json.dumps(tokenizer.to_json(), ensure_ascii=False))
    info = replace(
        info,
        versions=_read_versions(),
        recipe=recipe,
        corpus=summary.to_json(),
        parameters=recipe.build_config(tokenizer.vocab_size).parameters,
        vocab_size=tokenizer.vocab_size,
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
    run.write_info(info)
    explanation = explain_recipe(recipe, options, tokenizer.vocab_size, held_out.train_chars)
    for note in (*notes, f"Held out: {info.split}.", *explanation):
        yield Noted(note)


def find_changed(info: RunInfo) -> str:
    """The files of a run's text that are gone or of another size by now, in words; the run has its own copy."""
    changed = []
    for file in info.corpus.get("files", ()):
        path = Path(file["path"])
        if path.is_absolute() and (not path.is_file() or path.stat().st_size != file["bytes_read"]):
            changed.append(path.name)
    if len(changed) > _MOST_LEFT_OUT:
        changed[_MOST_LEFT_OUT:] = [f"and {len(changed) - _MOST_LEFT_OUT:,} more"]
    return ", ".join(changed)


def _hold_out_files(corpus: Corpus, other: Corpus, left_out: int, summary: CorpusSummary) -> HeldOut:
    """Hold out whole files; ``left_out`` of them were taken out of the corpus."""
    found = other.summarize()
    split = f"{found.name}, {found.chars:,} characters"
    if left_out:
        split += f", left out of {summary.name}"
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
    return f", {share:.1%} of it outside the vocabulary" if share else ""


def describe_corpus(summary: CorpusSummary) -> str:
    """What was read, in a sentence."""
    return (
        f"Read {summary.name}: {summary.chars:,} characters, {summary.distinct_chars:,} different ones, "
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
    return f" Left out: {'; '.join(named)}."


def _read_versions() -> dict[str, str]:
    return {"rnnchat": __version__, "python": platform.python_version(), "torch": version("torch")}
