"""Which importer reads a file, and the way of a foreign model into the library."""

from pathlib import Path

from rnnchat.errors import ModelError, RnnchatError, TextError
from rnnchat.importers import keras_model, lua_model, ml5, textgenrnn, torch_model
from rnnchat.importers.source import Hints, Importer, Source
from rnnchat.model import library
from rnnchat.model.container import Container, open_file
from rnnchat.model.file import METADATA_KEY, Model, write_model
from rnnchat.model.name import suggest_name
from rnnchat.paths import MODEL_SUFFIX

IMPORTERS: tuple[Importer, ...] = (
    ml5.IMPORTER,
    torch_model.TORCH,
    textgenrnn.IMPORTER,
    keras_model.IMPORTER,
    lua_model.IMPORTER,
    torch_model.SAFETENSORS,
)
"""Every kind of foreign file; the first that recognises a file reads it."""

_OTHERS: tuple[tuple[bytes, str], ...] = (
    (b"GGUF", "is a GGUF file, which holds a transformer: rnnchat opens recurrent networks only"),
    (b"\x80", "is a pickle without weights of torch: import what torch.save wrote"),
    (b"\x08", "looks like an ONNX or TensorFlow graph: import the weights that it was made from"),
)
"""Beginnings of files that are something else."""
_NAMES = (
    "rnnchat imports its own models and those of textgenrnn, char-rnn, torch-rnn, Keras, torch and ml5 (docs/import.md)"
)


def import_file(path: Path, hints: Hints | None = None, name: str | None = None, replace: bool = False) -> Path:
    """Copy a model of rnnchat, or one of another program, into the library; give its new path.

    Args:
        path: a file, or a folder of ml5.
        hints: what the file does not say itself.
        name: in the library; by default the file's own.
        replace: whether a model of that name may be replaced.

    Raises:
        ModelError: the file is no recurrent language model, is damaged, or leaves something open; or the name is taken.
    """
    if is_own(path):
        return library.import_model(path, name, replace)
    destination = library.find_place(name or suggest_name(path), replace)
    model = read_foreign(path, hints)
    try:
        write_model(model, destination)
    except OSError as e:
        raise ModelError(f"cannot write {destination} ({e.strerror}): choose another place or make room") from e
    return destination


def read_foreign(path: Path, hints: Hints | None = None) -> Model:
    """The model in a file of another program; nothing in it is run.

    Raises:
        ModelError: as `import_file`.
        TextError: a training text cannot be read.
    """
    source = Source(path, hints or Hints())
    try:
        for importer in IMPORTERS:
            if importer.recognises(source):
                return importer.read(source)
        raise source.refuse(_name_other(source))
    except FileNotFoundError as e:
        missing = Path(e.filename or path)
        what = "no file" if missing == path else f"{path} needs a file that is not there,"
        raise ModelError(f"{what} {missing}: check the path") from e
    except OSError as e:
        raise ModelError(f"{path} cannot be read ({e.strerror}): change its permissions or those of its folder") from e
    except MemoryError as e:
        raise ModelError(f"{path} does not fit into the memory: close other programs or use a smaller model") from e
    except (ModelError, TextError):
        raise
    except (RnnchatError, ValueError, TypeError, AttributeError, LookupError, ArithmeticError, RecursionError) as e:
        raise ModelError(f"{path} cannot be imported ({_tell(e)}): fetch it again, or export it anew") from e


def is_own(path: Path) -> bool:
    """Whether a file says that it is a model of rnnchat."""
    try:
        with open_file(path) as file:
            return METADATA_KEY in Container(file).metadata
    except FileNotFoundError:
        return True  # the library says what is missing
    except OSError:
        return False
    except ValueError:
        return path.suffix == MODEL_SUFFIX


def _name_other(source: Source) -> str:
    """What a file is that no importer recognises."""
    if source.path.is_dir():
        return f"is a folder without a model: {_NAMES}"
    for beginning, what in _OTHERS:
        if source.content.startswith(beginning):
            return what
    return f"is not a model of a kind that can be imported: {_NAMES}"


def _tell(error: Exception) -> str:
    """A mistake in a file as a part of a sentence."""
    text = str(error) if isinstance(error, ValueError | RnnchatError) else "it is damaged"
    text = text.replace("its header", "its JSON")
    return "".join(char for char in text if char.isprintable())[:200]
