"""The client with real processes."""

import math
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path

import pytest

from rnnchat.engine.client import EngineClient
from rnnchat.errors import EngineError, ModelError, TextError
from rnnchat.generation.language_model import LanguageModel
from rnnchat.generation.settings import Settings
from rnnchat.model.file import Model, read_model, write_model
from rnnchat.model.library import import_model
from rnnchat.model.record import TrainingRecord
from rnnchat.paths import models_dir
from rnnchat.text.tokenizer import Level, fit_tokenizer

LONG = Settings(length=1_000_000, seed=1)


@pytest.fixture
async def engine(tiny_model: Path) -> AsyncIterator[EngineClient]:
    client = await EngineClient.start(tiny_model, "float32")
    yield client
    await client.close()


async def collect(engine: EngineClient, prompt: str, settings: Settings) -> str:
    return "".join([chunk.text async for chunk in engine.write(prompt, settings)])


def write_here(model: Path, prompt: str, settings: Settings) -> str:
    """What the library writes in this process."""
    return LanguageModel.open(model, "float32").write_text(prompt, settings)


async def test_an_engine_writes_what_the_library_writes(engine: EngineClient, tiny_model: Path) -> None:
    settings = Settings(length=200, seed=7, top_k=5, repetition_penalty=1.2)
    chunks = [chunk async for chunk in engine.write("abc", settings)]
    text = "".join(chunk.text for chunk in chunks)
    assert text == write_here(tiny_model, "abc", settings)
    assert chunks[-1].finished
    assert chunks[-1].reason == "length"
    assert chunks[-1].chars == len(text) == sum(len(chunk.log_probs) for chunk in chunks)
    assert {chunk.seed for chunk in chunks} == {7}


@pytest.mark.parametrize("level", ["byte", "word"])
async def test_going_on_equals_a_fresh_engine_at_every_level(
    make_model: Callable[..., Model], tmp_path: Path, level: Level
) -> None:
    """A text that the model wrote may be cut into other symbols when it is read again."""
    path = tmp_path / f"{level}.safetensors"
    tokenizer = fit_tokenizer(level, ["the cat, the dog — and the hen; 'tis a “hen”.\n" * 20])
    write_model(make_model(tokenizer=tokenizer), path)
    engine = await EngineClient.start(path, "float32")
    story = "the cat "
    for seed in range(4):
        settings = Settings(length=30, seed=seed)
        take = await collect(engine, story, settings)
        assert take == write_here(path, story, settings)
        story += take
    await engine.close()


async def test_going_on_taking_again_and_going_back_equal_a_fresh_engine(
    engine: EngineClient, tiny_model: Path
) -> None:
    story = "abc def"
    for seed in range(3):
        settings = Settings(length=40, seed=seed)
        take = await collect(engine, story, settings)
        assert await collect(engine, story, settings) == take == write_here(tiny_model, story, settings)
        story += take + " ha"
    back = story[:60]
    assert await collect(engine, back, LONG.change(length=30)) == write_here(tiny_model, back, LONG.change(length=30))


async def test_texts_to_remember_change_what_is_written_as_they_do_in_the_library(
    engine: EngineClient, tiny_model: Path, tmp_path: Path
) -> None:
    (tmp_path / "letter.txt").write_text("abcdabcdabcd" * 20)
    settings = Settings(length=40, seed=2)
    assert (await engine.remember([str(tmp_path / "letter.txt")])).chars == 240
    with_memory = await collect(engine, "abc", settings)
    opened = LanguageModel.open(tiny_model, "float32")
    assert with_memory == opened.remember("abcdabcdabcd" * 20).write_text("abc", settings)
    assert with_memory != opened.write_text("abc", settings)
    with pytest.raises(TextError):
        await engine.remember([str(tmp_path / "missing.txt")])
    assert await collect(engine, "abc", settings) == with_memory
    assert (await engine.remember([])).chars == 0
    assert await collect(engine, "abc", settings) == opened.write_text("abc", settings)


