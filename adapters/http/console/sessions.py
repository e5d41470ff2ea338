"""The session of a browser: its cookie, and the proof that a form came from our own page."""

import hmac
from collections.abc import Mapping
from datetime import timedelta
from typing import NamedTuple
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import Response

from adapters.http.problems import Problem
from engine.work.permissions import Caller
from engine.work.secret import Secret
from engine.work.staff import LONGEST, csrf_of

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
CSRF_HEADER, CSRF_FIELD = "X-CSRF-Token", "csrf"


class ForgedForm(Problem):
    def __init__(self) -> None:
        super().__init__(
            403, "forged_form", "This form is none of this session. Load the page again."
        )


class SignedIn(NamedTuple):
    """The person at the browser."""

    caller: Caller
    session: str
    """The session's secret, as the cookie has it."""

    @property
    def csrf(self) -> str:
        return csrf_of(self.session)


def cookie_name(*, secure: bool) -> str:
    """The cookie's name. A browser sends a cookie with this prefix only to this host, over TLS."""
    return "__Host-sendledger" if secure else "sendledger"


def set_cookie(response: Response, session: Secret, *, secure: bool) -> None:
    response.set_cookie(
        cookie_name(secure=secure),
        session.reveal(),
        max_age=int((LONGEST + timedelta(hours=1)).total_seconds()),
        path="/",
        secure=secure,
        httponly=True,
        samesite="lax",
    )


def require_ours(request: Request, session: str, form: Mapping[str, str] | None = None) -> None:
    """Require that a change was requested from our own page. Raises ``ForgedForm``."""
    require_from_here(request)
    given = (form or {}).get(CSRF_FIELD) or request.headers.get(CSRF_HEADER, "")
    if not hmac.compare_digest(given.encode(), csrf_of(session).encode()):
        raise ForgedForm


def require_from_here(request: Request) -> None:
    """Refuse what another site sent, as far as the browser tells. Raises ``ForgedForm``."""
    origin, host = request.headers.get("Origin"), request.headers.get("Host")
    is_elsewhere = origin not in (None, "null") and urlsplit(origin).netloc != host
    site = request.headers.get("Sec-Fetch-Site", "same-origin")
    if is_elsewhere or site not in ("same-origin", "none"):
        raise ForgedForm
