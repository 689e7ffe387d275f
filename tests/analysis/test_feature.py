"""Features of a text, drawn below it: what is so once the character above has been read."""

import random

import numpy as np
import pytest

from rnnchat.analysis.feature import FEATURES, Feature

BY_NAME = {feature.name: feature for feature in FEATURES}

DRAWN = [
    ("inside double quotes", 'a "bc" d“e”f „g“ «h» 「i」 "j',
                             "__###___##___##__##__##__##"),
    ("inside double quotes", 'a "b\nc\n\nd "e"',
                             "__#####___##_"),
    ("inside single quotes", "don't 'a b' o' ‘c’ 'tis",
                             "______####_____##______"),
    ("inside ( )", "a (b (c) d) e) (f\n\n g",
                   "__########_____###___"),
    ("inside [ ]", "[Exit] all",
                   "#####_____"),
    ("depth of { }", "{a\n\n{b}}",
                     "11112210"),
    ("inside a comment", "x = 1  # so\ny // z\na /* b\nc */ d",
                         "_______###____###____########___"),
    ("inside a web address", "see https://a.b/c now",
                             "____############_____"),
    ("speaker's name", "ROMEO:\nFirst Lady:\nAy, so: no.\nHAMLET.\nYes\n",
                       "#####__##########______________######______"),
    ("place in the line", "abc\n\nde",
                          "1230012"),
    ("line ends soon", "abcdefgh\nij",
                       "___#####___"),
    ("line has ended", "a\n\nb",
                       "_##_"),
    ("indentation", "  a b\n\tc\nd",
                    "_2222_44__"),
    ("place in the sentence", "ab. c! d",
                              "12012012"),
    ("sentence has ended", "ab. \nC! 2",
                           "__###_##_"),
    ("place in the word", "ab, cde 2f",
                          "1200123001"),
    ("word has begun", "ab, cde 2f",
                       "#___#____#"),
    ("blank", "a b\tc\n",
              "_#_#_#"),
    ("capital letter", "aBÉc",
                       "_##_"),
    ("word in capitals", "I AM Bob",
                         "___#____"),
    ("digit", "a12b",
              "_##_"),
    ("vowel", "Éab u",
              "##__#"),
    ("mark", "a, (b)!",
             "_#_#_##"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "text", "drawn"), DRAWN, ids=[f"{name} {i}" for i, (name, *_) in enumerate(DRAWN)])
def test_a_feature_is_so_where_it_is_drawn(name, text, drawn):
    expected = [float({"_": 0, "#": 1}.get(mark, mark)) for mark in drawn]
    assert BY_NAME[name].measure(text).tolist() == expected


def test_a_line_is_long_beyond_sixty_characters():
    assert BY_NAME["line is long"].measure("a" * 62 + "\nb").tolist() == [0.0] * 60 + [1.0, 1.0, 0.0, 0.0]


def test_every_feature_is_drawn_or_described():
    assert {name for name, *_ in DRAWN} | {"line is long"} == set(BY_NAME)


@pytest.mark.parametrize("feature", FEATURES, ids=lambda feature: feature.name)
def test_a_feature_has_a_number_for_each_character_of_any_text(feature: Feature):
    alphabet = "aB1é漢 \n\t\"'“”«»()[]{}#/*:.!?-,\ud800\U0001f600"
    for length in [0, 1, 2, *range(3, 40, 4), 300]:
        text = "".join(random.Random(length).choices(alphabet, k=length))
        values = feature.measure(text)
        assert values.shape == (length,)
        assert values.dtype == np.float32
        assert np.isfinite(values).all()
