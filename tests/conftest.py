"""Fixtures every test may use: a home of its own, an engine that follows a script, a tiny model, a small text,
and runs that take a second."""

import asyncio
import os
import random
import re
import signal
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import hypothesis
import numpy as np
import pytest

from rnnchat.analysis.cell import CELL_CHARS
from rnnchat.engine.protocol import Chunk, Explained, Measured, ModelInfo, Offered, ScoreInfo
from rnnchat.errors import EngineError
from rnnchat.generation.settings import Settings
from rnnchat.model.config import ModelConfig
from rnnchat.model.file import Model, write_model
from rnnchat.plan.options import TrainingOptions
from rnnchat.runs.folder import RunFolder
from rnnchat.runs.new import make_run
from rnnchat.text.char import CharTokenizer
from rnnchat.text.tokenizer import Tokenizer

WORDS = re.findall(
    r"\w+", "The sea was grey this morning and boats lay still beside old stones while gulls cried over nets"
)

hypothesis.settings.register_profile("rnnchat", deadline=None)  # a busy machine is no failure
hypothesis.settings.load_profile("rnnchat")

# Tests run side by side: torch with a thread for each core in each of them is a hundred times slower than with one.
os.environ.setdefault("OMP_NUM_THREADS", "1")

# A shell that starts the tests in the background has them ignore Ctrl-C, and with them every program they start.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN and threading.current_thread() is threading.main_thread():
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Keep every test away from the person's own models, runs and stories, and from the models that came along."""
    monkeypatch.setattr("rnnchat.paths.shipped_models_dir", lambda: tmp_path / "shipped")
    folder = tmp_path / "home"
    monkeypatch.setenv("RNNCHAT_HOME", str(folder))
    return folder


class ScriptedEngine:
    """An engine without a process: it says what a test wrote down, with the interface of EngineClient.

    Args:
        texts: what the writes answer, in order, each as a list of chunks; the last one is repeated.
        name: the model's name.
        hang_after: chunks after which a write waits until ``released`` is set, or it is cancelled.
        die_after: chunks after which the engine dies: EngineError, and ``alive`` is False.
        unknown: symbols reported with each first chunk.
        loop: the stretch that each chunk but the first says to be repeated.
        turns: how turns are laid out in its texts.
    """

    def __init__(
        self,
        *texts: Sequence[str],
        name: str = "scripted",
        hang_after: int | None = None,
        die_after: int | None = None,
        unknown: tuple[str, ...] = (),
        loop: str = "",
        turns: dict[str, object] | None = None,
    ) -> None:
        self.info = ModelInfo(
            name=name, path=f"/models/{name}.safetensors", level="char", cell="lstm", hidden_sizes=(16,),
            parameters=1234, size_bytes=5678, vocab_size=30, bits_per_char=2.5, corpus="nothing", precision="float32",
            turns=turns,
        )  # fmt: skip
        self.alive = True
        self.is_closed = False
        self.calls: list[tuple[object, ...]] = []
        self.released = asyncio.Event()
        self._texts = list(texts) or [["Once ", "upon ", "a time."]]
        self._hang_after = hang_after
        self._die_after = die_after
        self._unknown = unknown
        self._loop = loop
        self._cancelled = asyncio.Event()

    async def write(
        self, prompt: str, settings: Settings, own: tuple[tuple[int, int], ...] = ()
    ) -> AsyncIterator[Chunk]:
        self.calls.append(("write", prompt, settings))
        self._cancelled.set()  # a second write ends the first
        self._cancelled = cancelled = asyncio.Event()
        pieces = self._texts.pop(0) if len(self._texts) > 1 else self._texts[0]
        seed = 1 if settings.seed is None else settings.seed
        written = 0
        for index, text in enumerate(pieces):
            await self._wait_at(index, cancelled)
            if cancelled.is_set():
                break
            written += len(text)
            unknown, loop = ((), self._loop) if index else (self._unknown, "")
            yield Chunk(text, written, 1000.0, seed, unknown, log_probs=(-1.0,), loop=loop)
        else:
            await self._wait_at(len(pieces), cancelled)
        reason = "cancelled" if cancelled.is_set() else "length"
        yield Chunk("", written, 1000.0, seed, finished=True, reason=reason)

    async def _wait_at(self, index: int, cancelled: asyncio.Event) -> None:
        """Die, hang or go on before the chunk ``index``; let others run in between, as a real engine does."""
        if index == self._die_after:
            self.alive = False
        if not self.alive:
            raise EngineError(
                f"the process that held the model {self.info.name} is gone, stopped by SIGKILL: load the model again"
            )
        if index == self._hang_after:
            waits = {asyncio.ensure_future(event.wait()) for event in (self.released, cancelled)}
            _, pending = await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
            for task in pending:
                task.cancel()
        await asyncio.sleep(0)
        if self.is_closed:
            raise EngineError(f"the process that held the model {self.info.name} is gone, it was closed")

    async def change(self, settings: Settings) -> None:
        self.calls.append(("change", settings))

    async def cancel(self) -> None:
        self.calls.append(("cancel",))
        self._cancelled.set()

    async def score(self, text: str) -> ScoreInfo:
        self.calls.append(("score", text))
        return ScoreInfo(2.5, 2**2.5, len(text), len(text), 0)

    async def measure(self, text: str) -> AsyncIterator[Measured]:
        self.calls.append(("measure", text))
        cells = -(-len(text) // CELL_CHARS)
        share = 2.5 + len(self.info.name) % 3
        yield Measured((share * CELL_CHARS,) * cells)
        yield Measured((), finished=True)

    async def offer(self, text: str, count: int = 5, settings: Settings | None = None) -> Offered:
        self.calls.append(("offer", text, count, settings))
        shaped = (0.6, 0.3) if settings is None else (0.8, 0.2)
        return Offered(("e", "␣")[:count], ("e", " ")[:count], (0.6, 0.3)[:count], shaped[:count])

    async def explain(self, text: str, top: int = 5) -> Explained:
        self.calls.append(("explain", text, top))
        rest = (("e", -0.5), ("␣", -1.2))[:top]
        return Explained(tuple(text), (-1.0,) * len(text), (3,) * len(text), (2.0,) * len(text), (rest,) * len(text))

    async def close(self) -> None:
        self.calls.append(("close",))
        self.alive = False
        self.is_closed = True
        self._cancelled.set()


@pytest.fixture
def scripted_engine() -> Callable[..., ScriptedEngine]:
    """Make engines that follow a script: ``scripted_engine(["Hel", "lo"], hang_after=1)``."""
    return ScriptedEngine


@pytest.fixture
def make_model() -> Callable[..., Model]:
    """Make small models with random weights: ``make_model("gru", (6, 5), embedding_size=0)``."""

    def make(
        cell: str = "lstm",
        hidden_sizes: tuple[int, ...] = (7, 5),
        embedding_size: int = 3,
        tied: bool = False,
        symbols: str = "\n abcdefgh",
        tokenizer: Tokenizer | None = None,
        seed: int = 0,
        residual: bool = False,
    ) -> Model:
        tokenizer = tokenizer or CharTokenizer(symbols, has_unknown=False)
        config = ModelConfig(tokenizer.vocab_size, cell, hidden_sizes, embedding_size, tied=tied, residual=residual)
        random = np.random.default_rng(seed)
        weights = {
            name: random.normal(0, 0.7, shape).astype(np.float32) for name, shape in config.weight_shapes().items()
        }
        return Model(config, tokenizer, weights)

    return make


@pytest.fixture
def tiny_model(make_model: Callable[..., Model], tmp_path: Path) -> Path:
    """A model file: a two-layer LSTM with random weights that knows a few characters."""
    path = tmp_path / "tiny.safetensors"
    write_model(make_model(), path)
    return path


@pytest.fixture
def wait_until() -> Callable[[Callable[[], bool]], None]:
    """Wait for a condition of another process: ``wait_until(lambda: path.exists())``; a minute is a failure."""

    def wait(is_met: Callable[[], bool]) -> None:
        deadline_s = time.monotonic() + 60
        while not is_met():
            assert time.monotonic() < deadline_s, "waited a minute in vain"
            time.sleep(0.01)

    return wait


@pytest.fixture
def full_disk() -> Callable[[int], AbstractContextManager[None]]:
    """Let the system refuse what is written behind byte N of any file: ``with full_disk(100): ...``."""
    resource = pytest.importorskip("resource", reason="a limit of POSIX")

    @contextmanager
    def fill(size: int) -> Iterator[None]:
        before = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
        try:
            yield
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)

    return fill


