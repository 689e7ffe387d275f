"""Where everything lives: the only module that knows.

Models, runs, corpora and the database are under the platform's data folder, settings under its configuration
folder. The environment variable ``RNNCHAT_HOME`` moves all of it to one folder. Functions, not constants, so
that a changed environment is seen at once; none of those that name a place creates anything.
"""

import contextlib
import errno
import os
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import platformdirs

from rnnchat.errors import UsageError

HOME_VARIABLE = "RNNCHAT_HOME"
MODEL_SUFFIX = ".safetensors"


def data_dir() -> Path:
    """The folder that holds all that a person makes with rnnchat."""
    if home := os.environ.get(HOME_VARIABLE):
        return expand(home).absolute()
    return Path(platformdirs.user_data_dir("rnnchat", appauthor=False))


def models_dir() -> Path:
    """The person's own models, one ``NAME.safetensors`` each."""
    return data_dir() / "models"


def runs_dir() -> Path:
    """Trainings, one folder each."""
    return data_dir() / "runs"


def corpora_dir() -> Path:
    """Texts fetched from the catalogue, one ``NAME.txt`` each."""
    return data_dir() / "corpora"


def downloads_dir() -> Path:
    """Texts that were named by their address on the web, as they were when they were first read."""
    return data_dir() / "downloads"


def database_path() -> Path:
    """The SQLite file with stories, comparisons and votes."""
    return data_dir() / "rnnchat.db"


def threads_path() -> Path:
    """The JSON file with the thread counts that were fastest on this machine."""
    return data_dir() / "threads.json"


def settings_path() -> Path:
    """The TOML file with the settings of the screen."""
    if home := os.environ.get(HOME_VARIABLE):
        return expand(home).absolute() / "settings.toml"
    return Path(platformdirs.user_config_dir("rnnchat", appauthor=False)) / "settings.toml"


def shipped_models_dir() -> Path:
    """The models that come with rnnchat: inside an installed wheel, beside the package in a checkout."""
    package = Path(__file__).parent
    installed = package / "shipped_models"
    return installed if installed.is_dir() else package.parent / "models"


def expand(name: str | Path) -> Path:
    """The path that a person typed, with ``~`` and ``~user`` made the home folder that they mean.

    Raises:
        UsageError: there is no such user.
    """
    try:
        return Path(name).expanduser()
    except RuntimeError as e:
        raise UsageError(f"{name} begins with no home folder: write ./{name} if it is a name of that kind") from e


def make_folder(folder: Path) -> None:
    """Create ``folder`` with those above it. The data folder is created for its owner alone, whatever the umask.

    A folder that a person created for ``RNNCHAT_HOME`` keeps its permissions, so that it can be shared.

    Raises:
        OSError: It cannot be created.
    """
    home = data_dir()
    if home == folder or home in folder.parents:
        if not home.is_dir():
            home.parent.mkdir(parents=True, exist_ok=True)
            home.mkdir(mode=0o700, exist_ok=True)
            home.chmod(0o700)  # a umask may have taken more
        elif HOME_VARIABLE not in os.environ:  # from a version that left it open
            with contextlib.suppress(OSError):
                home.chmod(home.stat().st_mode & 0o700)
    folder.mkdir(parents=True, exist_ok=True)


@contextlib.contextmanager
def replace_atomically(path: Path, is_private: bool = False) -> Iterator[Path]:
    """Give a temporary path beside ``path``; on success flush it to disk and rename it over ``path``.

    Whoever reads ``path`` sees the old content or the new, never a part, whatever dies in between. On an
    exception the temporary file is removed and ``path`` stays as it was. A private file is for its owner alone.

    Raises:
        OSError: the folder cannot be written, or the disk is full.
    """
    make_folder(path.parent)
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".tmp", dir=path.parent)
    os.close(descriptor)
    temporary = Path(name)
    try:
        yield temporary
        with temporary.open("rb+") as file:
            os.fsync(file.fileno())
        if not is_private:
            # mkstemp makes files private; a model or a text is shared like any other file.
            umask = os.umask(0)
            os.umask(umask)
            temporary.chmod(0o666 & ~umask)
        temporary.replace(path)
        _flush_folder(path.parent)
    finally:
        temporary.unlink(missing_ok=True)


def open_regular(path: Path) -> BinaryIO:
    """Open a file that a program wrote to be read. What is no ordinary file is refused, and never waited for.

    Raises:
        OSError: It cannot be opened, or is a pipe, a socket or a device.
    """
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(errno.EINVAL, "not an ordinary file", str(path))
    return open(descriptor, "rb")


def read_small(path: Path, max_bytes: int = 16 * 2**20) -> str:
    """The UTF-8 text of a file that a program wrote, as `open_regular` opens it.

    Raises:
        OSError: It cannot be read, or is larger than ``max_bytes``.
        UnicodeDecodeError: It is not UTF-8.
    """
    with open_regular(path) as file:
        content = file.read(max_bytes + 1)
    if len(content) > max_bytes:
        raise OSError(errno.EFBIG, f"larger than {max_bytes // 2**20} MB", str(path))
    return content.decode()


def write_text_atomically(path: Path, text: str) -> None:
    """Write ``text`` as UTF-8 to ``path`` so that no reader ever sees half of it."""
    with replace_atomically(path) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="")


def _flush_folder(folder: Path) -> None:
    """Make a rename in ``folder`` survive a power cut, where the system can flush a folder."""
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
