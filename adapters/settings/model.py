"""The settings, in one validated model.

A changed policy changes no history: every event that uses a value has recorded it.
"""

import os
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import Annotated

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    IPvAnyNetwork,
    SecretStr,
    ValidationInfo,
    field_validator,
)
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from adapters.settings.durations import Duration, Positive, Seconds
from adapters.settings.file import PREFIX, SettingsFile, settings_file
from adapters.settings.http import HttpSettings
from adapters.settings.kafka import KafkaSettings
from adapters.settings.mail import MailSettings
from adapters.settings.store_url import checked, own_folder
from aggregates.command import Policy
from events.vocabulary import OnAccountTrouble


def _text(value: object) -> object:
    return str(value) if isinstance(value, Path) else value


StoreUrl = Annotated[str, AfterValidator(checked), BeforeValidator(_text)]


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


class EngineSettings(HttpSettings, MailSettings, KafkaSettings, BaseSettings):
    """What an operator may set. Durations: seconds, or ISO 8601 like ``P9D`` and ``PT1H``."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, extra="forbid", frozen=True, hide_input_in_errors=True
    )

    store: StoreUrl = "sendledger.db"
    """The embedded store's file, a path or ``sqlite:///path``; or libpq's URL of a database."""
    witness: Annotated[Path, AfterValidator(Path.absolute)] | None = None
    """A folder elsewhere than the store, in which is noted how far the store went."""
    workspace: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,62}$")] = "main"
    webhook_allow: list[IPvAnyNetwork] = Field(default_factory=list)
    """Networks inside which receivers of webhooks may be, beside all public addresses."""
    webhook_ca_file: Path | None = None
    """Certificates, in PEM, that receivers' must lead to; else those the system trusts."""
    vault_key_file: Path | None = None
    """The vault's keys, in a file that nobody else may read."""
    vault_key: SecretStr | None = None
    """The vault's keys themselves."""
    proof_key_file: Path | None = None
    """The key that signs checkpoints of the log, in a file that nobody else may read."""
    proof_folder: Annotated[Path, AfterValidator(Path.absolute)] | None = None
    """Where workers keep the signed tree; without one they sign nothing."""
    proof_name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9./_-]{0,99}$")] = "sendledger"
    """What checkpoints call the log, before the store's id."""
    proof_policy: Path | None = None
    """Which witnesses are asked to cosign checkpoints, and how many of them make a quorum."""
    proof_public: bool = False
    """Serve the signed tree at ``/proof`` of the HTTP server to everybody, without a token."""
    tick_interval: Seconds = 1.0
    """Seconds between two turns of the clocks."""
    projection_interval: Seconds = 0.25
    """Seconds between two looks of the projections at the log."""
    cache_size: Annotated[int, Field(ge=1, le=1_000_000)] = 1_000
    """Aggregates kept in memory."""
    cache_people: Annotated[int, Field(ge=0, le=100_000_000)] = 2_000_000
    """Recipients and suppressed persons in them, about 240 octets each."""
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

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 the library's signature
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return init_settings, env_settings, SettingsFile(settings_cls, toml_file=settings_file())
