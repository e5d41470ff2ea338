"""The OAuth 2.0 provider of a sandbox, as endpoints over its grants.

Consent is given on a page whose form anybody can send: choose a mailbox, leave boxes unticked.
"""

from base64 import b64decode
from collections.abc import Callable, Mapping
from html import escape
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit

from adapters.mail.sandbox.accounts import Accounts
from adapters.mail.sandbox.grants import (
    AuthorizationRequest,
    Grants,
    Issued,
    OAuthRefused,
    UnsafeRequest,
)
from adapters.mail.sandbox.http import Answer, Request, as_json, as_page, as_said
from adapters.mail.sandbox.id_tokens import IdTokens
from adapters.mail.sandbox.wire import Wire

OPENID_PATH = "/.well-known/openid-configuration"


class Provider:
    """Answers the requests to an issuer."""

    def __init__(self, grants: Grants, accounts: Accounts, id_tokens: IdTokens) -> None:
        self.issuer = ""
        """The address of this provider, known once it listens."""
        self.unticked: frozenset[str] = frozenset()
        """Scopes whose boxes the consent page leaves unticked."""
        self._grants = grants
        self._accounts = accounts
        self._id_tokens = id_tokens
        self._endpoints: dict[tuple[str, str], Callable[[Request], Answer]] = {
            ("GET", OPENID_PATH): self._discovery,
            ("GET", "/jwks"): lambda _: as_json(self._id_tokens.keys),
            ("GET", "/authorize"): self._ask,
            ("POST", "/authorize"): self._consented,
            ("POST", "/token"): self._token,
            ("GET", "/introspect"): self._introspect_bearer,
            ("POST", "/introspect"): self._introspect,
            ("POST", "/revoke"): self._revoke,
            ("GET", "/userinfo"): self._userinfo,
        }

    async def __call__(self, request: Request, wire: Wire) -> Answer:
        endpoint = self._endpoints.get((request.method, request.path))
        if endpoint is None:
            return as_json({"error": "not_found"}, HTTPStatus.NOT_FOUND)
        stage = request.path.removeprefix("/")
        if stage in {"authorize", "token", "introspect", "revoke", "userinfo"}:
            text = await wire.reach(stage, self._account_of(request))
            if text is not None:
                return as_said(text)
        try:
            return endpoint(request)
        except OAuthRefused as refused:
            answer = {"error": refused.error, "error_description": str(refused)}
            return as_json(answer, refused.status)
        except UnsafeRequest as error:
            return as_page(f"<p>{escape(str(error))}</p>", HTTPStatus.BAD_REQUEST)

    def addresses(self) -> dict[str, str]:
        """The addresses of the endpoints, by the names of OpenID Connect discovery."""
        return {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "introspection_endpoint": f"{self.issuer}/introspect",
            "revocation_endpoint": f"{self.issuer}/revoke",
            "userinfo_endpoint": f"{self.issuer}/userinfo",
            "jwks_uri": f"{self.issuer}/jwks",
        }

    def approve(self, url: str, account: str) -> str:
        """Where the browser of a person who consents at this address is sent."""
        query = dict(parse_qsl(urlsplit(url).query))
        return self._redirect(self._grants.read_request(query), account)

    def _discovery(self, _: Request) -> Answer:
        return as_json(
            {
                **self.addresses(),
                "response_types_supported": ["code"],
                "code_challenge_methods_supported": ["S256"],
                "grant_types_supported": ["authorization_code", "refresh_token"],
                "id_token_signing_alg_values_supported": ["ES256"],
                "subject_types_supported": ["public"],
            }
        )

    def _ask(self, request: Request) -> Answer:
        asked = self._grants.read_request(request.query)
        hint = request.query.get("login_hint")
        choices = "".join(
            f"<label><input type=radio name=account value='{escape(each.address)}'"
            f"{' checked' if each.address == hint else ''}> {escape(each.address)}</label><br>"
            for each in self._accounts.all()
        )
        boxes = "".join(
            f"<label><input type=checkbox name=scope value='{escape(scope)}'"
            f"{'' if scope in self.unticked else ' checked'}> {escape(scope)}</label><br>"
            for scope in asked.scopes
        )
        query = escape(urlencode(request.query))
        return as_page(
            "<!doctype html><title>Sandbox</title><h1>Let this program use a mailbox?</h1>"
            f"<form method=post action='/authorize?{query}'><p>{choices}</p><p>{boxes}</p>"
            "<button name=answer value=yes>Allow</button> "
            "<button name=answer value=no>Refuse</button></form>"
        )

    def _consented(self, request: Request) -> Answer:
        asked = self._grants.read_request(request.query)
        if request.form.get("answer") != "yes":
            return _sent_to(_back(asked, {"error": "access_denied"}))
        pairs = parse_qsl(request.body.decode())
        ticked = frozenset(value for name, value in pairs if name == "scope")
        account = self._accounts[request.form.get("account", "")].address
        return _sent_to(_back(asked, {"code": self._grants.consent(asked, account, ticked)}))

    def _redirect(self, asked: AuthorizationRequest, account: str) -> str:
        ticked = frozenset(asked.scopes) - self.unticked
        code = self._grants.consent(asked, self._accounts[account].address, ticked)
        return _back(asked, {"code": code})

    def _token(self, request: Request) -> Answer:
        form = request.form
        self._require_client(request)
        match form.get("grant_type"):
            case "authorization_code":
                issued = self._grants.exchange(
                    form.get("code", ""),
                    form.get("code_verifier", ""),
                    form.get("redirect_uri", ""),
                )
            case "refresh_token":
                issued = self._grants.refresh(form.get("refresh_token", ""))
            case other:
                raise OAuthRefused("unsupported_grant_type", f"There is no grant type {other}.")
        return as_json(self._answer(issued))

    def _answer(self, issued: Issued) -> dict[str, Any]:
        grant = issued.grant
        answer = {
            "access_token": issued.access_token,
            "token_type": "Bearer",
            "expires_in": issued.expires_in,
            "refresh_token": issued.refresh_token,
            "scope": " ".join(sorted(grant.scopes)),
        }
        if "openid" in grant.scopes:
            token = self._id_tokens.sign(
                self.issuer, self._grants.client.id, grant.account, grant.nonce
            )
            answer["id_token"] = token
        return answer

    def _require_client(self, request: Request) -> None:
        scheme, _, value = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() == "basic":
            name, _, secret = b64decode(value).decode().partition(":")
            given = (unquote(name), unquote(secret))
        else:
            given = (request.form.get("client_id", ""), request.form.get("client_secret", ""))
        if given != self._grants.client:
            raise OAuthRefused(
                "invalid_client", "The client or its secret is unknown.", HTTPStatus.UNAUTHORIZED
            )

    def _introspect_bearer(self, request: Request) -> Answer:
        return as_json(self._state_of(request.bearer or ""))

    def _introspect(self, request: Request) -> Answer:
        return as_json(self._state_of(request.form.get("token") or request.bearer or ""))

    def _state_of(self, token: str) -> dict[str, Any]:
        grant = self._grants.of_access_token(token)
        if grant is None:
            return {"active": False}
        scope = " ".join(sorted(grant.scopes))
        return {"active": True, "username": grant.account, "scope": scope}

    def _revoke(self, request: Request) -> Answer:
        self._grants.revoke_token(request.form.get("token", ""))
        return Answer(HTTPStatus.OK)

    def _userinfo(self, request: Request) -> Answer:
        grant = self._grants.of_access_token(request.bearer or "")
        if grant is None:
            refusal = ("WWW-Authenticate", 'Bearer error="invalid_token"')
            return Answer(HTTPStatus.UNAUTHORIZED, headers=(refusal,))
        return as_json({"sub": grant.account, "email": grant.account, "email_verified": True})

    def _account_of(self, request: Request) -> str | None:
        """The account that a request is about, as far as it says."""
        form = request.form if request.method == "POST" else {}
        token = form.get("refresh_token") or form.get("token") or ""
        bearer = request.bearer or token
        grant = self._grants.of_refresh_token(token) or self._grants.of_access_token(bearer)
        return grant.account if grant else form.get("account") or request.query.get("login_hint")


def _back(asked: AuthorizationRequest, answer: Mapping[str, str]) -> str:
    separator = "&" if urlsplit(asked.redirect_uri).query else "?"
    state = {"state": asked.state} if asked.state else {}
    return f"{asked.redirect_uri}{separator}{urlencode({**answer, **state})}"


def _sent_to(url: str) -> Answer:
    return Answer(HTTPStatus.FOUND, headers=(("Location", url),))
