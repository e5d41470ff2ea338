"""The one place where a running program is put together: which store, which engine, who watches.

Doors ask for what they need here and never name a product. Products are imported where they are
used: who uses one needs nothing of the others.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from typing import IO, TYPE_CHECKING, NamedTuple

from adapters.settings import EngineSettings, SettingsError
from adapters.stores.opening import (
    Migrated,
    Opened,
    check_schedule,
    inbox_cursors,
    migrate,
    open_store,
    rebuild,
    relay_mark,
)
from aggregates.command import DEFAULT_POLICY, Policy
from engine.answers.health import Health, WebhookStanding, look
from engine.engine import Engine
from engine.fence import Unfenced
from engine.observing import SILENT, Observer
from engine.ports.clock import Clock
from engine.ports.views import ReadableViews
from engine.work.access import Accesses
from engine.work.addresses import ascii_form, normalised
from engine.work.ports import OwnerLetters, Probe, RejectedLine
from engine.work.secret import Secret
from engine.work.tokens import Tokens
from engine.work.vault import Vault
from events.vocabulary import FailureClass

if TYPE_CHECKING:
    from adapters.csv.leads_csv import LeadsFile as LeadsFile  # noqa: PLC0414 told on
    from adapters.csv.recipients_csv import RecipientsFile as RecipientsFile  # noqa: PLC0414 told on
    from adapters.mail.dialling import Dialler
    from adapters.mail.network import NetworkPolicy
    from adapters.mail.notice_message import Link
    from adapters.mail.notices_smtp import SmtpNotices
    from adapters.mail.owners import Owners
    from adapters.mail.proposing import Proposal
    from adapters.stores.memory import MemoryStore, MemoryViews
    from adapters.vault.keys import KeySource
    from adapters.vault.rotation import Findings, Rotated
    from adapters.worker.step_by_step import StepByStep as StepByStep  # noqa: PLC0414 told on

__all__ = ["Migrated", "Opened", "check_schedule", "inbox_cursors", "migrate", "rebuild"]


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


@contextmanager
def asking(settings: EngineSettings) -> Iterator[Opened]:
    """The settings' store, opened so that nothing of it can change. Raises ``StoreError``."""
    with closing(open_store(settings, read_only=True)) as opened:
        yield opened


@contextmanager
def working(settings: EngineSettings) -> Iterator[Program]:
    """As ``running``, for a worker: the store is made, and logs, figures and spans are as set.

    Raises ``StoreError``, and ``SettingsError`` for a port that cannot be had.
    """
    from adapters.observing.logs import configure_logs
    from adapters.observing.watching import watched

    configure_logs(settings)
    with (
        closing(open_store(settings, create=True)) as opened,
        watched(partial(health_of, opened), settings) as observer,
    ):
        yield Program(settings, opened, engine_over(opened, settings, observer))


def logs_beside_answers() -> None:
    """Logs of a command go to standard error: its answer alone is on standard output."""
    from adapters.observing.logs import logs_to_standard_error

    logs_to_standard_error()


def log_as_set(settings: EngineSettings) -> None:
    """For a process that is no worker and no command of a person."""
    from adapters.observing.logs import configure_logs

    configure_logs(settings)


def health_of(opened: Opened) -> Health:
    """How an opened store is now. Raises ``StoreError`` if it is lost."""
    schedule, mark = check_schedule(opened), relay_mark(opened)
    found = look(opened.store, opened.views, opened.coordination, schedule, mark)
    return found._replace(fenced=opened.fence.closed(), webhooks=_webhooks(opened))


def _webhooks(opened: Opened) -> Sequence[WebhookStanding]:
    from adapters.stores.small_tables.webhooks import StoredEndpoints
    from engine.work.webhooks.standing import standings

    return list(standings(opened.store, StoredEndpoints(opened.beside)))


