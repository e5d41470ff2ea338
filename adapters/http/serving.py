"""Serves HTTP beside whatever else a process does, in a thread of its own."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import structlog
import uvicorn
from starlette.types import ASGIApp

from adapters.settings import SettingsError

MOST_AT_ONCE = 100
"""Connections at the same time; one more is answered with 503."""

log = structlog.get_logger("sendledger.http")


@contextmanager
def served(app: ASGIApp, host: str, port: int) -> Iterator[int]:
    """Serve for as long as the ``with`` lasts; answers the port.

    Raises ``SettingsError`` for a port that cannot be had.
    """
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,  # addresses of requests hold links and codes
        server_header=False,
        lifespan="off",
        limit_concurrency=MOST_AT_ONCE,
        timeout_keep_alive=5,
        timeout_graceful_shutdown=5,
        proxy_headers=False,
    )
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
        return socket.create_server((host, port), family=family, backlog=MOST_AT_ONCE)
    except OSError as error:
        raise SettingsError(
            f"Settings links_host and links_port: nothing can listen on {host}:{port}: {error}."
        ) from error
