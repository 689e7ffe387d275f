"""Texts while the commands write them: what is shown as it comes, and what is told of them afterwards."""

import sys
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from rnnchat.cli.draft import Draft
from rnnchat.cli.output import show_safely
from rnnchat.errors import TextError, UsageError
from rnnchat.generation.settings import Settings

if TYPE_CHECKING:
    from rnnchat.generation.generator import Generator
    from rnnchat.generation.stream import Piece, Stream
    from rnnchat.model.file import Model
    from rnnchat.model.training_text import TrainingText
    from rnnchat.runtime.constant import Precision

FLUSH_INTERVAL_S = 0.03


class Writer:
    """Writes one text, or several side by side, and remembers them.

    Args:
        generator: the model.
        prompts: what it goes on from.
        count: texts for each prompt.
        explain: of how many alternatives of each symbol to take note; 0 for none.
        layer: the layer whose units to take note of, from 0; None for none.

    Raises:
        UsageError: the model has no such layer.
    """

    def __init__(
        self,
        generator: "Generator",
        prompts: Sequence[str],
        count: int = 1,
        explain: int = 0,
        layer: int | None = None,
    ) -> None:
        layers = len(generator.runtime.initial_state().hidden)
        if layer is not None and not 0 <= layer < layers:
            raise UsageError(f"there is no layer {layer}: the model has {layers}, and they count from 0")
        self.generator = generator
        self.drafts = [Draft(prompt) for prompt in prompts for _ in range(count)]
        self.elapsed_s = 0.0
        self._prompts, self._count = prompts, count
        self._explain, self._layer = explain, layer

    def write(self, settings: Settings, show: Callable[[str], None] = lambda text: None) -> None:
        """Write until the settings are met; ``show`` is given what the first text grows by."""
        alternatives = self._explain or int(self._layer is not None)
        steps = self.generator.write_all(self._prompts, settings, self._count, alternatives)
        streams = self.generator.streams
        for draft, stream in zip(self.drafts, streams, strict=True):
            draft.seed = stream.seed
        started_s = time.perf_counter()
        try:
            for pieces in steps:
                for draft, stream, piece in zip(self.drafts, streams, pieces, strict=True):
                    if piece is not None:
                        self._take(draft, stream, piece)
                if pieces[0] is not None:
                    show(pieces[0].text)
        finally:
            self.elapsed_s = time.perf_counter() - started_s
            for draft, stream in zip(self.drafts, streams, strict=True):
                draft.reason = stream.reason or "cancelled"

    def search(self, settings: Settings, width: int) -> None:
        """Find the likeliest texts of each prompt by beam search, in place of drawing them."""
        from rnnchat.generation.beam import search

        started_s = time.perf_counter()
        self.drafts = []
        for prompt in self._prompts:
            self.generator.seek(prompt)
            for beam in search(self.generator, settings, width):
                self.drafts.append(Draft(prompt, None, beam.reason, beam.log_prob, score=beam.score, parts=[beam.text]))
        self.elapsed_s = time.perf_counter() - started_s

    def _take(self, draft: Draft, stream: "Stream", piece: "Piece") -> None:
        draft.parts.append(piece.text)
        draft.log_prob += piece.log_prob
        tokenizer = self.generator.tokenizer
        if piece.loop is not None and not draft.loop:
            draft.loop = tokenizer.decode(stream.recall(piece.loop.period))
        if self._explain and piece.insight is not None:
            draft.symbols.append({"text": piece.text, "id": piece.id, **piece.insight.to_json(tokenizer)})
        if self._layer is not None:
            draft.hidden.append([round(unit, 6) for unit in piece.hidden[self._layer].tolist()])

    def find_copies(self, source: "TrainingText") -> None:
        """Take note of what each text has from ``source``."""
        from rnnchat.analysis.copied_text import find_copies

        for draft in self.drafts:
            draft.copies = find_copies(draft.text, source.read_pieces())

    def report(self, is_alone: bool = True) -> dict[str, Any]:
        """What was written and how, for JSON: of one text all in one object, of several a list."""
        shared = {
            "chars_per_s": round(self.chars_per_s, 1),
            "unknown": self.find_unknown(),
            "precision": self.generator.runtime.precision,
        }
        texts = [draft.to_json() for draft in self.drafts]
        return {**texts[0], **shared} if is_alone and texts else {**shared, "texts": texts}

    @property
    def is_interrupted(self) -> bool:
        """Was a text left before its end?"""
        return not self.drafts or any(draft.reason == "cancelled" for draft in self.drafts)

    @property
    def chars(self) -> int:
        """Characters of all texts."""
        return sum(len(draft.text) for draft in self.drafts)

    @property
    def chars_per_s(self) -> float:
        """Characters of all texts in a second."""
        return self.chars / max(self.elapsed_s, 1e-9)

    def describe_unknown(self) -> str:
        """Say which symbols of the prompts the model does not know, and what became of them; "" if it knows all."""
        unknown = self.find_unknown()
        if not unknown:
            return ""
        fate = "left out" if self.generator.tokenizer.unknown_id is None else "read as the unknown symbol"
        return f"unknown to the model and {fate}: {' '.join(map(repr, unknown))}"

    def find_unknown(self) -> list[str]:
        """The symbols of the prompts that the model does not know, each once."""
        return list(dict.fromkeys(s for prompt in self._prompts for s in self.generator.tokenizer.find_unknown(prompt)))


