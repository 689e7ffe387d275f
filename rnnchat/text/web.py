"""Files from the web: within limits of time and size, kept on this machine, and one sentence where it goes wrong."""

import hashlib
import http.client
import os
import re
import ssl
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from rnnchat import paths
from rnnchat.errors import TextError
from rnnchat.text.encoding import UnreadableText

MAX_BYTES = 200_000_000
TIMEOUT_S = 20.0
"""How long a server may be silent."""
DEADLINE_S = 600.0
"""How long all of a file may take."""
MAX_REDIRECTS = 5
_CHUNK_SIZE = 1 << 16
_SUFFIXES = {
    "text/html": ".html",
    "application/xhtml+xml": ".xhtml",
    "application/epub+zip": ".epub",
    "application/pdf": ".pdf",
    "application/rtf": ".rtf",
    "text/rtf": ".rtf",
    "application/x-ipynb+json": ".ipynb",
}
_PAGES = {"text/html", "application/xhtml+xml"}
_NO_TEXTS = ("image/", "audio/", "video/", "font/")
_LOGIN = re.compile(rb"<input[^>]{0,999}type\s*=\s*[\"']?password", re.IGNORECASE)
_ASKS_FOR_LOGIN = {401, 403, 407}
_BROWSER = "download it with a browser and name the file"


def is_url(name: str) -> bool:
    """Whether it is an address on the web."""
    return name.lower().startswith(("http://", "https://"))


def fetch_url(url: str, is_anew: bool = False) -> Path:
    """The file at an address, downloaded once: later it is the same text, with or without a network.

    Args:
        url: http or https.
        is_anew: download it even if it is here.

    Raises:
        TextError: there is no network, or what is there is no text, too large, or only for those who log in.
    """
    folder = paths.downloads_dir()
    digest = hashlib.sha256(url.encode("utf-8", "replace")).hexdigest()[:16]
    kept = sorted(folder.glob(f"{digest}*"))
    if kept and not is_anew:
        return kept[0]
    with _open(url) as response:
        kind = response.headers.get_content_type()
        asked, found = _find_suffix(url), _SUFFIXES.get(kind, "")
        if kind.startswith(_NO_TEXTS):
            raise UnreadableText(url, f"is no text (the server says {kind})", "name the address of a text")
        if kind in _PAGES and asked not in ("", ".html", ".htm", ".xhtml", ".php", ".asp", ".aspx", ".jsp"):
            reason = f"gives a web page in place of the {asked} file, perhaps to log in"
            raise UnreadableText(url, reason, _BROWSER)
        content = b"".join(_read(response, url, MAX_BYTES))
    if kind in _PAGES and _LOGIN.search(content):
        raise UnreadableText(url, "gives a page to log in", _BROWSER)
    path = folder / f"{digest}{found or asked}"
    try:
        with paths.replace_atomically(path) as temporary:
            temporary.write_bytes(content)
    except OSError as e:
        raise TextError(f"cannot write {path} ({e.strerror or e}): make room, or set RNNCHAT_HOME") from e
    for old in kept:
        if old != path:
            old.unlink(missing_ok=True)
    return path


def download(url: str, max_bytes: int = MAX_BYTES, headers: dict[str, str] | None = None) -> bytes:
    """What is at an address.

    Raises:
        TextError: there is no network, or it is not there, or more than ``max_bytes``.
    """
    with _open(url, headers) as response:
        return b"".join(_read(response, url, max_bytes))


class _Redirect(urllib.request.HTTPRedirectHandler):
    max_redirections = MAX_REDIRECTS
    max_repeats = 2

    def redirect_request(self, req: Any, fp: Any, code: int, msg: str, headers: Any, newurl: str) -> Any:
        """Follow, but to the web only."""
        if not is_url(newurl):
            raise urllib.error.URLError("it leads away from the web")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


@contextmanager
def _open(url: str, headers: dict[str, str] | None = None) -> Iterator[Any]:
    """The server's answer; whatever goes wrong until it is read becomes one sentence."""
    address = urllib.parse.quote(url, safe="%/:=&?~#+!$,;'@()*[]")
    agent = {"User-Agent": "rnnchat", "Accept-Encoding": "identity"}
    context = ssl.create_default_context(cafile=_find_certificates())
    opener = urllib.request.build_opener(_Redirect, urllib.request.HTTPSHandler(context=context))
    try:
        with opener.open(urllib.request.Request(address, headers=agent | (headers or {})), timeout=TIMEOUT_S) as answer:
            yield answer
    except urllib.error.HTTPError as e:
        if e.code in _ASKS_FOR_LOGIN:
            raise UnreadableText(url, f"is only for those who log in (status {e.code})", _BROWSER) from e
        if 300 <= e.code < 400:
            raise UnreadableText(url, "redirects in circles, or away from the web", _BROWSER) from e
        raise UnreadableText(url, f"cannot be downloaded (status {e.code}, {e.reason})", "check the address") from e
    except UnreadableText:
        raise
    except (urllib.error.URLError, TimeoutError, http.client.HTTPException, OSError, ValueError) as e:
        reason = getattr(e, "reason", e)
        if isinstance(reason, TimeoutError):
            raise UnreadableText(url, f"does not answer within {TIMEOUT_S:g} s", "try again later") from e
        advice = "check the address and the network, and try again"
        raise UnreadableText(
            url, f"cannot be downloaded ({getattr(reason, 'strerror', None) or reason})", advice
        ) from e


def _read(response: IO[bytes], url: str, max_bytes: int) -> Iterator[bytes]:
    end = time.monotonic() + DEADLINE_S
    size = 0
    while chunk := response.read(_CHUNK_SIZE):
        size += len(chunk)
        if size > max_bytes:
            reason = f"is larger than {max_bytes / 1e6:,.0f} MB, the most that is downloaded"
            raise UnreadableText(url, reason, _BROWSER)
        if time.monotonic() > end:
            raise UnreadableText(url, f"takes longer than {DEADLINE_S:g} s to download", "try again later")
        yield chunk
    if left := getattr(response, "length", None):
        raise UnreadableText(url, f"broke off {left:,} bytes before its end", "try again")


def _find_suffix(url: str) -> str:
    """The endings of the file's name in an address, such as ``.txt.gz``."""
    name = urllib.parse.unquote(urllib.parse.urlsplit(url).path).rpartition("/")[2]
    found = re.search(r"(?:\.[A-Za-z0-9]{1,8}){1,2}$", name)
    return found[0].lower() if found else ""


def _find_certificates() -> str | None:
    """The certificates that pip and requests are told to trust, as behind a company's proxy."""
    names = (os.environ.get(name) for name in ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "PIP_CERT"))
    return next((name for name in names if name and Path(name).is_file()), None)
