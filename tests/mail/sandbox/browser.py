"""A client of the provider: what a program and the browser of its user do."""

import base64
import hashlib
import json
import ssl
from http.client import HTTPSConnection
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, urlencode, urlsplit

from adapters.mail.sandbox.world import Served
from tests.mail.sandbox.clients import PATIENCE, trusting

MAIL = "https://mail.google.com/"
VERIFIER = "a-verifier-that-is-long-enough-to-be-one-of-rfc-7636"
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=")
BACK = "http://127.0.0.1:7777/back"


class Told(NamedTuple):
    status: int
    body: str
    location: str | None

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Browser:
    """Talks to the provider over TLS, a connection a request."""

    def __init__(self, served: Served) -> None:
        self._oauth = served["oauth"]
        self._context: ssl.SSLContext = trusting(served)
        self.client = {
            "client_id": self._oauth["client_id"],
            "client_secret": self._oauth["client_secret"],
        }

    def ask(self, method: str, url: str, body: str = "", **headers: str) -> Told:
        address = urlsplit(url)
        connection = HTTPSConnection(
            str(address.hostname), address.port, timeout=PATIENCE, context=self._context
        )
        try:
            connection.request(method, f"{address.path}?{address.query}", body, headers)
            answer = connection.getresponse()
            text = answer.read().decode()
            return Told(answer.status, text, answer.getheader("location"))
        finally:
            connection.close()

    def authorize_url(self, **other: str) -> str:
        query = {
            "response_type": "code",
            "client_id": self.client["client_id"],
            "redirect_uri": BACK,
            "scope": f"openid {MAIL}",
            "state": "s1",
            "code_challenge": CHALLENGE.decode(),
            "code_challenge_method": "S256",
            **other,
        }
        return f"{self._oauth['authorization_endpoint']}?{urlencode(query)}"

    def token(self, **form: str) -> Told:
        return self.ask("POST", self._oauth["token_endpoint"], urlencode({**self.client, **form}))

    def exchange(self, redirect: str, verifier: str = VERIFIER) -> Told:
        code = dict(parse_qsl(urlsplit(redirect).query))["code"]
        return self.token(
            grant_type="authorization_code", code=code, redirect_uri=BACK, code_verifier=verifier
        )

    def refresh(self, token: str) -> Told:
        return self.token(grant_type="refresh_token", refresh_token=token)

    def endpoint(self, name: str) -> str:
        return self._oauth[name]
