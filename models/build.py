"""Make the models that come with rnnchat: ``python models/build.py shakespeare``.

Fetches the corpus, trains with ``rnnchat train`` and the options below, and writes the result here as float16 with
its card. ``--pack`` leaves out the training and takes the model of that name from the library.
"""

import argparse
import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path

from rnnchat.model.file import read_model, write_model
from rnnchat.model.library import find_model
from rnnchat.model.record import ModelCard
from rnnchat.paths import MODEL_SUFFIX
from rnnchat.text.corpus import Corpus
from rnnchat.text.lexicon import count_words


@dataclass(frozen=True)
class Shipped:
    """How a model is trained and how it presents itself."""

    corpus: str
    options: str
    card: ModelCard


MODELS = {
    "english": Shipped(
        "english",
        "--from none --level bpe --max-vocab 8000 --hidden 768 --embedding 320 --tied --batch 64 --window 96 "
        "--dropout 0 --steps 2750",
        ModelCard(
            title="English prose",
            description="Writes stories and dialogue, in pieces of words, after 193 books.",
            licence="Texts in the public domain in the United States (Standard Ebooks, CC0)",
            examples=("The letter had come on a Tuesday, and ", '"I never said that," ', "It was raining when "),
        ),
    ),
    "shakespeare": Shipped(
        "shakespeare",
        "--hidden 512,512 --embedding 64 --batch 128 --window 96 --weight-decay 1.5 --dropout 0.25 --input-dropout 0 "
        "--steps 5556",
        ModelCard(
            title="Shakespeare",
            description="Writes plays, character by character, after the 38 plays of Shakespeare.",
            licence="Texts in the public domain",
            examples=("ROMEO:\n", "HAMLET:\nTo be, or ", "ACT I\n\nSCENE I. A wood near Athens.\n\n"),
        ),
    ),
    "chat": Shipped(
        "chat",
        "--hidden 512,512 --embedding 64 --batch 128 --window 96 --weight-decay 1 --dropout 0 --steps 2438",
        ModelCard(
            title="Small talk",
            description="Talks in turns as A and B, character by character, after conversations of students.",
            licence="Text under the MIT licence (chitchat-dataset)",
            examples=("A: Hi! How are you?\nB: ", "A: What do you like to do on weekends?\nB: "),
        ),
    ),
    "kjv-words": Shipped(
        "kjv",
        "--level word --preset medium --batch 64 --window 64 --weight-decay 0.7 --variational --dropout 0.35 "
        "--input-dropout 0.4 --embedding-dropout 0.1 --steps 4451",
        ModelCard(
            title="King James Bible, in words",
            description="Writes verses, word by word, after the King James Version of the Bible.",
            licence="Text in the public domain",
            examples=("In the beginning ", "And the LORD said unto "),
        ),
    ),
    "python-code": Shipped(
        "python",
        "--hidden 512,512 --embedding 64 --batch 128 --window 96 --weight-decay 1 --dropout 0.1 --input-dropout 0 "
        "--steps 4844",
        ModelCard(
            title="Python code",
            description="Writes Python, character by character, after the standard library.",
            licence="Text under the PSF-2.0 licence (Python's standard library)",
            examples=("def ", "class ", "import os\n\n\ndef main("),
        ),
    ),
    "sanguo": Shipped(
        "sanguo",
        "--preset medium --batch 64 --window 64 --weight-decay 0.7 --variational --dropout 0.35 --input-dropout 0.4 "
        "--embedding-dropout 0.1 --steps 3737",
        ModelCard(
            title="三国演义",
            description="Writes Chinese prose, character by character, after the Romance of the Three Kingdoms.",
            licence="Text in the public domain",
            examples=("却说曹操", "玄德曰："),
        ),
    ),
}


def train(name: str) -> None:
    """Fetch the corpus and train, as a person would."""
    shipped = MODELS[name]
    rnnchat = [sys.executable, "-m", "rnnchat"]
    subprocess.run([*rnnchat, "corpus", "fetch", shipped.corpus], check=True)
    subprocess.run([*rnnchat, "train", shipped.corpus, "--name", name, *shipped.options.split()], check=True)


def pack(name: str) -> Path:
    """Write the library's model ``name`` beside this script, with its card, as float16."""
    path = Path(__file__).parent / f"{name}{MODEL_SUFFIX}"
    write_model(replace(read_model(find_model(name)), card=MODELS[name].card), path, "float16")
    return path


def add_words(name: str, files: list[str]) -> Path:
    """Write the words of the corpus, or of ``files``, into the model that is here."""
    path = Path(__file__).parent / f"{name}{MODEL_SUFFIX}"
    model = read_model(path)
    words = count_words(Corpus(files or [MODELS[name].corpus]).read_pieces())
    write_model(replace(model, training=replace(model.training, words=words)), path, "float16")
    return path


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name", choices=MODELS)
    parser.add_argument(
        "--words", metavar="FILE", nargs="*", help="only add the words of its corpus, or of these files"
    )
    parser.add_argument("--pack", action="store_true", help="do not train: take the model from the library")
    arguments = parser.parse_args()
    if arguments.words is not None:
        print(add_words(arguments.name, arguments.words))
        sys.exit()
    if not arguments.pack:
        train(arguments.name)
    print(pack(arguments.name))
