"""A store whose accounts have mailboxes on real servers, and the settings that workers need."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from itertools import count
from pathlib import Path
from uuid import uuid4

from adapters.composition.mailboxes import accesses_of
from adapters.composition.programs import engine_over
from adapters.composition.vaults import new_vault_key, vault_over
from adapters.settings.loading import load_settings
from adapters.settings.model import EngineSettings
from adapters.stores.opening import Opened, open_store
from adapters.stores.small_tables.check_schedule import StoredCheckSchedule
from engine.ports.check_schedule import ScheduledCheck
from engine.projecting import ProjectionRunner
from engine.work.access import Access, Security, Server
from engine.work.secret import Secret
from events.vocabulary import ConnectionStatus, Settings
from projections.accounts import ACCOUNTS
from projections.shipped import SHIPPED
from tests.mail.servers.dovecot import Dovecot, User
from tests.work.watch import connect_real

MAIN = "main"


class Mailroom:
    """``ca_file`` is what the servers' certificates lead to."""

    def __init__(self, store: str, folder: Path, ca_file: Path | None = None) -> None:
        key = folder / "vault.key"
        new_vault_key(key)
        self.variables = {
            "ALLOWED_NETWORKS": '["127.0.0.0/8", "::1/128"]',
            "VAULT_KEY_FILE": str(key),
            **({"MAIL_CA_FILE": str(ca_file)} if ca_file else {}),
        }
        self.settings: EngineSettings = load_settings(
            store=store,
            vault_key_file=key,
            allowed_networks=["127.0.0.0/8", "::1/128"],
            mail_ca_file=ca_file,
        )
        self._slots = count(1)

    @contextmanager
    def opened(self) -> Iterator[Opened]:
        with closing(open_store(self.settings, create=True)) as opened:
            yield opened

    def connect(self, accesses: dict[str, Access], settings: Settings | None = None) -> None:
        """Accounts by their names, each in a slot of its own."""
        with self.opened() as opened:
            kept = accesses_of(opened, self.settings, MAIN)
            engine = engine_over(opened, self.settings)
            for account, access in accesses.items():
                mailbox = kept.add(account, access)
                slot = f"s{next(self._slots)}"
                wanted = connect_real(account, slot, mailbox.credentials, settings or Settings())
                reply = engine.execute(MAIN, wanted, command_id=uuid4().hex, actor="user:t")
                assert reply.refusal is None
            ProjectionRunner(opened.store, opened.views, SHIPPED).keep_up()

    def row(self, account: str) -> ScheduledCheck | None:
        with self.opened() as opened:
            return StoredCheckSchedule(opened.beside).row(MAIN, account)

    def status(self, account: str) -> ConnectionStatus:
        with self.opened() as opened:
            (row,) = opened.views.rows(ACCOUNTS, MAIN, account_id=account)
            found: ConnectionStatus = row.status
            return found

    def secrets(self) -> int:
        with self.opened() as opened:
            return len(vault_over(opened, self.settings).list())

    def position(self) -> int:
        with self.opened() as opened:
            return opened.store.last_position()


def access_to(dovecot: Dovecot, user: User) -> Access:
    return Access(
        "imap",
        user.address,
        Server("localhost", dovecot.imaps, Security.IMPLICIT),
        Server("localhost", dovecot.submission, Security.STARTTLS),
        Secret(user.password),
    )


def access_at(imap: int, smtp: int) -> Access:
    there = [Server("127.0.0.1", port, Security.IMPLICIT) for port in (imap, smtp)]
    return Access("imap", "ann", there[0], there[1], Secret("ann-secret"))
