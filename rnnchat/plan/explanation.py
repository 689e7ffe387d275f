"""The recipe of a training in three sentences, with the reasons for what was chosen."""

from rnnchat.plan.options import TrainingOptions
from rnnchat.plan.recipe import Recipe
from rnnchat.text.tokenizer import SYMBOL_NAMES


def explain_recipe(recipe: Recipe, options: TrainingOptions, vocab_size: int, chars: int) -> tuple[str, str, str]:
    """Network, optimisation and regularisation, each with its reason.

    Args:
        recipe: as chosen.
        options: as given.
        vocab_size: of the network.
        chars: characters to train on.
    """
    config = recipe.build_config(vocab_size)
    network = (
        f"Training {config.describe()} on {SYMBOL_NAMES[recipe.level]}s: {config.parameters:,} parameters, vocabulary "
        f"of {vocab_size:,}, {_explain_size(recipe, options, chars)}."
    )
    decay = "linear" if recipe.decay == "linear" else "cosine"
    warmup = " with warm-up, then" if recipe.warmup else ","
    learning = (
        f"Batch {recipe.batch_size} × {recipe.window}, {recipe.optimiser}, learning rate {recipe.learning_rate:g}"
        f"{warmup} {decay} decay to 0 over {_describe_budget(recipe)}."
    )
    return network, learning, _explain_regularisation(recipe, options)


def _explain_size(recipe: Recipe, options: TrainingOptions, chars: int) -> str:
    if options.names_base:
        return "as in the base model"
    if options.preset or options.hidden_sizes:
        return "as requested"
    return f"chosen for {chars:,} characters and {_describe_budget(recipe)}"


def _explain_regularisation(recipe: Recipe, options: TrainingOptions) -> str:
    """Weight decay and dropout follow from how many times the text is read."""
    shares = {
        "dropout": recipe.dropout,
        "input dropout": recipe.input_dropout,
        "output dropout": recipe.output_dropout,
        "embedding dropout": recipe.embedding_dropout,
        "weight drop": recipe.weight_drop,
    }
    dropped = ", ".join(f"{name} {share:g}" for name, share in shares.items() if share)
    if options.dropout is not None:
        return f"Regularisation: {dropped or 'no dropout'}, as requested."
    decay = f"weight decay {recipe.weight_decay:g}"
    if not dropped:
        return f"Regularisation: {decay}, no dropout, because the text will not be read often enough to overfit."
    return f"Regularisation: {decay}, {dropped}, because the text will be read many times."


def _describe_budget(recipe: Recipe) -> str:
    if recipe.minutes is not None:
        return f"{recipe.minutes:g} minute{'s' if recipe.minutes != 1 else ''}"
    if recipe.epochs is not None:
        return f"{recipe.epochs:g} epoch{'s' if recipe.epochs != 1 else ''}"
    return f"{recipe.steps:,} steps"
