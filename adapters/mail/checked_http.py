"""HTTP over connections to addresses that were checked, limited in time and in octets.

The certificate is checked against the URL's host. No proxy, no compression; redirects are not
followed. Connections may be kept for a while, each for one request at a time; the name is looked up
again for each new one.
"""

import socket
import ssl
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from http.client import HTTPConnection, HTTPException, HTTPMessage
from select import POLLIN, poll
from threading import Event, Lock, Thread
from typing import NamedTuple
from urllib.parse import SplitResult

from adapters.mail.network import NetworkPolicy, connected

PORTS = {"https": 443, "http": 80}
Place = tuple[str, str, int]
"""Scheme, host, port."""


class Limits(NamedTuple):
    """``connect``: seconds for connecting with TLS; ``whole``: for a request from the lookup of the
    name to the last octet; ``octets``: how many are read of an answer's body, and one more if there
    are more; ``kept``: seconds for which a connection is used, counted from its beginning."""

    connect: float
    whole: float
    octets: int
    kept: float = 0.0


class Unencrypted(OSError):
    """Plain HTTP would go to a public address, so nothing was sent."""


class Request(NamedTuple):
    method: str
    url: SplitResult
    headers: Mapping[str, str]
    body: bytes | str | None = None

    @property
    def place(self) -> Place:
        scheme = self.url.scheme
        return scheme, str(self.url.hostname), self.url.port or PORTS[scheme]

    @property
    def target(self) -> str:
        return (self.url.path or "/") + (f"?{self.url.query}" if self.url.query else "")


class Reply(NamedTuple):
    status: int
    headers: HTTPMessage
    body: bytes


class _Kept(NamedTuple):
    http: HTTPConnection
    until: float


class _Watch:
    """Ends requests whose time is over, however slowly they are answered: one thread for all."""

    EVERY = 0.25

    def __init__(self) -> None:
        self._open: dict[socket.socket, float] = {}
        self._lock = Lock()
        self._over = Event()

    def start(self) -> None:
        Thread(target=self._watch, name="http-watch", daemon=True).start()

    @contextmanager
    def until(self, ends: float, connection: socket.socket) -> Iterator[None]:
        """End the connection at that time. Raises ``TimeoutError`` if it did."""
        with self._lock:
            self._open[connection] = ends
        try:
            yield
        except (OSError, HTTPException) as error:
            raise (TimeoutError() if time.monotonic() >= ends else error) from None
        else:
            if time.monotonic() >= ends:
                raise TimeoutError
        finally:
            with self._lock:
                del self._open[connection]

    def stop(self) -> None:
        self._over.set()

    def _watch(self) -> None:
        while not self._over.wait(self.EVERY):
            now = time.monotonic()
            with self._lock:
                for connection, ends in self._open.items():
                    if now >= ends:
                        with suppress(OSError):
                            socket.socket.shutdown(connection, socket.SHUT_RDWR)


class CheckedHttp:
    """Safe to share between threads; ``close`` ends kept connections."""

    def __init__(self, policy: NetworkPolicy, trusted: ssl.SSLContext, limits: Limits) -> None:
        self._policy, self._trusted, self._limits = policy, trusted, limits
        self._idle: dict[Place, list[_Kept]] = defaultdict(list)
        self._lock = Lock()
        self._watch = _Watch()
        self._watch.start()

    def exchange(self, request: Request) -> Reply:
        """Raises ``OSError``, ``HTTPException`` for an answer that is not HTTP, and ``ValueError``
        for a request that cannot be made."""
        ends = time.monotonic() + self._limits.whole
        kept = self._taken(request.place)
        if kept is not None:
            with suppress(ConnectionError):  # the server ended it while it was idle
                return self._exchanged(kept, request, ends)
        made = _Kept(self._connected(*request.place), time.monotonic() + self._limits.kept)
        return self._exchanged(made, request, ends)

    def close(self) -> None:
        self._watch.stop()
        with self._lock:
            kept = [each.http for few in self._idle.values() for each in few]
            self._idle.clear()
        for each in kept:
            each.close()

    def _exchanged(self, kept: _Kept, request: Request, ends: float) -> Reply:
        http, reusable = kept.http, False
        try:
            with self._watch.until(ends, http.sock):
                http.request(request.method, request.target, request.body, request.headers)
                with closing(http.getresponse()) as response:
                    body = response.read(self._limits.octets + 1)
                    is_read = len(body) <= self._limits.octets
                    reusable = is_read and not response.will_close and self._limits.kept > 0
        finally:
            self._give_back(request.place, kept) if reusable else http.close()
        return Reply(response.status, response.headers, body)

    def _connected(self, scheme: str, host: str, port: int) -> HTTPConnection:
        ends = time.monotonic() + self._limits.connect
        addresses = self._policy.resolve(host, port, self._limits.connect)
        if scheme == "http" and any(NetworkPolicy().permitted(each.address) for each in addresses):
            raise Unencrypted
        sock = connected(addresses, ends)
        try:
            if scheme == "https":
                sock = self._encrypted(sock, host, ends)
            sock.settimeout(self._limits.whole)
        except BaseException:
            sock.close()
            raise
        http = HTTPConnection(host, port)
        http.default_port = PORTS[scheme]
        http.sock, http.auto_open = sock, 0
        return http

    def _encrypted(self, sock: socket.socket, host: str, ends: float) -> socket.socket:
        sock.settimeout(max(ends - time.monotonic(), 0.001))
        secured = self._trusted.wrap_socket(
            sock, server_hostname=host, do_handshake_on_connect=False
        )
        try:
            with self._watch.until(ends, secured):
                secured.do_handshake()
        except BaseException:
            secured.close()
            raise
        return secured

    def _taken(self, place: Place) -> _Kept | None:
        while True:
            with self._lock:
                if not self._idle[place]:
                    return None
                kept = self._idle[place].pop()
            if time.monotonic() < kept.until and not _has_ended(kept.http.sock):
                return kept
            kept.http.close()

    def _give_back(self, place: Place, kept: _Kept) -> None:
        with self._lock:
            self._idle[place].append(kept)


def _has_ended(connection: socket.socket) -> bool:
    """Whether the other side has ended the connection, or speaks unasked and cannot be trusted."""
    waiting = poll()
    waiting.register(connection, POLLIN)
    return bool(waiting.poll(0))
