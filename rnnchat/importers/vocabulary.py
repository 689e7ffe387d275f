"""Which text each id of a foreign network stands for: from the file itself, from a list, or from the training text.

A vocabulary is one text (or None) for each id. Most programs keep a table from symbols to ids, or a list in the order
of ids; Keras counts from 1 and leaves 0 to what is unknown.

Letters: V vocabulary.
"""

import json
import os
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from io import BytesIO
from pathlib import Path
from typing import Any

from rnnchat.errors import MissingVocabularyError, ModelError
from rnnchat.importers.pickle_data import Instance, read_pickle
from rnnchat.importers.source import Hints, Source
from rnnchat.model.container import open_file, parse_json
from rnnchat.text.char import CharTokenizer
from rnnchat.text.file import TextFile
from rnnchat.text.listed import LINE_END, ListedTokenizer
from rnnchat.text.tokenizer import Tokenizer

Symbols = Sequence[str | None]
"""V texts; None for an id that stands for nothing."""

MAX_VOCAB_FILE_BYTES = 2**26
MAX_VISITED = 2_000
"""Values of a file in which a vocabulary is looked for."""
UNKNOWN = {"<unk>", "<unknown>", "unk", "[unk]", "<oov>", "xxunk", "_unk_", "<unk/>", "__unk__"}
PADDING = {"<pad>", "pad", "[pad]", "xxpad", "_pad_", "__pad__", "<blank>"}
LINE_ENDS = {
    "<eos>",
    "</s>",
    "<s>",
    "<end>",
    "<nl>",
    "<newline>",
    "<eol>",
    "<|endoftext|>",
    "<start>",
    "<sos>",
    "<bos>",
}
_PIECE_MARKS = ("▁", "Ġ", "##")
_TOLERANCE = 3
"""So many ids may stand for nothing: padding, unknown, a beginning."""


def find_tokenizer(
    source: Source, vocab_size: int, found: Symbols | None = None, usual: Symbols | None = None
) -> Tokenizer:
    """The vocabulary of a network: as a person says, else as the file says, else as programs of its kind have it.

    Args:
        source: with what a person says.
        vocab_size: V.
        found: what the file itself says.
        usual: what all models of this kind and size have.

    Raises:
        MissingVocabularyError: it cannot be known; the sentence names the option.
        ModelError: what a person says does not have V symbols.
    """
    hints = source.hints
    if hints.vocab:
        return build_tokenizer(_read_list(source, hints.vocab, vocab_size))
    if hints.texts:
        return build_tokenizer(_fit_symbols(source, hints, vocab_size))
    symbols = found or usual
    if symbols is None:
        raise MissingVocabularyError(
            f"{source.path} does not say which symbols its {vocab_size:,} ids stand for: give the text it was trained "
            "on with --text FILE, or a list of its symbols with --vocab FILE"
        )
    return build_tokenizer(symbols)


def build_tokenizer(symbols: Symbols) -> Tokenizer:
    """The tokenizer of a vocabulary.

    Raises:
        ValueError: its symbols are pieces of words, or none has a text.
    """
    texts = ["" if symbol is None else symbol for symbol in symbols]
    lower = [text.lower() for text in texts]
    if sum(text.startswith(_PIECE_MARKS) for text in texts) > len(texts) // 10:
        raise ValueError("its symbols are pieces of words, whose rules for cutting a text are not known")
    named = {text for text in lower if text in UNKNOWN | PADDING | LINE_ENDS}
    is_char = all(len(text) <= 1 or lower[id] in named for id, text in enumerate(texts))
    unknown = next((id for id, text in enumerate(lower) if text in UNKNOWN), None)
    if unknown is None:
        unknown = next((id for id, text in enumerate(texts) if not text), None)
    rest = [text for id, text in enumerate(texts) if id != unknown]
    if is_char and unknown in (None, 0) and all(len(text) == 1 for text in rest) and len(set(rest)) == len(rest):
        return CharTokenizer("".join(rest), has_unknown=unknown == 0)
    has_line_end = LINE_END in texts
    never_written = [id for id, text in enumerate(lower) if text in PADDING or not text]
    for id, text in enumerate(lower):
        if text in LINE_ENDS:
            if has_line_end:
                never_written.append(id)
            texts[id] = LINE_END
    is_lower = not any(char.isupper() for text in texts if text.lower() not in UNKNOWN for char in text)
    return ListedTokenizer("char" if is_char else "word", texts, unknown, never_written, is_lower)


