"""Asks a mailbox's owner for consent and reads the answer: code flow with PKCE (R1, R2)."""

import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from authlib.integrations.requests_client import OAuth2Session

from adapters.mail.oauth.endpoint import Endpoint
from adapters.mail.oauth.identity import Identity, NotProved, identity
from adapters.mail.oauth.provider import Provider
from engine.ports.clock import Clock
from engine.work.access import Access, Grant
from engine.work.consents import AnotherMailbox, Asked, TooFewScopes
from engine.work.secret import Secret
from events.vocabulary import AccountId

LONGEST_ANSWER = 4_096
"""Characters of a code or an error that a browser brings back."""


class Authority:
    """Implements ``Consents`` at one provider. ``now`` is the store's clock."""

    def __init__(self, endpoint: Endpoint, now: Clock) -> None:
        self._endpoint = endpoint
        self._now = now

    @property
    def provider(self) -> Provider:
        return self._endpoint.provider

    @property
    def title(self) -> str:
        return self.provider.title

    @property
    def address(self) -> str:
        return self.provider.authorization_endpoint

    def ask(self, redirect_uri: str, login_hint: str, *, again: bool = False) -> Asked:
        provider, verifier, state = self.provider, new_secret(), secrets.token_urlsafe(32)
        asking = {**dict(provider.asking), **({"prompt": "consent"} if again else {})}
        with OAuth2Session(
            provider.client_id,
            scope=" ".join(provider.scopes),
            redirect_uri=redirect_uri,
            code_challenge_method="S256",
        ) as session:
            url, _ = session.create_authorization_url(
                provider.authorization_endpoint,
                state=state,
                code_verifier=verifier.reveal(),
                nonce=_nonce(verifier),
                login_hint=login_hint,
                **asking,
            )
        return Asked(str(url), redirect_uri, state, verifier)

    def granted(
        self,
        asked: Asked,
        answer: Mapping[str, str],
        account_id: AccountId,
        subject: str | None = None,
    ) -> Access:
        if "code" not in answer:
            raise self._endpoint.refused(_denial(answer))
        code = Secret(answer["code"][:LONGEST_ANSWER])
        token = self._endpoint.exchange(code, asked.verifier, asked.redirect_uri)
        owner = self._owner(token, asked)
        another = owner.address != account_id if subject is None else owner.subject != subject
        if another:
            raise AnotherMailbox(account=account_id, provider=self.provider.title)
        return self._access(token, account_id, owner.subject)

    def _owner(self, token: Mapping[str, Any], asked: Asked) -> Identity:
        keys = self._endpoint.keys()
        nonce = _nonce(asked.verifier)
        try:
            return identity(self.provider, token.get("id_token"), keys, nonce, self._now())
        except NotProved as error:
            raise self._endpoint.unavailable(f"200 {error}") from None

    def _access(self, token: Mapping[str, Any], account_id: AccountId, subject: str) -> Access:
        provider, refresh_token = self.provider, token.get("refresh_token")
        scopes = scopes_in(token, provider.scopes)
        if lacking(provider, scopes) or not isinstance(refresh_token, str):
            raise TooFewScopes(account=account_id, provider=provider.title)
        access_token, expires_at = fresh(token, self._now())
        grant = Grant(Secret(refresh_token), access_token, expires_at, scopes, subject)
        return Access(provider.name, account_id, provider.imap, provider.smtp, grant=grant)


def new_secret() -> Secret:
    """A random secret of 256 bits, as RFC 7636 asks for."""
    return Secret(secrets.token_urlsafe(32))


def fresh(token: Mapping[str, Any], now: datetime) -> tuple[Secret, datetime]:
    """The access token in an endpoint's answer, and when it expires."""
    lifetime = timedelta(seconds=int(token.get("expires_in", 0)))
    return Secret(token["access_token"]), now + lifetime


def scopes_in(token: Mapping[str, Any], otherwise: tuple[str, ...]) -> tuple[str, ...]:
    """The granted scopes; an answer without any grants all that were asked for (RFC 6749, 5.1)."""
    told = token.get("scope")
    return tuple(told.split()) if isinstance(told, str) else otherwise


def lacking(provider: Provider, scopes: tuple[str, ...]) -> list[str]:
    """Required scopes that were not granted."""
    granted = {each.casefold() for each in scopes}
    return [each for each in provider.required if each.casefold() not in granted]


def _nonce(verifier: Secret) -> str:
    """A nonce that ties the ID token to this request; it does not reveal the verifier."""
    return sha256(f"nonce {verifier.reveal()}".encode()).hexdigest()


def _denial(answer: Mapping[str, str]) -> str:
    told = [answer[each] for each in ("error", "error_description") if each in answer]
    return f"error={' '.join(told) or 'none'}"[:LONGEST_ANSWER]
