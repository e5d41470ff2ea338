"""A receiver of webhooks: an HTTP server verifies with a foreign library, may misbehave."""

import json
import ssl
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socket import create_server
from threading import Lock, Thread
from typing import Any, NamedTuple, Self

from standardwebhooks.webhooks import Webhook


class Received(NamedTuple):
    id: str
    workspace: str
    position: int
    event: Mapping[str, Any]
    headers: Mapping[str, str]
    body: bytes


def free_port() -> int:
    with create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
        return port


Answers = Callable[["Handler", Received], int]
"""Answers a status; 0 when the handler was answered otherwise."""


def takes(_: "Handler", __: Received) -> int:
    return 204


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: "Server"
    disable_nagle_algorithm = True

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        headers = {name.lower(): value for name, value in self.headers.items()}
        event = json.loads(body)
        position = int(headers["sendledger-position"])
        told = event.get("partitionkey", "")
        received = Received(headers["webhook-id"], told, position, event, headers, body)
        receiver = self.server.receiver
        if receiver.secret is not None:
            Webhook(receiver.secret).verify(body, headers)
        status = receiver.answers(self, received)
        if status:
            if 200 <= status < 300:
                with receiver.lock:
                    receiver.taken.append(received)
            self.answer(status)

    def answer(self, status: int, headers: Mapping[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        if status != 204:
            self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 the library's signature
        """Says nothing."""


class Server(ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = True
    receiver: "Receiver"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Whoever cuts its connections is told nothing of it."""


class Receiver:
    """Serves while its ``with`` lasts. ``taken``: what it answered with success, in order."""

    def __init__(
        self,
        answers: Answers = takes,
        secret: str | None = None,
        context: ssl.SSLContext | None = None,
        port: int = 0,
    ) -> None:
        self.answers, self.secret, self._context = answers, secret, context
        self.taken: list[Received] = []
        self.lock = Lock()
        self._server = Server(("127.0.0.1", port), Handler)
        self._server.receiver = self
        self.port = self._server.server_port
        if context is not None:
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)

    @property
    def url(self) -> str:
        scheme = "http" if self._context is None else "https"
        return f"{scheme}://127.0.0.1:{self.port}/hook"

    @property
    def positions(self) -> list[int]:
        return [each.position for each in self.taken]

    def of(self, workspace: str) -> list[int]:
        return [each.position for each in self.taken if each.workspace == workspace]

    def __enter__(self) -> Self:
        self._thread = Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
