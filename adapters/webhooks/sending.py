"""Posts a webhook, over a connection to the address that was checked.

The certificate is checked against the URL's host; plain HTTP is used only for internal addresses.
Redirects are not followed. Connections are kept for a while, each for one request at a time; the
name is looked up again for each new one.
"""

import socket
import ssl
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http.client import HTTPConnection, HTTPException, HTTPResponse
from select import POLLIN, poll
from threading import Event, Lock, Thread
from typing import NamedTuple
from urllib.parse import SplitResult, urlsplit

from adapters.mail.name_lookup import NameNotFound
from adapters.mail.network import AddressNotPermitted, NetworkPolicy, connected
from engine.work.webhooks.ports import Answer

CONNECT, WHOLE = 10.0, 20.0
"""Seconds for connecting with TLS, and for a whole request: the specification advises 15 to 30."""
MOST_OCTETS = 64 * 1024
"""Octets in the body of an answer, which nobody reads."""
KEPT_FOR = 30.0
"""Seconds for which a connection is used, counted from its beginning."""
USER_AGENT = "Sendledger-Webhook/1"
PORTS = {"https": 443, "http": 80}


class Limits(NamedTuple):
    """Limits in seconds."""

    connect: float = CONNECT
    whole: float = WHOLE


LIMITS = Limits()
Place = tuple[str, str, int]
"""Scheme, host, port."""


class _Request(NamedTuple):
    path: str
    headers: Mapping[str, str]
    body: bytes
    ends: float


class _Unencrypted(OSError):
    """Plain HTTP would go to a public address, so nothing was sent."""


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
        Thread(target=self._watch, name="webhook-watch", daemon=True).start()

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


class HttpSender:
    """Implements ``Send``. Safe to share between threads; ``close`` ends kept connections."""

    def __init__(
        self, policy: NetworkPolicy, trusted: ssl.SSLContext, limits: Limits = LIMITS
    ) -> None:
        self._policy, self._trusted, self._limits = policy, trusted, limits
        self._idle: dict[Place, list[_Kept]] = defaultdict(list)
        self._lock = Lock()
        self._watch = _Watch()
        self._watch.start()

    def __call__(self, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
        try:
            return self._posted(urlsplit(url), headers, body)
        except NameNotFound:
            return Answer(0, "its host's name is not known")
        except AddressNotPermitted:
            return Answer(0, "its host's address is not permitted here")
        except _Unencrypted:
            return Answer(0, "plain HTTP is not sent to public addresses")
        except ssl.SSLError as error:
            return Answer(0, f"TLS failed ({error.reason or 'no reason given'})")
        except TimeoutError:
            return Answer(0, "it did not answer in time")
        except HTTPException as error:
            return Answer(0, f"it answered no whole HTTP ({type(error).__name__})")
        except OSError as error:
            return Answer(0, f"the connection failed ({type(error).__name__})")
        except ValueError as error:
            return Answer(0, f"the request cannot be made ({type(error).__name__})")

    def close(self) -> None:
        self._watch.stop()
        with self._lock:
            kept = [each.http for few in self._idle.values() for each in few]
            self._idle.clear()
        for each in kept:
            each.close()

    def _posted(self, url: SplitResult, headers: Mapping[str, str], body: bytes) -> Answer:
        place = url.scheme, str(url.hostname), url.port or PORTS[url.scheme]
        path = (url.path or "/") + (f"?{url.query}" if url.query else "")
        headers = {**headers, "user-agent": USER_AGENT}
        request = _Request(path, headers, body, time.monotonic() + self._limits.whole)
        kept = self._taken(place)
        if kept is not None:
            with suppress(ConnectionError):  # the receiver ended it while it was idle
                return self._exchanged(place, kept, request)
        made = _Kept(self._connected(*place), time.monotonic() + KEPT_FOR)
        return self._exchanged(place, made, request)

    def _exchanged(self, place: Place, kept: _Kept, request: _Request) -> Answer:
        http, reusable = kept.http, False
        try:
            with self._watch.until(request.ends, http.sock):
                http.request("POST", request.path, request.body, request.headers)
                with closing(http.getresponse()) as response:
                    answer = _answer(response)
                    is_read = len(response.read(MOST_OCTETS + 1)) <= MOST_OCTETS
                    reusable = is_read and not response.will_close
        finally:
            self._give_back(place, kept) if reusable else http.close()
        return answer

    def _connected(self, scheme: str, host: str, port: int) -> HTTPConnection:
        ends = time.monotonic() + self._limits.connect
        addresses = self._policy.resolve(host, port, self._limits.connect)
        if scheme == "http" and any(NetworkPolicy().permitted(each.address) for each in addresses):
            raise _Unencrypted
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


def _answer(response: HTTPResponse) -> Answer:
    status = response.status
    asked = _asked(response.getheader("retry-after"), datetime.now(UTC))
    if 300 <= status < 400:
        return Answer(status, f"it redirects ({status}), which is not followed", asked)
    return Answer(status, "" if 200 <= status < 300 else f"it answered {status}", asked)


def _asked(text: str | None, now: datetime) -> timedelta | None:
    """The wait in a header of seconds or a date; None for anything else."""
    told = (text or "").strip()
    if told.isascii() and told.isdigit() and len(told) < 9:
        return timedelta(seconds=int(told))
    try:
        moment = parsedate_to_datetime(told)
    except (ValueError, OverflowError):
        return None
    return max(moment.replace(tzinfo=moment.tzinfo or UTC) - now, timedelta(0))
