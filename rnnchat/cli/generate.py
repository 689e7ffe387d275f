"""``rnnchat generate``: the prompt and its continuation on stdout, as it is made; all else on stderr."""

import contextlib
import sys
import time
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rnnchat.cli import option
from rnnchat.cli.output import print_json, show_safely
from rnnchat.generation.settings import Settings

if TYPE_CHECKING:
    from rnnchat.generation.generator import Generator

FLUSH_INTERVAL_S = 0.03
CONTROL_C_STATUS = 130


def generate(
    model: Annotated[str | None, typer.Argument(help="Name of a model or a run, or a file.")] = None,
    prompt: option.Prompt = "",
    length: option.Length = None,
    temperature: option.Temperature = Settings.temperature,
    top_k: option.TopK = Settings.top_k,
    top_p: option.TopP = Settings.top_p,
    min_p: option.MinP = Settings.min_p,
    repetition_penalty: option.Penalty = Settings.repetition_penalty,
    seed: option.Seed = None,
    until: option.UntilName = "length",
    stop: option.Stop = None,
    precision: option.PrecisionName = "int8",
    is_json: option.Json = False,
) -> None:
    """Write on from a prompt: prompt and continuation go to stdout, the seed and the speed to stderr."""
    settings = option.make_settings(
        length,
        stop,
        temperature=temperature,
        top_k=top_k,
        top_p=top_p,
        min_p=min_p,
        repetition_penalty=repetition_penalty,
        seed=seed,
        until=until,
    )
    from rnnchat.generation.generator import Generator  # ONNX Runtime: 0.2 s
    from rnnchat.model.library import find_model

    name = option.choose_model(model)
    prompt = option.read_prompt(prompt)
    writer = Writer(Generator.open(find_model(name), precision), prompt, is_silent=is_json)
    with contextlib.suppress(KeyboardInterrupt):  # what is written until then counts
        writer.write(settings)
    if is_json:
        print_json({"model": name, "prompt": prompt, **writer.report(), "settings": settings.to_json()})
    else:
        writer.finish()
    if writer.generator.reason == "cancelled":
        raise typer.Exit(CONTROL_C_STATUS)


class Writer:
    """Writes one continuation to stdout, and remembers it.

    Args:
        generator: the model, anywhere.
        prompt: what it goes on from.
        is_silent: keep the text, show nothing.
    """

    def __init__(self, generator: "Generator", prompt: str, is_silent: bool) -> None:
        self.generator = generator
        self.text = ""
        self.elapsed_s = 0.0
        self._is_silent = is_silent
        self._waiting = prompt
        self._ends_line = prompt.endswith("\n")
        self._flushed_s = 0.0
        self._unknown = generator.seek(prompt)

    def write(self, settings: Settings) -> None:
        """Write until the settings are met."""
        started_s = time.perf_counter()
        try:
            for piece in self.generator.write(settings):
                self.text += piece.text
                if not self._is_silent:
                    self._show(piece.text)
        finally:
            self.elapsed_s = time.perf_counter() - started_s

    def finish(self) -> None:
        """Show the rest on stdout, and on stderr how it went."""
        self._flush()
        if not self._ends_line:
            sys.stdout.write("\n")
            sys.stdout.flush()
        facts = [f"seed {self.generator.seed}", f"{len(self.text):,} characters", f"{self._chars_per_s:,.0f}/s"]
        if self._unknown:
            facts.append(self.describe_unknown())
        typer.echo(" · ".join(facts), err=True)

    def describe_unknown(self) -> str:
        """Say which symbols of the prompt the model does not know, and what became of them; "" if it knows all."""
        if not self._unknown:
            return ""
        fate = "left out" if self.generator.tokenizer.unknown_id is None else "read as the unknown symbol"
        return f"unknown to the model and {fate}: {' '.join(map(repr, self._unknown))}"

    def report(self) -> dict[str, Any]:
        """What was written and how, for JSON."""
        return {
            "text": self.text,
            "seed": self.generator.seed,
            "reason": self.generator.reason,
            "chars": len(self.text),
            "chars_per_s": round(self._chars_per_s, 1),
            "unknown": self._unknown,
        }

    @property
    def _chars_per_s(self) -> float:
        return len(self.text) / max(self.elapsed_s, 1e-9)

    def _show(self, text: str) -> None:
        """Write to stdout in small flushes: a terminal that redraws for each character is the slowest part."""
        self._waiting += text
        now_s = time.monotonic()
        if self._waiting and now_s - self._flushed_s >= FLUSH_INTERVAL_S:
            self._flush()
            self._flushed_s = now_s

    def _flush(self) -> None:
        sys.stdout.write(show_safely(self._waiting))
        sys.stdout.flush()
        self._ends_line = self._waiting.endswith("\n") if self._waiting else self._ends_line
        self._waiting = ""