def make_generator(
    models: "Sequence[Model]", precision: "Precision | None", num_streams: int = 1, weight: float = 0.5
) -> "Generator":
    """A model, alone or mixed with a second one, in the precision and with the threads that suit it.

    Args:
        models: one or two.
        precision: the one wanted; None for the one that suits each model.
        num_streams: how many texts are to be written side by side.
        weight: the share of the second model, from 0 to 1.

    Raises:
        UsageError: the models cannot be mixed.
    """
    from rnnchat.generation.generator import Generator
    from rnnchat.runtime.mixture import Mixture, check_same_vocabulary
    from rnnchat.runtime.precision import choose_precision
    from rnnchat.runtime.runtime import Runtime
    from rnnchat.runtime.thread import choose_threads

    check_same_vocabulary([model.tokenizer for model in models])
    runtimes = []
    for model in models:
        chosen = choose_precision(model, precision)
        runtimes.append(Runtime(model, chosen, choose_threads(model, chosen, num_streams)))
    if len(models) == 1:
        return Generator(models[0], runtime=runtimes[0])
    return Generator(models[0], runtime=Mixture(runtimes, [1 - weight, weight]))


def find_source(models: "Sequence[Model]", name: str) -> "TrainingText":
    """The text that the first of the models learnt from.

    Raises:
        TextError: it is not on this machine.
    """
    from rnnchat.model.training_text import find_training_text

    record = models[0].training
    source = find_training_text(record)
    if source is None:
        learnt = record.corpus or "of an unknown name"
        raise TextError(f"the text that {name} learnt from ({learnt}) is not on this machine: leave --copied out")
    return source


class Page:
    """Stdout while a text grows on it: small flushes, for a terminal that redraws each character is the slowest part.

    Args:
        text: what stands there first.
    """

    def __init__(self, text: str) -> None:
        self._waiting = text
        self._ends_line = text.endswith("\n")
        self._flushed_s = 0.0

    def add(self, text: str) -> None:
        """Show ``text``, at once or soon."""
        self._waiting += text
        now_s = time.monotonic()
        if self._waiting and now_s - self._flushed_s >= FLUSH_INTERVAL_S:
            self._flush()
            self._flushed_s = now_s

    def finish(self) -> None:
        """Show what is left, and end the line."""
        self._flush()
        if not self._ends_line:
            sys.stdout.write("\n")
            sys.stdout.flush()

    def _flush(self) -> None:
        sys.stdout.write(show_safely(self._waiting))
        sys.stdout.flush()
        self._ends_line = self._waiting.endswith("\n") if self._waiting else self._ends_line
        self._waiting = ""
