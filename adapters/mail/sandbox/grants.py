"""What an OAuth provider decides: who consented to what, and which tokens are valid.

Authorisation codes with PKCE (S256 only), refresh tokens that are exchanged at each use, and a
grant that ends as a whole when a code or a refresh token is used twice (RFC 9700).
"""

import secrets
from base64 import urlsafe_b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import NamedTuple
from urllib.parse import urlsplit

CODE_SECONDS = 600
ACCESS_SECONDS = 3_600


class Client(NamedTuple):
    """The program that asks for consent."""

    id: str
    secret: str


class OAuthRefused(Exception):
    """A refusal of the token endpoint (RFC 6749, 5.2)."""

    def __init__(self, error: str, description: str, status: int = 400) -> None:
        super().__init__(description)
        self.error = error
        self.status = status


class UnsafeRequest(ValueError):
    """An authorisation request that must not be answered with a redirect."""


@dataclass(eq=False)
class Grant:
    """One consent. ``scopes`` are those that were granted, whatever was asked for."""

    account: str
    scopes: frozenset[str]
    nonce: str | None = None
    revoked: bool = False
    used: set[str] = field(default_factory=set)
    """Codes and refresh tokens that must not be used again."""


class AuthorizationRequest(NamedTuple):
    redirect_uri: str
    scopes: tuple[str, ...]
    challenge: str
    state: str
    nonce: str | None


class Issued(NamedTuple):
    """An answer of the token endpoint."""

    access_token: str
    refresh_token: str
    expires_in: int
    grant: Grant


class _Code(NamedTuple):
    grant: Grant
    request: AuthorizationRequest
    expires_at: float


class _Access(NamedTuple):
    grant: Grant
    expires_at: float


class Grants:
    """All consents and tokens of a provider. ``now`` gives seconds."""

    def __init__(self, client: Client, now: Callable[[], float]) -> None:
        self.client = client
        self.rotates = True
        """Whether a refresh gives a new refresh token and ends the old one."""
        self._now = now
        self._codes: dict[str, _Code] = {}
        self._access: dict[str, _Access] = {}
        self._refresh: dict[str, Grant] = {}

    def read_request(self, query: Mapping[str, str]) -> AuthorizationRequest:
        """The request. Raises ``UnsafeRequest`` for an unknown client, a return address outside
        loopback, or a request without PKCE."""
        target = query.get("redirect_uri", "")
        if query.get("client_id") != self.client.id:
            raise UnsafeRequest("The client is unknown.")
        if urlsplit(target).hostname not in {"127.0.0.1", "localhost", "::1"}:
            raise UnsafeRequest("The redirect leads to another machine.")
        if query.get("response_type") != "code":
            raise UnsafeRequest("Only response_type=code is served.")
        challenge = query.get("code_challenge", "")
        if query.get("code_challenge_method") != "S256" or not challenge:
            raise UnsafeRequest("PKCE with S256 is required.")
        scopes = tuple(query.get("scope", "").split())
        return AuthorizationRequest(
            target, scopes, challenge, query.get("state", ""), query.get("nonce")
        )

    def consent(self, request: AuthorizationRequest, account: str, scopes: frozenset[str]) -> str:
        """The code for this consent."""
        grant = Grant(account, scopes & {*request.scopes}, request.nonce)
        code = secrets.token_urlsafe(24)
        self._codes[code] = _Code(grant, request, self._now() + CODE_SECONDS)
        return code

    def exchange(self, code: str, verifier: str, redirect_uri: str) -> Issued:
        """Tokens for a code, once."""
        found = self._codes.get(code)
        if found is None or found.expires_at <= self._now():
            raise OAuthRefused("invalid_grant", "The code is unknown or has expired.")
        if code in found.grant.used:
            found.grant.revoked = True
            raise OAuthRefused("invalid_grant", "The code was used before.")
        if redirect_uri != found.request.redirect_uri:
            raise OAuthRefused("invalid_grant", "The redirect differs from the one of the request.")
        if _challenge_of(verifier) != found.request.challenge:
            raise OAuthRefused("invalid_grant", "The code verifier does not fit.")
        found.grant.used.add(code)
        return self._issue(found.grant, secrets.token_urlsafe(24))

    def refresh(self, token: str) -> Issued:
        """New tokens. The old refresh token ends; using it again ends the grant."""
        grant = self._refresh.get(token)
        if grant is None or grant.revoked:
            raise OAuthRefused("invalid_grant", "Token has been expired or revoked.")
        if token in grant.used:
            grant.revoked = True
            raise OAuthRefused("invalid_grant", "The refresh token was used before.")
        if not self.rotates:
            return self._issue(grant, token)
        grant.used.add(token)
        return self._issue(grant, secrets.token_urlsafe(24))

    def of_access_token(self, token: str) -> Grant | None:
        """The grant that the token belongs to, if it is valid now."""
        found = self._access.get(token)
        if found is None or found.expires_at <= self._now() or found.grant.revoked:
            return None
        return found.grant

    def of_refresh_token(self, token: str) -> Grant | None:
        return self._refresh.get(token)

    def grant(self, account: str, scopes: frozenset[str]) -> Issued:
        """Tokens as after a consent, for callers without a browser."""
        return self._issue(Grant(account, scopes), secrets.token_urlsafe(24))

    def revoke_token(self, token: str) -> None:
        """End a token; a refresh token ends its grant (RFC 7009), an unknown one is no error."""
        self._access.pop(token, None)
        grant = self._refresh.get(token)
        if grant is not None:
            grant.revoked = True

    def revoke_account(self, account: str) -> None:
        """End all consents of an account, as its owner or a change of password does."""
        for grant in {*self._refresh.values()}:
            if grant.account == account:
                grant.revoked = True

    def expire_access(self, account: str) -> None:
        """End the account's access tokens now; the refresh tokens stay."""
        for token, access in [*self._access.items()]:
            if access.grant.account == account:
                del self._access[token]

    def _issue(self, grant: Grant, refresh_token: str) -> Issued:
        access_token = secrets.token_urlsafe(24)
        self._access[access_token] = _Access(grant, self._now() + ACCESS_SECONDS)
        self._refresh[refresh_token] = grant
        return Issued(access_token, refresh_token, ACCESS_SECONDS, grant)


def _challenge_of(verifier: str) -> str:
    digest = sha256(verifier.encode()).digest()
    return urlsafe_b64encode(digest).rstrip(b"=").decode()
