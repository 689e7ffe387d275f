"""From a filled-in form to a training that has started, without a screen or a training."""

import asyncio
import threading

import pytest

from rnnchat.desk import new_training
from rnnchat.desk.new_training import NewTraining
from rnnchat.desk.training_form import FieldError, FormValues, place_error
from rnnchat.errors import NameTakenError, TextError
from rnnchat.runs import job
from rnnchat.runs.new import make_run


@pytest.fixture
def letters(tmp_path) -> str:
    path = tmp_path / "letters.txt"
    path.write_text("Dear Anna, the snow has not gone.\n" * 40, encoding="utf-8")
    return str(path)


@pytest.fixture(autouse=True)
def _start_nothing(monkeypatch):
    monkeypatch.setattr(job, "start_training", make_run)


async def test_texts_are_read_once_and_again_when_others_are_typed(letters, monkeypatch):
    read = []
    summarize = new_training.summarize
    monkeypatch.setattr(new_training, "summarize", lambda sources: read.append(sources) or summarize(sources))
    training = NewTraining()
    assert training.find(letters) is None
    summary = await training.read(letters)
    assert await training.read(letters) is summary is training.find(letters)
    assert len(read) == 1
    assert training.find(f"{letters} kjv") is None


async def test_a_training_starts_with_what_the_form_holds(letters):
    run = await NewTraining().start(FormValues(texts=letters, filled={"name": "mine", "level": "byte"}))
    options = run.read_info().options
    assert (options.corpus, options.name, options.level) == ((letters,), "mine", "byte")


async def test_a_taken_name_is_a_matter_of_the_field_name(letters):
    training, values = NewTraining(), FormValues(texts=letters, filled={"name": "mine"})
    run = await training.start(values)
    run.best_path.write_bytes(b"a model")
    run.checkpoint_path.write_bytes(b"a checkpoint")
    run.heartbeat_path.unlink()
    with pytest.raises(NameTakenError) as error:
        await training.start(values)
    assert place_error(error.value).field == "name"
    assert (await training.start(values, replace=True)).name == "mine"


@pytest.mark.parametrize("texts", ["", "nowhere.txt", "'unclosed"])
async def test_texts_that_cannot_be_read_are_a_matter_of_the_field_texts(texts):
    with pytest.raises((FieldError, TextError)) as error:
        await NewTraining().start(FormValues(texts=texts))
    assert place_error(error.value).field == "texts"


async def test_a_short_text_is_refused_before_anything_starts(tmp_path):
    (tmp_path / "note.txt").write_text("Too short.", encoding="utf-8")
    with pytest.raises(TextError, match="too short"):
        await NewTraining().start(FormValues(texts=str(tmp_path / "note.txt")))


async def test_a_start_that_still_reads_can_be_called_off(letters, monkeypatch):
    released, summarize = threading.Event(), new_training.summarize
    monkeypatch.setattr(new_training, "summarize", lambda sources: (released.wait(20), summarize(sources))[1])
    training = NewTraining()
    starting = asyncio.create_task(training.start(FormValues(texts=letters, filled={"name": "mine"})))
    while not training.is_reading_to_start:
        await asyncio.sleep(0)
    starting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await starting
    released.set()
    assert not training.is_reading_to_start
