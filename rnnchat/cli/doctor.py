"""``rnnchat doctor``: check the installation, and say what to do about each problem.

Each check is a function that gives findings, and none of them changes anything. What the system refuses to a
check is its finding.
"""

import importlib.metadata
import os
import platform
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated

import typer

from rnnchat import __version__, paths
from rnnchat.cli.main import describe_refusal
from rnnchat.cli.opening import open_model
from rnnchat.cli.output import print_json
from rnnchat.desk.figures import format_bytes
from rnnchat.desk.visible import picture_controls
from rnnchat.errors import RnnchatError
from rnnchat.generation.settings import Settings

PACKAGES = (
    *("textual", "textual-fspicker", "rich", "typer", "torch", "numpy", "onnx", "onnxruntime"),
    *("safetensors", "platformdirs", "chardet", "pypdf", "tomlkit", "pyperclip"),
)
MIN_FREE_BYTES = 500_000_000
MIN_COLUMNS, MIN_LINES = 80, 24
TORCH_PROBE = "import torch; print(torch.__version__, 'with' if torch.backends.mkldnn.is_available() else 'without')"


@dataclass(frozen=True)
class Finding:
    """What one check found."""

    name: str
    is_ok: bool
    detail: str
    """What is there."""
    advice: str = ""
    """What to do now; empty where all is well."""


def doctor(is_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False) -> None:
    """Check the installation; the exit status is 1 if there is a problem."""
    findings = []
    for finding in _examine():
        findings.append(finding)
        if not is_json:
            advice = f": {finding.advice}" if finding.advice else ""
            verdict = "ok     " if finding.is_ok else "problem"
            typer.echo(picture_controls(f"{verdict}  {finding.name:<16}  {finding.detail}{advice}"))
    if is_json:
        print_json({"version": __version__, "checks": [asdict(finding) for finding in findings]})
    if not all(finding.is_ok for finding in findings):
        raise typer.Exit(1)


def _examine() -> Iterator[Finding]:
    """Run all checks, quick ones first."""
    checks: dict[str, Callable[[], Iterable[Finding]]] = {
        "python": _check_python,
        "packages": _check_packages,
        "processor": _check_processor,
        "folders": _check_folders,
        "stories": _check_database,
        "terminal": _check_terminal,
        "models": _check_models,
        "torch": _check_torch,
    }
    for name, check in checks.items():
        try:
            yield from check()
        except OSError as e:
            what, _, advice = describe_refusal(e).rpartition(": ")
            yield Finding(name, False, what, advice)
        except RnnchatError as e:
            yield Finding(name, False, str(e))


def _check_python() -> Iterator[Finding]:
    is_ok = sys.version_info >= (3, 11)
    system = f"{platform.system()} {platform.machine()}"
    detail = f"{platform.python_version()} on {system}, SQLite {sqlite3.sqlite_version}, rnnchat {__version__}"
    yield Finding("python", is_ok, detail, "" if is_ok else "install Python 3.11 or later")


def _check_packages() -> Iterator[Finding]:
    versions, missing = [], []
    for package in PACKAGES:
        try:
            versions.append(f"{package} {importlib.metadata.version(package)}")
        except importlib.metadata.PackageNotFoundError:
            missing.append(package)
    if missing:
        yield Finding("packages", False, f"{', '.join(missing)} missing", f"pip install {' '.join(missing)}")
        return
    yield Finding("packages", True, ", ".join(versions))


def _check_processor() -> Iterator[Finding]:
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    detail = f"{cores} core{'s' * (cores != 1)}"
    try:
        flags = Path("/proc/cpuinfo").read_text().split()
    except OSError:
        yield Finding("processor", True, detail)
        return
    has_bfloat16 = "avx512_bf16" in flags
    yield Finding("processor", True, f"{detail}, {'with' if has_bfloat16 else 'without'} AVX512-BF16")