def engine_over(opened: Opened, settings: EngineSettings, observer: Observer = SILENT) -> Engine:
    return Engine(
        opened.store,
        settings.policy,
        cache_size=settings.cache_size,
        snapshot_every=settings.snapshot_every,
        observer=observer,
        fence=opened.fence,
    )


@contextmanager
def served(settings: EngineSettings) -> Iterator[None]:
    """Keep others from serving the settings' embedded store. Raises ``StoreError``."""
    from adapters.stores.opening import path_of
    from adapters.stores.sqlite.serve_lock import serve_lock

    with serve_lock(path_of(settings.store)):
        yield


@contextmanager
def staged(settings: EngineSettings, clock: Clock) -> Iterator[Program]:
    """A new embedded store that goes by a clock of its own. Raises ``StoreError``."""
    from adapters.stores.opening import opened_file, path_of
    from adapters.stores.sqlite import SQLiteStore

    store = SQLiteStore(path_of(settings.store), clock)
    with closing(opened_file(store, settings.witness_folder)) as opened:
        yield Program(settings, opened, engine_over(opened, settings))


@contextmanager
def step_by_step(program: Program) -> Iterator["StepByStep"]:
    """A worker that does everything, where nobody else does.

    Raises ``StoreError`` where the store is served already.
    """
    from adapters.worker.duties import duties
    from adapters.worker.roles import ALL
    from adapters.worker.step_by_step import StepByStep

    with program.opened.coordination.serving("step by step", ALL) as member:
        found = duties(program, member, ALL, lambda: True)
        try:
            yield StepByStep(program.opened.store, found)
        finally:
            for duty in found:
                duty.close()


def store_files(settings: EngineSettings) -> Sequence[Path]:
    """Every file in which the store may be; none for a server's."""
    from adapters.stores.opening import Kind, kind_of, path_of

    if kind_of(settings.store) is Kind.POSTGRES:
        return []
    path = path_of(settings.store)
    suffixes = ("", "-wal", "-shm", "-journal", ".serve")
    return [
        each.with_name(f"{each.name}{suffix}")
        for each in (path, path.resolve())
        for suffix in suffixes
    ]


def recipients_file(
    path: Path, names: Mapping[str, str], *, skip_undecodable: bool = False
) -> "RecipientsFile":
    from adapters.csv.recipients_csv import RecipientsFile

    return RecipientsFile(path, names, skip_undecodable=skip_undecodable)


def leads_file(
    path: Path, names: Mapping[str, str], tool: str, *, skip_undecodable: bool = False
) -> "LeadsFile":
    """A list that another program exported."""
    from adapters.csv.leads_csv import LeadsFile

    return LeadsFile(path, names, tool, skip_undecodable=skip_undecodable)


def rejections_into(file: IO[bytes]) -> Callable[[RejectedLine], None]:
    """Writes rejected lines into that file."""
    from adapters.csv.rejected_lines import RejectedLines

    return RejectedLines(file).add


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


def owner_channel(
    settings: EngineSettings, views: ReadableViews, link: "Link | None" = None
) -> OwnerLetters | None:
    """The way to owners that the settings name; None where they name none. ``link``: where they
    may reconnect, unless below the public address.

    Raises ``SettingsError``.
    """
    from adapters.mail.outbox import MaildirOutbox

    try:
        if settings.notice_relay is not None:
            return _smtp_notices(settings, settings.notice_relay, views, link or _link(settings))
        if settings.outbox is not None:
            return MaildirOutbox(settings.outbox, _owners(settings), link or _link(settings))
    except (ValueError, OSError) as error:
        raise SettingsError(f"Notices cannot be sent as the settings say: {error}.") from error
    return None


def _smtp_notices(
    settings: EngineSettings, relay: str, views: ReadableViews, link: "Link"
) -> "SmtpNotices":
    from ssl import create_default_context

    from adapters.mail.notices_smtp import SmtpNotices
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
        _owners(settings),
        settings.notice_sender,
        connected=lambda address: _is_connected(views, address),
        link=link,
    )


