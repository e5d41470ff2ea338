"""How a mailbox is reached and opened: its servers, its user name, and its password or token.

All of it is one secret in the vault. Events carry the secret's name, as ``credentials``, and a
digest of the servers, as ``configuration`` (R2); never the access itself (F1).
"""

from collections.abc import Callable
from datetime import UTC, datetime
from enum import StrEnum
from hashlib import sha256
from json import dumps
from typing import NamedTuple

from pydantic import TypeAdapter, ValidationError

from engine.work.classifying.evidence import Auth
from engine.work.ports import Mailbox
from engine.work.secret import NoSuchSecret, Secret, SecretAltered, SecretRef
from engine.work.vault import Vault
from events.vocabulary import AccountId


class Security(StrEnum):
    """How a connection is encrypted; an unencrypted connection is not made (C1)."""

    IMPLICIT = "implicit"
    """TLS from the first octet."""
    STARTTLS = "starttls"


class Server(NamedTuple):
    """``host`` is a name in ASCII or an IP address."""

    host: str
    port: int
    security: Security

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"

    @property
    def written(self) -> str:
        """The server as a person writes it: ``imap.acme.test:143/starttls``."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}/{'tls' if self.security is Security.IMPLICIT else 'starttls'}"


class Grant(NamedTuple):
    """What an OAuth provider gave: ``scopes`` are those granted, which may be fewer than asked for.

    ``subject`` is the provider's own, unchanging name of the mailbox's owner (R2).
    """

    refresh_token: Secret
    access_token: Secret
    expires_at: datetime
    scopes: tuple[str, ...]
    subject: str


class Access(NamedTuple):
    """``provider`` is ``imap``, ``google`` or ``microsoft``. Either ``password`` or ``grant`` opens
    the mailbox."""

    provider: str
    user: str
    imap: Server
    smtp: Server
    password: Secret | None = None
    grant: Grant | None = None

    @property
    def auth(self) -> Auth:
        return Auth.PASSWORD if self.grant is None else Auth.OAUTH2

    @property
    def configuration(self) -> str:
        """SHA-256, hexadecimal, of the servers' names and ports (R2). A new password or token does
        not change the configuration."""
        told = [[each.host.casefold(), each.port] for each in (self.imap, self.smtp)]
        return sha256(dumps(told, separators=(",", ":")).encode()).hexdigest()

    @property
    def secrets(self) -> tuple[str, ...]:
        """The secrets that must not appear in any text."""
        grant = (self.grant.refresh_token, self.grant.access_token) if self.grant else ()
        kept = (each for each in (self.password, *grant) if each is not None)
        return tuple(each.reveal() for each in kept)


class _Stored(NamedTuple):
    """An ``Access`` as the vault keeps it."""

    provider: str
    user: str
    imap: Server
    smtp: Server
    password: str | None = None
    refresh_token: str | None = None
    access_token: str = ""
    expires_at: float = 0.0
    scopes: tuple[str, ...] = ()
    subject: str = ""


_STORED = TypeAdapter(_Stored)
_NAMED = "access-"


def _sealed(access: Access) -> Secret:
    grant, password = access.grant, access.password
    stored = _Stored(
        access.provider,
        access.user,
        access.imap,
        access.smtp,
        password.reveal() if password else None,
        *(
            (
                grant.refresh_token.reveal(),
                grant.access_token.reveal(),
                grant.expires_at.timestamp(),
                grant.scopes,
                grant.subject,
            )
            if grant
            else ()
        ),
    )
    return Secret(_STORED.dump_json(stored).decode())


def _opened(ref: SecretRef, secret: Secret) -> Access:
    try:
        stored = _STORED.validate_json(secret.reveal())
    except ValidationError:
        raise SecretAltered(ref=ref) from None
    grant = None
    if stored.refresh_token is not None:
        grant = Grant(
            Secret(stored.refresh_token),
            Secret(stored.access_token),
            datetime.fromtimestamp(stored.expires_at, UTC),
            stored.scopes,
            stored.subject,
        )
    password = None if stored.password is None else Secret(stored.password)
    return Access(stored.provider, stored.user, stored.imap, stored.smtp, password, grant)


class Accesses:
    """The accesses of one workspace, in the vault. An operation that fails raises a ``VaultError``.

    New credentials are stored under a new name and replace the old ones only once they are verified
    (R2): a process that dies in between leaves the account as it was.
    """

    def __init__(self, vault: Vault, workspace: str, new_id: Callable[[], str]) -> None:
        self._vault = vault
        self._workspace = workspace
        self._new_id = new_id

    def of(self, mailbox: Mailbox) -> Access:
        ref = self.ref(mailbox)
        return _opened(ref, self._vault.get(ref))

    def ref(self, mailbox: Mailbox) -> SecretRef:
        """Raises ``NoSuchSecret`` for an account without credentials."""
        ref = SecretRef(self._workspace, mailbox.account_id, mailbox.credentials or "access")
        if mailbox.credentials is None:
            raise NoSuchSecret(ref=ref)
        return ref

    def add(self, account_id: AccountId, access: Access) -> Mailbox:
        """Store new credentials next to those that the account already has."""
        mailbox = Mailbox(account_id, f"{_NAMED}{self._new_id()}")
        self._vault.put(self.ref(mailbox), _sealed(access))
        return mailbox

    def replace(self, mailbox: Mailbox, access: Access) -> None:
        """Store refreshed tokens under the name of the old ones.

        Raises ``NoSuchSecret`` if the old ones have been deleted in the meantime; they stay
        deleted.
        """
        self._vault.replace(self.ref(mailbox), _sealed(access))

    def drop(self, account_id: AccountId, credentials: str) -> None:
        self._vault.delete(SecretRef(self._workspace, account_id, credentials))

    def drop_forgotten(self, account_id: AccountId, current: str | None, before: datetime) -> None:
        """Delete credentials that the account does not use and that were last touched ``before``
        that time: processes that died before they could tidy up left them."""
        for stored in self._vault.list(self._workspace):
            ref = stored.ref
            if ref.account_id == account_id and ref.name != current and stored.stored_at < before:
                self._vault.delete(ref)


def opens_a_mailbox(ref: SecretRef) -> bool:
    """Whether the secret is one of ``Accesses``; a vault keeps other secrets too."""
    return ref.name.startswith(_NAMED)
