"""Servers and lines that fail as real ones do."""

import json
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any, NamedTuple

from requests import request


class Said(NamedTuple):
    status: int
    told: Any
    headers: dict[str, str] = {}  # noqa: RUF012


class Seen(NamedTuple):
    path: str
    key: str | None
    authorization: str | None


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as found:
        return int(found.getsockname()[1])


@contextmanager
def saying(*answers: Said) -> Iterator[tuple[str, list[Seen]]]:
    """Its address, and what was asked; says one answer after the other."""
    seen: list[Seen] = []
    left = list(answers)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            key = self.headers.get("Idempotency-Key")
            seen.append(Seen(self.path, key, self.headers.get("Authorization")))
            _answer(self, left.pop(0))

        do_GET = do_POST  # noqa: N815 the library's name

        def log_message(self, *_: object) -> None: ...

    with _served(Handler) as address:
        yield address, seen


@contextmanager
def losing_answers(port: int, lost: Sequence[bool]) -> Iterator[str]:
    """Hands every request on; of those that are lost the answer never comes back."""
    left = list(lost)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            octets = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            url, headers = f"http://127.0.0.1:{port}{self.path}", dict(self.headers)
            found = request(self.command, url, data=octets, headers=headers, timeout=30)
            if left and left.pop(0):
                self.close_connection = True
                return
            _answer(self, Said(found.status_code, found.json(), dict(found.headers)))

        do_GET = do_POST  # noqa: N815 the library's name

        def log_message(self, *_: object) -> None: ...

    with _served(Handler) as address:
        yield address


def _answer(handler: BaseHTTPRequestHandler, said: Said) -> None:
    octets = json.dumps(said.told).encode()
    handler.send_response(said.status)
    for name, value in said.headers.items():
        if name.lower() != "content-length":
            handler.send_header(name, value)
    handler.send_header("Content-Length", str(len(octets)))
    handler.end_headers()
    handler.wfile.write(octets)


@contextmanager
def _served(handler: type[BaseHTTPRequestHandler]) -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()
