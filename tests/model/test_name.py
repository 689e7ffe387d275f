"""Names of models and runs: letters of all scripts, with the signs that belong to them."""

import unicodedata

import pytest

from rnnchat.errors import ModelError
from rnnchat.model.name import check_name
from rnnchat.runs.new import _name_after


@pytest.mark.parametrize("name", ["letters", "हिन्दी", "ภาษาไทย ที่", "שָׁלוֹם", "نامه‌ها", "日本語", "a_b.c+d-1", "_x"])
def test_names_of_all_scripts_are_valid(name: str):
    assert check_name(name) == unicodedata.normalize("NFC", name)


def test_a_name_is_the_same_however_its_accents_are_typed():
    assert check_name("cafe\u0301") == check_name("café") == "café"


@pytest.mark.parametrize(
    "name", ["", " a", "a ", ".a", "-a", "\u0301a", "a/b", "a\x1bb", "a\u202eb", "a\nb", "x" * 101, "\udce9"]
)
def test_other_names_are_refused_in_a_sentence(name: str):
    with pytest.raises(ModelError, match="is not a valid name: use letters"):
        check_name(name)


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("हिन्दी.txt", "हिन्दी"),
        ("caf\udce9.txt", "caf"),
        ("\udce9.txt", "text"),
        ("İzmir'in ışığı.txt", "İzmir-in-ışığı"),
    ],
)
def test_a_run_is_named_after_a_text_of_any_script(source: str, name: str):
    assert _name_after(source) == check_name(name)
