"""One-Click Reconnect with what the mailbox's owner gave anew (R1, R2).

What he gave lies beside the old credentials until it is verified and recorded; only then are the
old ones deleted. A process that dies on the way leaves the account as it was.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Protocol

from aggregates.email_account import EmailAccount
from aggregates.email_account.commands import OneClickReconnect
from engine.engine import Engine
from engine.reply import Reply
from engine.work.access import Access, Accesses
from engine.work.check_connection import UNCHECKED, Checked, ConnectionChecks
from engine.work.findings import Watch, unwatched
from engine.work.ports import Mailbox
from engine.work.secret import Secret, VaultError
from events.vocabulary import AccountId

PATIENCE = 1.0
"""Seconds to wait for somebody else who reconnects the same account."""


class Locks(Protocol):
    """Of ``Coordination``."""

    def exclusively(self, name: str, patience: float) -> AbstractContextManager[None]: ...


class Reconnections:
    """Of one workspace. Safe to share between threads."""

    def __init__(
        self,
        engine: Engine,
        workspace: str,
        checks: ConnectionChecks,
        accesses: Accesses,
        *,
        locks: Locks,
        new_id: Callable[[], str],
    ) -> None:
        self._engine = engine
        self._workspace = workspace
        self._checks = checks
        self._accesses = accesses
        self._locks = locks
        self._new_id = new_id

    def known(self, account_id: AccountId) -> Access | None:
        """What the account has now; None where there is nothing that can be read."""
        try:
            return self._accesses.of(Mailbox(account_id, self._account(account_id).credentials))
        except VaultError:
            return None

    def with_password(
        self, account_id: AccountId, password: Secret, *, actor: str, watch: Watch = unwatched
    ) -> Checked:
        """At the servers of before."""
        old = self._accesses.of(Mailbox(account_id, self._account(account_id).credentials))
        given = old._replace(password=password, grant=None)
        return self.with_access(account_id, given, actor=actor, watch=watch)

    def with_access(
        self, account_id: AccountId, given: Access, *, actor: str, watch: Watch = unwatched
    ) -> Checked:
        """With the servers of before, where they are known: One-Click changes none (R2).

        Raises ``StillHeld`` where the account is being reconnected already.
        """
        old = self.known(account_id)
        if old is not None:
            given = given._replace(imap=old.imap, smtp=old.smtp)
        name = f"credentials of {account_id} in {self._workspace}"
        with self._locks.exclusively(name, PATIENCE):
            return self._reconnected(account_id, given, actor, watch)

    def refused(self, account_id: AccountId, code: str, *, actor: str) -> Reply:
        """R1: what was given was refused before anything could be checked; that is recorded."""
        command = OneClickReconnect(
            account_id=account_id,
            report=UNCHECKED,
            refusal=code,
            configuration=self._account(account_id).configuration,
        )
        return self._engine.execute(
            self._workspace, command, command_id=self._new_id(), actor=actor
        )

    def _reconnected(
        self, account_id: AccountId, given: Access, actor: str, watch: Watch
    ) -> Checked:
        mailbox = self._accesses.add(account_id, given)
        try:
            checked = self._checks.reconnect(
                mailbox, actor=actor, configuration=given.configuration, watch=watch
            )
        finally:
            if self._account(account_id).credentials == mailbox.credentials:
                self._accesses.keep_only(account_id, mailbox)
            else:
                self._accesses.remove(mailbox)
        return checked

    def _account(self, account_id: AccountId) -> EmailAccount:
        with self._engine.look(self._workspace) as now:
            return now.account(account_id)
