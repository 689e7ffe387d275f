"""A server on the loopback, for whatever is downloaded."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest


@dataclass
class Page:
    """An answer of the server."""

    content: bytes
    kind: str = "text/html; charset=utf-8"
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    claimed_length: int | None = None
    is_silent: bool = False


class Serve:
    """Give the server its pages; gives back a list in which every path that is asked for appears."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.pages: dict[str, Page] = {}
        self.asked: list[str] = []
        self.released = threading.Event()

    def __call__(self, pages: dict[str, Page]) -> list[str]:
        self.pages = pages
        return self.asked


@pytest.fixture
def serve(monkeypatch: pytest.MonkeyPatch) -> Iterator[Serve]:
    """A server that knows no page yet."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            serve.asked.append(self.path)
            page = serve.pages.get(self.path, Page(b"no such page", status=404))
            if page.is_silent:
                serve.released.wait(60)
                return
            self.send_response(page.status)
            self.send_header("Content-Type", page.kind)
            self.send_header("Content-Length", str(page.claimed_length or len(page.content)))
            for name, value in page.headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(page.content)

        def log_message(self, format: str, *arguments: object) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    serve = Serve(f"http://127.0.0.1:{server.server_port}")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield serve
    serve.released.set()
    server.shutdown()
    thread.join()
    server.server_close()
