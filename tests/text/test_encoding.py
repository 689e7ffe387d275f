"""Encodings: everyday ones are recognised, nothing is decoded by half."""

import io

import pytest

from rnnchat.errors import TextError
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


SMALL = [  # language, a text of a line or two, its encoding
    ("½ eggs", "½ eggs\n½ flour\n½ milk\n", "cp1252"),
    ("£5", "Mix ½ cup milk and ¼ spoon salt. Bake at 180°C.\n• £5\n", "cp1252"),
    ("Icelandic", "Mörður hét maður er kallaður var gígja. Hann var sonur Sighvats hins rauða.\n", "cp1252"),
    ("Romanian", "A fost odată ca-n poveşti, din rude mari împărăteşti, o prea frumoasă fată şi mândră.\n", "cp1250"),
    ("French", "L'été dernier, nous étions à la plage. Ça coûtait déjà très cher, là-bas, même en février.", "cp850"),
    ("Ukrainian", "Реве та стогне Дніпр широкий, сердитий вітер завива, додолу верби гне високі.\n", "koi8_u"),
    ("Bulgarian", "Тихият бял Дунав се вълнува, весело шуми, и Радецки гордо плува над златни вълни.\n", "cp1251"),
    ("Lithuanian", "Žąsis ėjo į ežerą, o šuo bėgo paskui jį; ūkininkas žiūrėjo pro langą ir šypsojosi.\n", "cp1257"),
    ("Arabic", "كان يا ما كان في قديم الزمان ملك له ثلاث بنات.\n", "iso8859_6"),
    ("Czech", "Byl jednou jeden král, který měl tři dcery. Příliš žluťoučký kůň úpěl.\n", "cp852"),
    ("Chinese list", "苹果\n香蕉\n牛奶\n面包\n鸡蛋\n", "gb18030"),
    ("Taiwanese words", "繁體中文" * 20, "big5"),
    ("Japanese words", "日本語" * 20, "cp932"),
    ("Korean", "동해 물과 백두산이 마르고 닳도록.\n" * 3, "iso2022_kr"),
    ("euros", "Ein Brot kostet 2 €, die Milch 1 €; süß und schön ist das für Mädchen und Jungen.\n", "iso8859_15"),
    ("Russian", "Сегодня шёл дождь, а кот спал под столом.\nВечером снова дождь.\n", "utf-16-le"),
    ("Russian", "Сегодня шёл дождь, а кот спал под столом.\nВечером снова дождь.\n", "utf-16-be"),
]


@pytest.mark.parametrize(("text", "codec"), [(text, codec) for _, text, codec in SMALL])
def test_a_line_or_two_in_an_older_encoding_is_recognised(text, codec):
    assert decode_bytes(text.encode(codec), "a.txt") == text


def test_what_the_bytes_alone_tell_is_called_a_guess():
    assert find_encoding(lambda: io.BytesIO("Grüße aus Köln".encode("cp1252")), "a.txt").is_guess
    for content in ("Grüße".encode(), b"plain", "Grüße".encode("utf-16"), b'<meta charset="cp1252">Gr\xfc\xdfe'):
        assert not find_encoding(lambda content=content: io.BytesIO(content), "a.txt").is_guess


def test_the_encoding_that_a_person_names_is_taken():
    content = "Ďáblík".encode("cp1250")
    assert find_encoding(lambda: io.BytesIO(content), "a.txt", "cp1250") == Encoding("cp1250")
    assert find_encoding(lambda: io.BytesIO(content), "a.txt", "latin-1") == Encoding("latin-1")


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("utf-8", r"a\.txt cannot be decoded as utf-8 \(byte 4 does not fit\): choose another one"),
        ("cp125", "the encoding cp125 is unknown: did you mean cp125[0-8]"),
        ("rot13", "the encoding rot13 is unknown: "),
        ("\0", "the encoding .* is unknown: write it like utf-8"),
    ],
)
def test_an_encoding_that_does_not_fit_or_exist_is_refused_in_one_sentence(name, sentence):
    with pytest.raises(TextError, match=sentence):
        find_encoding(lambda: io.BytesIO(b"caf\xe9 noir" if name != "utf-8" else b"cafe\xe9 noir"), "a.txt", name)


def test_a_log_in_two_encodings_is_read_line_by_line():
    content = "<mari> déjà vu, çà et là\n".encode() * 40 + "<tom> café\n".encode("cp1252") * 9
    assert decode_bytes(content, "a.log").endswith("<tom> café\n")


@pytest.mark.parametrize(
    "content", [b"It rained.\0 The cat slept.\n", b"\x02\x0303,01hello\x0f \x1b[31mred\x1b[0m\n" * 50]
)
def test_a_stray_zero_byte_and_colour_codes_do_not_make_a_binary_file(content):
    assert decode_bytes(content, "a.log") == content.decode()


def test_utf_8_with_a_few_broken_bytes_stays_utf_8():
    content = "Grüße und Äpfel, Öl\n".encode() * 20 + b"br\xfcken"
    encoding = find_encoding(lambda: io.BytesIO(content), "a.txt")
    assert encoding.label == "utf-8, damaged"
    assert decode_bytes(content, "a.txt").endswith("brüken")
    assert decode_bytes(content + b" \xe9\xe8 \x81.", "a.txt").endswith("brüken \ufffd\ufffd \ufffd.")


def test_a_foreign_byte_late_in_a_long_file_is_found():
    content = b"Nothing but English here.\n" * 200_000 + "Über die Brücke.\n".encode("cp1252")
    assert find_encoding(lambda: io.BytesIO(content), "a.txt") == Encoding("cp1252", is_guess=True)


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
