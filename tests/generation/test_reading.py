"""Reading a text of which models wrote parts."""

from pathlib import Path

import numpy as np
import pytest

from rnnchat.generation.language_model import LanguageModel


@pytest.mark.parametrize("own", [((3, 8),), ((0, 4),), ((8, 13),), ((2, 4), (6, 9))])
def test_a_text_with_parts_by_models_read_at_once_is_remembered_as_if_it_were_read_part_by_part(
    tiny_model: Path, own: tuple[tuple[int, int], ...]
) -> None:
    text = "abcabcdabdabc"
    model = LanguageModel.open(tiny_model)
    part_by_part, done = model.read(), 0
    for begin, end in own:
        part_by_part.read(text[done:begin]).read(text[begin:end], remember=False)
        done = end
    part_by_part.read(text[done:])
    expected = part_by_part.expect()[0]
    np.testing.assert_allclose(model.read(text, own=own).expect()[0], expected, atol=1e-6)
    assert not np.allclose(model.read(text, memory=False).expect()[0], expected, atol=1e-6)
