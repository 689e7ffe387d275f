"""The options of ``rnnchat train``, heading by heading, and the wishes they make."""

from dataclasses import dataclass, fields
from typing import Annotated, Any

import typer

from rnnchat.model.config import Cell
from rnnchat.plan.options import (
    Averaging,
    Decay,
    Device,
    Loss,
    Optimiser,
    Precision,
    Preset,
    TrainingOptions,
    parse_sizes,
)
from rnnchat.text.tokenizer import Level

TEXT, TIME, NETWORK = "Text", "Time", "Network"
LEARNING, REGULARISATION, MACHINE = "Learning", "Against learning by heart", "Machine"
"""The headings, in their order."""


def _option(panel: str, help: str, *names: str, metavar: str | None = None) -> Any:
    return typer.Option(*names, metavar=metavar, help=help, rich_help_panel=panel)


def _share(help: str, *names: str) -> Any:
    return _option(REGULARISATION, help, *names, metavar="SHARE")


@dataclass(frozen=True)
class Wishes:
    """The options as typed. All that is not typed is chosen after text and time."""

    validation: Annotated[
        list[str] | None, _option(TEXT, "Text to hold out; the last tenth by default.", metavar="FILE")
    ] = None
    level: Annotated[Level, _option(TEXT, "What one symbol is.")] = "char"
    max_vocab: Annotated[int | None, _option(TEXT, "Most symbols in the vocabulary.", metavar="N")] = None
    base: Annotated[
        str | None,
        _option(
            TEXT,
            "Go on from a model with this text: its network, its vocabulary and what is new in the text.",
            "--from",
            metavar="MODEL",
        ),
    ] = None
    name: Annotated[
        str | None, _option(TEXT, "Name of the run and its model; after the text by default.", metavar="NAME")
    ] = None
    replace: Annotated[bool, _option(TEXT, "Replace a run and a model of that name.", "--replace")] = False
    minutes: Annotated[float | None, _option(TIME, "Train for so long; 5 if no budget is given.", metavar="M")] = None
    epochs: Annotated[float | None, _option(TIME, "Read the text so many times.", metavar="N")] = None
    steps: Annotated[int | None, _option(TIME, "Take so many steps.", metavar="N")] = None
    patience: Annotated[
        int | None,
        _option(
            TIME,
            "End after N looks at the held-out text without a better one; 0 never. By default only once it is much "
            "worse for long.",
            metavar="N",
        ),
    ] = None
    preset: Annotated[Preset | None, _option(NETWORK, "Its size in a word.")] = None
    cell: Annotated[Cell | None, _option(NETWORK, "Kind of recurrent cell; lstm by default.")] = None
    hidden: Annotated[
        str | None, _option(NETWORK, "Hidden size, or one per layer: 512, or 128,64.", metavar="SIZES")
    ] = None
    layers: Annotated[int | None, _option(NETWORK, "Layers of that one hidden size.", metavar="N")] = None
    embedding: Annotated[int | None, _option(NETWORK, "Embedding size; 0 for one-hot.", metavar="N")] = None
    tied: Annotated[
        bool | None, _option(NETWORK, "Does the output share the embedding's matrix?", "--tied/--no-tied")
    ] = None
    residual: Annotated[
        bool | None,
        _option(
            NETWORK, "Is a layer's input added to its output, where both are of one size?", "--residual/--no-residual"
        ),
    ] = None
    optimiser: Annotated[Optimiser | None, _option(LEARNING, "muon by default.")] = None
    learning_rate: Annotated[float | None, _option(LEARNING, "Highest learning rate.", "--lr", metavar="R")] = None
    decay: Annotated[Decay | None, _option(LEARNING, "How the rate comes down to zero; linear by default.")] = None
    warmup: Annotated[int | None, _option(LEARNING, "Steps over which it rises from zero.", metavar="N")] = None
    momentum: Annotated[
        float | None, _option(LEARNING, "Share of the last change that goes on, in sgd and rmsprop.", metavar="SHARE")
    ] = None
    clip: Annotated[float | None, _option(LEARNING, "Longest gradient; 1 by default.", metavar="LENGTH")] = None
    loss: Annotated[Loss | None, _option(LEARNING, "What is made smaller; cross-entropy by default.")] = None
    average: Annotated[
        Averaging | None,
        _option(LEARNING, "Is the model an average of the weights along the training, or of those at its end?"),
    ] = None
    batch: Annotated[int | None, _option(LEARNING, "Streams that are read side by side.", metavar="N")] = None
    window: Annotated[
        int | None, _option(LEARNING, "Symbols through which the error is carried back.", metavar="N")
    ] = None
    seed: Annotated[int, _option(LEARNING, "Seed of everything that is drawn at random.", metavar="N")] = 1
    dropout: Annotated[float | None, _share("Of activations between layers, left out while learning.")] = None
    input_dropout: Annotated[float | None, _share("Of the first layer's input; as --dropout by default.")] = None
    output_dropout: Annotated[float | None, _share("Of the last layer's output; as --dropout by default.")] = None
    variational: Annotated[
        bool | None, _share("Leave out the same for a whole window?", "--variational/--no-variational")
    ] = None
    embedding_dropout: Annotated[float | None, _share("Of whole symbols.")] = None
    weight_drop: Annotated[float | None, _share("Of the recurrent weights.")] = None
    weight_decay: Annotated[
        float | None, _option(REGULARISATION, "Pull of matrices to zero; 0.01 by default.", metavar="W")
    ] = None
    activation: Annotated[
        float | None, _option(REGULARISATION, "Penalty for large activations.", "--ar", metavar="W")
    ] = None
    temporal: Annotated[
        float | None, _option(REGULARISATION, "Penalty for activations that change fast.", "--tar", metavar="W")
    ] = None
    device: Annotated[Device, _option(MACHINE, "Where to compute.")] = "auto"
    precision: Annotated[Precision, _option(MACHINE, "auto measures which is faster here.")] = "auto"
    threads: Annotated[int | None, _option(MACHINE, "Processor cores to use; all by default.", metavar="N")] = None
    beside_tui: Annotated[
        bool, _option(MACHINE, "Leave a core and the priority to whoever is at the screen.", "--beside-tui")
    ] = False

    def make_options(self, corpus: tuple[str, ...]) -> TrainingOptions:
        """The wishes for a training on ``corpus``.

        Raises:
            UsageError: a value is out of range, or contradicts another.
        """
        values = {option.name: getattr(self, option.name) for option in fields(self)}
        hidden = values.pop("hidden")
        return TrainingOptions(
            corpus,
            validation=tuple(values.pop("validation") or ()),
            hidden_sizes=None if hidden is None else parse_sizes(hidden),
            embedding_size=values.pop("embedding"),
            batch_size=values.pop("batch"),
            clip_norm=values.pop("clip"),
            **values,
        )
