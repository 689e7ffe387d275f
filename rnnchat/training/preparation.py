"""From texts to a run folder that is ready to train: vocabulary, ids, held-out part, recipe.

Texts are streamed: memory does not grow with them.
"""

import json
import platform
from collections.abc import Iterable, Iterator
from dataclasses import replace
from importlib.metadata import version

from rnnchat import __version__, paths
from rnnchat.errors import TextError
from rnnchat.text.corpus import Corpus, CorpusSummary
from rnnchat.text.ids import write_ids
from rnnchat.text.tokenizer import Tokenizer, fit_tokenizer
from rnnchat.training.choice import check_length, choose_recipe
from rnnchat.training.event import Noted
from rnnchat.training.recipe import Recipe
from rnnchat.training.run_folder import RunFolder


def prepare(run: RunFolder) -> Iterator[Noted]:
    """Read the texts of ``run`` and write what training needs into its folder; run.json last.

    Raises:
        TextError: a text cannot be read, or is too short.
    """
    info = run.read_info()
    options = info.options
    corpus = Corpus(options.corpus)
    summary = corpus.summarize()
    check_length(summary.chars, summary.name)
    yield Noted(describe_corpus(summary))
    tokenizer = fit_tokenizer(options.level, corpus.read_pieces(), options.max_vocab)
    if options.validation:
        held_out = Corpus(options.validation)
        held_summary = held_out.summarize()
        train_chars, validation_chars = summary.chars, held_summary.chars
        split = f"{held_summary.name}, {validation_chars:,} characters"
        validation_pieces = held_out.read_pieces()
    else:
        train_chars = int(summary.chars * (1 - Recipe.validation_fraction))
        validation_chars = summary.chars - train_chars
        split = f"the last {Recipe.validation_fraction:.0%} of the text, {validation_chars:,} characters"
        validation_pieces = _skip(corpus.read_pieces(), train_chars)
    train_tokens = write_ids(_take(corpus.read_pieces(), train_chars), tokenizer, run.ids_path)
    validation_tokens = write_ids(validation_pieces, tokenizer, run.validation_ids_path)
    if validation_tokens < 2:
        raise TextError(f"the held-out text ({split}) holds nothing that the model could know: choose another")
    recipe, notes = choose_recipe(options, train_chars, train_tokens)
    for note in notes:
        yield Noted(note)
    paths.write_text_atomically(run.tokenizer_path, json.dumps(tokenizer.to_json(), ensure_ascii=False))
    run.write_info(
        replace(
            info,
            versions=_read_versions(),
            recipe=recipe,
            corpus=summary.to_json(),
            parameters=recipe.build_config(tokenizer.vocab_size).parameters,
            vocab_size=tokenizer.vocab_size,
            train_chars=train_chars,
            train_tokens=train_tokens,
            validation_chars=validation_chars,
            validation_tokens=validation_tokens,
            split=split,
        )
    )
    yield Noted(describe_recipe(recipe, tokenizer))


def describe_corpus(summary: CorpusSummary) -> str:
    """What was read, in a sentence."""
    left_out = f" {len(summary.left_out)} files were left out." if summary.left_out else ""
    return f"Read {summary.name}: {summary.chars:,} characters, {summary.distinct_chars:,} different ones.{left_out}"


def describe_recipe(recipe: Recipe, tokenizer: Tokenizer) -> str:
    """What is trained, in a sentence."""
    config = recipe.build_config(tokenizer.vocab_size)
    dropout = f", dropout {recipe.dropout:g}" if recipe.dropout else ""
    return (
        f"Training {config.describe()} on {recipe.level}s: {config.parameters:,} parameters, "
        f"{tokenizer.vocab_size:,} symbols, {recipe.batch_size} streams, window {recipe.window}{dropout}."
    )


def _take(pieces: Iterable[str], chars: int) -> Iterator[str]:
    """The first ``chars`` characters."""
    for piece in pieces:
        yield piece[:chars]
        chars -= len(piece)
        if chars <= 0:
            return


def _skip(pieces: Iterable[str], chars: int) -> Iterator[str]:
    """What comes after the first ``chars`` characters."""
    for piece in pieces:
        if len(piece) > chars:
            yield piece[chars:]
        chars = max(0, chars - len(piece))


def _read_versions() -> dict[str, str]:
    return {"rnnchat": __version__, "python": platform.python_version(), "torch": version("torch")}