async def test_what_a_model_wrote_is_context_and_not_remembered(engine: EngineClient, tiny_model: Path) -> None:
    settings, person, own = Settings(length=60, seed=3), "abcd" * 20, "dcba" * 20
    spans = ((len(person), len(person + own)),)
    text = "".join([chunk.text async for chunk in engine.write(person + own, settings, spans)])
    reading = LanguageModel.open(tiny_model, "float32").read(person).read(own, remember=False)
    assert text == reading.write_text(settings)
    assert text != await collect(engine, person + own, settings)


async def test_a_cancelled_text_keeps_what_was_made_and_the_engine_goes_on(engine: EngineClient) -> None:
    chunks = []
    async for chunk in engine.write("abc", LONG):
        if not chunks:
            await engine.cancel()
        chunks.append(chunk)
    assert chunks[-1].reason == "cancelled"
    assert chunks[-1].chars == sum(len(chunk.text) for chunk in chunks) > 0
    assert len(await collect(engine, "abc", Settings(length=5))) == 5


async def test_leaving_the_loop_ends_the_text(engine: EngineClient) -> None:
    async for _ in engine.write("abc", LONG):
        break
    assert len(await collect(engine, "abc", Settings(length=5))) == 5


async def test_a_change_reaches_the_running_text(engine: EngineClient) -> None:
    chunks = []
    async for chunk in engine.write("abc", LONG):
        await engine.change(LONG.change(length=10))
        chunks.append(chunk)
    assert chunks[-1].reason == "length"
    assert chunks[-1].chars < LONG.length


async def test_a_prompt_of_100_kilobytes_is_read(engine: EngineClient, tiny_model: Path) -> None:
    prompt = "abc defg h\n" * 9_500
    settings = Settings(length=20, seed=1)
    assert await collect(engine, prompt, settings) == write_here(tiny_model, prompt, settings)


async def test_the_score_is_that_of_the_library(engine: EngineClient, tiny_model: Path) -> None:
    expected = LanguageModel.open(tiny_model, "float32").score("abc def")
    score = await engine.score("abc def")
    assert score.bits_per_char == pytest.approx(expected.bits_per_char)
    assert (score.chars, score.tokens, score.unknown) == (expected.chars, expected.tokens, expected.unknown_chars)
    with pytest.raises(TextError):
        await engine.score("")


async def test_what_may_come_next_and_what_came_are_told(engine: EngineClient, tiny_model: Path) -> None:
    settings = Settings(top_k=1)
    offered = await engine.offer("abc", 3, settings)
    assert offered.shaped == (1, 0, 0)
    assert offered.texts[0] == write_here(tiny_model, "abc", Settings(length=1, temperature=0))
    assert (await engine.offer("abc", 3)).shaped == offered.probabilities
    explained = await engine.explain("abc", 2)
    assert explained.texts == ("a", "b", "c")
    assert [len(row) for row in explained.alternatives] == [2, 2, 2]
    score = await engine.score("abc")
    assert -sum(explained.log_probs) / math.log(2) / 3 == pytest.approx(score.bits_per_char, rel=1e-4)
    with pytest.raises(TextError):
        await engine.explain("")


@pytest.mark.parametrize(("loss", "precision"), [(0.1, "float32"), (0.001, "int8")])
async def test_the_precision_suits_the_model_unless_one_is_asked_for(
    make_model: Callable[..., Model], tmp_path: Path, loss: float, precision: str
) -> None:
    path = tmp_path / "model.safetensors"
    write_model(replace(make_model(), training=TrainingRecord(int8_loss=loss)), path)
    for wanted, found in ((None, precision), ("int8", "int8"), ("float32", "float32")):
        engine = await EngineClient.start(path, wanted)
        assert engine.info.precision == found
        await engine.close()


async def test_an_engine_tells_about_its_model(engine: EngineClient, tiny_model: Path) -> None:
    config = read_model(tiny_model).config
    assert engine.info.name == "tiny"
    assert engine.info.path == str(tiny_model)
    assert engine.info.hidden_sizes == config.hidden_sizes
    assert engine.info.parameters == config.parameters
    assert engine.info.size_bytes == tiny_model.stat().st_size
    assert engine.info.precision == "float32"


