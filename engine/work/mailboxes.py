"""Connect, test, reconnect and disconnect mailboxes whose credentials are in the vault.

New credentials are stored next to the old ones, verified and recorded, and only then are the old
ones deleted (R2): a process that dies in between leaves the account as it was. A disconnect deletes
all of them (T1).
"""

from dataclasses import replace
from datetime import timedelta
from typing import NamedTuple

from aggregates.email_account import EmailAccount
from aggregates.email_account.commands import ConnectAccount
from engine.engine import Engine
from engine.ports.clock import Clock
from engine.work.access import Access, Accesses
from engine.work.check_connection import Checked, ConnectionChecks
from engine.work.findings import Watch, unwatched
from engine.work.ports import Mailbox
from engine.work.secret import VaultError
from events.vocabulary import AccountId

FORGOTTEN = timedelta(days=1)
"""Unused credentials are deleted at this age: by then no process can be about to record them."""
CONFIGURATION_CHANGED = "configuration_changed"


class Mailboxes(NamedTuple):
    """The mailboxes of one workspace. Raises ``VaultError`` for credentials that cannot be read or
    stored."""

    engine: Engine
    checks: ConnectionChecks
    accesses: Accesses
    workspace: str
    clock: Clock

    def connect(
        self, wanted: ConnectAccount, access: Access, *, actor: str, watch: Watch = unwatched
    ) -> Checked:
        """Connect to a slot, after a full check (C1). Provider, configuration and credentials in
        ``wanted`` are replaced by those of ``access``."""
        mailbox = self.accesses.add(wanted.account_id, access)
        wanted = replace(
            wanted,
            provider=access.provider,
            configuration=access.configuration,
            credentials=mailbox.credentials,
        )
        try:
            return self.checks.connect(wanted, actor=actor, watch=watch)
        finally:
            self._tidy_up(mailbox)

    def test(self, account_id: AccountId, *, actor: str, watch: Watch = unwatched) -> Checked:
        """Test Connection (C1, C2)."""
        mailbox = Mailbox(account_id, self._account(account_id).credentials)
        return self.checks.test(mailbox, actor=actor, watch=watch)

    def check_in_background(self, account_id: AccountId) -> Checked:
        """A background check (C2, C5)."""
        return self.checks.in_background(Mailbox(account_id, self._account(account_id).credentials))

    def reconnect(
        self,
        account_id: AccountId,
        access: Access | None = None,
        *,
        actor: str,
        refusal: str | None = None,
        watch: Watch = unwatched,
    ) -> Checked:
        """One-Click Reconnect (R1, R2), with the old credentials unless there is a new ``access``.
        ``refusal`` is the code for what the provider's consent lacks."""
        before = self._account(account_id)
        if access is None:
            mailbox = Mailbox(account_id, before.credentials)
            return self.checks.reconnect(
                mailbox,
                actor=actor,
                configuration=before.configuration,
                refusal=refusal,
                watch=watch,
            )
        if refusal is None and access.configuration != before.configuration:
            refusal = CONFIGURATION_CHANGED
        mailbox = self.accesses.add(account_id, access)
        try:
            return self.checks.reconnect(
                mailbox,
                actor=actor,
                configuration=access.configuration,
                refusal=refusal,
                watch=watch,
            )
        finally:
            self._tidy_up(mailbox, before)

    def access(self, account_id: AccountId) -> Access | None:
        """The current access to the account's mailbox; None if there is none, or it cannot be
        read."""
        try:
            return self.accesses.of(Mailbox(account_id, self._account(account_id).credentials))
        except VaultError:
            return None

    def forget(self, account_id: AccountId, credentials: str | None) -> None:
        """Delete the credentials that the account had before its disconnect (T1)."""
        self._drop_unused(account_id, credentials)

    def _tidy_up(self, added: Mailbox, before: EmailAccount | None = None) -> None:
        replaced = before.credentials if before else None
        self._drop_unused(added.account_id, added.credentials, replaced)

    def _drop_unused(self, account_id: AccountId, *credentials: str | None) -> None:
        current = self._account(account_id).credentials
        for each in credentials:
            if each is not None and each != current:
                self.accesses.drop(account_id, each)
        self.accesses.drop_forgotten(account_id, current, self.clock() - FORGOTTEN)

    def _account(self, account_id: AccountId) -> EmailAccount:
        with self.engine.look(self.workspace) as now:
            return now.account(account_id)