def _owners(settings: EngineSettings) -> "Owners":
    from adapters.mail.owners import Owners
    from engine.answers.telling.reader import zone_named

    return Owners(
        settings.owner_address,
        settings.owners,
        settings.admins,
        zone_named(settings.owner_zone),
        {address: zone_named(zone) for address, zone in settings.owner_zones.items()},
    )


def _link(settings: EngineSettings) -> "Link":
    """Where a notice's reader may reconnect the account."""
    from adapters.mail.notice_message import no_link, reconnect_link

    return partial(reconnect_link, settings.public_url) if settings.public_url else no_link


def _is_connected(views: ReadableViews, address: str) -> bool:
    """In any workspace."""
    from events.vocabulary import ConnectionStatus
    from projections.accounts import ACCOUNTS

    rows = views.rows(ACCOUNTS, account_id=address)
    return any(row.status is not ConnectionStatus.DISCONNECTED for row in rows)


def told_probe(found: FailureClass | None) -> Probe:
    """The provider ``simulated``: a check finds what it is told to find."""
    from adapters.mail.told_probe import ToldProbe

    return ToldProbe(found)


def network_policy(settings: EngineSettings) -> "NetworkPolicy":
    """Which addresses mailboxes and providers may have."""
    from adapters.mail.dns import dns_lookup
    from adapters.mail.name_lookup import system_lookup
    from adapters.mail.network import NetworkPolicy

    lookup = dns_lookup(settings.dns_servers) if settings.dns_servers else system_lookup
    return NetworkPolicy(settings.allowed_networks, lookup)


def mail_dialler(settings: EngineSettings) -> "Dialler":
    """Make one and share it. Raises ``SettingsError``."""
    from adapters.mail.dialling import Dialler, verifying_context

    try:
        context = verifying_context(settings.mail_ca_file)
    except OSError as error:
        raise SettingsError(f"Setting mail_ca_file: it cannot be used: {error}.") from error
    return Dialler(network_policy(settings), context)


def mail_probe(
    opened: Opened,
    settings: EngineSettings,
    workspace: str,
    tokens: Tokens,
    dialler: "Dialler | None" = None,
) -> Probe:
    """Test Connection on real servers. ``dialler``: one that is there already.

    Raises ``SettingsError``.
    """
    from uuid import uuid4

    from adapters.mail.probe import MailProbe

    accesses = Accesses(vault_over(opened, settings), workspace, lambda: uuid4().hex)
    return MailProbe(accesses, tokens, dialler or mail_dialler(settings))


def proposed_servers(settings: EngineSettings, address: str) -> "Proposal":
    """Which servers a mailbox of that address probably has; never fails, takes 4 s at most."""
    from adapters.mail.dns import Dns
    from adapters.mail.proposing import proposed_servers as proposed

    return proposed(address, Dns(settings.dns_servers))


def sender_domain_warnings(settings: EngineSettings, address: str) -> Callable[[], list[str]]:
    """A sentence for each of SPF, DKIM and DMARC that the address's domain lacks or has wrong.

    Looked up beside whatever follows; to call what is returned waits for it. Never fails, takes 4 s
    at most.
    """
    from adapters.mail.beside import begun
    from adapters.mail.dns import Dns
    from adapters.mail.sender_domain import sender_domain_warnings as warnings

    domain = ascii_form(normalised(address)).rpartition("@")[2]
    return begun(lambda: warnings(domain, Dns(settings.dns_servers), settings.dkim_selectors))


class Rehearsal(NamedTuple):
    """An engine that nothing survives: for scenarios and histories lived again."""

    store: "MemoryStore"
    views: "MemoryViews"
    engine: Engine


def rehearsal(clock: Clock, policy: Policy = DEFAULT_POLICY) -> Rehearsal:
    from adapters.stores.memory import MemoryStore, MemoryViews

    store = MemoryStore(clock)
    return Rehearsal(store, MemoryViews(), Engine(store, policy, fence=Unfenced()))
