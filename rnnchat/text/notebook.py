"""Jupyter notebooks: what is written in their cells, without outputs and pictures (nbformat 3 and 4)."""

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from rnnchat.text.encoding import UnreadableText

if TYPE_CHECKING:
    from rnnchat.text.file import TextFile

MAX_CHARS = 256_000_000
"""A longer notebook is refused: it is parsed as a whole."""


def read_notebook(file: "TextFile") -> Iterator[str]:
    """The cells in their order, a blank line between them.

    Raises:
        UnreadableText: the file is not a notebook.
    """
    text = ""
    for piece in file.decode():
        text += piece
        if len(text) > MAX_CHARS:
            raise UnreadableText(file.name, f"has more than {MAX_CHARS:,} characters", "clear its outputs first")
    try:
        cells = [_get_source(cell) for cell in _list_cells(json.loads(text))]
    except (ValueError, TypeError, AttributeError, KeyError, RecursionError) as e:
        raise UnreadableText(file.name, "is not a Jupyter notebook", "save it again, or name it .txt or .json") from e
    yield "\n\n".join(cell for cell in cells if cell.strip()) + "\n"


def _list_cells(notebook: Any) -> list[Any]:
    if "worksheets" in notebook:  # nbformat 3
        return [cell for sheet in notebook["worksheets"] for cell in sheet["cells"]]
    return list(notebook["cells"])


def _get_source(cell: Any) -> str:
    source = cell["source"] if "source" in cell else cell["input"]
    return (source if isinstance(source, str) else "".join(source)).rstrip("\n")
