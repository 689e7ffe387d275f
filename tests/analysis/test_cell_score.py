"""Oracle: `score_text`, whose bits the cells must add up to whatever the vocabulary is."""

import math
from collections.abc import Callable

import numpy as np
import pytest

from rnnchat.analysis.cell import CELL_CHARS
from rnnchat.analysis.cell_score import GrowingReader, score_cells
from rnnchat.analysis.score import ExactReader, score_symbols, score_text
from rnnchat.errors import TextError
from rnnchat.model.file import Model
from rnnchat.runtime.runtime import Runtime
from rnnchat.text.byte import ByteTokenizer
from rnnchat.text.char import CharTokenizer
from rnnchat.text.tokenizer import Tokenizer
from rnnchat.text.unit import UnitCounts, find_units
from rnnchat.text.word import WordTokenizer

TEXT = "".join(f"a bad cab, {'ä' * (n % 3)} fed a hag {n}\n" for n in range(30))


@pytest.fixture(params=["char", "byte", "word"])
def model(request: pytest.FixtureRequest, make_model: Callable[..., Model]) -> Model:
    counts = UnitCounts([find_units(TEXT)])
    tokenizers: dict[str, Callable[[], Tokenizer]] = {
        "char": lambda: CharTokenizer("\n abcdefgh", has_unknown=False),
        "byte": ByteTokenizer,
        "word": lambda: WordTokenizer.fit(counts, 20),
    }
    return make_model(tokenizer=tokenizers[request.param]())


def test_cells_add_up_to_the_score_of_the_text(model: Model) -> None:
    runtime = Runtime(model)
    cells = np.concatenate(list(score_cells(runtime, model.tokenizer, [TEXT])))
    score = score_text(runtime, model.tokenizer, [TEXT])
    assert len(cells) == math.ceil(len(TEXT) / CELL_CHARS)
    assert cells.sum() == pytest.approx(score.bits_per_char * len(TEXT), rel=1e-6)


def test_a_cell_holds_what_its_own_characters_cost(make_model: Callable[..., Model]) -> None:
    model = make_model()
    runtime = Runtime(model)
    cells = np.concatenate(list(score_cells(runtime, model.tokenizer, [TEXT])))
    bits = np.array([symbol.bits for symbol in score_symbols(runtime, model.tokenizer, [TEXT])])  # one a character
    assert cells == pytest.approx(np.add.reduceat(bits, np.arange(0, len(bits), CELL_CHARS)), rel=1e-5)


def test_windows_that_grow_change_nothing(make_model: Callable[..., Model]) -> None:
    model = make_model()
    runtime = Runtime(model)
    growing = GrowingReader(ExactReader(runtime, model.tokenizer), first=64)
    parts = list(score_cells(runtime, model.tokenizer, [TEXT], growing))
    whole = np.concatenate(list(score_cells(runtime, model.tokenizer, [TEXT], ExactReader(runtime, model.tokenizer))))
    assert np.concatenate(parts) == pytest.approx(whole, rel=1e-5)


def test_an_empty_text_is_refused(make_model: Callable[..., Model]) -> None:
    model = make_model()
    with pytest.raises(TextError, match="empty"):
        list(score_cells(Runtime(model), model.tokenizer, []))
