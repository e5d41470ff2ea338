"""A provider of OpenID Connect on a real socket, which says whatever a test has it say."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from joserfc import jwt
from joserfc.jwk import RSAKey

CLIENT = "sendledger"


class Provider:
    """``claims`` go over what is right; ``signs_with`` is the key in use."""

    def __init__(self) -> None:
        self.url = ""
        self.signs_with = RSAKey.generate_key(2048, {"kid": "1"})
        self.shown = [self.signs_with]
        self.claims: dict[str, Any] = {}
        self.header: dict[str, Any] = {}
        self.asked: dict[str, str] = {}

    def roll_over(self) -> None:
        self.signs_with = RSAKey.generate_key(2048, {"kid": "2"})
        self.shown = [self.signs_with]

    def token(self) -> str:
        now = int(time.time())
        right = {
            "iss": self.url,
            "aud": CLIENT,
            "sub": "u-1",
            "exp": now + 300,
            "iat": now,
            "nonce": self.asked.get("nonce", ""),
            "email": "eve@acme.test",
            "email_verified": True,
            "groups": ["ledger-support"],
        }
        header = {"alg": "RS256", "kid": self.signs_with.kid, **self.header}
        claims = {name: value for name, value in (right | self.claims).items() if value is not None}
        return jwt.encode(header, claims, self.signs_with)

    def answer(self, path: str) -> Any:
        match path:
            case "/.well-known/openid-configuration":
                return {
                    "issuer": self.url,
                    "authorization_endpoint": f"{self.url}/authorize",
                    "token_endpoint": f"{self.url}/token",
                    "jwks_uri": f"{self.url}/keys",
                }
            case "/keys":
                return {"keys": [each.as_dict(private=False) for each in self.shown]}
            case "/token":
                return {"access_token": "a", "token_type": "Bearer", "id_token": self.token()}
            case _:
                return None

    def remember(self, url: str) -> dict[str, str]:
        """What the browser was sent with."""
        self.asked = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
        return self.asked


@contextmanager
def running() -> Iterator[Provider]:
    provider = Provider()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            told = json.dumps(provider.answer(urlsplit(self.path).path)).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(told)))
            self.end_headers()
            self.wfile.write(told)

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.do_GET()

        def log_message(self, *_: object) -> None:
            """Silent."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    provider.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
