"""The token endpoint of a provider, which exchanges codes and refresh tokens for access tokens.

Authlib builds the requests. Any answer without a token becomes evidence for the classifier, with
the status first and then the body; no secret stays in it (F1).
"""

import json
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from typing import Any, Protocol

import structlog
from authlib.integrations.requests_client import OAuth2Session
from requests import Response, Session
from requests.exceptions import RequestException

from adapters.mail.back_off import asked_for
from adapters.mail.name_lookup import NameNotFound
from adapters.mail.network import AddressNotPermitted, NetworkPolicy
from adapters.mail.oauth.provider import Provider
from adapters.mail.oauth.transport import CheckedTransport
from engine.ports.errors import StoreError
from engine.work.classifying import classifier
from engine.work.classifying.evidence import At, Auth, Evidence
from engine.work.classifying.evidence import Protocol as Spoken
from engine.work.evidence import fit_to_keep
from engine.work.secret import Secret
from engine.work.tokens import TokenError, TokenRefused, TokenUnavailable
from events.vocabulary import FailureClass

SECONDS = 8.0
"""How long a whole request to a provider may take, in seconds."""
TEXTS = ("access_token", "refresh_token", "scope")

log = structlog.get_logger("sendledger.oauth")


class Alarms(Protocol):
    """Tells the operator of this installation once, until the trouble is put right
    (``Coordination``)."""

    def alarm(self, about: str, text: str) -> bool: ...

    def calm(self, about: str) -> None: ...


class Endpoint:
    """The token endpoint of one provider; safe to share between threads. Raises ``TokenError``."""

    def __init__(
        self,
        provider: Provider,
        policy: NetworkPolicy,
        alarms: Alarms,
        *,
        seconds: float = SECONDS,
    ) -> None:
        self.provider = provider
        self._alarms = alarms
        trusted = ssl.create_default_context(cafile=provider.ca_file)
        self._transport = CheckedTransport(policy, trusted, seconds)

    def exchange(self, code: Secret, verifier: Secret, redirect_uri: str) -> dict[str, Any]:
        """Exchange the code that consent gave for tokens."""
        with self._asking(code, verifier) as session:
            return dict(
                session.fetch_token(
                    self.provider.token_endpoint,
                    code=code.reveal(),
                    code_verifier=verifier.reveal(),
                    redirect_uri=redirect_uri,
                    allow_redirects=False,
                )
            )

    def refresh(self, token: Secret) -> dict[str, Any]:
        """A new access token, and a new refresh token if the provider sends one."""
        with self._asking(token) as session:
            return dict(
                session.refresh_token(
                    self.provider.token_endpoint,
                    refresh_token=token.reveal(),
                    allow_redirects=False,
                )
            )

    def keys(self) -> Any:
        """The JSON Web Key Set with which the provider's ID tokens are checked."""
        with self._faults(()), self._prepared(Session()) as session:
            return _object_in(session.get(self.provider.jwks_uri, allow_redirects=False))

    def refused(self, text: str) -> TokenRefused:
        """The error for an answer without a usable token."""
        return TokenRefused(self._evidence(At.LOGIN, text))

    def unavailable(self, text: str) -> TokenUnavailable:
        return TokenUnavailable(self._evidence(At.LOGIN, text))

    @contextmanager
    def _asking(self, *secrets: Secret) -> Iterator[Any]:
        provider = self.provider
        known = (*secrets, provider.client_secret) if provider.client_secret else secrets
        try:
            with self._faults(known), self._prepared(_client_of(provider)) as session:
                yield session
        except TokenError as error:
            with suppress(StoreError):
                self._tell_operator(error.evidence)
            raise
        with suppress(StoreError):  # nothing may come between an answer and the vault
            self._alarms.calm(self._about)

    @contextmanager
    def _prepared(self, session: Session) -> Iterator[Any]:
        """The session, without settings from the environment: no proxy, no ``.netrc``."""
        with session:
            session.trust_env = False
            session.headers["Accept-Encoding"] = "identity"
            session.mount("https://", self._transport)
            session.adapters.pop("http://", None)
            yield session

    @contextmanager
    def _faults(self, secrets: tuple[Secret, ...]) -> Iterator[None]:
        """Turn every fault into evidence of where it happened."""
        back_off = None
        try:
            yield
        except _NoToken as answer:
            back_off = answer.back_off
            evidence = self._evidence(At.LOGIN, answer.said.reveal(), secrets)
        except (NameNotFound, AddressNotPermitted) as error:
            evidence = self._evidence(At.NAME, str(error))
        except ssl.SSLError as error:
            evidence = self._evidence(At.TLS, str(error))
        except (OSError, RequestException, ValueError) as error:
            evidence = self._evidence(At.LOGIN, str(error) or type(error).__name__, secrets)
        else:
            return
        raise _error_of(evidence, back_off) from None

    def _evidence(self, stage: At, text: str, secrets: tuple[Secret, ...] = ()) -> Evidence:
        said = Evidence(Spoken.OAUTH, stage, text, self.provider.name, Auth.OAUTH2)
        return fit_to_keep(said, tuple(each.reveal() for each in secrets))

    def _tell_operator(self, evidence: Evidence) -> None:
        """Tell the operator, since no owner can mend our own registration (C3)."""
        if classifier.classify(evidence).failure is not FailureClass.PROVIDER_APP_FAULT:
            return
        text = (
            f"{self.provider.title} refuses our own registration ({evidence.text[:200]}). Check "
            f"the client's id and secret in the settings."
        )
        if self._alarms.alarm(self._about, text):
            log.error("the provider refuses our registration", provider=self.provider.name)

    @property
    def _about(self) -> str:
        return f"oauth {self.provider.name}"


