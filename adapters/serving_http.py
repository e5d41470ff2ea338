"""Where the HTTP API and the console are put together, beside ``composition``."""

from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import ip_address

from adapters.composition import Program, asking
from adapters.settings import EngineSettings, SettingsError

MOST_AT_ONCE = 2_000
"""Connections: readers of the feed hold one each."""


@contextmanager
def http_served(program: Program) -> Iterator[int | None]:
    """Serve where the setting ``http`` says, if it says; answers the port.

    Raises ``SettingsError`` and ``StoreError``.
    """
    from adapters.http.credentials import TokenCredentials
    from adapters.http.server import server
    from adapters.http.serving import Tls, served
    from adapters.http.site import Site
    from adapters.stores.small_tables.api_tokens import StoredTokens
    from adapters.stores.small_tables.looks import StoredLooks

    settings, opened, _ = program
    if settings.http is None:
        yield None
        return
    host, port = _place(settings, settings.http)
    cert, key = settings.http_tls_cert, settings.http_tls_key
    with asking(settings) as reader:
        site = Site(
            program,
            reader,
            TokenCredentials(StoredTokens(opened.beside), opened.store.now),
            StoredLooks(opened.beside, opened.store.now),
        )
        tls = Tls(cert, key) if cert and key else None
        with served(server(site), host, port, at_once=MOST_AT_ONCE, tls=tls) as found:
            yield found


def _place(settings: EngineSettings, told: str) -> tuple[str, int]:
    """Raises ``SettingsError`` for one to which passwords and tokens would travel in the clear."""
    host, _, port = told.rpartition(":")
    host = host.strip("[]")
    encrypted = settings.http_tls_cert is not None and settings.http_tls_key is not None
    if not (encrypted or settings.http_without_tls or _is_loopback(host)):
        raise SettingsError(
            f"Setting http: {host} is not this machine alone, and there is no TLS. Name "
            "http_tls_cert and http_tls_key; or set http_without_tls where something before it "
            "ends TLS."
        )
    return host, int(port)


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
