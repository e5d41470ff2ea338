"""Posts a webhook, over a connection to the address that was checked.

The certificate is checked against the URL's host, and plain HTTP goes to addresses inside alone.
Redirects are not followed. Connections are kept for a while, each for one request at a time; the
name is looked up anew for each new one.
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
from select import select
from threading import Lock, Timer
from typing import NamedTuple
from urllib.parse import SplitResult, urlsplit

from adapters.mail.name_lookup import NameNotFound
from adapters.mail.network import AddressNotPermitted, NetworkPolicy, connected
from engine.work.webhooks.ports import Answer

CONNECT, WHOLE = 10.0, 20.0
"""Seconds to be connected and encrypted, and for a whole request: the specification advises 15 to
30."""
MOST_OCTETS = 64 * 1024
"""Of an answer's body, which nobody reads."""
KEPT_FOR = 30.0
"""Seconds from its beginning for which a connection is used."""
USER_AGENT = "Sendledger-Webhook/1"
PORTS = {"https": 443, "http": 80}


class Limits(NamedTuple):
    """In seconds."""

    connect: float = CONNECT
    whole: float = WHOLE


class _Unencrypted(OSError):
    """Nothing was sent."""


class _Kept(NamedTuple):
    http: HTTPConnection
    until: float


class HttpSender:
    """Implements ``Send``. Safe to share between threads; ``close`` ends what is kept open."""

    def __init__(
        self, policy: NetworkPolicy, trusted: ssl.SSLContext, limits: Limits = Limits()
    ) -> None:
        self._policy, self._trusted, self._limits = policy, trusted, limits
        self._idle: dict[tuple[str, str, int], list[_Kept]] = defaultdict(list)
        self._lock = Lock()

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
        with self._lock:
            kept = [each.http for few in self._idle.values() for each in few]
            self._idle.clear()
        for each in kept:
            each.close()

    def _posted(self, url: SplitResult, headers: Mapping[str, str], body: bytes) -> Answer:
        ends = time.monotonic() + self._limits.whole
        place = url.scheme, str(url.hostname), url.port or PORTS[url.scheme]
        kept = self._taken(place)
        if kept is not None:
            with suppress(ConnectionError):  # ended while it was idle: RemoteDisconnected is one
                return self._exchanged(place, kept, url, headers, body, ends)
        made = _Kept(self._connected(*place), time.monotonic() + KEPT_FOR)
        return self._exchanged(place, made, url, headers, body, ends)

    def _exchanged(
        self,
        place: tuple[str, str, int],
        kept: _Kept,
        url: SplitResult,
        headers: Mapping[str, str],
        body: bytes,
        ends: float,
    ) -> Answer:
        http = kept.http
        try:
            with _ended_at(ends, http.sock):
                path = (url.path or "/") + (f"?{url.query}" if url.query else "")
                http.request("POST", path, body, {**headers, "user-agent": USER_AGENT})
                with closing(http.getresponse()) as response:
                    answer = _answer(response)
                    is_read = len(response.read(MOST_OCTETS + 1)) <= MOST_OCTETS
                    reusable = is_read and not response.will_close
        except BaseException:
            http.close()
            raise
        self._give_back(place, kept) if reusable else http.close()
        return answer

    def _connected(self, scheme: str, host: str, port: int) -> HTTPConnection:
        ends = time.monotonic() + self._limits.connect
        addresses = self._policy.resolve(host, port, self._limits.connect)
        if scheme == "http" and any(NetworkPolicy().permitted(each.address) for each in addresses):
            raise _Unencrypted
        sock = connected(addresses, ends)
        try:
            sock.settimeout(max(ends - time.monotonic(), 0.001))
            if scheme == "https":
                with _ended_at(ends, sock):
                    sock = self._trusted.wrap_socket(sock, server_hostname=host)
            sock.settimeout(self._limits.whole)
        except BaseException:
            sock.close()
            raise
        http = HTTPConnection(host, port, timeout=self._limits.whole)
        http.sock = sock
        http.auto_open = 0
        return http

    def _taken(self, place: tuple[str, str, int]) -> _Kept | None:
        while True:
            with self._lock:
                if not self._idle[place]:
                    return None
                kept = self._idle[place].pop()
            if time.monotonic() < kept.until and not select([kept.http.sock], [], [], 0)[0]:
                return kept
            kept.http.close()

    def _give_back(self, place: tuple[str, str, int], kept: _Kept) -> None:
        with self._lock:
            self._idle[place].append(kept)