def _check_folders() -> Iterator[Finding]:
    for name, folder in (("data folder", paths.data_dir()), ("settings folder", paths.settings_path().parent)):
        place = _nearest_folder(folder)
        is_ok = os.access(place, os.W_OK | os.X_OK)
        advice = f"make {place} writable, or set {paths.HOME_VARIABLE} to a folder of yours"
        yield Finding(name, is_ok, str(folder), "" if is_ok else advice)
    free = shutil.disk_usage(_nearest_folder(paths.data_dir())).free
    is_ok = free >= MIN_FREE_BYTES
    advice = f"make room: texts and trainings want {format_bytes(MIN_FREE_BYTES)}"
    yield Finding("disk", is_ok, f"{format_bytes(free)} free", "" if is_ok else advice)


def _nearest_folder(folder: Path) -> Path:
    """The folder itself, or the nearest one above it that exists."""
    return next(place for place in (folder, *folder.parents) if place.is_dir())


def _check_database() -> Iterator[Finding]:
    path = paths.database_path()
    if not path.exists():
        yield Finding("stories", True, "none yet")
        return
    try:
        connection = sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)
        try:
            (answer,) = connection.execute("PRAGMA quick_check").fetchone()
        finally:
            connection.close()
    except sqlite3.Error as e:
        answer = str(e)
    if answer == "ok":
        yield Finding("stories", True, f"{path} ({format_bytes(path.stat().st_size)})")
        return
    yield Finding("stories", False, f"{path} is damaged ({answer})", "move it away to begin a new one")


def _check_terminal() -> Iterator[Finding]:
    if not sys.stdout.isatty():
        yield Finding("terminal", True, "none: output goes to a file or another program")
        return
    from rich.console import Console

    console = Console()
    colours = {None: "no", "standard": "16", "256": "256", "truecolor": "16 million", "windows": "16"}
    detail = f"{console.width}×{console.height}, {colours[console.color_system]} colours, {console.encoding}"
    problems = []
    if console.width < MIN_COLUMNS or console.height < MIN_LINES:
        problems.append(f"make the window at least {MIN_COLUMNS}×{MIN_LINES}")
    if not console.encoding.startswith("utf"):
        problems.append("choose a UTF-8 locale, such as LANG=C.UTF-8")
    yield Finding("terminal", not problems, detail, "; ".join(problems))


def _check_models() -> Iterator[Finding]:
    """Each model that came with rnnchat must write; each of the person's own must be readable."""
    from rnnchat.model.library import list_models  # numpy: 0.1 s

    entries = list_models()
    if not any(entry.is_shipped for entry in entries):
        yield Finding("models", False, "none came with rnnchat", "install rnnchat again")
    for entry in entries:
        name = f"model {entry.name}"
        if entry.problem:
            yield Finding(name, False, entry.problem)
        elif entry.is_shipped:
            yield _check_writing(name, entry.path)


def _check_writing(name: str, path: Path) -> Finding:

    try:
        started_s = time.perf_counter()
        model = open_model(str(path))
        opened_s = time.perf_counter()
        text = model.write_text("\n", Settings(length=200, seed=1))
        written_s = time.perf_counter()
    except RnnchatError as e:
        return Finding(name, False, str(e), "install rnnchat again")
    speed = len(text) / (written_s - opened_s)
    return Finding(name, True, f"opens in {opened_s - started_s:.1f} s, writes {speed:,.0f} characters per second")


def _check_torch() -> Iterator[Finding]:
    """Import torch in a process of its own: a broken one can crash, and it costs seconds."""
    advice = "install it again: pip install --force-reinstall torch; without it models write but cannot be trained"
    try:
        result = subprocess.run([sys.executable, "-P", "-c", TORCH_PROBE], capture_output=True, text=True, timeout=120)
    except (OSError, subprocess.TimeoutExpired) as e:
        yield Finding("torch", False, str(e), advice)
        return
    if result.returncode != 0:
        last_line = (result.stderr.strip().splitlines() or ["no message"])[-1]
        yield Finding("torch", False, f"cannot be loaded ({last_line})", advice)
        return
    version, mkldnn = result.stdout.split()
    slow = "trainings take about 2.4 times as long; the torch that pip installs by default has it"
    yield Finding("torch", True, f"{version}, {mkldnn} oneDNN" + (f" ({slow})" if mkldnn == "without" else ""))
