"""The one place where a running program is put together: which store, which engine, who watches.

Doors ask for what they need here and never name a product.
"""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from adapters.settings import EngineSettings, SettingsError
from adapters.stores.memory import MemoryStore, MemoryViews
from adapters.stores.opening import Opened, open_store
from aggregates.command import DEFAULT_POLICY, Policy
from engine.engine import Engine
from engine.observing import SILENT, Observer
from engine.ports.clock import Clock
from engine.ports.views import ReadableViews
from engine.work.deliver_notices import Channel
from engine.work.ports import Vault
from engine.work.secret import Secret

if TYPE_CHECKING:
    from adapters.mail.notices_smtp import SmtpNotices
    from adapters.vault.keys import KeySource
    from adapters.vault.rotation import Findings, Rotated


class Program(NamedTuple):
    """An opened store and the engine over it, by its settings."""

    settings: EngineSettings
    opened: Opened
    engine: Engine


@contextmanager
def running(settings: EngineSettings, *, create: bool = False) -> Iterator[Program]:
    """The settings' store, opened for reading and writing until the end of the block.

    ``create`` makes one where there is none. Raises ``StoreError``.
    """
    with closing(open_store(settings, create=create)) as opened:
        yield Program(settings, opened, engine_over(opened, settings))


def engine_over(opened: Opened, settings: EngineSettings, observer: Observer = SILENT) -> Engine:
    return Engine(
        opened.store,
        settings.policy,
        cache_size=settings.cache_size,
        snapshot_every=settings.snapshot_every,
        observer=observer,
    )


def vault_keys(settings: EngineSettings) -> "KeySource":
    """Of the file or the variable; what is wrong with them is raised when they are asked for."""
    from adapters.vault.key_file import key_source

    given = settings.vault_key
    return key_source(settings.vault_key_file, Secret(given.get_secret_value()) if given else None)


def new_vault_key(file: Path) -> str:
    """Makes the file; answers the key's id. Raises ``VaultError``."""
    from adapters.vault.key_file import make_key_file

    return make_key_file(file).id


def vault_over(opened: Opened, settings: EngineSettings) -> Vault:
    """The secrets kept beside the store. Needs no key before one is asked for."""
    from adapters.stores.opening import sealed_rows
    from adapters.vault.vault import SealedVault

    return SealedVault(sealed_rows(opened), vault_keys(settings))


def check_vault(opened: Opened, settings: EngineSettings) -> "Findings":
    """Raises ``VaultError`` when there is no key to check with."""
    from adapters.stores.opening import sealed_rows
    from adapters.vault.rotation import check

    return check(sealed_rows(opened), vault_keys(settings))


def rotate_vault(
    opened: Opened, settings: EngineSettings, *, drop_damaged: bool = False
) -> "Rotated":
    """The keys of the file are changed too; those of a variable are their keeper's to change."""
    from adapters.stores.opening import sealed_rows
    from adapters.vault.rotation import rotate_file, rotate_given

    rows, keys = sealed_rows(opened), vault_keys(settings)
    if settings.vault_key_file is None or settings.vault_key is not None:
        return rotate_given(rows, keys, drop_damaged=drop_damaged)
    return rotate_file(rows, settings.vault_key_file, drop_damaged=drop_damaged)


def owner_channel(settings: EngineSettings, views: ReadableViews) -> Channel | None:
    """The way to owners that the settings name; None where they name none.

    Raises ``SettingsError``.
    """
    from adapters.mail.outbox import MaildirOutbox

    try:
        if settings.notice_relay is not None:
            return _smtp_notices(settings, settings.notice_relay, views)
        if settings.outbox is not None:
            return MaildirOutbox(settings.outbox, settings.owner_address)
    except (ValueError, OSError) as error:
        raise SettingsError(f"Notices cannot be sent as the settings say: {error}.") from error
    return None


def _smtp_notices(settings: EngineSettings, relay: str, views: ReadableViews) -> "SmtpNotices":
    from ssl import create_default_context
    from zoneinfo import ZoneInfo

    from adapters.mail.notices_smtp import SmtpNotices
    from adapters.mail.owners import Owners
    from adapters.mail.relay import Relay, Tls

    if settings.notice_sender is None:
        raise SettingsError("Setting notice_sender: notice_relay needs an address to send from.")
    password, (host, _, port) = settings.notice_relay_password, relay.rpartition(":")
    return SmtpNotices(
        Relay(
            host=host.strip("[]"),
            port=int(port),
            tls=Tls(settings.notice_relay_tls),
            context=create_default_context(cafile=settings.notice_relay_ca_file),
            user=settings.notice_relay_user,
            password=Secret(password.get_secret_value()) if password else None,
        ),
        Owners(settings.owner_address, settings.owners, settings.admins),
        settings.notice_sender,
        connected=lambda address: _is_connected(views, address),
        zone=ZoneInfo(settings.owner_zone),
        public_url=settings.public_url,
    )


def _is_connected(views: ReadableViews, address: str) -> bool:
    """In any workspace."""
    from events.vocabulary import ConnectionStatus
    from projections.accounts import ACCOUNTS

    rows = views.rows(ACCOUNTS, account_id=address)
    return any(row.status is not ConnectionStatus.DISCONNECTED for row in rows)


class Rehearsal(NamedTuple):
    """An engine that nothing survives: for scenarios and histories lived again."""

    store: MemoryStore
    views: MemoryViews
    engine: Engine


def rehearsal(clock: Clock, policy: Policy = DEFAULT_POLICY) -> Rehearsal:
    store = MemoryStore(clock)
    return Rehearsal(store, MemoryViews(), Engine(store, policy))
