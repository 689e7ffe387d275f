"""Going on from a model: it knows what it knew, and learns what is new."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file

from rnnchat.analysis.score import score_text
from rnnchat.errors import ModelError
from rnnchat.model.file import Model, read_model, write_model
from rnnchat.model.library import find_model
from rnnchat.plan.extension import extend_model, extend_tokenizer, open_base
from rnnchat.runs.event import Noted, Started, Stepped
from rnnchat.runs.folder import RunFolder
from rnnchat.runtime.runtime import Runtime
from rnnchat.text.tokenizer import fit_tokenizer
from rnnchat.training.trainer import train

BeginRun = Callable[..., RunFolder]
NEW = "Łódź lies in Poland; the sea does not: it was grey this morning.\n"
OF_THE_MODEL = {"hidden_sizes": None, "embedding_size": None}


@pytest.mark.parametrize("level", ["char", "word"])
def test_old_symbols_keep_their_ids_and_new_ones_follow(level: Any, text: str) -> None:
    old = fit_tokenizer(level, [text], 20)
    new = extend_tokenizer(old, [NEW])
    assert new.vocab_size > old.vocab_size
    assert new.unknown_id == old.unknown_id
    assert [new.label(id) for id in range(old.vocab_size)] == [old.label(id) for id in range(old.vocab_size)]
    assert new.decode(new.encode(NEW)) == NEW
    assert old.find_unknown(NEW)
    assert not new.find_unknown(NEW)


def test_a_vocabulary_grows_no_further_than_it_may(text: str) -> None:
    old = fit_tokenizer("word", [text], 20)
    assert extend_tokenizer(old, [NEW], 22).vocab_size == 22
    assert extend_tokenizer(old, [NEW], 16).vocab_size == old.vocab_size


@pytest.mark.parametrize("level", ["byte", "bpe"])
def test_what_can_spell_everything_stays_as_it_is(level: Any, text: str) -> None:
    old = fit_tokenizer(level, [text], 300)
    assert extend_tokenizer(old, [NEW]) is old


@pytest.mark.parametrize("network", [{}, {"embedding_size": 0}, {"tied": True}, {"tied": True, "embedding_size": 9}])
def test_the_extended_model_says_of_old_symbols_what_it_said(
    network: dict[str, Any], begin_run: BeginRun, text: str
) -> None:
    list(train(begin_run(name="sea", steps=20, **network)))
    old = read_model(find_model("sea"))
    tokenizer = extend_tokenizer(old.tokenizer, [text[:500] + NEW])
    ids = tokenizer.encode(text[:500] + NEW)
    new = extend_model(old, tokenizer, ids)
    known = tokenizer.encode(text[:200])[None].astype(np.int64)
    ours, _ = Runtime(new, "float32").read(known, Runtime(new, "float32").initial_state(1))
    theirs, _ = Runtime(old, "float32").read(known, Runtime(old, "float32").initial_state(1))
    size = old.config.vocab_size
    log_probs = ours[..., :size] - np.logaddexp.reduce(ours[..., :size], axis=-1, keepdims=True)
    assert np.allclose(log_probs, theirs, atol=1e-5)
    # A new symbol is about as likely as it is frequent.
    frequencies = np.bincount(ids, minlength=tokenizer.vocab_size)[size:] / len(ids)
    likelihoods = np.exp(ours[0]).mean(axis=0)[size:]
    assert np.all((frequencies / 3 < likelihoods) & (likelihoods < 3 * frequencies))


def test_a_training_goes_on_from_a_model(begin_run: BeginRun, text_file: Path, text: str) -> None:
    steps = {"steps": 150, "dropout": 0.0, "learning_rate": 0.02}
    list(train(begin_run(name="sea", **steps, hidden_sizes=(32,), embedding_size=8)))
    old = read_model(find_model("sea"))
    text_file.write_text(text + NEW * 20, encoding="utf-8")
    run = begin_run(name="more", base="sea", steps=4, **OF_THE_MODEL)
    events = list(train(run))
    new = read_model(find_model("more"))
    assert new.config.hidden_sizes == (32,)
    assert new.config.vocab_size > old.config.vocab_size
    assert any("Fine-tuning sea (lstm 1×32): " in event.message and "new symbols added" in event.message
               for event in events if isinstance(event, Noted))  # fmt: skip
    assert new.training.ancestry == (f"sea: 150 steps on sea.txt, {old.training.bits_per_char:.3f} bits per character",)
    assert not run.base_path.exists()

    def score(model: Any) -> float:
        return score_text(Runtime(model, "float32"), model.tokenizer, [text[-600:]]).bits_per_char

    assert score(new) < score(old) + 0.3  # four steps from nothing would leave some 4.5
    third = begin_run(name="third", base="more", steps=2, **OF_THE_MODEL)
    list(train(third))
    assert [told.split(":")[0] for told in read_model(find_model("third")).training.ancestry] == ["sea", "more"]


def test_a_model_is_taught_at_a_lower_rate_unless_one_is_asked_for(begin_run: BeginRun) -> None:
    list(train(begin_run(name="sea", steps=2)))

    def begin(**wishes: Any) -> float:
        run = begin_run(steps=2, **wishes)
        events = train(run)
        while not isinstance(next(events), Started):
            pass
        events.close()
        return run.read_info().get_recipe().learning_rate

    fresh = begin()
    assert begin(base="sea", **OF_THE_MODEL) < fresh / 5
    assert begin(base="sea", optimiser="muon", **OF_THE_MODEL) == pytest.approx(0.3 * fresh)
    assert begin(base="sea", learning_rate=0.5, **OF_THE_MODEL) == 0.5


@pytest.mark.parametrize(("part", "kept"), [("embedding", ("embedding", "output")), ("layers", ("layers",))])
def test_a_frozen_part_stays_as_the_base_model_has_it(part: str, kept: tuple[str, ...], begin_run: BeginRun) -> None:
    list(train(begin_run(name="sea", steps=2)))
    run = begin_run(name="more", base="sea", steps=3, freeze=part, **OF_THE_MODEL)
    list(train(run))
    old, new = read_model(find_model("sea")).weights, load_file(run.checkpoint_path)
    for name, weights in old.items():
        is_same = np.array_equal(new[f"weights.{name}"], weights.astype(np.float32))
        assert is_same == name.startswith(kept), name


def test_a_pull_keeps_the_weights_near_those_of_the_base_model(begin_run: BeginRun) -> None:
    list(train(begin_run(name="sea", steps=2)))
    old = read_model(find_model("sea")).weights

    def measure_distance(**given: Any) -> float:
        run = begin_run(base="sea", steps=4, optimiser="sgd", learning_rate=0.1, **OF_THE_MODEL, **given)
        list(train(run))
        new = load_file(run.checkpoint_path)
        return sum(float(np.square(new[f"weights.{name}"] - weights).sum()) for name, weights in old.items())

    assert measure_distance(pull=1000.0) == 0
    assert 0 < measure_distance(pull=5.0) < measure_distance()


def test_interruptions_of_what_goes_on_from_a_model_change_nothing(begin_run: BeginRun) -> None:
    list(train(begin_run(name="sea", steps=10)))
    whole, broken = (begin_run(name=name, base="sea", steps=8, **OF_THE_MODEL) for name in ("whole", "broken"))
    list(train(whole))
    events = train(broken)
    while not isinstance(next(events), Stepped):
        pass
    events.close()
    find_model("sea").unlink()  # once the text is prepared it is needed no more
    list(train(broken))
    ours, theirs = load_file(whole.checkpoint_path), load_file(broken.checkpoint_path)
    assert all(np.array_equal(array, theirs[name]) for name, array in ours.items())


def test_a_model_that_is_not_there_is_told_at_once(begin_run: BeginRun) -> None:
    with pytest.raises(ModelError, match="no model called 'ocean'"):
        begin_run(base="ocean", **OF_THE_MODEL)


def test_a_cell_of_another_program_is_not_trained(make_model: Callable[..., Model], tmp_path: Path) -> None:
    write_model(make_model("lstm-hard"), tmp_path / "old.safetensors")
    with pytest.raises(ModelError, match="cell lstm-hard of another program, which rnnchat does not train"):
        open_base(str(tmp_path / "old.safetensors"))
