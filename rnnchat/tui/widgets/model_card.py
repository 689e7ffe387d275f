"""What is known about one model: its card, its figures, how it was trained."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from rich.cells import cell_len
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from rnnchat.desk.figures import (
    count_things,
    draw_sparkline,
    format_bits,
    format_bytes,
    format_duration,
    format_parameters,
)
from rnnchat.desk.model_rows import find_precision

if TYPE_CHECKING:
    from rnnchat.model.file import ModelHeader
    from rnnchat.model.library import ModelEntry

LABEL_WIDTH = 13
SYMBOLS = {"char": "characters", "byte": "bytes", "word": "words and punctuation marks", "bpe": "subwords"}


class ModelCard(VerticalScroll):
    """The card of the model under the cursor; with the focus on it, the arrow keys scroll."""

    DEFAULT_CSS = """
    ModelCard { height: 1fr; scrollbar-size-vertical: 1; }
    ModelCard Static { width: 1fr; height: auto; }
    """

    entry: ModelEntry | None = None
    """The model that is shown."""
    precisions: Mapping[str, str] = MappingProxyType({})
    """The precisions that the person has chosen, by name of the model."""

    def compose(self) -> ComposeResult:
        yield Static()

    def on_resize(self) -> None:
        self.show_model(self.entry, self.precisions)

    def show_model(self, entry: ModelEntry | None, precisions: Mapping[str, str]) -> None:
        """Show ``entry``, or nothing; ``precisions`` are the person's choices by name."""
        if entry is not self.entry:
            self.scroll_home(animate=False)
        self.entry, self.precisions = entry, precisions
        width = max(self.size.width - 1, 20)
        self.query_one(Static).update(Content("") if entry is None else describe_entry(entry, width, precisions))


def describe_entry(entry: ModelEntry, width: int, precisions: Mapping[str, str]) -> Content:
    """Everything about a model, in lines of at most ``width`` where they can be broken."""
    if entry.header is None:
        return Content.assemble(
            (entry.name, "bold"),
            "\n\n",
            ("✗ ", "$error"),
            Content(entry.problem or ""),
            "\n\n",
            (wrap_path(entry.path, width), "$quiet"),
        )
    card = entry.header.card
    parts: list[Content | tuple[str, str] | str] = [(card.title or entry.name, "bold")]
    if card.description:
        parts += ["\n", Content(card.description)]
    parts.append("\n")
    for label, value in list_facts(entry, entry.header, find_precision(entry, precisions)):
        rows = textwrap.wrap(value, max(width - LABEL_WIDTH, 8))
        parts += ["\n", (f"{label:<{LABEL_WIDTH}}", "$quiet"), Content(f"\n{' ' * LABEL_WIDTH}".join(rows))]
    if curve := entry.header.training.curve:
        values = [bits for _, bits in curve]
        room = width - LABEL_WIDTH - 12
        parts += ["\n", (f"{'Loss':<{LABEL_WIDTH}}", "$quiet"), f"{values[0]:.2f} "]
        parts += [(draw_sparkline(values, room), "$accent"), f" {values[-1]:.2f}"]
    if card.examples:
        parts += ["\n\n", ("Try", "$quiet")]
        for example in card.examples[:4]:
            parts += ["\n", ("▎ ", "$accent"), Content(" ".join(example.split()))]
    parts += ["\n\n", (wrap_path(entry.path, width), "$quiet")]
    return Content.assemble(*parts)


def list_facts(entry: ModelEntry, header: ModelHeader, precision: str) -> list[tuple[str, str]]:
    """The figures of a model as (label, value); what is not known is left out."""
    training = header.training
    tokenizer = header.tokenizer
    facts = [
        ("Kind", _say_origin(entry)),
        ("Level", f"{tokenizer.level}, {tokenizer.vocab_size:,} {SYMBOLS[tokenizer.level]}"),
        ("Network", f"{header.config.describe()}, {format_parameters(header.config.parameters)} weights"),
        ("File", f"{format_bytes(header.size_bytes)}, {header.dtype}"),
        ("Precision", say_precision(precision, training.int8_loss)),
    ]
    if training.bits_per_char is not None:
        facts.append(("Quality", f"{format_bits(training.bits_per_char)} bits/char, validation"))
    if training.corpus:
        facts.append(("Trained on", f"{training.corpus}, {training.chars:,} characters"))
    if training.steps:
        duration = format_duration(training.elapsed_s)
        facts.append(("Trained", f"{count_things(training.steps, 'step')} in {duration}"))
    if training.trained_at:
        facts.append(("Created", training.trained_at[:10]))
    if header.card.licence:
        facts.append(("Licence", header.card.licence))
    return facts


def wrap_path(path: Path, width: int) -> str:
    """A path in lines of at most ``width`` that break only between folders, where the names allow it."""
    lines = [""]
    for part in re.findall(r"[^/\\]*[/\\]|[^/\\]+", str(path)):
        if lines[-1] and cell_len(lines[-1] + part) > width:
            lines.append("")
        lines[-1] += part
    return "\n".join(lines)


def say_precision(precision: str, int8_loss: float | None) -> str:
    """``int8, fast: 0.0004 bits/char lost``; ``float32, exact``."""
    if precision == "float32":
        return "float32, exact"
    return "int8, fast" if int8_loss is None else f"int8, fast: {max(int8_loss, 0):.4f} bits/char lost"


def _say_origin(entry: ModelEntry) -> str:
    if entry.is_shipped:
        return "comes with rnnchat"
    return "best model of a run" if entry.is_run else "your own"
