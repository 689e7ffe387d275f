"""What is peculiar to a model's samples: how varied they are, how much they repeat, which words do not exist.

Words are runs of letters, with apostrophes and hyphens inside them; a text in a script without spaces is taken
character by character.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

REPEAT_WORDS = 4
"""Repetition counts sequences of this many words."""

_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
_UNSPACED = re.compile("[぀-ヿ㐀-鿿豈-﫿가-힯]")


@dataclass(frozen=True)
class Trait:
    """What a person would notice about a model's samples, as figures from 0 to 1."""

    distinct_1: float | None
    """Distinct words as a share of all (Li et al. 2016); None without a word."""
    distinct_2: float | None
    """The same for pairs of neighbouring words."""
    repetition: float | None
    """Share of the sequences of `REPEAT_WORDS` words that have occurred before in the same sample."""
    nonwords: float | None
    """Share of the words that are in no known text; None without a lexicon."""
    nonword_examples: tuple[str, ...] = ()
    longest_copy: int | None = None
    """Characters of the longest stretch that stands in the model's training text; None where that is elsewhere."""


def describe_samples(samples: Sequence[str], lexicon: Collection[str] | None = None) -> Trait:
    """The traits of several samples of one model; ``lexicon`` holds words in lower case."""
    texts = [list(split_words(sample)) for sample in samples]
    unknown = None if lexicon is None else find_nonwords(samples, lexicon)
    words = sum(len(list(split_letters(sample))) for sample in samples)
    return Trait(
        distinct_1=measure_distinct(texts, 1),
        distinct_2=measure_distinct(texts, 2),
        repetition=measure_repetition(texts),
        nonwords=len(unknown) / words if unknown is not None and words else None,
        nonword_examples=tuple(dict.fromkeys(unknown or ()))[:5],
    )


def split_words(text: str) -> Iterator[str]:
    """The words of a text in lower case; characters of scripts that do without spaces one by one."""
    for word in _WORD.findall(text):
        if _UNSPACED.search(word):
            yield from word
        else:
            yield word.lower()


def split_letters(text: str) -> Iterator[str]:
    """The words of a text in lower case that can be looked up: without those of scripts that do without spaces."""
    return (word.lower() for word in _WORD.findall(text) if not _UNSPACED.search(word))


def measure_distinct(texts: Iterable[Sequence[str]], n: int) -> float | None:
    """Distinct sequences of ``n`` words as a share of all of them; None without any."""
    grams = [gram for words in texts for gram in _list_grams(words, n)]
    return len(set(grams)) / len(grams) if grams else None


def measure_repetition(texts: Iterable[Sequence[str]], n: int = REPEAT_WORDS) -> float | None:
    """Share of the sequences of ``n`` words that occurred before in the same text; None without any."""
    repeated = total = 0
    for words in texts:
        grams = _list_grams(words, n)
        repeated += len(grams) - len(set(grams))
        total += len(grams)
    return repeated / total if total else None


def find_nonwords(samples: Iterable[str], lexicon: Collection[str]) -> list[str]:
    """The words of samples that are not in ``lexicon``; a first or last word may be cut and does not count."""
    found = []
    for sample in samples:
        words = list(split_letters(sample))
        found += [word for word in words[1:-1] if word not in lexicon]
    return found


def collect_lexicon(pieces: Iterable[str]) -> set[str]:
    """The words of a text in lower case."""
    return {word for piece in pieces for word in split_letters(piece)}


def _list_grams(words: Sequence[str], n: int) -> list[tuple[str, ...]]:
    return [tuple(words[begin : begin + n]) for begin in range(len(words) - n + 1)]
