"""How well a model writes in the voice of a text that it has in memory: ``python benchmarks/voice.py TEXT...``

Of each text the first 180,000 characters are remembered and the next 20,000 predicted (curly quotes made straight).
``--write`` adds what of 10,000 written characters stands in stretches of 30 that the text, or the writing itself, had
before; ``--keys`` adds the keys that a person saves who takes the next word with one key where the model is right, and
the same with three words to choose from.
"""

import argparse
import math
import re
import time
from pathlib import Path

from rnnchat.generation.language_model import LanguageModel
from rnnchat.generation.reading import Reading
from rnnchat.model.library import find_model

REMEMBERED, PREDICTED, WARM_UP = 180_000, 20_000, 40_000
STRETCH, WRITTEN, TYPED = 30, 10_000, 6_000
WORD = re.compile(r"\s*(?:[\w'-]+|[^\w\s]+)")
STRAIGHT = str.maketrans("“”‘’", "\"\"''")


def measure_bits(model: LanguageModel, text: str) -> tuple[float, float]:
    """Bits per character of the end of a text, having read the 40,000 characters before: alone, and with memory."""
    before, rest = text[: REMEMBERED - WARM_UP], text[REMEMBERED - WARM_UP :]
    alone, remembering = model.forget(), model.forget().remember(before)
    nats = [one.score(rest).nats - one.score(rest[:WARM_UP]).nats for one in (alone, remembering)]
    return nats[0] / math.log(2) / (len(rest) - WARM_UP), nats[1] / math.log(2) / (len(rest) - WARM_UP)


def measure_stretches(written: str, source: str | None = None) -> float:
    """Share of a text in stretches of 30 characters that stand in ``source``, or earlier in the text itself."""
    seen = {source[at : at + STRETCH] for at in range(len(source) - STRETCH + 1)} if source else set()
    marked = bytearray(len(written))
    for at in range(len(written) - STRETCH + 1):
        stretch = written[at : at + STRETCH]
        if stretch in seen:
            marked[at : at + STRETCH] = b"\1" * STRETCH
        if source is None:
            seen.add(stretch)
    return sum(marked) / max(1, len(written))


def guess_words(reading: Reading, count: int) -> list[str]:
    """The likeliest next words, each the greedy completion of one of the likeliest next symbols."""
    words = []
    for guess in reading.next(count):
        rest = reading.fork().read(guess.text).write_text(length=16, until="length", temperature=0.0)
        match = WORD.match(guess.text + rest)
        words.append(match[0] if match else "")
    return words


def measure_keys(model: LanguageModel, text: str, count: int) -> float:
    """Share of the keys that are saved where a right word among ``count`` is taken with one key."""
    reading, keys = model.read(text[:-TYPED]), 0
    for word in WORD.findall(text[-TYPED:]):
        keys += 1 if word in guess_words(reading, count) else len(word)
        reading.read(word)
    return 1 - keys / TYPED


def main() -> None:
    """Measure and print a row for each text."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("texts", nargs="+", type=Path)
    parser.add_argument("--model", default="english")
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--keys", action="store_true")
    arguments = parser.parse_args()
    model = LanguageModel.open(find_model(arguments.model), "float32")
    rows = []
    for path in arguments.texts:
        text = path.read_text(encoding="utf-8").translate(STRAIGHT)[: REMEMBERED + PREDICTED]
        rows.append(measure_bits(model, text))
        print(f"{path.stem:45} alone {rows[-1][0]:.3f}  with memory {rows[-1][1]:.3f} bits per character", flush=True)
        started_s = time.perf_counter()
        mine = model.remember(text[:REMEMBERED])
        next(mine.write(text[REMEMBERED - 200 : REMEMBERED], length=10))
        print(f"  first character after {time.perf_counter() - started_s:.2f} s")
        if arguments.write:
            for temperature in (0.6, 0.8):
                prompt = text[REMEMBERED - 1_000 : REMEMBERED]
                started_s = time.perf_counter()
                written = mine.write_text(prompt, length=WRITTEN, temperature=temperature, seed=1)
                speed = len(written) / (time.perf_counter() - started_s)
                verbatim, again = measure_stretches(written, text), measure_stretches(written)
                shares = f"{verbatim:.1%} verbatim, {again:.1%} again"
                print(f"  temperature {temperature}: {shares}, {speed:,.0f} characters/s")
        if arguments.keys:
            saved = [measure_keys(model.remember(text[:REMEMBERED]), text[REMEMBERED:], count) for count in (1, 3)]
            print(f"  keys saved {saved[0]:.1%}, with three words to choose from {saved[1]:.1%}", flush=True)
    alone, with_memory = (sum(column) / len(rows) for column in zip(*rows, strict=True))
    print(f"{'average':45} alone {alone:.3f}  with memory {with_memory:.3f} bits per character")


if __name__ == "__main__":
    main()
