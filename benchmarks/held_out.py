"""Bits per character of the models that come with rnnchat, on the texts that were held out when they learnt.

    rnnchat corpus fetch shakespeare    # and kjv, sanguo, chat, python for the others
    python benchmarks/held_out.py [MODEL ...]

The last tenth of each corpus is read in one stream with the state carried all the way, in both precisions; what a
vocabulary lacks is charged at 8 bits a byte.
"""

import platform
import sys
import time
from pathlib import Path

from rnnchat.analysis.score import score_text
from rnnchat.model.file import read_model
from rnnchat.paths import MODEL_SUFFIX, shipped_models_dir
from rnnchat.runtime.runtime import Runtime
from rnnchat.text.corpus import Corpus

HELD_OUT = 0.1
PIECE_CHARS = 100_000


def read_held_out(corpus: str) -> list[str]:
    """The last tenth of a corpus, in pieces."""
    text = "".join(Corpus([corpus]).read_pieces())
    held_out = text[round(len(text) * (1 - HELD_OUT)) :]
    return [held_out[begin : begin + PIECE_CHARS] for begin in range(0, len(held_out), PIECE_CHARS)]


def main(names: list[str]) -> None:
    """Print a table."""
    print(f"{platform.processor() or platform.machine()}\n")
    print(
        f"{'model':<14}{'precision':<11}{'bits/char':>10}{'perplexity':>12}{'chars':>10}{'unknown':>9}{'chars/s':>10}"
    )
    for name in names or sorted(path.stem for path in shipped_models_dir().glob(f"*{MODEL_SUFFIX}")):
        model = read_model(shipped_models_dir() / f"{name}{MODEL_SUFFIX}")
        pieces = read_held_out(model.training.corpus)
        for precision in ("float32", "int8"):
            started_s = time.perf_counter()
            score = score_text(Runtime(model, precision), model.tokenizer, pieces)
            rate = score.chars / (time.perf_counter() - started_s)
            print(
                f"{Path(name).name:<14}{precision:<11}{score.bits_per_char:>10.4f}{score.perplexity:>12.2f}"
                f"{score.chars:>10,}{score.unknown_chars:>9,}{rate:>10,.0f}",
                flush=True,
            )


if __name__ == "__main__":
    main(sys.argv[1:])
