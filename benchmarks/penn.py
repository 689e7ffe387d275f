"""Penn Treebank as papers measure it, in words or in characters: trained by ``rnnchat train``, tested once.

    python benchmarks/penn.py FOLDER [--characters] [--minutes 60] [OPTIONS OF rnnchat train]

FOLDER holds the texts as Mikolov prepared them, a sentence a line: ``ptb.train.txt``, ``ptb.valid.txt`` and
``ptb.test.txt`` (10,000 words, ``<unk>`` among them), or ``ptb.char.train.txt`` and so on (50 characters, a space
after each). Papers count what stands between two spaces as one symbol, and the end of a line as another. rnnchat
would cut ``n.v.`` into four words, so that each is spelt as one word of letters first, one to one: the texts are in
small letters, and a mark becomes three capital ones. Of the characters the spaces between them are left out.
Perplexities and bits are then those of the papers. The validation text chooses the model; the test text is read once,
at the end.
"""

import argparse
import math
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import torch

from rnnchat.model.file import read_model
from rnnchat.model.library import find_model
from rnnchat.network.network import Network, load_weights
from rnnchat.training.evaluation import evaluate

NAME = "penn"
WORDS = "--level word --max-vocab 10003 --tied --embedding 256 --hidden 570"
"""4.6 million parameters; 10,000 words, the end of a line among them, and rnnchat's three special symbols."""
CHARACTERS = "--level char --embedding 128 --hidden 1000"
"""4.6 million parameters, 50 characters."""


def spell(word: str) -> str:
    """A word in letters alone: a mark becomes X and two letters that say which it is."""
    return "".join(c if c.isalpha() else f"X{chr(65 + ord(c) // 26)}{chr(65 + ord(c) % 26)}" for c in word)


def rewrite(source: Path, target: Path, is_words: bool) -> None:
    """Write a text of the treebank so that each of its symbols is one of rnnchat's."""
    lines = (line.split() for line in source.read_text(encoding="utf-8").splitlines())
    joined = (" ".join(map(spell, line)) if is_words else "".join(line) for line in lines)
    target.write_text("".join(f"{line}\n" for line in joined), encoding="utf-8")


def main() -> None:
    """Train, and print the network's size and how well it foretells."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--characters", action="store_true", help="not words")
    parser.add_argument("--minutes", type=float, default=60)
    arguments, options = parser.parse_known_args()
    is_words = not arguments.characters
    with tempfile.TemporaryDirectory() as home:
        os.environ["RNNCHAT_HOME"] = home
        texts = {part: Path(home) / f"{part}.txt" for part in ("train", "valid", "test")}
        for part, path in texts.items():
            rewrite(arguments.folder / f"ptb.{'' if is_words else 'char.'}{part}.txt", path, is_words)
        wishes = [*(WORDS if is_words else CHARACTERS).split(), "--minutes", str(arguments.minutes), *options]
        command = [sys.executable, "-m", "rnnchat", "train", texts["train"], "--validation", texts["valid"]]
        subprocess.run([*command, "--name", NAME, *wishes], check=True)
        model = read_model(find_model(NAME))
        network = Network(model.config)
        load_weights(network, model.weights)
        network.to("cuda" if torch.cuda.is_available() else "cpu")
        print(f"{model.config.parameters:,} parameters, {arguments.minutes:g} minutes", flush=True)
        for part in ("valid", "test"):
            ids = model.tokenizer.encode(texts[part].read_text(encoding="utf-8"))
            nats = evaluate(network, ids, len(ids) - 1)
            measure = f"perplexity {math.exp(nats):.2f}" if is_words else f"{nats / math.log(2):.4f} bits per character"
            print(f"{part}: {measure}, {len(ids) - 1:,} symbols", flush=True)


if __name__ == "__main__":
    main()
