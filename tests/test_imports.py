"""Which heavy libraries are loaded by what: looked up in a fresh interpreter, as a person starts one."""

import json
import subprocess
import sys

import pytest

HEAVY = (
    "torch",
    "onnx",
    "onnxruntime",
    "sentencepiece",
    "textual",
    "typer",
    "rich",
    "numpy",
    "pydantic",
    "markdown_it",
)

RUN = """
import json, sys
from unittest import mock
sys.argv = {arguments}
try:
    {statement}
except SystemExit:
    pass
json.dump([name for name in {heavy} if name in sys.modules], sys.stderr)
"""


def find_loaded(statement: str, *arguments: str) -> set[str]:
    """The heavy libraries that ``statement`` loads, with ``arguments`` on the command line."""
    code = RUN.format(statement=statement, arguments=["rnnchat", *arguments], heavy=HEAVY)
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(json.loads(result.stderr.splitlines()[-1]))


COMMAND = "import rnnchat.cli.main as m; m.main()"


def test_help_loads_typer_and_nothing_else() -> None:
    assert find_loaded(COMMAND, "--help") == {"typer"}


def test_the_screen_opens_without_the_parser_of_arguments() -> None:
    statement = "import rnnchat.cli.main as m; m.run_screen = print; m.main()"
    assert find_loaded(statement) == set()


def test_the_screen_loads_neither_torch_nor_onnxruntime() -> None:
    loaded = find_loaded("import rnnchat.tui.app, rnnchat.tui.screens.write, rnnchat.engine.client")
    assert "textual" in loaded
    assert not loaded & {"torch", "onnx", "onnxruntime", "typer", "pydantic"}


@pytest.mark.parametrize("module", ["rnnchat", "rnnchat.engine.client", "rnnchat.generation.settings"])
def test_what_a_first_frame_needs_loads_nothing_heavy(module: str) -> None:
    assert find_loaded(f"import {module}") == set()


WITHOUT_TORCH = (
    "analysis", "comparison", "desk", "engine", "generation", "model", "plan", "runs", "runtime", "stories", "text",
)  # fmt: skip

EVERY_MODULE = """
import importlib, pkgutil, rnnchat.{folder} as folder
for module in pkgutil.iter_modules(folder.__path__):
    importlib.import_module(f"rnnchat.{folder}.{{module.name}}")
"""


@pytest.mark.parametrize("folder", WITHOUT_TORCH)
def test_everything_but_training_needs_neither_torch_nor_a_front_end(folder: str) -> None:
    loaded = find_loaded(f"exec({EVERY_MODULE.format(folder=folder)!r})")
    assert not loaded & {"torch", "sentencepiece", "textual", "typer", "rich", "pydantic"}


@pytest.mark.parametrize("arguments", [("generate", "missing"), ("score", "missing", __file__), ("models", "list")])
def test_commands_that_do_not_train_never_load_torch(arguments: tuple[str, ...]) -> None:
    assert not find_loaded(COMMAND, *arguments) & {"torch", "textual"}


def test_asking_for_the_help_of_train_does_not_load_torch() -> None:
    assert not find_loaded(COMMAND, "train", "--help") & {"torch", "onnxruntime", "textual"}


LIBRARY = """
import tempfile, numpy as np, rnnchat
from pathlib import Path
from rnnchat.model.config import ModelConfig
from rnnchat.model.file import Model, write_model
from rnnchat.text.char import CharTokenizer
config = ModelConfig(3, "gru", (4,), 0)
weights = {name: np.ones(shape, np.float32) for name, shape in config.weight_shapes().items()}
folder = tempfile.TemporaryDirectory()
path = Path(folder.name) / "tiny.safetensors"
write_model(Model(config, CharTokenizer("abc", False), weights), path)
model = rnnchat.load(path, threads=None)
model.write_text("a", length=3), model.candidates("a", 2, length=3), model.search("a", 2, length=3)
model.score("abc"), model.explain("abc"), model.mix(model).read("a").next(), rnnchat.models()
"""


def test_the_library_writes_scores_and_explains_without_torch_or_a_front_end() -> None:
    loaded = find_loaded(f"exec({LIBRARY!r})")
    assert "onnxruntime" in loaded
    assert not loaded & {"torch", "sentencepiece", "textual", "typer", "rich", "pydantic", "markdown_it"}
