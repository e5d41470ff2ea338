"""Where the HTTP API and the console are put together."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from importlib.util import find_spec
from ipaddress import ip_address
from typing import TYPE_CHECKING

from adapters.composition.access import staff_of, tokens_of
from adapters.composition.programs import Opened, Program, asking
from adapters.composition.webhooking import webhooks_over
from adapters.screen.output import say
from adapters.settings.errors import SettingsError
from adapters.settings.model import EngineSettings
from engine.ports.clock import Clock
from engine.work.permissions import Role
from engine.work.secret import Secret
from engine.work.staff import Member, SignIns

if TYPE_CHECKING:
    from fastapi import FastAPI
    from starlette.types import ASGIApp

    from adapters.http.console.oidc import OidcProvider
    from adapters.http.site import Site

FIRST = "admin"
"""Who signs in first."""

MOST_AT_ONCE = 2_000
"""Connections: readers of the feed hold one each."""


@contextmanager
def http_served(
    program: Program, reader: Opened | None = None, clock: Clock | None = None
) -> Iterator[int | None]:
    """Serve where the setting ``http`` says, if it says; answers the port.

    ``reader``: the same store, opened to be read only. ``clock``: of sessions and tokens, if it is
    not the store's. Raises ``SettingsError`` and ``StoreError``.
    """
    from adapters.http.credentials import KnownCallers
    from adapters.http.server import guarded, server
    from adapters.http.serving import Tls, served
    from adapters.http.site import Site

    settings, opened, _ = program
    if settings.http is None:
        yield None
        return
    host, port = _place(settings, settings.http)
    cert, key = settings.http_tls_cert, settings.http_tls_key
    secure = _is_secure(settings)
    now = clock or opened.store.now
    callers = KnownCallers(tokens_of(opened), SignIns(staff_of(opened)), now, secure=secure)
    reading = asking(settings) if reader is None else nullcontext(reader)
    with reading as found_reader, webhooks_over(opened, settings) as delivering:
        webhooks, provider = delivering.webhooks, _provider(settings)
        site = Site(program, found_reader, callers, webhooks, provider, secure, now)
        tls = Tls(cert, key) if cert and key else None
        app = server(site)
        with ExitStack() as stack:
            stack.callback(app.state.imports.stop)
            doors = guarded(app, secure=secure, before=_tools(app))
            found = stack.enter_context(served(doors, host, port, most=MOST_AT_ONCE, tls=tls))
            _welcome(site, f"{host}:{found}")
            yield found


def _tools(app: "FastAPI") -> "Callable[[ASGIApp], ASGIApp] | None":
    """At ``/mcp``, where the extra of that name is installed."""
    if find_spec("mcp") is None:
        return None
    from adapters.mcp.server import McpDoor

    return lambda routes: McpDoor(routes, app)


def _welcome(site: "Site", place: str) -> None:
    """Somebody has to be the first to sign in: by a link, printed once."""
    settings, staff = site.settings, site.staff
    if settings.oidc_issuer is not None or any(each.password for each in staff.all()):
        return
    if staff.member(FIRST) is None:
        staff.add(Member(FIRST, Role.ADMIN, None))
    base = settings.public_url or f"{'https' if _is_secure(settings) else 'http'}://{place}"
    link = f"{base.rstrip('/')}/welcome/{site.sign_ins.invite(FIRST, site.signed_at()).reveal()}"
    say(f"Nobody can sign in yet. Become {FIRST} by this link, once, within a day: {link}")


def _provider(settings: EngineSettings) -> "OidcProvider | None":
    from adapters.http.console.oidc import OidcProvider, Registered

    if settings.oidc_issuer is None:
        return None
    if settings.oidc_client_id is None or not settings.oidc_roles:
        raise SettingsError("Setting oidc_issuer: it needs oidc_client_id and oidc_roles, too.")
    given = settings.oidc_client_secret
    secret = Secret(given.get_secret_value()) if given else None
    return OidcProvider(
        Registered(
            settings.oidc_issuer,
            settings.oidc_client_id,
            secret,
            settings.oidc_claim,
            settings.oidc_roles,
        )
    )


def _is_secure(settings: EngineSettings) -> bool:
    """Browsers come by TLS, which ends here or before."""
    return settings.http_tls_cert is not None or (settings.public_url or "").startswith("https:")


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
