"""Questions to name servers, answered in limited time; every answer is hostile until parsed."""

import re
import time
from collections.abc import Callable, Sequence
from ipaddress import ip_address
from typing import Any, NamedTuple

import dns.exception
import dns.name
import dns.nameserver
import dns.resolver

from adapters.mail.name_lookup import Lookup, NameNotFound

LONGEST_TEXT = 4_096
MOST_RECORDS = 50
_HOST = re.compile(
    r"(?=.{1,253}\Z)(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{1,62}"
)


class NoSuchName(Exception):
    """Nothing exists under that name, nor below it (RFC 8020)."""


class Unanswered(Exception):
    """There was no answer, or none that can be read, so nothing is known."""


class Srv(NamedTuple):
    """An SRV record (RFC 2782). ``host`` is None if the record says that no such service exists."""

    priority: int
    weight: int
    host: str | None
    port: int


class Dns:
    """Asks ``servers``, each ``address`` or ``address:port``; if there are none, the system's
    servers.

    Each question raises ``NoSuchName`` or ``Unanswered``. All of them together take ``seconds`` at
    most, counted from the first. Not to be kept: make one for each task.
    """

    def __init__(self, servers: Sequence[str] = (), seconds: float = 4.0) -> None:
        self._servers = servers
        self._seconds = seconds
        self._ends: float | None = None
        self._resolver: dns.resolver.Resolver | None = None

    def texts(self, name: str) -> list[str]:
        """TXT records of a name, each as one text."""
        found = [b"".join(each.strings)[:LONGEST_TEXT] for each in self._ask(name, "TXT")]
        return [each.decode("utf-8", "replace") for each in found]

    def exchangers(self, domain: str) -> list[str]:
        """The hosts of the domain's MX records, in order of preference."""
        found = sorted(self._ask(domain, "MX"), key=lambda each: int(each.preference))
        return [host for each in found if (host := _host(each.exchange))]

    def services(self, name: str) -> list[Srv]:
        """The SRV records of a name, in order of preference."""
        found = [
            Srv(each.priority, each.weight, _host(each.target), each.port)
            for each in self._ask(name, "SRV")
        ]
        return sorted(found, key=lambda each: (each.priority, -each.weight))

    def addresses(self, host: str) -> list[str]:
        """The addresses of a host: those of A records, then those of AAAA records."""
        found: list[str] = []
        unanswered: Unanswered | None = None
        for kind in ("A", "AAAA"):
            try:
                found += [str(each.address) for each in self._ask(host, kind)]
            except Unanswered as error:
                unanswered = error
        if not found and unanswered:
            raise unanswered
        return found

    def _ask(self, name: str, kind: str) -> list[Any]:
        try:
            answer = self._asked().resolve(
                dns.name.from_text(name), kind, lifetime=self._left(), raise_on_no_answer=False
            )
        except dns.resolver.NXDOMAIN:
            raise NoSuchName(name) from None
        except (dns.exception.DNSException, OSError, ValueError) as error:
            raise Unanswered(type(error).__name__) from None
        return list(answer.rrset or ())[:MOST_RECORDS]

    def _asked(self) -> dns.resolver.Resolver:
        if self._resolver is None:
            self._resolver = dns.resolver.Resolver(configure=not self._servers)
            if self._servers:
                self._resolver.nameservers = [
                    dns.nameserver.Do53Nameserver(*address_and_port(each)) for each in self._servers
                ]
        return self._resolver

    def _left(self) -> float:
        now = time.monotonic()
        if self._ends is None:
            self._ends = now + self._seconds
        if self._ends <= now:
            raise Unanswered("timed out")
        return self._ends - now


AskDns = Callable[[], Dns]
"""Makes a ``Dns`` whose time has not started yet."""


def dns_lookup(servers: Sequence[str]) -> Lookup:
    """A lookup of host names through these name servers instead of the system's."""

    def look(host: str, seconds: float) -> list[str]:
        if _is_address(host):
            return [host]
        try:
            return Dns(servers, seconds).addresses(host)
        except NoSuchName:
            raise NameNotFound(host) from None
        except Unanswered:
            raise TimeoutError(f"{host}: the name lookup timed out") from None

    return look


def address_and_port(stated: str) -> tuple[str, int]:
    """Where a name server is: ``9.9.9.9:53``, ``[2620:fe::fe]:53``, or an address alone."""
    bracketed, _, port = stated.rpartition("]:")
    if bracketed:
        return bracketed[1:], int(port)
    host, _, port = stated.strip("[]").partition(":")
    return (stated.strip("[]"), 53) if ":" in port or not port else (host, int(port))


def _host(name: dns.name.Name) -> str | None:
    """A host's name as text; None for the root, and for a name that no server can have."""
    text = name.to_text(omit_final_dot=True).lower()
    return text if _HOST.fullmatch(text) else None


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
