"""The best network of a run on its way into the library."""

from collections.abc import Callable

from rnnchat import paths
from rnnchat.model.file import Model, read_model, write_model
from rnnchat.model.library import find_model
from rnnchat.runs.folder import RunFolder
from rnnchat.training.best_model import publish_best
from rnnchat.training.trainer import train


def test_what_was_left_when_publishing_was_killed_is_cleared_away(
    begin_run: Callable[..., RunFolder], make_model: Callable[..., Model]
) -> None:
    run, model = begin_run(name="sea"), make_model()
    write_model(model, run.best_path)
    paths.models_dir().mkdir()
    half, other = (paths.models_dir() / f".{name}.safetensors.x1.tmp" for name in ("sea", "lake"))
    half.touch()
    other.touch()
    ids = model.tokenizer.encode("abcdefgh" * 9)
    publish_best(run, 2.5, (), ids, ids)
    assert sorted(paths.models_dir().iterdir()) == [other, find_model("sea")]


def test_a_model_of_characters_lists_the_words_that_it_has_learnt(begin_run: Callable[..., RunFolder]) -> None:
    run = begin_run(name="sea", level="char")
    for _ in train(run):
        pass
    words = read_model(find_model("sea")).training.words
    assert {"sea", "grey", "morning"} <= set(words)
    assert list(words) == sorted(words)
