"""The card of a model, as lines."""

from pathlib import Path

import pytest
from rich.cells import cell_len

from rnnchat.tui.widgets.model_card import wrap_path


@pytest.mark.parametrize("width", [20, 30, 40, 100])
def test_a_path_breaks_between_folders_and_never_within_a_name(width):
    path = Path("/home/anna/.local/share/rnnchat/話說/models/my model.safetensors")
    lines = wrap_path(path, width).split("\n")
    assert "".join(lines) == str(path)
    assert all(line.endswith("/") for line in lines[:-1])
    assert all(cell_len(line) <= width for line in lines)


def test_a_name_longer_than_the_line_stays_in_one_piece():
    assert wrap_path(Path("/a/" + "b" * 50), 20) == "/a/\n" + "b" * 50