async def test_a_killed_engine_is_an_error_and_what_came_before_is_kept(engine: EngineClient) -> None:
    kept = []

    async def kill_while_it_writes() -> None:
        async for chunk in engine.write("abc", LONG):
            if not kept:
                os.kill(engine._process.pid, signal.SIGKILL)
            kept.append(chunk.text)

    with pytest.raises(EngineError, match="SIGKILL"):
        await kill_while_it_writes()
    assert "".join(kept)
    assert not engine.alive
    await engine.cancel()
    for question in (engine.score("abc"), collect(engine, "abc", LONG)):
        with pytest.raises(EngineError, match="load the model again"):
            await question


async def test_control_c_in_the_terminal_leaves_the_engine_alone(engine: EngineClient) -> None:
    os.kill(engine._process.pid, signal.SIGINT)
    assert len(await collect(engine, "abc", Settings(length=5))) == 5
    assert os.getpgid(engine._process.pid) != os.getpgid(0)


async def test_closing_ends_the_process_even_while_it_writes(tiny_model: Path) -> None:
    engine = await EngineClient.start(tiny_model)

    async def close_while_it_writes() -> None:
        async for _ in engine.write("abc", LONG):
            await engine.close()

    with pytest.raises(EngineError, match="closed"):
        await close_while_it_writes()
    assert engine._process.returncode is not None
    await engine.close()


async def test_the_empty_name_is_the_default_model(tiny_model: Path) -> None:
    import_model(tiny_model, "english")  # the name that comes first, and an own model before one that came along
    engine = await EngineClient.start("")
    assert engine.info.path == str(models_dir() / "english.safetensors")
    await engine.close()


async def test_files_in_the_current_folder_do_not_disturb_an_engine(
    tiny_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "queue.py").write_text("raise ImportError('not the queue you want')")
    monkeypatch.chdir(tmp_path)
    engine = await EngineClient.start(tiny_model)
    assert engine.alive
    assert engine.info.path == str(tiny_model)
    await engine.close()


async def test_what_cannot_be_loaded_is_told(tmp_path: Path, tiny_model: Path) -> None:
    with pytest.raises(ModelError, match="no model called"):
        await EngineClient.start("missing")
    (tmp_path / "bad.safetensors").write_bytes(tiny_model.read_bytes()[:-50])
    with pytest.raises(ModelError, match=r"bad\.safetensors"):
        await EngineClient.start(tmp_path / "bad.safetensors")
    with pytest.raises(EngineError, match="invalid choice: 'int3'"):
        await EngineClient.start(tiny_model, "int3")


PARENT = """
import asyncio, sys
from rnnchat.engine.client import EngineClient
from rnnchat.generation.settings import Settings

async def main():
    engine = await EngineClient.start(sys.argv[1])
    async for chunk in engine.write("abc", Settings(length=1_000_000)):
        print(engine._process.pid, flush=True)

asyncio.run(main())
"""


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_an_engine_ends_when_its_parent_is_killed(tiny_model: Path, wait_until: Callable[..., None]) -> None:
    with subprocess.Popen([sys.executable, "-c", PARENT, str(tiny_model)], stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        assert is_running(pid)
        parent.kill()
    wait_until(lambda: not is_running(pid))


def is_running(pid: int) -> bool:
    """A zombie has ended: only its parent has not asked yet."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


async def test_measuring_a_text_gives_cells_that_add_up_to_its_score(engine: EngineClient, tiny_model: Path) -> None:
    text = "abc def hag\n" * 300
    parts = [part async for part in engine.measure(text)]
    assert parts[-1].finished
    assert parts[-1].share is None  # the text that it was trained on is not here
    score = LanguageModel.open(tiny_model, "float32").score(text)
    assert sum(sum(part.cells) for part in parts) == pytest.approx(score.bits_per_char * len(text), rel=1e-4)


async def test_a_write_ends_the_measuring_of_a_text(engine: EngineClient) -> None:
    measuring = engine.measure("abc def hag\n" * 20_000)
    first = await anext(measuring)
    assert not first.finished
    assert len(await collect(engine, "abc", Settings(length=5, seed=1))) == 5
    assert (await anext(part async for part in measuring if part.finished)).finished


async def test_an_empty_text_cannot_be_measured(engine: EngineClient) -> None:
    with pytest.raises(TextError, match="empty"):
        async for _ in engine.measure(""):
            pass
