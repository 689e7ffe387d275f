"""How often a model finds the true reply among ten.

    python benchmarks/recall.py CONVERSATIONS --model chat [--turns 200]

A reply, as far as its first 200 characters, stands among nine others of the same file; the model sees the two turns
before it, of at most 300 characters each, laid out as its own texts are. Ranked is by log-likelihood a symbol, minus
λ times that of the reply without the turns before (Li et al. 2016); λ = 0 is likelihood alone. Chance finds 10 %.
"""

import argparse
import math
import random
import time

import numpy as np

from rnnchat.generation.language_model import LanguageModel
from rnnchat.generation.ranking import measure_log_probs
from rnnchat.model.library import find_model
from rnnchat.text.corpus import Corpus
from rnnchat.text.turn import TurnLayout, split_turns

CHOICES, TURNS_BEFORE, REPLY_CHARS, TURN_CHARS = 10, 2, 200, 300
WEIGHTS = (0.0, 0.25, 0.5, 0.75, 1.0)
LEAST_CHARS = 20
"""A shorter reply, "Yes.", is true of too many turns."""
LINES = TurnLayout(("A", "B"))
SAMPLE_CHARS = 2_000_000


def lay_out(turns: list[tuple[str, str]], speaker: str, layout: TurnLayout) -> str:
    """The turns before a reply, and the head of the reply, under the two names of a layout."""
    own, other = layout.speakers[1], layout.speakers[0]
    said = [
        f"{own if name == speaker else other}{layout.name_end}{text[-TURN_CHARS:]}{layout.turn_end}"
        for name, text in turns
    ]
    return "".join(said) + open_turn(layout)


def open_turn(layout: TurnLayout) -> str:
    """The head of a reply; the space behind a name belongs to the reply at word level."""
    return f"{layout.speakers[1]}{layout.name_end}"


def main(path: str, model_name: str, count: int, seed: int) -> None:
    """Print the recall for each λ."""
    model = LanguageModel.open(find_model(model_name))
    layout = model.model.training.turns or LINES
    text = ""
    for piece in Corpus([path]).read_pieces():
        text += piece
        if len(text) >= SAMPLE_CHARS:
            break
    turns = split_turns(text[: text.rfind("\n")])
    places = [
        place
        for place in range(TURNS_BEFORE, len(turns))
        if len(turns[place][1]) >= LEAST_CHARS and turns[place][0] != turns[place - 1][0]
    ]
    chance = random.Random(seed)
    chosen = chance.sample(places, min(count, len(places)))
    print(f"{model_name}: {len(chosen)} replies of {len(turns):,} turns, laid out as {lay_out([], '', layout)!r}")
    end = layout.turn_end
    replies = {place: model.tokenizer.encode(turns[place][1][:REPLY_CHARS] + end) for place in places}
    start = model.network.find_place(open_turn(layout))
    hits = dict.fromkeys(WEIGHTS, 0)
    unprompted: dict[int, float] = {}
    began_s = time.perf_counter()
    for place in chosen:
        others = chance.sample([other for other in places if other != place], CHOICES - 1)
        choices = [place, *others]
        ids = [replies[choice] for choice in choices]
        prompt = lay_out(turns[place - TURNS_BEFORE : place], turns[place][0], layout)
        prompted = measure_log_probs(model.network, model.network.find_place(prompt), ids)
        new = [choice for choice in choices if choice not in unprompted]
        if new:
            alone = measure_log_probs(model.network, start, [replies[choice] for choice in new])
            unprompted |= dict(zip(new, alone.tolist(), strict=True))
        lengths = np.array([len(each) for each in ids])
        without = np.array([unprompted[choice] for choice in choices])
        for weight in WEIGHTS:
            hits[weight] += int(np.argmax((prompted - weight * without) / lengths)) == 0
    for weight, hit in hits.items():
        share = hit / len(chosen)
        error = math.sqrt(share * (1 - share) / len(chosen))
        print(f"λ {weight:<5g} {share:.1%} ± {error:.1%}")
    print(f"{time.perf_counter() - began_s:.0f} s")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("conversations")
    parser.add_argument("--model", default="chat")
    parser.add_argument("--turns", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    main(arguments.conversations, arguments.model, arguments.turns, arguments.seed)
