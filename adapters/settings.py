"""Settings, by file and environment, in one validated model.

``sendledger.toml`` in the working folder, or the file that ``SENDLEDGER_SETTINGS`` names; a
variable ``SENDLEDGER_<NAME>`` goes before the file. A changed policy changes no history: every
event that uses a value has recorded it.
"""

import os
import re
from datetime import timedelta
from enum import StrEnum
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    IPvAnyNetwork,
    SecretStr,
    ValidationError,
    ValidationInfo,
    field_validator,
)
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from adapters.kafka_settings import KafkaSettings
from adapters.oauth_client import HOST_AND_PORT, OAuthClient
from adapters.store_url import checked, own_folder, without_password
from aggregates.command import Policy
from events.vocabulary import OnAccountTrouble

DEFAULT_FILE = Path("sendledger.toml")
PREFIX = "SENDLEDGER_"
TEST_PREFIX = "SENDLEDGER_TEST_"
"""Left to the test suites."""

SELECTORS = (
    *("default", "dkim", "mail", "google", "selector1", "selector2", "k1", "k2", "k3"),
    *("s1", "s2", "fm1", "sig1", "zoho", "zmail", "mxvault", "key1", "dkim1", "smtp"),
)
"""Under which well-known providers and servers publish their keys."""

Seconds = Annotated[float, Field(gt=0, le=3600)]


def _seconds(value: object) -> object:
    """The environment knows only text: ``3600`` there is a number of seconds too."""
    return float(value) if isinstance(value, str) and value.replace(".", "", 1).isdigit() else value


_LONGEST = timedelta(days=3650)
Duration = Annotated[timedelta, Field(ge=timedelta(0), le=_LONGEST), BeforeValidator(_seconds)]
Positive = Annotated[timedelta, Field(gt=timedelta(0), le=_LONGEST), BeforeValidator(_seconds)]


def _text(value: object) -> object:
    return str(value) if isinstance(value, Path) else value


StoreUrl = Annotated[str, AfterValidator(checked), BeforeValidator(_text)]


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


class Tracing(StrEnum):
    OFF = "off"
    OTLP = "otlp"
    """To the collector that the variables ``OTEL_EXPORTER_OTLP_…`` name."""
    CONSOLE = "console"


class LogFormat(StrEnum):
    TEXT = "text"
    JSON = "json"


class LogLevel(StrEnum):
    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


class SettingsError(Exception):
    """A setting cannot be used; the text names the setting, what is expected, and the value."""


class EngineSettings(KafkaSettings, BaseSettings):
    """What an operator may set. Durations: seconds, or ISO 8601 like ``P9D`` and ``PT1H``."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, extra="forbid", frozen=True, hide_input_in_errors=True
    )

    store: StoreUrl = "sendledger.db"
    """The embedded store's file, a path or ``sqlite:///path``; or libpq's URL of a database."""
    witness: Annotated[Path, AfterValidator(Path.absolute)] | None = None
    """A folder elsewhere than the store, in which is noted how far the store went."""
    workspace: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,62}$")] = "main"
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
    webhook_allow: list[IPvAnyNetwork] = Field(default_factory=list)
    """Networks inside which receivers of webhooks may be, beside all public addresses."""
    webhook_ca_file: Path | None = None
    """Certificates, in PEM, that receivers' must lead to; else those the system trusts."""
    vault_key_file: Path | None = None
    """The vault's keys, in a file that nobody else may read."""
    vault_key: SecretStr | None = None
    """The vault's keys themselves."""
    tick_interval: Seconds = 1.0
    """Seconds between two turns of the clocks."""
    projection_interval: Seconds = 0.25
    """Seconds between two looks of the projections at the log."""
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
    cache_size: Annotated[int, Field(ge=1, le=1_000_000)] = 1_000
    """Aggregates kept in memory."""
    snapshot_every: Annotated[int, Field(ge=100, le=10_000_000)] = 20_000
    """Events of one campaign between two snapshots."""
    lock_timeout: Annotated[int, Field(ge=1, le=3600)] = 30
    """Seconds a writer waits for another one."""
    pool_size: Annotated[int, Field(ge=1, le=1_000)] = 10
    """Connections that one process makes to PostgreSQL, at most."""

    log_format: LogFormat = LogFormat.TEXT
    log_level: LogLevel = LogLevel.INFO
    metrics_port: Annotated[int, Field(ge=1, le=65535)] | None = None
    """Where Prometheus finds the figures; without one there is no such door."""
    metrics_host: str = "127.0.0.1"
    tracing: Tracing = Tracing.OFF
    overdue_after: Seconds = 30.0
    """Seconds that something due, or an event a view has not seen, may wait in a healthy store."""

    resolution_window: Positive = timedelta(days=9)
    grace_period: Positive = timedelta(hours=1)
    on_account_trouble: OnAccountTrouble = OnAccountTrouble.PAUSE_CAMPAIGN
    misses_before_failure: Annotated[int, Field(ge=1, le=1000)] = 3
    misses_span: Duration = timedelta(minutes=15)
    check_patience: Duration = timedelta(seconds=60)

    @field_validator("witness")
    @classmethod
    def _elsewhere(cls, folder: Path | None, info: ValidationInfo) -> Path | None:
        """M6: whatever brings the store back must not bring its witness back."""
        own = own_folder(info.data.get("store", ""))
        if (
            folder is not None
            and own is not None
            and own in (folder.resolve(), *folder.resolve().parents)
        ):
            raise ValueError(f"expected a folder outside of the store's own, which is {own}")
        return folder

    @property
    def witness_folder(self) -> Path:
        """Without the setting, below the folder in which this user's programs keep their state."""
        state = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
        return self.witness or Path(state) / "sendledger" / "witness"

    @property
    def policy(self) -> Policy:
        return Policy(
            resolution_window=self.resolution_window,
            grace_period=self.grace_period,
            on_account_trouble=self.on_account_trouble,
            misses_before_failure=self.misses_before_failure,
            misses_span=self.misses_span,
            check_patience=self.check_patience,
        )

    @property
    def tells_owners(self) -> bool:
        """Whether there is a way to owners."""
        return self.notice_relay is not None or self.outbox is not None

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 the library's signature
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return init_settings, env_settings, _SettingsFile(settings_cls, toml_file=_file())


