"""Extend a base model for a new text: its vocabulary gets the symbols that it lacks.

A new symbol starts as the mean of all others, in the embedding and in the output, and as likely as it is frequent in
the new text: only its meaning remains to be learnt.

Letters: V vocabulary of the base model, W of the extended one, E embedding, H hidden, G gates.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import cast

import numpy as np

from rnnchat.errors import ModelError
from rnnchat.model.cell import OFFERED_CELLS, CellName
from rnnchat.model.file import Model, read_header, read_model
from rnnchat.model.library import find_model
from rnnchat.model.name import name_model
from rnnchat.plan.options import TrainingOptions
from rnnchat.text.char import CharTokenizer
from rnnchat.text.tokenizer import DEFAULT_MAX_VOCAB, Tokenizer, fit_tokenizer
from rnnchat.text.word import WordTokenizer

MOST_NEW = {"char": DEFAULT_MAX_VOCAB["char"], "word": DEFAULT_MAX_VOCAB["word"] // 2}
"""New symbols at most, the most frequent ones."""
_BLOCK = 1 << 22


@dataclass(frozen=True)
class Base:
    """The base model of a training."""

    name: str
    model: Model

    @property
    def ancestry(self) -> tuple[str, ...]:
        """What it and the models before it were trained on, the oldest first."""
        record = self.model.training
        bits = "" if record.bits_per_char is None else f", {record.bits_per_char:.3f} bits per character"
        return (*record.ancestry, f"{self.name}: {record.steps:,} steps on {record.corpus or 'a text'}{bits}")


def open_base(name: str) -> Base:
    """The model named ``name``, or the file at that path.

    Raises:
        ModelError: there is none, or it is damaged.
    """
    path = find_model(name)
    model = read_model(path)
    if model.config.cell not in OFFERED_CELLS:
        raise ModelError(
            f"{name} has the cell {model.config.cell} of another program, which rnnchat does not train: "
            "train a new model, or name another with --from"
        )
    return Base(name_model(path), model)


def take_level(options: TrainingOptions) -> TrainingOptions:
    """The options with the level and the absolute path of a named base model; ``auto`` stays where it leaves a choice.

    Raises:
        ModelError: there is no such model, or it is damaged.
    """
    if options.base == "auto" and not options.has_network and options.level != "word":
        return options
    if options.base in (None, "none", "auto"):
        return replace(options, base=None, level=options.own_level)
    path = find_model(options.base)
    return replace(options, level=read_header(path).tokenizer.level, base=str(path.absolute()))


def take_network(options: TrainingOptions, base: Base) -> TrainingOptions:
    """The options with the network of the base model."""
    config = base.model.config
    return replace(
        options,
        base=None,
        cell=cast("CellName", config.cell),
        hidden_sizes=config.hidden_sizes,
        embedding_size=config.embedding_size,
        tied=config.tied,
        residual=config.residual,
    )


def extend_tokenizer(old: Tokenizer, texts: Iterable[str], max_vocab: int | None = None) -> Tokenizer:
    """The vocabulary, followed by the new symbols of a text; pieces and bytes spell everything already.

    Args:
        old: of any level.
        texts: the new text in pieces, read once.
        max_vocab: the largest vocabulary; by default `MOST_NEW` symbols are added.
    """
    if isinstance(old, CharTokenizer):
        found = fit_tokenizer("char", texts)
        assert isinstance(found, CharTokenizer)
        new = [symbol for symbol in found.symbols if symbol not in old.symbols]
        return CharTokenizer(old.symbols + "".join(_keep(new, old, max_vocab)), old.unknown_id is not None)
    if isinstance(old, WordTokenizer):
        words = fit_tokenizer("word", texts)
        if not isinstance(words, WordTokenizer):  # a text without words
            return old
        known = frozenset(old.symbols)
        kept = _keep([symbol for symbol in words.symbols if symbol not in known], old, max_vocab)
        return WordTokenizer((*old.symbols, *kept), old.leaning | words.leaning.intersection(kept))
    return old


def extend_model(model: Model, tokenizer: Tokenizer, ids: np.ndarray) -> Model:
    """The model with an extended vocabulary.

    Args:
        model: of V symbols.
        tokenizer: of W symbols, of which the first V are the model's.
        ids: (N,) the new text, for the frequencies of the symbols.
    """
    count = tokenizer.vocab_size - model.config.vocab_size
    weights = dict(model.weights)
    if count:
        for name, axis in (("embedding.weight", 0), ("output.weight", 0)):
            if name in weights:
                weights[name] = _append_means(weights[name], count, axis)
        if not model.config.embedding_size:
            weights["layers.0.weight_ih"] = _append_means(weights["layers.0.weight_ih"], count, 1)
        weights["output.bias"] = _append_biases(weights["output.bias"], _count_ids(ids, tokenizer.vocab_size))
    config = replace(model.config, vocab_size=tokenizer.vocab_size)
    return replace(model, config=config, tokenizer=tokenizer, weights=weights)


def describe_base(base: Base, tokenizer: Tokenizer) -> str:
    """One sentence on the base model."""
    old = base.model.config.vocab_size
    new = tokenizer.vocab_size - old
    what = f"{new:,} new symbols added to its vocabulary of {old:,}" if new else "vocabulary unchanged"
    return f"Fine-tuning {base.name} ({base.model.config.describe()}): {what}."


def _keep(new: list[str], old: CharTokenizer | WordTokenizer, max_vocab: int | None) -> list[str]:
    room = MOST_NEW[old.level] if max_vocab is None else max(0, max_vocab - old.vocab_size)
    return new[:room]


def _append_means(matrix: np.ndarray, count: int, axis: int) -> np.ndarray:
    mean = matrix.mean(axis=axis, keepdims=True)
    return np.concatenate([matrix, np.repeat(mean, count, axis=axis)], axis=axis)


def _append_biases(biases: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Biases (V,) and how often each of W symbols occurs, to biases (W,).

    A bias is about the logarithm of a symbol's frequency plus a number that is the same for all: it is measured on the
    symbols that the model knows.
    """
    logs = np.log(counts + 0.5)  # (W,)
    old = len(biases)
    offset = np.average(biases - logs[:old], weights=counts[:old] + 0.5)
    return np.concatenate([biases, (logs[old:] + offset).astype(biases.dtype)])


def _count_ids(ids: np.ndarray, vocab_size: int) -> np.ndarray:
    """How often each id occurs, (W,); a long text is read block by block."""
    counts = np.zeros(vocab_size, np.int64)
    for begin in range(0, len(ids), _BLOCK):
        counts += np.bincount(ids[begin : begin + _BLOCK], minlength=vocab_size)
    return counts