class _NoToken(Exception):
    """The endpoint answered without a token: ``status body``, which may hold a secret."""

    def __init__(self, response: Response) -> None:
        super().__init__()
        body = response.content.decode(errors="replace")
        self.said = Secret(f"{response.status_code} {body}")
        self.back_off = asked_for(f"retry-after: {response.headers.get('Retry-After', '')}")


def _client_of(provider: Provider) -> OAuth2Session:
    secret = provider.client_secret
    session = OAuth2Session(
        provider.client_id,
        secret.reveal() if secret else None,
        token_endpoint_auth_method="client_secret_post" if secret else "none",
    )
    hook: Callable[[Response], Response] = _with_token
    for name in ("access_token_response", "refresh_token_response"):
        session.register_compliance_hook(name, hook)
    return session


def _with_token(response: Response) -> Response:
    """The response, if Authlib can read it and the vault keep its tokens. Raises ``_NoToken``."""
    found = _object_in(response)
    lifetime = str(found.get("expires_in", 0))
    usable = (
        found.get("access_token")
        and "error" not in found
        and all(_is_plain(found.get(each) or "") for each in TEXTS)
        and isinstance(found.get("expires_at"), int | str | None)
    )
    if not (usable and lifetime.isascii() and lifetime.isdigit() and len(lifetime) < 10):
        raise _NoToken(response)
    return response


def _is_plain(value: object) -> bool:
    """Whether it is printable ASCII, as RFC 6749 defines tokens and scopes (appendix A)."""
    return isinstance(value, str) and value.isascii() and value.isprintable()


def _object_in(response: Response) -> dict[str, Any]:
    try:
        found = json.loads(response.content)
    except (ValueError, RecursionError):
        found = None
    if response.status_code != 200 or not isinstance(found, dict):
        raise _NoToken(response)
    return found


def _error_of(evidence: Evidence, back_off: timedelta | None) -> TokenError:
    answered = evidence.stage is At.LOGIN and evidence.text[:1] == "4"
    return (TokenRefused if answered else TokenUnavailable)(evidence, back_off)
