"""What was chosen is said with its reason: the text and the time, or a wish."""

from typing import Any

from rnnchat.plan.choice import choose_recipe
from rnnchat.plan.explanation import explain_recipe
from rnnchat.plan.options import TrainingOptions


def explain(chars: int, **wishes: Any) -> tuple[str, str, str]:
    options = TrainingOptions(corpus=("a",), threads=1, **wishes)
    return explain_recipe(choose_recipe(options, chars, chars)[0], options, 65, chars)


def test_a_choice_is_explained_by_text_and_time() -> None:
    network, learning, regularisation = explain(10**9, minutes=3)
    assert "vocabulary of 65, chosen for 1,000,000,000 characters and 3 minutes." in network
    assert "with warm-up, then linear decay to 0 over 3 minutes." in learning
    assert "weight decay 1, no dropout, because the text will not be read often" in regularisation
    assert "because the text will be read many times" in explain(30_000, minutes=30)[2]


def test_a_wish_is_called_one() -> None:
    network, learning, regularisation = explain(
        10**6, epochs=2, hidden_sizes=(8, 8), dropout=0.25, weight_drop=0.5, decay="cosine", batch_size=7
    )
    assert "lstm 2×8" in network
    assert "as requested." in network
    assert "Batch 7 × 64" in learning
    assert "cosine decay to 0 over 2 epochs" in learning
    assert regularisation == "Regularisation: dropout 0.25, weight drop 0.5, as requested."