@pytest.fixture(scope="session")
def text() -> str:
    """Some 6,000 characters of sentences made of few words."""
    draw = random.Random(1)
    sentences = (" ".join(draw.choices(WORDS, k=draw.randint(4, 9))) + ".\n" for _ in range(180))
    return "".join(sentences)


@pytest.fixture
def text_file(text: str, tmp_path: Path) -> Path:
    """The text as a file."""
    path = tmp_path / "sea.txt"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.fixture
def begin_run(text_file: Path) -> Callable[..., RunFolder]:
    """Make a run of a tiny network: ``begin_run(name="a", steps=20)``."""

    def begin(**changes: Any) -> RunFolder:
        options = {
            "corpus": (str(text_file),),
            "hidden_sizes": (12, 9),
            "embedding_size": 7,
            "dropout": 0.2,
            "batch_size": 5,
            "window": 11,
            "threads": 1,
            "device": "cpu",
            "precision": "float32",
        }
        if not {"steps", "minutes", "epochs"} & changes.keys():
            options["steps"] = 30
        return make_run(TrainingOptions(**{**options, **changes}))

    return begin


@pytest.fixture
def small_writing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Measure writing with little memory to read, no new processes, one thread."""
    monkeypatch.setattr("rnnchat.bench.generate.READ_BYTES", 2**20)
    monkeypatch.setattr("rnnchat.bench.generate.write_in_new_process", lambda path: path.stat())
    monkeypatch.setattr("rnnchat.bench.generate.count_cores", lambda: 1)
    monkeypatch.setattr("rnnchat.runtime.thread.count_cores", lambda: 1)


@pytest.fixture
def small_training(monkeypatch: pytest.MonkeyPatch) -> None:
    """Measure training with small networks, a short text, one thread."""
    from rnnchat.bench.train import SIZES

    for name, training in SIZES.items():
        sizes = tuple(4 + index * (name == "128-64") for index in range(len(training.hidden_sizes)))
        monkeypatch.setitem(
            SIZES, name, training._replace(hidden_sizes=sizes, embedding_size=3, batch_size=4, window=6)
        )
    monkeypatch.setattr("rnnchat.bench.train.LENGTH", 240)
    monkeypatch.setattr("rnnchat.bench.train.DEFAULT_THREADS", 1)
    monkeypatch.setattr("rnnchat.bench.train.count_threads", lambda beside_tui: 1)
