"""Share of words that are not words, in what a model of characters writes.

    python benchmarks/words.py MODEL TEXTS... [--yardstick TEXTS...]

A word counts as one if it is in the yardstick, as it is or with a small first letter: the texts themselves, or others
that the known words do not come from. Written is at temperature 1, once with any words and once with known words only;
a model that lists no words gets those of the texts.
"""

import argparse
import time
from dataclasses import replace
from pathlib import Path

from rnnchat.generation.language_model import LanguageModel
from rnnchat.generation.settings import Settings
from rnnchat.model.file import read_model
from rnnchat.model.library import find_model
from rnnchat.text.corpus import Corpus
from rnnchat.text.lexicon import count_words, find_words

TEXTS, CHARS = 20, 2_000


def main(name: str, texts: list[str], yardstick: list[str]) -> None:
    """Print a line for each setting."""
    model = read_model(find_model(name))
    known = set(count_words(Corpus(yardstick).read_pieces(), limit=10**7))
    if not model.training.words:
        words = count_words(Corpus(texts).read_pieces())
        model = replace(model, training=replace(model.training, words=words))
    opened = LanguageModel.of(model, Path(name).stem)
    for setting in ("any", "known"):
        settings = Settings(temperature=1, length=CHARS, words=setting, seed=1)
        began_s = time.perf_counter()
        written = [word for text in opened.candidates("\n\n", TEXTS, settings) for word in find_words(text.text)[1:-1]]
        chars_per_s = TEXTS * CHARS / (time.perf_counter() - began_s)
        wrong = [word for word in written if word not in known and word[:1].lower() + word[1:] not in known]
        print(
            f"words {setting:<6}{len(wrong):>6,} of {len(written):,} are none ({len(wrong) / len(written):.2%})"
            f"{chars_per_s:>10,.0f} characters/s   {' '.join(wrong[:8])}",
            flush=True,
        )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model")
    parser.add_argument("texts", nargs="+")
    parser.add_argument("--yardstick", metavar="TEXTS", nargs="+")
    arguments = parser.parse_args()
    main(arguments.model, arguments.texts, arguments.yardstick or arguments.texts)