SECRETS = (
    *("vault_key", "notice_relay_password", "kafka_password"),
    *("google_client_secret", "microsoft_client_secret"),
)
"""Only in the environment: a file of settings is read and kept by too many."""
OF_PROVIDERS = ("google", "microsoft")
"""Somebody may have put the secret among the rest."""
UNTOLD = (*SECRETS, "notice_relay", "kafka", "kafka_token_url")
"""Values that no complaint repeats; somebody may have written a password before the host."""


class _SettingsFile(TomlConfigSettingsSource):
    def __call__(self) -> dict[str, Any]:
        found = super().__call__()
        for name in SECRETS:
            if name in found:
                raise SettingsError(
                    f"Setting {name}: a secret does not belong into {_file()}; give it as the "
                    f"variable {PREFIX}{name.upper()}."
                )
        return found


def load_settings(**given: Any) -> EngineSettings:
    """The settings; what is ``given`` here goes before all. Raises ``SettingsError``."""
    chosen = {name: value for name, value in given.items() if value is not None}
    _refuse_unknown_variables()
    try:
        return EngineSettings(**chosen)
    except ValidationError as error:
        raise SettingsError("\n".join(_complaint(each) for each in error.errors())) from error
    except ValueError as error:
        raise SettingsError(f"{_file()} cannot be read: {error}") from error


def _file() -> Path:
    named = os.environ.get(f"{PREFIX}SETTINGS")
    if named is None:
        return DEFAULT_FILE
    if not Path(named).is_file():
        raise SettingsError(f"{PREFIX}SETTINGS names {named}, which is no file.")
    return Path(named)


def _refuse_unknown_variables() -> None:
    """A misspelt variable would silently leave the default in force."""
    known = {f"{PREFIX}{name.upper()}" for name in ("settings", *EngineSettings.model_fields)}
    for name in sorted(os.environ):
        if name.startswith(PREFIX) and name not in known and not name.startswith(TEST_PREFIX):
            raise SettingsError(f"{name} is no setting. Known are {', '.join(sorted(known))}.")


def _complaint(error: Any) -> str:
    name = ".".join(str(part) for part in error["loc"])
    if error["type"] == "extra_forbidden":
        fields = OAuthClient if error["loc"][0] in OF_PROVIDERS else EngineSettings
        known = ", ".join(fields.model_fields)
        return f"Setting {name}: there is none of that name. Known are {known}."
    message = error["msg"].removeprefix("Value error, ")
    if name in UNTOLD or error["loc"][0] in OF_PROVIDERS:
        return f"Setting {name}: {message}."
    return f"Setting {name}: {message}; found {_found(error['input'])}."


def _found(value: Any) -> str:
    if isinstance(value, str):
        return repr(without_password(value))
    return f"{value.total_seconds():g} seconds" if isinstance(value, timedelta) else repr(value)
