"""HTTPS to permitted addresses, for ``requests``: limited in time and in octets (C1).

No proxy, no pool, no compression: each exchange has its own connection, to the address that was
checked. The certificate is checked against the name.
"""

import socket
import ssl
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from http.client import HTTPConnection, HTTPException, HTTPResponse
from threading import Timer
from typing import Any
from urllib.parse import urlsplit

from requests import PreparedRequest, Response
from requests.adapters import BaseAdapter

from adapters.mail.network import NetworkPolicy

MOST_OCTETS = 256 * 1024
"""Octets in the body of an answer; providers' key sets have about 5,000."""


class AnswerTooLong(OSError):
    def __init__(self) -> None:
        super().__init__(f"The answer has more than {MOST_OCTETS} octets.")


class NoHttp(OSError):
    """The answer is not HTTP, or was cut off."""


class CheckedTransport(BaseAdapter):
    """``seconds`` limit a whole exchange, from looking up the name to the last octet.

    Raises ``OSError``; a ``TimeoutError`` says ``timed out``.
    """

    def __init__(self, policy: NetworkPolicy, trusted: ssl.SSLContext, seconds: float) -> None:
        super().__init__()
        self._policy = policy
        self._trusted = trusted
        self._seconds = seconds

    def send(self, request: PreparedRequest, *_: Any, **__: Any) -> Response:
        address = urlsplit(request.url or "")
        host, port = str(address.hostname), address.port or 443
        ends = time.monotonic() + self._seconds
        with (
            closing(self._policy.connect(host, port, self._seconds)) as connection,
            _ended_at(ends, connection) as ended,
        ):
            try:
                return self._exchanged(request, connection, host)
            except HTTPException as error:
                raise (TimeoutError("timed out") if ended() else _no_http(error)) from None
            except OSError:
                if ended():
                    raise TimeoutError("timed out") from None
                raise

    def close(self) -> None:
        """Do nothing: no connection stays open."""

    def _exchanged(
        self, request: PreparedRequest, connection: socket.socket, host: str
    ) -> Response:
        with self._trusted.wrap_socket(connection, server_hostname=host) as secured:
            http = HTTPConnection(host)
            http.sock = secured
            headers = {**request.headers, "Connection": "close"}
            http.request(str(request.method), request.path_url, request.body, headers)
            with closing(http.getresponse()) as answer:
                return _response(request, answer)


@contextmanager
def _ended_at(ends: float, connection: socket.socket) -> Iterator[Any]:
    """End the connection at that time, however slow the other side is. Yields whether it ended."""
    with closing(connection.dup()) as held:

        def end() -> None:
            with suppress(OSError):
                held.shutdown(socket.SHUT_RDWR)

        timer = Timer(max(ends - time.monotonic(), 0), end)
        timer.daemon = True
        timer.start()
        try:
            yield lambda: time.monotonic() >= ends
        finally:
            timer.cancel()
            timer.join()


def _response(request: PreparedRequest, answer: HTTPResponse) -> Response:
    body = answer.read(MOST_OCTETS + 1)
    if len(body) > MOST_OCTETS:
        raise AnswerTooLong
    response = Response()
    response.status_code = answer.status
    response.headers.update(answer.getheaders())
    response.url = str(request.url)
    response.request = request
    response._content = body  # noqa: SLF001 as the library's own adapters do after reading
    return response


def _no_http(error: HTTPException) -> NoHttp:
    return NoHttp(f"Connection closed: no whole answer of HTTP came ({type(error).__name__}).")
