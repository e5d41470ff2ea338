"""Serves HTTP in a thread of its own, next to whatever else the process does."""

import asyncio
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import structlog
import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from adapters.settings.errors import SettingsError

MOST_AT_ONCE = 100
"""Connections at the same time, unless told otherwise; one more is answered with 503."""

LEAST_OCTETS = 1_000
"""Octets of a body within the patience with a connection: anything slower counts as silent."""

log = structlog.get_logger("sendledger.http")


class AtOnce:
    """A transport that sends together what is written in one turn of the loop: head and body."""

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport = transport
        self._loop = loop
        self._waiting: list[bytes] = []

    def write(self, octets: bytes) -> None:
        if not self._waiting:
            self._loop.call_soon(self._send)
        self._waiting.append(octets)

    def close(self) -> None:
        self._send()
        self._transport.close()

    def _send(self) -> None:
        octets, self._waiting = b"".join(self._waiting), []
        if octets:
            self._transport.write(octets)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)


class Patience(HttpToolsProtocol):
    """Ends a connection without an answered request in ``seconds``, or with a body that barely
    arrives.

    uvicorn waits for ever for a first request and for the rest of a body, so a few silent clients
    would keep all others out.
    """

    seconds = 10.0
    _last_cycle: object = None
    _came = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(AtOnce(transport, self.loop))  # type: ignore[arg-type]
        self.loop.call_later(self.seconds, self._look)

    def data_received(self, data: bytes) -> None:
        self._came += len(data)
        super().data_received(data)

    def _look(self) -> None:
        if self.transport.is_closing():
            return
        answered = self.cycle is None or self.cycle.response_complete
        if self.cycle is self._last_cycle and (answered or self._is_slow()):
            self.transport.abort()
        else:
            self._last_cycle, self._came = self.cycle, 0
            self.loop.call_later(self.seconds, self._look)

    def _is_slow(self) -> bool:
        """Whether the rest of a body is awaited, and we are not the ones who hold it back."""
        ours = self.flow.read_paused or self.cycle.waiting_for_100_continue
        return self.cycle.more_body and not ours and self._came < LEAST_OCTETS


class Tls(NamedTuple):
    """Files in PEM."""

    certificate: Path
    key: Path


@contextmanager
def served(
    app: ASGIApp,
    host: str,
    port: int,
    protocol: type[HttpToolsProtocol] = Patience,
    *,
    most: int = MOST_AT_ONCE,
    tls: Tls | None = None,
) -> Iterator[int]:
    """Serve for as long as the ``with`` block lasts. Yields the port. ``most``: connections at
    once.

    Raises ``SettingsError`` for a port or a certificate that cannot be used.
    """
    config = uvicorn.Config(
        app,
        http=protocol,
        log_config=None,
        access_log=False,  # addresses of requests hold links and codes
        server_header=False,
        lifespan="off",
        limit_concurrency=most,
        timeout_keep_alive=5,
        timeout_graceful_shutdown=5,
        proxy_headers=False,
        ssl_certfile=tls.certificate if tls else None,
        ssl_keyfile=tls.key if tls else None,
    )
    try:
        config.load()
    except OSError as error:
        raise SettingsError(f"Settings http_tls_cert and http_tls_key: {error}.") from error
    with _listening(host, port) as listener:
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, args=([listener],), name="http")
        thread.start()
        found = int(listener.getsockname()[1])
        log.info("answering", host=host, port=found)
        try:
            yield found
        finally:
            server.should_exit = True
            thread.join()


def _listening(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listener = socket.create_server((host, port), family=family, backlog=MOST_AT_ONCE)
    except OSError as error:
        raise SettingsError(
            f"Nothing can listen on {host}:{port}, as the settings say: {error}."
        ) from error
    # Connections inherit it; asyncio sets it only where a socket names its protocol.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listener
