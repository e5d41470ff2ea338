"""Access tokens that are refreshed when they expire: once, however many ask at the same time.

A refresh holds the lock of its account while it reads the vault, asks the provider and writes the
vault; others wait, and then find the new token there. A rotated refresh token is written before it
is used. A process that dies between the provider's answer and that write leaves the old refresh
token: Google's and Microsoft's can still be used then; a provider that ends a refresh token on use
refuses it, and the account's owner is asked to reconnect.
"""

from collections.abc import Mapping
from contextlib import AbstractContextManager
from datetime import timedelta
from typing import Any, NamedTuple, Protocol

from adapters.mail.oauth.consent import fresh, lacking, scopes_in
from adapters.mail.oauth.endpoint import Endpoint
from engine.ports.clock import Clock
from engine.work.access import Access, Accesses, Grant
from engine.work.classifying.evidence import At, Auth, Evidence
from engine.work.classifying.evidence import Protocol as Spoken
from engine.work.ports import Mailbox
from engine.work.secret import NoSuchSecret, Secret
from engine.work.tokens import Token, TokenRefused

SOON = timedelta(minutes=1)
"""A token that expires within this time might not last for a login."""
PATIENCE = 10.0
"""Seconds to wait for another process's refresh; a refresh takes 8 at most."""


class Locks(Protocol):
    """The part of ``Coordination`` that lets one process refresh at a time."""

    def exclusively(self, name: str, patience: float) -> AbstractContextManager[None]: ...


class RefreshedTokens(NamedTuple):
    """Implements ``Tokens`` for one workspace. Raises ``StillHeld`` if a refresh takes too long.

    Safe to share between threads.
    """

    workspace: str
    accesses: Accesses
    endpoints: Mapping[str, Endpoint]
    locks: Locks
    now: Clock

    def valid(self, mailbox: Mailbox) -> Token:
        access, grant = self._grant(mailbox)
        if grant.expires_at - self.now() > SOON and not self._missing(access, grant):
            return Token(grant.access_token, fresh=False)
        return self.renewed(mailbox, instead_of=grant.access_token)

    def renewed(self, mailbox: Mailbox, instead_of: Secret) -> Token:
        name = f"tokens of {mailbox.account_id} in {self.workspace}"
        with self.locks.exclusively(name, PATIENCE):
            access, grant = self._grant(mailbox)
            if grant.access_token == instead_of:
                grant = self._refreshed(access, grant)
                self.accesses.replace(mailbox, access._replace(grant=grant))
        if missing := self._missing(access, grant):
            text = f"200 insufficient_scope: without {' '.join(missing)}"
            raise self.endpoints[access.provider].refused(text)
        return Token(grant.access_token, fresh=True)

    def _grant(self, mailbox: Mailbox) -> tuple[Access, Grant]:
        access = self.accesses.of(mailbox)
        if access.grant is None:
            raise NoSuchSecret(ref=self.accesses.ref(mailbox))
        return access, access.grant

    def _refreshed(self, access: Access, grant: Grant) -> Grant:
        endpoint = self.endpoints.get(access.provider)
        if endpoint is None:
            raise _unregistered(access.provider)
        token = endpoint.refresh(grant.refresh_token)
        access_token, expires_at = fresh(token, self.now())
        return grant._replace(
            refresh_token=_rotated(token, grant),
            access_token=access_token,
            expires_at=expires_at,
            scopes=scopes_in(token, grant.scopes),
        )

    def _missing(self, access: Access, grant: Grant) -> list[str]:
        endpoint = self.endpoints.get(access.provider)
        return lacking(endpoint.provider, grant.scopes) if endpoint else []


def _rotated(token: Mapping[str, Any], grant: Grant) -> Secret:
    given = token.get("refresh_token")
    return Secret(given) if isinstance(given, str) and given else grant.refresh_token


def _unregistered(provider: str) -> TokenRefused:
    text = f"401 invalid_client: the settings name no client for {provider}"
    return TokenRefused(Evidence(Spoken.OAUTH, At.LOGIN, text, provider, Auth.OAUTH2))
