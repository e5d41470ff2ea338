"""Signing in with the organisation's own provider: OpenID Connect, code flow with PKCE."""

from collections.abc import Mapping
from functools import cached_property
from secrets import token_urlsafe
from typing import Any, NamedTuple

import requests
import structlog
from authlib.integrations.requests_client import OAuth2Session
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from engine.work.permissions import AccessError, Role
from engine.work.secret import Secret
from engine.work.staff import Member

PATIENCE = 10.0
"""Seconds for each answer of the provider."""
ALGORITHMS = ["RS256", "RS384", "RS512", "ES256", "ES384", "PS256", "EdDSA"]
SLACK = 60
"""Seconds by which the two clocks may differ."""

log = structlog.get_logger("sendledger.signing_in")


class NotSignedInThere(AccessError):
    """The provider has not signed the person in. ``why`` is for the person; it names no secret."""

    sentence = "You could not be signed in: {why}. Try again, or tell who runs Sendledger."


class Registered(NamedTuple):
    """What the settings say about the provider."""

    issuer: str
    client_id: str
    client_secret: Secret | None
    claim: str
    """The claim whose values decide what somebody may do."""
    roles: Mapping[str, Role]
    """By value of the claim; the first one that matches counts."""


class Asked(NamedTuple):
    """What the browser keeps until the provider answers."""

    state: str
    nonce: str
    verifier: str

    def written(self) -> str:
        return ".".join(self)


class OidcProvider:
    """Signs people in with the provider. Safe to share between threads."""

    def __init__(self, registered: Registered) -> None:
        self._registered = registered
        self._keys: KeySet | None = None

    def ask(self, redirect_uri: str) -> tuple[str, Asked]:
        """The address to send the browser to. Raises ``NotSignedInThere``."""
        asked = Asked(token_urlsafe(24), token_urlsafe(24), token_urlsafe(48))
        url, _ = self._session(redirect_uri).create_authorization_url(
            self._known["authorization_endpoint"],
            state=asked.state,
            nonce=asked.nonce,
            code_verifier=asked.verifier,
        )
        return str(url), asked

    def answered(self, redirect_uri: str, asked: Asked, answer: Mapping[str, str]) -> Member:
        """The person who signed in with the provider. Raises ``NotSignedInThere``."""
        if not answer.get("state") or answer["state"] != asked.state:
            raise NotSignedInThere(why="the answer belongs to no question of this browser")
        if "code" not in answer:
            raise NotSignedInThere(why="the provider did not agree")
        try:
            token = self._session(redirect_uri).fetch_token(
                self._known["token_endpoint"],
                code=answer["code"],
                code_verifier=asked.verifier,
                timeout=PATIENCE,
            )
            claims = self._claims(str(token["id_token"]))
        except NotSignedInThere:
            raise
        except Exception as error:
            log.warning("the provider's answer was not accepted", error=type(error).__name__)
            raise NotSignedInThere(why="the provider's answer was not accepted") from error
        self._require(claims, asked)
        return self._member(claims)

    def _session(self, redirect_uri: str) -> OAuth2Session:
        secret = self._registered.client_secret
        return OAuth2Session(
            self._registered.client_id,
            secret.reveal() if secret else None,
            scope="openid email profile",
            redirect_uri=redirect_uri,
            code_challenge_method="S256",
        )

    @cached_property
    def _known(self) -> Mapping[str, Any]:
        url = f"{self._registered.issuer.rstrip('/')}/.well-known/openid-configuration"
        found = self._fetched(url)
        if found.get("issuer") != self._registered.issuer:
            raise NotSignedInThere(why="the provider calls itself by another name")
        return found

    def _claims(self, token: str) -> Mapping[str, Any]:
        """The claims, verified by a key of the provider; an unknown key is fetched first."""
        try:
            keys = self._keys or self._fetched_keys()
            return jwt.decode(token, keys, algorithms=ALGORITHMS).claims
        except (JoseError, ValueError):
            return jwt.decode(token, self._fetched_keys(), algorithms=ALGORITHMS).claims

    def _fetched_keys(self) -> KeySet:
        self._keys = KeySet.import_key_set(self._fetched(self._known["jwks_uri"]))  # type: ignore[arg-type]
        return self._keys

    def _fetched(self, url: str) -> Mapping[str, Any]:
        try:
            answer = requests.get(url, timeout=PATIENCE, allow_redirects=False)
            answer.raise_for_status()
            found = answer.json()
        except (requests.RequestException, ValueError) as error:
            raise NotSignedInThere(why="the provider cannot be reached") from error
        return found if isinstance(found, dict) else {}

    def _require(self, claims: Mapping[str, Any], asked: Asked) -> None:
        registry = jwt.JWTClaimsRegistry(
            leeway=SLACK,
            iss={"essential": True, "value": self._registered.issuer},
            aud={"essential": True, "value": self._registered.client_id},
            exp={"essential": True},
            sub={"essential": True},
            nonce={"essential": True, "value": asked.nonce},
        )
        try:
            registry.validate(dict(claims))
        except JoseError as error:
            log.warning("an id token was not accepted", error=type(error).__name__)
            raise NotSignedInThere(why="the provider's answer was not accepted") from error

    def _member(self, claims: Mapping[str, Any]) -> Member:
        """The member; the name is such that it cannot be taken for a local account's."""
        told = claims.get(self._registered.claim, [])
        values = {told} if isinstance(told, str) else {str(each) for each in told}
        role = next((r for value, r in self._registered.roles.items() if value in values), None)
        if role is None:
            raise NotSignedInThere(why="nothing says what you may do here")
        verified = claims.get("email") if claims.get("email_verified") is True else None
        return Member(f"sso:{verified or claims['sub']}", role, None)
