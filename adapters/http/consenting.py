"""Sending an owner's browser to his provider, and recognising it when it comes back (R1, C1).

What is needed to understand the provider's answer is in a cookie of the browser that pressed the
button.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import NamedTuple
from urllib.parse import urlsplit

from starlette.responses import RedirectResponse, Response

from adapters.http.pages import HEADERS
from adapters.http.signed_links import CONNECT, RECONNECT, Link, SignedLinks, digest
from engine.work.consents import Asked, Consents
from engine.work.links import UsedLinks
from engine.work.secret import Secret

PAGES = {RECONNECT: "/links/", CONNECT: "/connect/"}
"""By purpose of a link."""
CALLBACK = "/oauth/callback"
COOKIE = "sendledger_link"
TO_CONSENT = timedelta(minutes=15)
"""From the button to the provider's answer."""


def address_of(public_url: str, link: Link) -> str:
    return f"{public_url.rstrip('/')}{PAGES[link.audience]}{link.token.reveal()}"


class Returned(NamedTuple):
    link: Link
    asked: Asked


class Consenting:
    """Consents that begin with links of one purpose. ``base`` is the public address."""

    def __init__(self, links: SignedLinks, used: UsedLinks, base: str) -> None:
        self.links = links
        self.used = used
        self._base = base

    @property
    def is_encrypted(self) -> bool:
        """Whether browsers use TLS, which a proxy before this server may end (``public_url``)."""
        return self._base.startswith("https://")

    def use_up(self, link: Link, state: str) -> bool:
        """Use the link up. Answers whether it was unused until now. A digest of it is kept as long
        as the link, or the provider's answer, could come again."""
        return self.used.use(link.digest, digest(state), link.until + 2 * TO_CONSENT)

    def send_away(self, link: Link, consents: Consents, *, again: bool = False) -> Response | None:
        """A redirect to the provider; None for a link that was already used."""
        asked = consents.ask(self._redirect_uri, link.account_id, again=again)
        if not self.use_up(link, asked.state):
            return None
        response = RedirectResponse(asked.url, 303, HEADERS)
        response.set_cookie(
            COOKIE,
            f"{asked.verifier.reveal()}.{link.token.reveal()}",
            max_age=int(TO_CONSENT.total_seconds()),
            path=self._path,
            secure=self.is_encrypted,
            httponly=True,
            samesite="lax",
        )
        return response

    def returned(self, answer: Mapping[str, str], cookie: str) -> Returned | None:
        """What the provider answered; None if it was answered before, or to another browser."""
        verifier, _, token = cookie.partition(".")
        link = self.links.read(token, late=TO_CONSENT)
        state = answer.get("state", "")
        if link is None or not verifier or self.used.answer(digest(state)) != link.digest:
            return None
        return Returned(link, Asked("", self._redirect_uri, state, Secret(verifier)))

    def is_of(self, cookie: str) -> bool:
        """Whether the cookie was set through a link of this purpose."""
        return self.links.read(cookie.partition(".")[2], late=TO_CONSENT) is not None

    def forget(self, response: Response) -> Response:
        response.delete_cookie(COOKIE, path=self._path)
        return response

    @property
    def _redirect_uri(self) -> str:
        return f"{self._base}{CALLBACK}"

    @property
    def _path(self) -> str:
        return urlsplit(self._base).path or "/"
