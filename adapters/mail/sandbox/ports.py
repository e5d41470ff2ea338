"""The ports of a sandbox, and the certificates that its servers show."""

import ssl
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from adapters.mail.sandbox.authority import Authority, Certificate
from adapters.mail.sandbox.faults import SERVICES, Faults, Service
from adapters.mail.sandbox.listener import Listener, Server

PORTS = ("imap", "imaps", "smtp", "smtps", "oauth", "oauth_plain", "control")
"""The services in the order of their ports. ``imap`` and ``smtp`` speak STARTTLS."""


class Servers(NamedTuple):
    imap: Server
    smtp: Server
    oauth: Server
    control: Server


class Contexts:
    """How each service encrypts."""

    def __init__(self, authority: Authority) -> None:
        self._authority = authority
        self._by_service = {
            each: ssl.create_default_context(ssl.Purpose.CLIENT_AUTH) for each in SERVICES
        }
        self.show(Certificate.TRUSTED)

    def __getitem__(self, service: Service) -> ssl.SSLContext:
        return self._by_service[service]

    def show(self, kind: Certificate, service: Service | None = None) -> None:
        """Show a new certificate of this kind, from the next connection on."""
        for each in SERVICES:
            if service in (None, each):
                file: Path = self._authority.issue(kind)
                self._by_service[each].load_cert_chain(file)


class Ports:
    """All listeners by name."""

    def __init__(self, servers: Servers, faults: Faults, contexts: Contexts) -> None:
        untouched = Faults()
        self._listeners = {
            "imap": Listener("imap", faults, servers.imap),
            "imaps": Listener("imap", faults, servers.imap, contexts["imap"]),
            "smtp": Listener("smtp", faults, servers.smtp),
            "smtps": Listener("smtp", faults, servers.smtp, contexts["smtp"]),
            "oauth": Listener("oauth", faults, servers.oauth, contexts["oauth"]),
            "oauth_plain": Listener("oauth", faults, servers.oauth),
            "control": Listener("oauth", untouched, servers.control),
        }

    def __getitem__(self, name: str) -> int:
        return self._listeners[name].port

    async def open_all(self, first: int | None = None) -> None:
        """Open all ports, from ``first`` on, or wherever one is free."""
        for number, listener in enumerate(self._listeners.values()):
            await listener.open(first + number if first else 0)

    async def open(self, service: Service | None = None) -> None:
        for each in self._of(service):
            await each.open()

    async def close(self, service: Service | None = None) -> None:
        """Refuse connections from now on, at one service or at all. The control endpoint stays."""
        for each in self._of(service):
            await each.close()

    async def close_all(self) -> None:
        for each in self._listeners.values():
            await each.close()

    def _of(self, service: Service | None) -> Iterator[Listener]:
        wanted: Iterable[Service] = SERVICES if service is None else (service,)
        for name, listener in self._listeners.items():
            if name.startswith(tuple(wanted)):
                yield listener
