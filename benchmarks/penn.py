"""Penn Treebank in words, as papers measure it: trained by ``rnnchat train``, scored by ``rnnchat score``.

    python benchmarks/penn.py FOLDER [--minutes 60] [OPTIONS OF rnnchat train]

FOLDER holds ``ptb.train.txt``, ``ptb.valid.txt`` and ``ptb.test.txt`` as Mikolov prepared them (10,000 words, ``<unk>``
among them, a sentence a line). Papers count what stands between two spaces as one word, and the end of a line as
another. rnnchat would cut ``n.v.`` into four, so that each is spelt as one word of letters first, one to one: the texts
are in small letters, and a mark becomes three capital ones. Perplexities are then those of the papers. The validation
text chooses the model; the test text is read once, at the end.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

PYTHON = (sys.executable, "-m", "rnnchat")
NAME = "penn"
VOCAB_SIZE = 10_003
"""The words, the end of a line among them, and rnnchat's three special symbols."""
NETWORK = "--level word --tied --embedding 256 --hidden 570"
"""4.6 million parameters."""


def spell(word: str) -> str:
    """A word in letters alone: a mark becomes X and two letters that say which it is."""
    return "".join(c if c.isalpha() else f"X{chr(65 + ord(c) // 26)}{chr(65 + ord(c) % 26)}" for c in word)


def rewrite(source: Path, target: Path) -> None:
    """Write a text of the treebank in words of letters alone."""
    lines = (" ".join(map(spell, line.split())) for line in source.read_text(encoding="utf-8").splitlines())
    target.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


def run(*arguments: str | Path) -> str:
    """Run rnnchat; its standard output. What it says of its progress is shown."""
    return subprocess.run([*PYTHON, *arguments], stdout=subprocess.PIPE, text=True, check=True).stdout


def main() -> None:
    """Train, and print the perplexities and the network's size."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--minutes", type=float, default=60)
    arguments, options = parser.parse_known_args()
    with tempfile.TemporaryDirectory() as home:
        os.environ["RNNCHAT_HOME"] = home
        texts = {part: Path(home) / f"{part}.txt" for part in ("train", "valid", "test")}
        for part, path in texts.items():
            rewrite(arguments.folder / f"ptb.{part}.txt", path)
        wishes = [*NETWORK.split(), "--max-vocab", str(VOCAB_SIZE), "--minutes", str(arguments.minutes)]
        run("train", texts["train"], "--validation", texts["valid"], "--name", NAME, *wishes, *options)
        parameters = json.loads(run("models", "show", NAME, "--json"))["parameters"]
        print(f"{parameters:,} parameters, {arguments.minutes:g} minutes", flush=True)
        for part in ("valid", "test"):
            score = json.loads(run("score", NAME, texts[part], "--json").splitlines()[-1])
            print(f"{part}: perplexity {score['perplexity']:.2f}, {score['tokens']:,} symbols", flush=True)


if __name__ == "__main__":
    main()
