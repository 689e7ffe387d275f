"""What a training has chosen, and why, in three sentences."""

from rnnchat.plan.options import TrainingOptions
from rnnchat.plan.recipe import Recipe
from rnnchat.text.tokenizer import SYMBOL_NAMES


def explain_recipe(recipe: Recipe, options: TrainingOptions, vocab_size: int, chars: int) -> tuple[str, str, str]:
    """The network, how it learns, and what keeps it from learning its text by heart, each with the reason.

    Args:
        recipe: what was chosen.
        options: what was asked for.
        vocab_size: symbols that the network knows.
        chars: characters to learn from.
    """
    config = recipe.build_config(vocab_size)
    network = (
        f"Training {config.describe()} on {SYMBOL_NAMES[recipe.level]}s: {config.parameters:,} parameters, "
        f"{vocab_size:,} symbols, {_explain_size(recipe, options, chars)}."
    )
    path = "in a line" if recipe.decay == "linear" else "along half a cosine"
    learning = (
        f"It reads {recipe.batch_size} streams in windows of {recipe.window}, with {recipe.optimiser} at a rate that "
        f"rises to {recipe.learning_rate:g} and comes down to zero {path} over {_describe_budget(recipe)}."
    )
    return network, learning, _explain_regularisation(recipe, options)


def _explain_size(recipe: Recipe, options: TrainingOptions, chars: int) -> str:
    if options.base is not None:
        return "those of the model that it goes on from"
    if options.preset or options.hidden_sizes:
        return "as asked for"
    return f"which suits {chars:,} characters and {_describe_budget(recipe)}"


def _explain_regularisation(recipe: Recipe, options: TrainingOptions) -> str:
    """Decay and dropout follow how often the text is read."""
    shares = {
        "dropout": recipe.dropout,
        "input dropout": recipe.input_dropout,
        "output dropout": recipe.output_dropout,
        "embedding dropout": recipe.embedding_dropout,
        "weight drop": recipe.weight_drop,
    }
    dropped = ", ".join(f"{name} {share:g}" for name, share in shares.items() if share)
    if options.dropout is not None:
        return f"Against learning by heart: {dropped or 'nothing'}, as asked for."
    decay = f"weight decay {recipe.weight_decay:g}"
    if not dropped:
        return f"Against learning by heart: {decay} alone, since it will not read the text often enough for more."
    return f"Against learning by heart: {decay}, {dropped}, since it will read the text many times."


def _describe_budget(recipe: Recipe) -> str:
    if recipe.minutes is not None:
        return f"{recipe.minutes:g} minute{'s' if recipe.minutes != 1 else ''} of training"
    if recipe.epochs is not None:
        return f"{recipe.epochs:g} readings of the text"
    return f"{recipe.steps:,} steps"
