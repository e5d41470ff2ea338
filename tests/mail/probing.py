"""Mailboxes of a real server as the engine has them: in a vault, dialled by permitted addresses."""

from collections.abc import Sequence
from datetime import UTC, datetime
from ipaddress import ip_network
from itertools import count
from pathlib import Path

from adapters.mail.connection import Limits
from adapters.mail.dialling import Dialler, verifying_context
from adapters.mail.network import NetworkPolicy
from adapters.mail.probe import MailProbe
from adapters.mail.sandbox.sandbox import Sandbox
from adapters.stores.clocks import system_clock
from adapters.stores.small_tables.sealed_rows import StoredSealedRows
from adapters.vault.keys import Key
from adapters.vault.vault import SealedVault
from engine.work.access import Access, Accesses, Grant, Security, Server
from engine.work.ports import Mailbox
from engine.work.secret import Secret
from engine.work.tokens import Token, TokenError
from tests.tables_in_memory import TablesInMemory

LOOPBACK = (ip_network("127.0.0.0/8"), ip_network("::1/128"))
SCOPES = ["https://mail.google.com/"]
QUICK = Limits(total=3.0, step=2.0, octets=200_000)
LATER = datetime(2100, 1, 1, tzinfo=UTC)


class SandboxTokens:
    """Implements ``Tokens``: those that the sandbox gave; a renewed one is granted anew.

    ``failing`` is raised instead of a renewed one.
    """

    def __init__(self, sandbox: Sandbox, accesses: Accesses) -> None:
        self._sandbox = sandbox
        self._accesses = accesses
        self.failing: TokenError | None = None
        self.refused: list[Secret] = []
        self.fresh = False

    def valid(self, mailbox: Mailbox) -> Token:
        grant = self._accesses.of(mailbox).grant
        assert grant is not None
        return Token(grant.access_token, self.fresh)

    def renewed(self, mailbox: Mailbox, instead_of: Secret) -> Token:
        self.refused.append(instead_of)
        if self.failing is not None:
            raise self.failing
        granted = self._sandbox.grant(self._accesses.of(mailbox).user, SCOPES)
        return Token(Secret(granted["access_token"]), fresh=True)


class Site:
    """Accesses, tokens and a probe for servers on this machine."""

    def __init__(self, sandbox: Sandbox, ca_file: str | Path, limits: Limits = QUICK) -> None:
        numbers = count()
        self.vault = SealedVault(
            StoredSealedRows(TablesInMemory(system_clock)), lambda: (Key("k1", bytes(32)),)
        )
        self.accesses = Accesses(self.vault, "main", lambda: f"{next(numbers)}")
        self.tokens = SandboxTokens(sandbox, self.accesses)
        self.dialler = Dialler(NetworkPolicy(LOOPBACK), verifying_context(Path(ca_file)), limits)
        self.probe = MailProbe(self.accesses, self.tokens, self.dialler)

    def add_another(self, access: Access) -> None:
        """Beside those that the account has."""
        Accesses(self.vault, "main", lambda: "another").add(access.user, access)

    def add(self, access: Access, account_id: str | None = None) -> Mailbox:
        return self.accesses.add(account_id or access.user, access)


def by_token(access: Access, sandbox: Sandbox, scopes: Sequence[str] = SCOPES) -> Access:
    granted = sandbox.grant(access.user, [*scopes])
    tokens = (Secret(granted["refresh_token"]), Secret(granted["access_token"]))
    grant = Grant(*tokens, LATER, tuple(scopes), "subject-1")
    return access._replace(provider="google", password=None, grant=grant)


def access_to(
    sandbox: Sandbox,
    user: str,
    password: str,
    *,
    security: Security = Security.IMPLICIT,
) -> Access:
    served = sandbox.served()
    implicit = security is Security.IMPLICIT
    return Access(
        "imap",
        user,
        Server("localhost", served["imaps" if implicit else "imap"], security),
        Server("127.0.0.1", served["smtps" if implicit else "smtp"], security),
        Secret(password),
    )
