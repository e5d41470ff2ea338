"""The caller behind a token or a session."""

import time
from collections.abc import Callable
from datetime import timedelta
from typing import NamedTuple

from starlette.requests import Request

from adapters.http.console.sessions import SAFE, cookie_name, require_ours
from engine.ports.clock import Clock
from engine.work.api_tokens import ApiTokens, digest_of
from engine.work.permissions import Caller
from engine.work.staff import SignIns

KNOWN_FOR = 1.0
"""Seconds until a token is looked up again: a revoked one is refused by then."""
MOST_KNOWN = 10_000
NOTED = timedelta(hours=1)
"""The time between two notes that a token is in use."""


class _Known(NamedTuple):
    until: float
    """By the monotonic clock, in seconds; earlier for a token that expires sooner."""
    caller: Caller | None


class KnownCallers:
    """Programs by token, people by session. Safe to share between threads."""

    def __init__(
        self,
        tokens: ApiTokens,
        sign_ins: SignIns,
        now: Clock,
        *,
        secure: bool = False,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._tokens = tokens
        self._sign_ins = sign_ins
        self._now = now
        self._monotonic = monotonic
        self._cookie = cookie_name(secure=secure)
        self._known: dict[str, _Known] = {}

    def by_token(self, token: str) -> Caller | None:
        digest = digest_of(token)
        known = self._known.get(digest)
        if known is None or known.until < self._monotonic():
            known = self._look_up(digest)
        return known.caller

    def by_session(self, request: Request) -> Caller | None:
        session = request.cookies.get(self._cookie)
        member = self._sign_ins.who(session, self._now()) if session else None
        if session and member and request.method not in SAFE:
            require_ours(request, session)
        return member.caller if member else None

    def _look_up(self, digest: str) -> _Known:
        found, now = self._tokens.by_digest(digest), self._now()
        if found and (found.used_at is None or now - found.used_at > NOTED):
            self._tokens.note_use(found.name, now)
        if len(self._known) >= MOST_KNOWN:
            self._known.clear()
        good = (found.expires_at - now).total_seconds() if found else KNOWN_FOR
        caller = found.caller if found and good > 0 else None
        known = _Known(self._monotonic() + min(KNOWN_FOR, max(good, 0.0)), caller)
        self._known[digest] = known
        return known
