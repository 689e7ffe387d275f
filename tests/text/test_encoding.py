"""Encodings: everyday ones are recognised, nothing is decoded by half."""

import io

import pytest

from rnnchat.text.encoding import Encoding, UnreadableText, decode_bytes, find_encoding

TEXTS = {
    "German": "Die schönsten Bücher über die Flüsse; Straßen, Äpfel und Öl. »Ja«, sagte sie – „nein“.\n",
    "French": "L’été, le garçon à l'hôtel était très âgé : « oui, ça va ». Où êtes-vous, mon frère ?\n",
    "Spanish": "Había una vez un rey; la más pequeña era tan hermosa. ¿Qué? ¡Ñandú!\n",
    "Polish": "Dawno, dawno temu, za siedmioma górami, żył sobie stary król, który miał trzy córki.\n",
    "Czech": "Byl jednou jeden král, který měl tři dcery. Příliš žluťoučký kůň úpěl.\n",
    "Hungarian": "Egyszer volt, hol nem volt, volt egyszer egy öreg király, a lány gyönyörű, az erdő sötét.\n",
    "Russian": "Все счастливые семьи похожи друг на друга, каждая несчастлива по-своему.\n",
    "Greek": "Μια φορά κι έναν καιρό ήταν ένας βασιλιάς που είχε τρεις κόρες.\n",
    "Turkish": "Bir varmış bir yokmuş, uzak bir ülkede yaşlı bir padişah yaşarmış; en küçüğü çok akıllıymış.\n",
    "Hebrew": "בראשית ברא אלהים את השמים ואת הארץ\n",
    "Arabic": "كان يا ما كان في قديم الزمان، ملك له ثلاث بنات.\n",
    "Japanese": "吾輩は猫である。名前はまだ無い。どこで生れたかとんと見当がつかぬ。\n",
    "Chinese": "话说天下大势，分久必合，合久必分。他们都是这样说的。\n",
    "Taiwanese": "話說天下大勢，分久必合，合久必分。他們都是這樣說的。\n",
    "Korean": "동해 물과 백두산이 마르고 닳도록 하느님이 보우하사 우리나라 만세.\n",
}
ENCODINGS = [
    *[(name, codec) for name in TEXTS for codec in ("utf-8", "utf-8-sig", "utf-16", "utf-32")],
    *[("German", codec) for codec in ("cp1252", "mac_roman", "cp850")],
    *[("French", "cp1252"), ("Spanish", "cp1252"), ("Polish", "cp1250"), ("Polish", "iso8859_2")],
    *[("Czech", "cp1250"), ("Hungarian", "cp1250"), ("Turkish", "cp1254"), ("Hebrew", "cp1255")],
    *[("Russian", codec) for codec in ("cp1251", "koi8_r", "cp866")],
    *[("Greek", "cp1253"), ("Greek", "iso8859_7"), ("Arabic", "cp1256"), ("Korean", "cp949")],
    *[("Japanese", codec) for codec in ("shift_jis", "euc_jp", "iso2022_jp")],
    *[("Chinese", "gb18030"), ("Taiwanese", "big5"), ("German", "utf-16-le"), ("German", "utf-16-be")],
]


@pytest.mark.parametrize("repeats", [1, 30])
@pytest.mark.parametrize(("language", "codec"), ENCODINGS)
def test_everyday_encodings_are_recognised(language, codec, repeats):
    content = (TEXTS[language] * repeats).encode(codec, "ignore")
    assert decode_bytes(content, "a.txt") == content.decode(codec)


@pytest.mark.parametrize("word", ["café", "Ça va?", "über", "it’s", "£5", "Zoë"])
def test_a_single_foreign_character_is_western(word):
    text = f"All of it was plain English. {word} was not."
    assert decode_bytes(text.encode("cp1252"), "a.txt") == text


def test_utf_8_with_a_few_broken_bytes_stays_utf_8():
    content = "Grüße und Äpfel, Öl\n".encode() * 20 + b"br\xfcken"
    encoding = find_encoding(lambda: io.BytesIO(content), "a.txt")
    assert encoding.label == "utf-8, damaged"
    assert decode_bytes(content, "a.txt").endswith("br\ufffdken")


def test_a_foreign_byte_late_in_a_long_file_is_found():
    content = b"Nothing but English here.\n" * 200_000 + "Über die Brücke.\n".encode("cp1252")
    assert find_encoding(lambda: io.BytesIO(content), "a.txt") == Encoding("cp1252")


def test_a_page_is_in_the_encoding_that_it_declares():
    content = '<meta charset="iso-8859-15"><p>5 €'.encode("iso-8859-15")
    assert decode_bytes(content, "a.html").endswith("5 €")


@pytest.mark.parametrize(
    "codec",
    [
        "rot13",
        "hex",
        "base64",
        "zlib",
        "undefined",
        "unicode_escape",
        "raw_unicode_escape",
        "utf-7",
        "idna",
        "nonsense",
    ],
)
def test_a_page_that_declares_no_encoding_of_texts_is_read_as_if_it_declared_none(codec):
    text = f'<meta charset="{codec}"><p>Die schönsten Bücher über \\ud800 und +2AA- Äpfel.'
    assert decode_bytes(text.encode("cp1252"), "a.html") == text


def test_rare_encodings_are_left_to_the_library():
    text = "Reiz dzīvoja ķēniņš, kuram bija trīs meitas; jaunākā bija tik skaista, ka pat saule brīnījās. " * 5
    assert decode_bytes(text.encode("cp1257"), "a.txt").count("jaun") == 5


@pytest.mark.parametrize("content", [b"\0\1\2" * 99, bytes(range(32)) * 9, b"text" + b"\x00" * 99])
def test_what_is_not_text_is_refused(content):
    with pytest.raises(UnreadableText, match=r"^a is a binary file, not text: .*save it as text"):
        decode_bytes(content, "a")