def search_symbols(value: Any, vocab_size: int) -> Symbols | None:
    """The first vocabulary of V symbols in the values of a file, the nearest to its root."""
    queue: deque[Any] = deque([value])
    seen: set[int] = set()
    while queue and len(seen) < MAX_VISITED:
        value = queue.popleft()
        if id(value) in seen:
            continue
        seen.add(id(value))
        if (symbols := parse_symbols(value, vocab_size)) is not None:
            return symbols
        if isinstance(value, Instance):
            queue.extend([value.state, *value.args])
        elif isinstance(value, dict):
            queue.extend(list(value.values())[:MAX_VISITED])
        elif isinstance(value, list | tuple):
            queue.extend(value[:100])
        elif isinstance(value, str) and value[:1] == "{":  # Keras keeps its tables as JSON in JSON
            try:
                queue.append(parse_json(value))
            except ValueError:
                continue
    return None


def parse_symbols(value: Any, vocab_size: int) -> Symbols | None:
    """The vocabulary that a value is, if it is one of V symbols: a table either way round, a list, or a text."""
    symbols: list[str | None] = [None] * vocab_size
    if isinstance(value, dict):
        for key, entry in value.items():
            symbol, id = (key, entry) if type(entry) is int else (entry, key)
            if isinstance(id, str) and id.isdecimal() and len(id) < 8 and isinstance(symbol, str):
                id = int(id)
            if type(id) is not int or not isinstance(symbol, str):
                return None
            if 0 <= id < vocab_size:
                symbols[id] = symbol
    elif isinstance(value, list | tuple | str) and len(value) == vocab_size:
        if not all(isinstance(symbol, str) for symbol in value):
            return None
        symbols = list(value)
    known = [symbol for symbol in symbols if symbol is not None]
    is_whole = len(known) >= max(1, vocab_size - _TOLERANCE, vocab_size // 2)
    return symbols if is_whole and len(set(known)) == len(known) else None


def _read_list(source: Source, path: Path, vocab_size: int) -> Symbols:
    """The vocabulary in a file of JSON, a pickle, or one symbol a line.

    Raises:
        ModelError: it holds none of V symbols.
    """
    try:
        value = parse_file(path)
    except (OSError, ValueError) as e:
        reason = e.strerror if isinstance(e, OSError) else e
        raise ModelError(f"{path} cannot be read as a vocabulary ({reason}): check the file of --vocab") from e
    symbols = search_symbols(value, vocab_size)
    if symbols is None:
        raise ModelError(
            f"{path} is not a vocabulary of {vocab_size:,} symbols, as many as {source.path.name} has: "
            "choose another file with --vocab"
        )
    return symbols


def parse_file(path: Path) -> Any:
    """The value of a vocabulary's file: JSON, a pickle (of which only the data are read), or one symbol a line.

    Raises:
        OSError: it cannot be read.
        ValueError: it is none of these.
    """
    with open_file(path) as file:
        if os.fstat(file.fileno()).st_size > MAX_VOCAB_FILE_BYTES:
            raise ValueError("it is larger than any vocabulary")
        content = file.read()
    if content[:1] == b"\x80" or path.suffix in (".pkl", ".pickle"):
        return read_pickle(BytesIO(content), 64 * len(content))
    text = content.decode("utf-8-sig")
    if text.lstrip()[:1] in ("{", "["):
        try:
            return parse_json(text)
        except ValueError:
            pass
    return [json.loads(line) if line.startswith('"') and line.endswith('"') and len(line) > 2 else line
            for line in text.removesuffix("\n").split("\n")]  # fmt: skip


def _fit_symbols(source: Source, hints: Hints, vocab_size: int) -> Symbols:
    """The vocabulary of V symbols that a program would build from the training text.

    Raises:
        MissingVocabularyError: the text gives another number of symbols.
    """
    candidates = list(_list_candidates(hints.texts))
    for candidate in candidates:
        if len(candidate) == vocab_size:
            return candidate
    for candidate in candidates:
        if len(candidate) + 1 == vocab_size:  # counted from 1, as Keras does
            return [None, *candidate]
    names = " and ".join(path.name for path in hints.texts)
    characters, words = candidates[0], candidates[2]
    raise MissingVocabularyError(
        f"{names} has {len(characters):,} different characters and {len(words):,} different words, but "
        f"{source.path.name} knows {vocab_size:,} symbols: give the text it was trained on with --text, or a list of "
        "its symbols with --vocab"
    )


def _list_candidates(paths: tuple[Path, ...]) -> Iterator[Symbols]:
    """Vocabularies of a text as programs build them: its characters sorted, its words as they appear, or sorted."""
    characters: set[str] = set()
    words: dict[str, None] = {}
    for path in paths:
        for line in _read_lines(path):
            characters.update(line)
            words.update(dict.fromkeys([*line.split(), "<eos>"]))
    yield sorted(characters)
    yield sorted(set("".join(characters).lower()))
    yield list(words)
    yield [word for word in words if word != "<eos>"]
    yield sorted(word for word in words if word != "<eos>")


def _read_lines(path: Path) -> Iterable[str]:
    """The lines of a text file, each with its end."""
    rest = ""
    for piece in TextFile(path).read():
        *lines, rest = (rest + piece).split("\n")
        for line in lines:
            yield f"{line}\n"
    if rest:
        yield rest
