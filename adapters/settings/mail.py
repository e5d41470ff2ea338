"""The settings of mail: notices to owners, how mail servers are reached, and how often."""

import re
from datetime import timedelta
from enum import StrEnum
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, Field, IPvAnyNetwork, SecretStr

from adapters.settings.durations import Positive
from adapters.settings.oauth_client import HOST_AND_PORT, OAuthClient

SELECTORS = (
    *("default", "dkim", "mail", "google", "selector1", "selector2", "k1", "k2", "k3"),
    *("s1", "s2", "fm1", "sig1", "zoho", "zmail", "mxvault", "key1", "dkim1", "smtp"),
)
"""Under which well-known providers and servers publish their keys."""

Address = Annotated[str, Field(pattern=r"^[^\s@<>\"]+@[^\s@<>\"]+$")]
_SELECTOR = r"^[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$"


def _known_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError("expected the name of a time zone, like Europe/Berlin") from None
    return name


def _name_server(stated: str) -> str:
    """``address``, ``address:port``, or an IPv6 address in brackets with a port."""
    found = re.fullmatch(r"(?:\[(.+)\]|([^:]+))(?::(\d{1,5}))?|(.+)", stated)
    host = next((each for each in found.group(1, 2, 4) if each), "") if found else ""
    try:
        ip_address(host)
    except ValueError:
        raise ValueError("expected an address, or address:port") from None
    if found and not 0 < int(found[3] or 53) < 65_536:
        raise ValueError("expected a port of 1 to 65535")
    return stated


Zone = Annotated[str, AfterValidator(_known_zone)]


class RelayTls(StrEnum):
    """How the connection to the relay is encrypted: so, or nothing is sent."""

    STARTTLS = "starttls"
    IMPLICIT = "implicit"
    NONE = "none"
    """Only to this machine, and without credentials."""


class MailSettings(BaseModel, defer_build=True):
    outbox: Path | None = None
    """A maildir for notices to owners; without one they are issued and wait."""
    owner_address: Address = "owner@localhost"
    """To whom notices go that have no other owner."""
    owners: dict[str, dict[str, list[Address]]] = Field(default_factory=dict)
    """Workspace to account to the account's owners; the account ``*`` is every other."""
    admins: dict[str, list[Address]] = Field(default_factory=dict)
    """Workspace to those who get all of its notices, too."""
    owner_zone: Zone = "UTC"
    """In which notices tell times."""
    owner_zones: dict[Address, Zone] = Field(default_factory=dict)
    """Owner or admin to the zone in which that person's notices tell times."""
    public_url: Annotated[str, Field(pattern=r"^https?://[^\s?#]+$")] | None = None
    """Where owners reach this installation; notices link to it."""
    notice_relay: Annotated[str, Field(pattern=HOST_AND_PORT)] | None = None
    """``host:port`` of the server that takes notices by SMTP; with it no maildir is used."""
    notice_relay_tls: RelayTls = RelayTls.STARTTLS
    notice_relay_ca_file: Path | None = None
    """Certificates, in PEM, that the relay's must lead to; without it, those the system trusts."""
    notice_relay_user: str | None = None
    notice_relay_password: SecretStr | None = None
    notice_sender: Address | None = None
    """What notices by SMTP are from."""
    allowed_networks: list[IPvAnyNetwork] = Field(default_factory=list)
    """Networks inside which mail servers and providers may be, beside all public addresses."""
    mail_ca_file: Path | None = None
    """Certificates, in PEM, that mail servers' must lead to; else those the system trusts."""
    dns_servers: list[Annotated[str, AfterValidator(_name_server)]] = Field(default_factory=list)
    """``address`` or ``address:port`` of name servers to ask instead of the system's."""
    dkim_selectors: list[Annotated[str, Field(pattern=_SELECTOR)]] = Field(
        default_factory=lambda: [*SELECTORS]
    )
    """Under which a sender's domain is looked for a DKIM key; they cannot be listed."""
    google: OAuthClient | None = None
    google_client_secret: SecretStr | None = None
    microsoft: OAuthClient | None = None
    microsoft_client_secret: SecretStr | None = None
    consent_port: Annotated[int, Field(ge=0, le=65535)] = 0
    """Of this machine, to which a browser here brings consent back; 0 is any free one."""
    links_port: Annotated[int, Field(ge=0, le=65535)] | None = None
    """Where a mailbox's owner reconnects it by a link; without one there is no such door."""
    links_host: str = "127.0.0.1"
    check_interval: Annotated[Positive, Field(ge=timedelta(seconds=1))] = timedelta(minutes=15)
    """Between two background checks of an account that works."""
    checks_at_once: Annotated[int, Field(ge=1, le=1_000)] = 96
    """Background checks that one process runs at the same time, at most."""
    checks_per_server: Annotated[int, Field(ge=1, le=1_000)] = 24
    """The same, on one mail server."""
    read_interval: Annotated[Positive, Field(ge=timedelta(seconds=1), le=timedelta(seconds=90))] = (
        timedelta(seconds=60)
    )
    """Between two readings of an inbox; no follow-up leaves 2 minutes after the last (M4)."""
    mail_at_once: Annotated[int, Field(ge=1, le=1_000)] = 32
    """Accounts whose mail goes out and comes in at the same time, at most."""

    @property
    def tells_owners(self) -> bool:
        """Whether there is a way to owners."""
        return self.notice_relay is not None or self.outbox is not None
