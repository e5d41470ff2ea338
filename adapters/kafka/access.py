"""How a Kafka cluster is reached: brokers, TLS and SASL."""

from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic
from typing import Any

from authlib.integrations.requests_client import OAuth2Session
from kafka.net.sasl.oauth import AbstractTokenProvider

from engine.work.secret import Secret

PATIENCE = 10.0
"""Seconds for a connection, an answer, or a token."""
RENEWED_BEFORE = 60.0
"""Seconds before a token expires at which a new one is requested."""


@dataclass(frozen=True)
class KafkaAccess:
    """``brokers``: ``HOST:PORT``, with commas. ``token_url``: where OAUTHBEARER gets its tokens."""

    brokers: str
    security: str = "plaintext"
    sasl: str | None = None
    user: str | None = None
    password: Secret | None = None
    token_url: str | None = None
    ca_file: Path | None = None
    tokens: "ClientTokens | None" = field(init=False, default=None)

    def __post_init__(self) -> None:
        if self.sasl == "OAUTHBEARER" and self.user and self.password and self.token_url:
            tokens = ClientTokens(self.token_url, self.user, self.password)
            object.__setattr__(self, "tokens", tokens)

    def client(self) -> dict[str, Any]:
        """The settings of every kafka-python client; they hold the password in plain text."""
        return {
            "bootstrap_servers": self.brokers.split(","),
            "client_id": "sendledger",
            "request_timeout_ms": int(PATIENCE * 1000),
            "bootstrap_timeout_ms": int(PATIENCE * 1000),
            "reconnect_backoff_max_ms": 1_000,
            **self._secured(),
        }

    def _secured(self) -> dict[str, Any]:
        found: dict[str, Any] = {"security_protocol": self.security.upper()}
        if self.ca_file is not None:
            found["ssl_cafile"] = str(self.ca_file)
        if self.sasl is None:
            return found
        found["sasl_mechanism"] = self.sasl
        if self.tokens is not None:
            return found | {"sasl_oauth_token_provider": self.tokens}
        password = self.password.reveal() if self.password else None
        return found | {"sasl_plain_username": self.user, "sasl_plain_password": password}


class ClientTokens(AbstractTokenProvider):  # type: ignore[misc] # the library has no types
    """Tokens for this program itself (OAuth's client credentials), kept while they are valid."""

    def __init__(self, url: str, client_id: str, client_secret: Secret) -> None:
        super().__init__()
        self._url = url
        self._client_id = client_id
        self._client_secret = client_secret
        self._token: Secret | None = None
        self._good_until = float("-inf")

    def token(self) -> str:
        """A valid token; the library asks for it whenever it connects."""
        if self._token is None or monotonic() > self._good_until:
            self._renew()
        assert self._token is not None
        return self._token.reveal()

    def _renew(self) -> None:
        secret = self._client_secret.reveal()
        with OAuth2Session(self._client_id, secret) as session:
            found = session.fetch_token(
                self._url, grant_type="client_credentials", timeout=PATIENCE
            )
        self._token = Secret(str(found["access_token"]))
        self._good_until = monotonic() + float(found.get("expires_in", 0)) - RENEWED_BEFORE
